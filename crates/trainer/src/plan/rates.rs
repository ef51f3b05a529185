//! How long things take here, measured.

use std::time::Instant;

use graft_durable::sha256;
use graft_environment::interrupt;
use graft_features::Extractor;
use graft_report::record::ViewFeatures;
use serde::Serialize;

use super::Job;
use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;
use crate::training::Steps;

/// The least images that are measured.
const FEW: usize = 16;

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

impl Job<'_> {
    /// Passes some images through what the run will pass all through, and takes some of its steps.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    ///
    /// # Errors
    /// When a loss is no finite number, the device fails, the disk is full, or a signal asks to stop.
    pub(crate) fn rates(&self, seconds: f64, wanted: Option<ViewFeatures>) -> Result<Rates, Error> {
        let recipe = self.recipe;
        let extractor = Extractor::new(self.loaded, recipe, self.compute, self.home);
        let sample = |count: usize| {
            interrupt::go_on()?;
            let clock = Instant::now();
            let features = extractor.sample(self.images, count)?;
            let spent = clock.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "hundreds of images")]
            Ok::<_, Error>((spent / features.images() as f64, features))
        };
        let passes = self.needs_passes(wanted)?;
        let mut frozen = None;
        let sampled;
        let features = match self.cached {
            Some(features) if !passes => features,
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
        interrupt::go_on()?;
        let (learn, runs) = (self.holdout.train.len(), self.home.runs());
        let steps = Steps::measure(recipe, &data, &module, (learn, &runs), seconds)?;
        interrupt::go_on()?;

        let places: Vec<usize> = (0..FEW.min(self.views.indices.len())).collect();
        let view = if !passes || self.views.count == 0 {
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
