//! What a run will cost, measured for a moment before it is paid, and how its views are best had.

use std::time::Instant;

use graft_compute::{Backend, ComputeContext, LoadedBackbone};
use graft_dataset::{Holdout, ImageSet};
use graft_durable::sha256;
use graft_environment::output::{duration, note, size};
use graft_environment::{Paths, peak_memory};
use graft_features::{Extractor, Features, Key, Views, room};
use graft_recipe::Recipe;
use graft_report::record::{Forecast, ViewFeatures};
use serde::Serialize;

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;
use crate::training::Steps;

/// The least images that are measured.
const FEW: usize = 16;
/// Bytes of features that are held in memory while they are read, at most.
const MAPPED: u64 = 256 << 20;
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

/// How long things take here, in seconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rates {
    /// An image through the frozen blocks into the cache; none where all are there.
    pub frozen: Option<f64>,
    /// A view of an image through the frozen blocks to a batch.
    pub view: f64,
    /// What a training consists of.
    pub steps: Steps,
    /// Features of an image through everything that learns, where nothing does.
    pub forward: f64,
    /// A byte of cached features to be verified.
    pub verify: f64,
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

/// What has to be done.
struct Cost {
    /// Images that learn, and that are held out.
    images: [usize; 2],
    /// Of the images themselves, and of all views: images without cached features, bytes that are cached, and bytes
    /// that are not.
    plain: (usize, u64, u64),
    views: (usize, u64, u64),
    /// Epochs that see a view, of all, and of these the ones that move the head alone.
    epochs: [usize; 3],
    /// Steps of an epoch.
    steps: usize,
    /// Whether the mean of features is needed first.
    standardises: bool,
}

impl Cost {
    fn of(job: &Job) -> Result<Self, Error> {
        let cache = job.home.cache();
        let row = job.views.row() as u64;
        let entry = |key: &Key, there: bool| {
            let bytes = row * key.count as u64;
            if there {
                (0, bytes, 0)
            } else {
                (key.count, 0, bytes)
            }
        };
        let views = job.views.keys()?;
        let views = views
            .iter()
            .map(|key| entry(key, Features::bytes(&key.path(&cache)).is_some()));
        let sum = |a: (usize, u64, u64), b: (usize, u64, u64)| (a.0 + b.0, a.1 + b.1, a.2 + b.2);
        let (training, learn) = (&job.recipe.training, job.holdout.train.len());
        let epochs = training.epochs;
        Ok(Self {
            images: [learn, job.holdout.validation.len()],
            plain: entry(job.key, job.cached.is_some()),
            views: views.fold((0, 0, 0), sum),
            epochs: [
                epochs - epochs.div_ceil(job.views.count + 1),
                epochs,
                training.warmup_epochs.min(epochs),
            ],
            steps: learn.div_ceil(training.batch_size),
            standardises: job.recipe.head.normalise == graft_recipe::Normalise::Standardise,
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images and bytes are far below 2^53"
    )]
    fn forecast(&self, views: Option<ViewFeatures>, rates: Rates, before: f64) -> Forecast {
        let [learn, held_out] = self.images.map(|count| count as f64);
        let [viewed, epochs, warm] = self.epochs.map(|count| count as f64);
        let features = |(missing, there, new): (usize, u64, u64)| {
            missing as f64 * rates.frozen.unwrap_or(0.0) + (there + new) as f64 * rates.verify
        };
        let on_the_fly = views == Some(ViewFeatures::OnTheFly);
        let mut bytes = self.plain.1 + self.plain.2;
        let mut first = features(self.plain);
        if !on_the_fly {
            bytes += self.views.1 + self.views.2;
            first += features(self.views);
        }
        let steps =
            self.steps as f64 * (warm * rates.steps.head + (epochs - warm) * rates.steps.all);
        // The latest and, mostly, the best.
        let steps = steps + 2.0 * epochs * rates.steps.checkpoint;
        // Those that are held out after every epoch; at the end all, for predictions and again for the classes' means.
        let passes = epochs * held_out + 2.0 * (learn + held_out);
        let passes = passes + if self.standardises { learn } else { 0.0 };
        let viewed = if on_the_fly {
            viewed * learn * rates.view
        } else {
            0.0
        };
        let training = steps + passes * rates.forward + viewed;
        Forecast {
            views,
            seconds: before + first + training,
            features: first,
            training,
            features_bytes: bytes,
            memory_bytes: peak_memory().map(|peak| peak + bytes.min(MAPPED)),
        }
    }

    /// Cached, where that saves a tenth of the time and there is room for it.
    fn best(&self, plan: &Plan) -> ViewFeatures {
        let fits = self.plain.2 + self.views.2 <= plan.room;
        let saves = match &plan.ways[..] {
            [cached, on_the_fly] => cached.seconds < 0.9 * on_the_fly.seconds,
            _ => self.epochs[0] * self.images[0] > self.views.0,
        };
        if fits && saves {
            ViewFeatures::Cached
        } else {
            ViewFeatures::OnTheFly
        }
    }
}

impl Job<'_> {
    /// Passes some images through what the run will pass all through, and takes some of its steps.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    fn rates(&self, seconds: f64) -> Result<Rates, Error> {
        let recipe = self.recipe;
        let extractor = Extractor::new(self.loaded, recipe, self.compute, self.home);
        let sample = |count: usize| {
            let some = self.images.clone().first(count.min(self.images.len()))?;
            let clock = Instant::now();
            let features = extractor.sample(&some)?;
            let spent = clock.elapsed().as_secs_f64();
            Ok::<_, Error>((spent / some.len() as f64, features))
        };
        let mut frozen = None;
        let sampled;
        let features = match self.cached {
            Some(features) if self.views.count == 0 => features,
            _ => {
                let size = recipe.preprocessing.size;
                let most = self.loaded.frozen.batch(self.compute, size) / 2;
                // Less than a hundredth of what will pass, twice: the first time weights are transformed.
                let share = self.images.len() * (self.views.count + 1) / 200;
                let count = share.clamp(FEW, most.max(FEW));
                sample(count)?;
                let (spent, features) = sample(count)?;
                frozen = Some(spent);
                sampled = features;
                &sampled
            }
        };

