//! What `GET /metrics` counts, in Prometheus's text format.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

type Open = Gauge<i64, AtomicI64>;

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Histogram,
    classified: Counter,
    refused: Family<Reason, Counter>,
    batches: Histogram,
    /// Connections that are open.
    pub(crate) connections: Open,
    /// Pictures that wait for the model.
    pub(crate) waiting: Open,
}

/// A kind of request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

/// Why a picture was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        // From 1 ms to 8 s, and from 1 to 32 pictures.
        let (seconds, sizes) = (
            exponential_buckets(0.001, 2.0, 14),
            exponential_buckets(1.0, 2.0, 6),
        );
        let mut metrics = Self {
            registry: Registry::with_prefix("graft"),
            requests: Family::default(),
            seconds: Histogram::new(seconds),
            classified: Counter::default(),
            refused: Family::default(),
            batches: Histogram::new(sizes),
            connections: Open::default(),
            waiting: Open::default(),
        };
        let Self {
            registry,
            requests,
            seconds,
            classified,
            refused,
            batches,
            connections,
            waiting,
        } = &mut metrics;
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the head of a request to its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("pictures", "Pictures classified", classified.clone());
        registry.register("pictures_refused", "Pictures refused", refused.clone());
        registry.register(
            "batch_pictures",
            "Pictures that the model took at a time",
            batches.clone(),
        );
        registry.register("connections", "Connections open", connections.clone());
        registry.register(
            "pictures_waiting",
            "Pictures that wait for the model",
            waiting.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// A request to `route` was answered with `status`, after `time`.
    pub(crate) fn answered(&self, route: &str, status: u16, time: Duration) {
        let route = route.to_owned();
        self.requests
            .get_or_create(&Request { route, status })
            .inc();
        self.seconds.observe(time.as_secs_f64());
    }

    /// The model took so many pictures at a time.
    pub(crate) fn batch(&self, pictures: usize) {
        self.classified.inc_by(pictures as u64);
        self.batches
            .observe(f64::from(u32::try_from(pictures).unwrap_or(u32::MAX)));
    }

    /// A picture was refused.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Reason { reason }).inc();
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
