//! A saved state, put on the device of the run that it belongs to, if it fits that.

use burn::tensor::{Device, Tensor, TensorData};
use graft_dataset::Holdout;
use graft_head::Head;
use graft_report::record::Epoch;

use super::{Kept, Resumed, State};
use crate::examples::Examples;
use crate::fit::optimiser::{MOMENTS, Optimiser};
use graft_recipe::Recipe;

impl Resumed {
    /// The state, on the device of `examples`. `best` is the epoch that the recipe keeps and its head,
    /// where that is not the last finished one.
    ///
    /// # Errors
    /// What does not fit the recipe and the images: what was expected, and what was found.
    pub fn state(
        self,
        recipe: &Recipe,
        examples: &Examples,
        holdout: &Holdout,
        best: Option<Kept>,
    ) -> Result<State, String> {
        let (device, learning) = (examples.device, examples.device.clone().autodiff());
        let (classes, width) = (recipe.data.classes, examples.features.width());
        let (taken, rows) = self.check_place(recipe, holdout)?;
        let head = self.head(recipe, width, &learning)?;
        let [weights, biases] = [width * classes, classes];
        for (what, expected, found) in [
            (MOMENTS[0], weights, self.moments[0].len()),
            (MOMENTS[1], weights, self.moments[1].len()),
            (MOMENTS[2], biases, self.moments[2].len()),
            (MOMENTS[3], biases, self.moments[3].len()),
            ("logits", rows * classes, self.logits.len()),
        ] {
            expect(&format!("values in {what}"), expected, found)?;
        }
        let between = self.place.steps == 0;
        let last = match self.place.epochs.last() {
            Some(epoch) if between => Some((*epoch, self.head(recipe, width, device)?)),
            _ => None,
        };
        let logits = TensorData::new(self.logits, [rows, classes]);
        let shape = [width, classes];
        Ok(State {
            head,
            optimiser: Optimiser::after(recipe, taken, self.moments, shape, device),
            epochs: self.place.epochs,
            resumed_steps: self.place.steps,
            seen: if between {
                Vec::new()
            } else {
                vec![Tensor::from_data(logits, device)]
            },
            seconds: self.place.seconds,
            kept: best.or(last),
        })
    }

    /// The head, for features of `width` values, on `device`.
    ///
    /// # Errors
    /// What is wrong with it, or does not fit the recipe.
    pub fn head(&self, recipe: &Recipe, width: usize, device: &Device) -> Result<Head, String> {
        let head = Head::from_bytes(&self.head, device).map_err(|error| error.to_string())?;
        let (weight, bias) = (head.weight().len(), head.bias().len());
        expect("classes of the head", recipe.data.classes, bias)?;
        expect("features of the head", width, weight / bias.max(1))?;
        expect(
            "statistics of features, 0 or 1",
            usize::from(recipe.head.standardise),
            usize::from(head.statistics().is_some()),
        )?;
        Ok(head)
    }

    /// The steps taken since the start, and the images seen in the epoch under way, if the run has
    /// such a place.
    fn check_place(&self, recipe: &Recipe, holdout: &Holdout) -> Result<(usize, usize), String> {
        let (place, training) = (&self.place, &recipe.training);
        let images = holdout.train.len();
        let steps = images.div_ceil(training.batch_size); // an epoch
        let finished = place.epochs.len();
        let fits = finished <= training.epochs && place.steps <= steps;
        let is_start = finished == 0 && place.steps == 0;
        if !fits || is_start {
            return Err(format!(
                "expected at most {} epochs, and steps 1 to {steps}, found {finished} and {}",
                training.epochs, place.steps
            ));
        }
        for (number, epoch) in (1..).zip(&place.epochs) {
            expect("as the number of an epoch", number, epoch.epoch)?;
            if !numbers(epoch).all(f64::is_finite) {
                return Err(format!("expected finite figures, found {epoch:?}"));
            }
        }
        if !place.seconds.is_finite() {
            let found = place.seconds;
            return Err(format!("expected a time, found {found} seconds"));
        }
        let seen = (place.steps * training.batch_size).min(images);
        Ok((finished * steps + place.steps, seen))
    }
}

/// The figures of an epoch.
fn numbers(epoch: &Epoch) -> impl Iterator<Item = f64> {
    let scores = [Some(epoch.train), epoch.validation].into_iter().flatten();
    let scores = scores.flat_map(|scores| [scores.loss, scores.accuracy]);
    scores.chain([epoch.seconds])
}

fn expect(what: &str, expected: usize, found: usize) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!("expected {expected} {what}, found {found}"))
}
