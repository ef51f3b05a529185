//! What a run will cost, measured for a moment before it is paid, and how its views are best had.

mod cost;
mod rates;

pub use rates::Rates;

use graft_compute::{ComputeContext, LoadedBackbone};
use graft_dataset::{Holdout, ImageSet};
use graft_environment::Paths;
use graft_environment::output::{duration, note, size};
use graft_features::{Features, Key, Views, free_bytes};
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

impl Job<'_> {
    /// Whether images have to pass the frozen blocks: not where all features are cached, and nobody wants other ones.
    ///
    /// # Errors
    /// When an image is too small for the backbone.
    pub(crate) fn needs_passes(&self, wanted: Option<ViewFeatures>) -> Result<bool, Error> {
        let cache = self.home.cache();
        let mut keys = self.views.keys()?.iter();
        let on_the_fly = self.views.count > 0 && wanted == Some(ViewFeatures::OnTheFly);
        let is_missing = |key: &Key| Features::bytes(&key.path(&cache)).is_none();
        Ok(self.cached.is_none() || on_the_fly || keys.any(is_missing))
    }
}

/// What a run will cost.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// How long things take; none where that was not measured.
    pub rates: Option<Rates>,
    /// How the views will be had; none where there are none.
    pub views: Option<ViewFeatures>,
    /// What the run costs with each way to have them; one where there are no views.
    pub options: Vec<Forecast>,
    /// Bytes that the cache's disk has free.
    pub free_bytes: u64,
}

impl Plan {
    /// What the run will cost.
    #[must_use]
    pub fn forecast(&self) -> Option<Forecast> {
        self.options
            .iter()
            .find(|way| way.views == self.views)
            .copied()
    }

    /// The way that is not taken.
    fn other(&self) -> Option<&Forecast> {
        self.options.iter().find(|way| way.views != self.views)
    }

    /// What the user should agree to before it begins, if anything.
    pub(crate) fn warning(&self) -> Option<String> {
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
                size(self.free_bytes)
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
            "forecast: about {}, {} for features and {} for training; features take {} of disk{memory}",
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

/// What `job` will cost at measured rates, from `before` seconds of work that were done, and how its views are had where
/// the user wants no way by name.
pub(crate) fn plan(
    job: &Job,
    wanted: Option<ViewFeatures>,
    rates: Option<Rates>,
    before: f64,
) -> Result<Plan, Error> {
    let cost = Cost::of(job)?;
    let mut plan = Plan {
        rates,
        views: None,
        options: Vec::new(),
        free_bytes: free_bytes(&job.home.cache()),
    };
    let (cached, on_the_fly) = (ViewFeatures::Cached, ViewFeatures::OnTheFly);
    let options: &[_] = match job.views.count {
        0 => &[None],
        _ if !job.needs_passes(wanted)? => &[Some(cached)],
        _ => &[Some(cached), Some(on_the_fly)],
    };
    if let Some(rates) = rates {
        let forecasts = options.iter();
        let forecasts = forecasts.map(|views| cost.forecast(*views, rates, before));
        plan.options = forecasts.collect();
    }
    plan.views = match (options, wanted) {
        ([only], _) => *only,
        (_, Some(wanted)) => Some(wanted),
        _ => Some(cost.best(&plan)),
    };
    Ok(plan)
}
