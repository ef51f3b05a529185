//! Features to a trained head: the training loop, small and visible.

use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use graft_head::{Head, HeadConfig, Statistics, cross_entropy};
use graft_report::Evaluation;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::examples::{Examples, read};
use crate::recipe::{Keep, Recipe, RecipeError};

/// Loss and accuracy over a set of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// The share that was right.
    pub accuracy: f64,
}

/// One line of a run's metrics.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Over the training images while they were learned from, as Keras reports it: early batches
    /// met a worse head than late ones.
    pub train: Scores,
    /// Over the held-out images after the epoch; none where nothing is held out.
    pub validation: Option<Scores>,
    /// How long the epoch took, validation included.
    pub seconds: f64,
}

/// What training yields.
pub struct Fitted {
    /// The head before the first step.
    pub initial: Head,
    /// The head of the epoch that the recipe keeps.
    pub head: Head,
    /// That epoch.
    pub kept: Epoch,
}

/// Trains a new head as the recipe says, telling `on_epoch` of every epoch as it ends.
///
/// # Errors
/// When the loss stops being a finite number, the device fails, or `on_epoch` does.
pub fn fit(
    recipe: &Recipe,
    examples: &Examples,
    device: &Device,
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Fitted, Error> {
    let mut head = new_head(recipe, examples).init(&device.clone().autodiff());
    let mut optimiser = adam(recipe);
    let initial = head.valid();
    let mut kept: Option<(Epoch, Head)> = None;
    for number in 1..=recipe.training.epochs {
        let started = Instant::now();
        let train;
        (head, train) = train_epoch(head, &mut optimiser, recipe, examples, number)?;
        let validation = examples
            .validate(&head.valid())?
            .map(|evaluation| scores(&evaluation));
        let epoch = Epoch {
            epoch: number,
            train,
            validation,
            seconds: started.elapsed().as_secs_f64(),
        };
        on_epoch(&epoch)?;
        if kept
            .as_ref()
            .is_none_or(|(best, _)| replaces(&epoch, best, recipe.training.keep))
        {
            kept = Some((epoch, head.valid()));
        }
    }
    let no_epochs = RecipeError::Value {
        key: "training.epochs",
        expected: "at least 1".into(),
        found: "0".into(),
    };
    let (kept, head) = kept.ok_or(no_epochs)?;
    Ok(Fitted {
        initial,
        head,
        kept,
    })
}

/// One pass over the training images in a new order. The last batch may be smaller, and counts for
/// what it holds. Nothing is read back from the device until the pass is over.
fn train_epoch(
    mut head: Head,
    optimiser: &mut ModuleOptimizer,
    recipe: &Recipe,
    examples: &Examples,
    epoch: usize,
) -> Result<(Head, Scores), Error> {
    let order = examples.order(recipe.training.seed, epoch);
    let mut seen = Vec::with_capacity(order.len().div_ceil(recipe.training.batch_size));
    for batch in order.chunks(recipe.training.batch_size) {
        let (features, targets) = examples.batch(batch);
        let logits = head.forward(features.autodiff()); // [batch, classes]
        seen.push(logits.clone().inner());
        let loss = cross_entropy(logits, targets.autodiff());
        let gradients = GradientsParams::from_grads(loss.backward(), &head);
        head = optimiser.step(recipe.training.learning_rate, head, gradients);
    }
    let logits = read(Tensor::cat(seen, 0))?;
    let train = scores(&Evaluation::new(
        &examples.labels(&order),
        &logits,
        recipe.data.classes,
    )?);
    if train.loss.is_finite() {
        Ok((head, train))
    } else {
        Err(Error::Diverged {
            epoch,
            loss: train.loss,
        })
    }
}

fn new_head(recipe: &Recipe, examples: &Examples) -> HeadConfig {
    let statistics = recipe
        .head
        .standardise
        .then(|| Statistics::of(examples.training_rows(), examples.features.width()));
    HeadConfig {
        features: examples.features.width(),
        classes: recipe.data.classes,
        seed: recipe.training.seed,
        statistics,
    }
}

fn adam(recipe: &Recipe) -> ModuleOptimizer {
    let adam = recipe.training.adam;
    AdamConfig::new()
        .with_beta_1(adam.beta_1)
        .with_beta_2(adam.beta_2)
        .with_epsilon(adam.epsilon)
        .init()
}

/// Whether `epoch` is kept rather than the best so far.
fn replaces(epoch: &Epoch, best: &Epoch, keep: Keep) -> bool {
    match (keep, epoch.validation, best.validation) {
        (Keep::Best, Some(now), Some(best)) => now.loss < best.loss,
        _ => true,
    }
}

fn scores(evaluation: &Evaluation) -> Scores {
    Scores {
        loss: evaluation.loss,
        accuracy: evaluation.accuracy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::path::Path;

    use graft_backbone::Boundary;
    use graft_dataset::{Holdout, ImageSet, Preprocessing, split};

    use crate::backend::Backend;
    use crate::cache::{Features, Key, Writer};

    const CLASSES: usize = 3;
    const IMAGES: usize = 47;

    /// Three features an image, of which the one of its class is the largest.
    fn separable(index: usize) -> [f32; 3] {
        let noise = u8::try_from(index % 5).unwrap();
        let mut row = [0.1, 0.2, 0.3].map(|value: f32| value * f32::from(noise));
        row[index % CLASSES] += 3.0;
        row
    }

    fn labels() -> Vec<u8> {
        (0..IMAGES)
            .map(|index| u8::try_from(index % CLASSES).unwrap())
            .collect()
    }

    fn features(folder: &Path, row: impl Fn(usize) -> [f32; 3]) -> Features {
        let set = ImageSet::new(1, 1, vec![0; IMAGES], labels(), CLASSES).unwrap();
        let key = Key::new(
            &set,
            &[],
            Preprocessing::default(),
            Boundary::Block1,
            Backend::Cpu,
        );
        let path = folder.join("features");
        let mut writer = Writer::create(&path, &key, [3, 1, 1]).unwrap();
        (0..IMAGES).for_each(|index| writer.append(&row(index)).unwrap());
        writer.finish().unwrap();
        Features::open(&path, &key).unwrap()
    }

    fn recipe(change: impl Fn(&mut Recipe)) -> Recipe {
        let mut recipe = Recipe::default();
        recipe.data.classes = CLASSES;
        recipe.training.batch_size = 7;
        recipe.training.learning_rate = 0.05;
        change(&mut recipe);
        recipe
    }

    fn examples<'a>(features: &'a Features, labels: &'a [u8], device: &'a Device) -> Examples<'a> {
        let holdout: Holdout = split(labels, 9, 1).unwrap();
        Examples {
            features,
            labels,
            classes: CLASSES,
            holdout,
            device,
        }
    }

    #[test]
    fn learns_what_can_be_learned_and_repeats_it() {
        let folder = tempfile::tempdir().unwrap();
        let (features, labels, device) =
            (features(folder.path(), separable), labels(), Device::flex());
        let examples = examples(&features, &labels, &device);
        let run = |seed| {
            let mut epochs = Vec::new();
            let recipe = recipe(|recipe| recipe.training.seed = seed);
            let fitted = fit(&recipe, &examples, &device, |epoch| {
                epochs.push(*epoch);
                Ok(())
            });
            (fitted.unwrap(), epochs)
        };
        let (first, epochs) = run(1);
        assert_eq!(epochs.len(), 10);
        assert!(epochs[9].train.loss < epochs[0].train.loss);
        assert!(
            first.kept.validation.unwrap().accuracy > 0.99,
            "{:?}",
            first.kept
        );
        assert_ne!(
            first.initial.to_bytes().unwrap(),
            first.head.to_bytes().unwrap()
        );
        assert_eq!(
            first.head.to_bytes().unwrap(),
            run(1).0.head.to_bytes().unwrap()
        );
        assert_ne!(
            first.head.to_bytes().unwrap(),
            run(2).0.head.to_bytes().unwrap()
        );
    }

    #[test]
    fn the_last_batch_counts_for_what_it_holds() {
        // With a step size of nearly nothing the head stays what it was, and the epoch's loss must
        // be its loss over all training images: 38 of them, 5 batches of 7 and one of 3.
        let folder = tempfile::tempdir().unwrap();
        let (features, labels, device) =
            (features(folder.path(), separable), labels(), Device::flex());
        let examples = examples(&features, &labels, &device);
        let recipe = recipe(|recipe| {
            recipe.training.learning_rate = 1e-30;
            recipe.training.epochs = 1;
        });
        let fitted = fit(&recipe, &examples, &device, |_| Ok(())).unwrap();
        assert_eq!(examples.holdout.train.len(), 38);
        let whole = examples
            .evaluate(&fitted.initial, &examples.holdout.train)
            .unwrap();
        assert!((fitted.kept.train.loss - whole.loss).abs() < 1e-6);
        assert!((fitted.kept.train.accuracy - whole.accuracy).abs() < 1e-12);
    }

    #[test]
    fn statistics_are_those_of_the_training_images() {
        let folder = tempfile::tempdir().unwrap();
        let (features, labels, device) =
            (features(folder.path(), separable), labels(), Device::flex());
        let examples = examples(&features, &labels, &device);
        let recipe = recipe(|recipe| recipe.head.standardise = true);
        let fitted = fit(&recipe, &examples, &device, |_| Ok(())).unwrap();
        let rows = examples
            .holdout
            .train
            .iter()
            .map(|index| features.row(*index));
        assert_eq!(fitted.head.statistics().unwrap(), Statistics::of(rows, 3));
    }

    #[test]
    fn a_loss_that_is_no_number_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let features = features(folder.path(), |index| match index {
            20 => [f32::NAN; 3],
            index => separable(index),
        });
        let (labels, device) = (labels(), Device::flex());
        let mut examples = examples(&features, &labels, &device);
        examples.holdout = Holdout {
            train: (0..IMAGES).collect(),
            validation: Vec::new(),
        };
        let stopped = fit(&recipe(|_| ()), &examples, &device, |_| panic!("recorded"));
        assert!(matches!(stopped, Err(Error::Diverged { epoch: 1, .. })));
    }

    #[test]
    fn what_is_kept() {
        let epoch = |epoch, loss| {
            let validation = Some(Scores {
                loss,
                accuracy: 0.5,
            });
            Epoch {
                epoch,
                train: Scores {
                    loss,
                    accuracy: 0.5,
                },
                validation,
                seconds: 0.0,
            }
        };
        assert!(replaces(&epoch(2, 0.4), &epoch(1, 0.5), Keep::Best));
        assert!(!replaces(&epoch(2, 0.6), &epoch(1, 0.5), Keep::Best));
        assert!(!replaces(&epoch(2, f64::NAN), &epoch(1, 0.5), Keep::Best));
        assert!(replaces(&epoch(2, 0.6), &epoch(1, 0.5), Keep::Last));
    }
}