        let head = self.compute.of_head(recipe.backbone);
        let (labels, classes) = (self.images.labels(), self.images.classes());
        let data = LabelledFeatures::new(features, labels, classes, &head);
        let few: Vec<usize> = (0..FEW.min(features.images())).collect();
        let weights = self.home.weights(recipe.backbone.network.name);
        let module = Trainable::new(recipe, &data, &few, &weights)?;
        let pass: Vec<usize> = (0..module.rows_at_once())
            .map(|row| row % few.len())
            .collect();
        module.predictions(&data, &few)?;
        let clock = Instant::now();
        module.predictions(&data, &pass)?;
        let forward = clock.elapsed().as_secs_f64() / pass.len() as f64;
        let batches = { self.holdout.train.len() }.div_ceil(recipe.training.batch_size);
        let runs = self.home.runs();
        let steps = Steps::measure(recipe, &data, &module, (batches, &runs), seconds)?;

        let places: Vec<usize> =
            (0..recipe.training.batch_size.min(self.views.indices.len())).collect();
        let view = if self.views.count == 0 {
            0.0
        } else {
            self.views.rows(1, &places)?;
            let clock = Instant::now();
            self.views.rows(1, &places)?;
            clock.elapsed().as_secs_f64() / places.len() as f64
        };
        let block = vec![0; 1 << 20];
        let clock = Instant::now();
        let _ = sha256(&block);
        Ok(Rates {
            frozen,
            view,
            steps,
            forward,
            verify: clock.elapsed().as_secs_f64() / block.len() as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates {
        frozen: Some(0.001),
        view: 0.002,
        steps: Steps {
            head: 0.5,
            all: 1.0,
            checkpoint: 0.1,
        },
        forward: 0.0001,
        verify: 1e-9,
    };

    /// 1,000 images that learn and 100 that are held out, whose features take 1,000 bytes each; 4 views beside the image;
    /// 10 epochs of 10 steps, the first two of the head alone. Epochs 1 and 6 see the images themselves.
    fn cost() -> Cost {
        Cost {
            images: [1000, 100],
            plain: (1100, 0, 1_100_000),
            views: (4000, 0, 4_000_000),
            epochs: [8, 10, 2],
            steps: 10,
            standardises: false,
        }
    }

    fn plan_of(cost: &Cost, rates: Rates, room: u64) -> Plan {
        let ways = [ViewFeatures::Cached, ViewFeatures::OnTheFly];
        let ways = ways.map(|views| cost.forecast(Some(views), rates, 3.0));
        let mut plan = Plan {
            rates: Some(rates),
            views: None,
            ways: ways.to_vec(),
            room,
        };
        plan.views = Some(cost.best(&plan));
        plan
    }

    #[test]
    fn a_forecast_is_the_sum_of_its_parts() {
        let plan = plan_of(&cost(), RATES, u64::MAX);
        // 2 * 10 steps of the head and 8 * 10 of all; 10 times two checkpoints; 1,000 images held out, and 2 * 1,100 at the end.
        let training = 10.0 + 80.0 + 2.0 + 0.32;
        let [cached, on_the_fly] = &plan.ways[..] else {
            panic!()
        };
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(cached.training, training);
        close(cached.features, 5.1 + 0.0051);
        close(cached.seconds, 3.0 + training + 5.1051);
        assert_eq!(cached.features_bytes, 5_100_000);
        // 8 epochs of 1,000 views.
        close(on_the_fly.training, training + 16.0);
        close(on_the_fly.features, 1.1 + 0.0011);
        assert_eq!(on_the_fly.features_bytes, 1_100_000);

        // What is cached is only verified.
        let there = Cost {
            plain: (0, 1_100_000, 0),
            ..cost()
        };
        let forecast = there.forecast(Some(ViewFeatures::OnTheFly), RATES, 0.0);
        close(forecast.features, 0.0011);
    }

    #[test]
    fn the_cheaper_way_is_taken_if_there_is_room() {
        let best = |rates, room| plan_of(&cost(), rates, room).views.unwrap();
        assert_eq!(best(RATES, u64::MAX), ViewFeatures::Cached);
        assert_eq!(best(RATES, 5_000_000), ViewFeatures::OnTheFly);
        let view = 0.0001;
        let fast = Rates { view, ..RATES };
        assert_eq!(best(fast, u64::MAX), ViewFeatures::OnTheFly);
    }

    #[test]
    fn an_hour_more_is_doubtful() {
        let view = 1.0;
        let slow = Rates { view, ..RATES };
        assert_eq!(plan_of(&cost(), slow, u64::MAX).doubt(), None);
        let doubt = plan_of(&cost(), slow, 5_000_000).doubt().unwrap();
        for part in ["computed on the fly", "2.2 h more", "cached", "4.9 MiB"] {
            assert!(doubt.contains(part), "{doubt}");
        }
        assert_eq!(plan_of(&cost(), RATES, 5_000_000).doubt(), None);
    }
}
