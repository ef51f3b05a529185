//! The log, on standard error.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// The runtimes below report every kernel that a device refuses while others are tried; what matters
/// of it comes back as an error.
const FILTER: &str = "warn,graft_assets=info,graft_compute=info,graft_runs::resumable=info,cubecl_wgpu=off,cubecl_server=off,cubecl_runtime=off,cubecl_common=off";

/// Where `cubecl-runtime` 0.11.3 warns of one thing only: of all kernels that could do a job, it could
/// time none.
const UNTIMED: &str = "off,cubecl_runtime::tune::schedule=warn";

/// Writes the log to standard error; `GRAFT_LOG=debug` says more.
pub(crate) fn to_stderr() {
    let filter = EnvFilter::try_from_env("GRAFT_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(Untimed::default().with_filter(EnvFilter::new(UNTIMED)))
        .init();
}

/// Says once that kernels are used untimed, in one line instead of one for each, with all that was
/// tried.
#[derive(Default)]
struct Untimed {
    said: AtomicBool,
}

impl<S: Subscriber> Layer<S> for Untimed {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        if !self.said.swap(true, Ordering::Relaxed) {
            crate::output::note(
                "some kernels could not be timed on this device, and are used untuned, which can be many times as slow; update its driver (GRAFT_LOG=warn says more)",
            );
        }
    }
}
