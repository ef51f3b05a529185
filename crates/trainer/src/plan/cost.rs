//! What a run consists of, and what that takes at measured rates.

use graft_environment::peak_memory;
use graft_features::{Features, Key, keeps};
use graft_recipe::Normalise;
use graft_report::record::{Forecast, ViewFeatures};

use super::{Job, Plan, Rates};
use crate::Error;

/// Bytes of features that are held in memory while they are read, at most.
const MAPPED: u64 = 256 << 20;

/// Features of some images.
#[derive(Clone, Copy, Default)]
struct Entries {
    /// Images whose features are not cached.
    missing: usize,
    /// Bytes of all features.
    bytes: u64,
    /// Bytes of those that are not cached.
    new: u64,
}

/// What has to be done.
pub(super) struct Cost {
    /// Images that learn, and that are held out.
    images: [usize; 2],
    /// Of the images themselves.
    plain: Entries,
    /// Of all views.
    views: Entries,
    /// Epochs that see a view, of all, and of these the ones that move the head alone.
    epochs: [usize; 3],
    /// Steps of an epoch.
    steps: usize,
    /// Checkpoints of an epoch: the latest and, mostly, the best, and those within it.
    checkpoints: usize,
    /// Whether the mean of features is needed first.
    standardises: bool,
}

impl Cost {
    pub(super) fn of(job: &Job) -> Result<Self, Error> {
        let row = job.views.row() as u64;
        let add = |sum: Entries, (key, is_there): (&Key, bool)| {
            let bytes = row * key.count as u64;
            Entries {
                missing: sum.missing + if is_there { 0 } else { key.count },
                bytes: sum.bytes + bytes,
                new: sum.new + if is_there { 0 } else { bytes },
            }
        };
        let (keys, cache) = (job.views.keys()?, job.home.cache());
        let is_there = |key: &Key| Features::bytes(&key.path(&cache)).is_some();
        let views = keys.iter().map(|key| (key, is_there(key)));
        let (training, learn) = (&job.recipe.training, job.holdout.train.len());
        let epochs = training.epochs;
        let steps = learn.div_ceil(training.batch_size);
        Ok(Self {
            images: [learn, job.holdout.validation.len()],
            plain: add(Entries::default(), (job.key, job.cached.is_some())),
            views: views.fold(Entries::default(), add),
            epochs: [
                epochs - epochs.div_ceil(job.views.count + 1),
                epochs,
                training.warmup_epochs.min(epochs),
            ],
            steps,
            checkpoints: 2 + steps.checked_div(training.checkpoint_steps).unwrap_or(0),
            standardises: job.recipe.head.normalise == Normalise::Standardise,
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images and bytes are far below 2^53"
    )]
    pub(super) fn forecast(
        &self,
        views: Option<ViewFeatures>,
        rates: Rates,
        before: f64,
    ) -> Forecast {
        let [learn, held_out] = self.images.map(|count| count as f64);
        let [viewed, epochs, warm] = self.epochs.map(|count| count as f64);
        let features = |of: Entries, image: f64, verified: u64| {
            of.missing as f64 * image + verified as f64 * rates.verify
        };
        let frozen = rates.frozen.unwrap_or(0.0);
        let on_the_fly = views == Some(ViewFeatures::OnTheFly);
        let mut bytes = self.plain.bytes;
        // Those of the images that are cached have been opened already.
        let mut first = features(self.plain, frozen, self.plain.new);
        if !on_the_fly {
            bytes += self.views.bytes;
            first += features(self.views, frozen.max(rates.view), self.views.bytes);
        }
        let steps =
            self.steps as f64 * (warm * rates.steps.head + (epochs - warm) * rates.steps.all);
        let checkpoints = epochs * self.checkpoints as f64 * rates.steps.checkpoint;
        // Those that are held out after every epoch; at the end all, for predictions and again for the classes' means.
        let passes = epochs * held_out + 2.0 * (learn + held_out);
        let passes = passes + if self.standardises { learn } else { 0.0 };
        let viewed = if on_the_fly {
            viewed * learn * rates.view
        } else {
            0.0
        };
        let training = steps + checkpoints + passes * rates.forward + viewed;
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
    pub(super) fn best(&self, plan: &Plan) -> ViewFeatures {
        let fits = keeps(self.plain.bytes + self.views.bytes)
            && self.plain.new + self.views.new <= plan.free_bytes;
        let saves = match &plan.options[..] {
            [cached, on_the_fly] => cached.seconds < 0.9 * on_the_fly.seconds,
            _ => self.epochs[0] * self.images[0] > self.views.missing,
        };
        if fits && saves {
            ViewFeatures::Cached
        } else {
            ViewFeatures::OnTheFly
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Steps;

    const RATES: Rates = Rates {
        frozen: Some(0.001),
        view: 0.02,
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
            plain: Entries {
                missing: 1100,
                bytes: 1_100_000,
                new: 1_100_000,
            },
            views: Entries {
                missing: 4000,
                bytes: 4_000_000,
                new: 4_000_000,
            },
            epochs: [8, 10, 2],
            steps: 10,
            checkpoints: 2,
            standardises: false,
        }
    }

    fn plan_of(cost: &Cost, rates: Rates, free_bytes: u64) -> Plan {
        let options = [ViewFeatures::Cached, ViewFeatures::OnTheFly];
        let options = options.map(|views| cost.forecast(Some(views), rates, 3.0));
        let mut plan = Plan {
            rates: Some(rates),
            views: None,
            options: options.to_vec(),
            free_bytes,
        };
        plan.views = Some(cost.best(&plan));
        plan
    }

    #[test]
    fn a_forecast_is_the_sum_of_its_parts() {
        let plan = plan_of(&cost(), RATES, u64::MAX);
        // 2 * 10 steps of the head and 8 * 10 of all; 10 times two checkpoints; 1,000 images held out, and 2 * 1,100 at the end.
        let training = 10.0 + 80.0 + 2.0 + 0.32;
        let [cached, on_the_fly] = &plan.options[..] else {
            panic!()
        };
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(cached.training, training);
        // The views take longer to be made than the images.
        close(cached.features, 1.1 + 80.0 + 0.0051);
        close(cached.seconds, 3.0 + training + 81.1051);
        assert_eq!(cached.features_bytes, 5_100_000);
        // 8 epochs of 1,000 views.
        close(on_the_fly.training, training + 160.0);
        close(on_the_fly.features, 1.1 + 0.0011);
        assert_eq!(on_the_fly.features_bytes, 1_100_000);

        // What is cached was read already.
        let there = Cost {
            plain: Entries {
                missing: 0,
                new: 0,
                ..cost().plain
            },
            ..cost()
        };
        let forecast = there.forecast(Some(ViewFeatures::OnTheFly), RATES, 0.0);
        close(forecast.features, 0.0);
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
    fn an_hour_more_is_asked_about() {
        let view = 1.0;
        let slow = Rates { view, ..RATES };
        assert_eq!(plan_of(&cost(), slow, u64::MAX).warning(), None);
        let warning = plan_of(&cost(), slow, 5_000_000).warning().unwrap();
        for part in ["computed on the fly", "2.2 h", "67 min more", "4.9 MiB"] {
            assert!(warning.contains(part), "{warning}");
        }
        assert_eq!(plan_of(&cost(), RATES, 5_000_000).warning(), None);
    }
}
