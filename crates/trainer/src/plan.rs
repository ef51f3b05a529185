//! What a run will cost, measured for a moment before it is paid, and how its views are best had.

mod cost;
mod rates;

pub use rates::Rates;

use std::time::Instant;

use graft_compute::{Backend, ComputeContext, LoadedBackbone};
use graft_dataset::{Holdout, ImageSet};
use graft_environment::Paths;
use graft_environment::output::{duration, note, size};
use graft_features::{Features, Key, Views, room};
use graft_recipe::Recipe;
use graft_report::record::{Forecast, ViewFeatures};
use serde::Serialize;

use crate::Error;
use cost::Cost;

/// Seconds longer than another way from which on the user is asked.
const MUCH: f64 = 3600.0;

/// A run that has not begun.
pub(crate) struct Job<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) images: &'a ImageSet,
    pub(crate) holdout: &'a Holdout,
    pub(crate) loaded: &'a LoadedBackbone,
    pub(crate) compute: &'a ComputeContext,
    pub(crate) home: &'a Paths,
    pub(crate) key: &'a Key,
    pub(crate) views: &'a Views<'a>,
    /// The features of the images, where they are there.
    pub(crate) cached: Option<&'a Features>,
}

/// What a run will cost.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// How long things take; none where that was not measured.
    pub rates: Option<Rates>,
    /// How the views will be had; none where there are none.
    pub views: Option<ViewFeatures>,
    /// Each way to have them, and what the run then costs: one where there are no views.
    pub ways: Vec<Forecast>,
    /// Bytes that the cache has room for.
    pub room: u64,
}

impl Plan {
    /// What the run will cost.
    #[must_use]
    pub fn forecast(&self) -> Option<Forecast> {
        self.ways
            .iter()
            .find(|way| way.views == self.views)
            .copied()
    }

    /// The way that is not taken.
    fn other(&self) -> Option<&Forecast> {
        self.ways.iter().find(|way| way.views != self.views)
    }

    /// Why the user should be asked before it begins, if so.
    pub(crate) fn doubt(&self) -> Option<String> {
        let (taken, other) = (self.forecast()?, self.other()?);
        let more = taken.seconds - other.seconds;
        (more > MUCH).then(|| {
            format!(
                "with views {} the run takes {}, {} more than with views {}, which take {} of disk ({} are free)",
                named(taken.views),
                duration(taken.seconds),
                duration(more),
                named(other.views),
                size(other.features_bytes),
                size(self.room)
            )
        })
    }

    /// Says it in a few lines.
    pub(crate) fn tell(&self) {
        for line in self.lines() {
            note(&line);
        }
    }

    fn lines(&self) -> Vec<String> {
        let Some(taken) = self.forecast() else {
            let chosen = self.views.map(|_| format!("views: {}", named(self.views)));
            return chosen.into_iter().collect();
        };
        let memory = taken.memory_bytes.map_or_else(String::new, |bytes| {
            format!(", and at least {} of memory", size(bytes))
        });
        let mut lines = vec![format!(
            "forecast: {} at most, {} for features and {} for training; features take {} of disk{memory}",
            duration(taken.seconds),
            duration(taken.features),
            duration(taken.training),
            size(taken.features_bytes),
        )];
        if let Some(rates) = self.rates {
            let frozen = rates.frozen.map_or_else(String::new, |seconds| {
                format!("{:.0} images/s through the frozen blocks, ", 1.0 / seconds)
            });
            let step = 1e3 * rates.steps.all;
            lines.push(format!("measured: {frozen}{step:.2} ms a training step"));
        }
        if let Some(other) = self.other() {
            lines.push(format!(
                "views: {}; {} they would take {} of disk, and the run {}",
                named(self.views),
                named(other.views),
                size(other.features_bytes),
                duration(other.seconds)
            ));
        }
        lines
    }
}

fn named(views: Option<ViewFeatures>) -> &'static str {
    match views {
        Some(ViewFeatures::OnTheFly) => "computed on the fly",
        _ => "cached",
    }
}

/// What `job` will cost from `started` on, by measurements of about `seconds` each, and how its views are had where
/// the user wants no way by name. On a GPU, where the first passes tune kernels, nothing is measured.
pub(crate) fn plan(
    job: &Job,
    wanted: Option<ViewFeatures>,
    seconds: f64,
    started: Instant,
) -> Result<Plan, Error> {
    let rates = match job.compute.backend {
        Backend::Cpu => Some(job.rates(seconds)?),
        _ => None,
    };
    let cost = Cost::of(job)?;
    let mut plan = Plan {
        rates,
        views: None,
        ways: Vec::new(),
        room: room(&job.home.cache()),
    };
    let ways: &[_] = match job.views.count {
        0 => &[None],
        _ => &[Some(ViewFeatures::Cached), Some(ViewFeatures::OnTheFly)],
    };
    if let Some(rates) = rates {
        let before = started.elapsed().as_secs_f64();
        let forecasts = ways
            .iter()
            .map(|views| cost.forecast(*views, rates, before));
        plan.ways = forecasts.collect();
    }
    plan.views = match (ways, wanted) {
        ([None], _) => None,
        (_, Some(wanted)) => Some(wanted),
        _ => Some(cost.best(&plan)),
    };
    Ok(plan)
}
