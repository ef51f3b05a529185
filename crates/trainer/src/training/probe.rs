//! How long the parts of a training take, before there is one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use graft_recipe::Recipe;
use graft_report::record::{Epoch, Scores};
use serde::Serialize;

use super::plan::StepPlan;
use super::state::State;
use super::step;
use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;

/// First steps touch memory that later ones find.
const UNCOUNTED: usize = 2;
/// The least that are measured.
const COUNTED: usize = 3;

/// How long the parts of a training take, in seconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Steps {
    /// A step in which the head alone learns; 0 where there is none.
    pub head: f64,
    /// A step in which everything learns that the recipe trains.
    pub all: f64,
    /// To put down where the training stands.
    pub checkpoint: f64,
}

impl Steps {
    /// Takes some steps of `module`: of each kind as many as take `seconds`, and [`COUNTED`] at least, behind some
    /// that are not counted; then makes a checkpoint and writes it to the disk of `folder`. `data` needs no more than one image;
    /// `learn` images will be trained on.
    ///
    /// # Errors
    /// When a loss or a gradient is no finite number, the device fails, or the disk is full.
    pub(crate) fn measure(
        recipe: &Recipe,
        data: &LabelledFeatures,
        module: &Trainable,
        (learn, folder): (usize, &Path),
        seconds: f64,
    ) -> Result<Self, Error> {
        let images = data.features.images();
        let rows = recipe.training.batch_size.min(learn);
        let batches = learn.div_ceil(recipe.training.batch_size);
        let batch: Vec<usize> = (0..rows).map(|row| row % images).collect();
        let mut state = State::new(recipe, module.clone())?;
        let warm = recipe.training.warmup_epochs * batches;
        let mut mean = |first: usize| {
            let plan = |number| StepPlan::new(&recipe.training, number, batches, None);
            for number in 0..UNCOUNTED {
                step(&mut state, &plan(first + number), data, &batch)?;
            }
            let clock = Instant::now();
            let mut number = 0;
            while number < COUNTED || clock.elapsed().as_secs_f64() < seconds {
                step(&mut state, &plan(first + UNCOUNTED + number), data, &batch)?;
                number += 1;
            }
            #[expect(clippy::cast_precision_loss, reason = "a few steps")]
            Ok::<_, Error>(clock.elapsed().as_secs_f64() / number as f64)
        };
        let head = if warm > 0 { mean(1)? } else { 0.0 };
        let all = mean(warm + 1)?;

        state.seen.clear();
        let clock = Instant::now();
        let scores = Scores {
            loss: 0.0,
            accuracy: 0.0,
        };
        let epoch = Epoch {
            epoch: 1,
            train: scores,
            validation: None,
            steps: None,
            learning_rate: None,
            seconds: 0.0,
            gradient_norms: BTreeMap::new(),
        };
        let trained = state.trained()?;
        state.end(epoch, trained, &recipe.training);
        graft_durable::write_unnamed(folder, &state.to_bytes(data.backend)?)?;
        Ok(Self {
            head,
            all,
            checkpoint: clock.elapsed().as_secs_f64(),
        })
    }
}
