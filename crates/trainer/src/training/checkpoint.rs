//! A state as bytes, and back on the device of the run that it belongs to, if it fits that.
//!
//! They are a safetensors file: the `module`, the `optimiser` and the `kept` module as Burn's own
//! records, the `logits` of the epoch under way as f32 `[images, classes]`, and in the header the
//! finished epochs and the steps taken since, as TOML, whose numbers come back to the last bit.

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Tensor, TensorData};
use graft_dataset::Holdout;
use graft_report::record::Epoch;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::State;
use super::finite::{check_values, check_weights};
use super::optimiser;
use super::record::{Parameters, Tensors};
use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;
use graft_compute::device::guarded;
use graft_compute::read;
use graft_recipe::Recipe;

/// The version of the layout.
const FORMAT: u32 = 3;

/// The header's entry.
const PLACE: &str = "place";
const MODULE: &str = "module";
const OPTIMISER: &str = "optimiser";
const KEPT: &str = "kept";
const LOGITS: &str = "logits";

/// A place in a training.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    format: u32,
    steps: usize,
    seconds: f64,
    /// The number of the epoch whose module is kept.
    kept: Option<usize>,
    epochs: Vec<Epoch>,
}

impl State {
    /// The state as bytes.
    ///
    /// # Errors
    /// When one of its numbers is not finite, or the device does not give its tensors back.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let epoch = self.epochs.len() + 1;
        check_weights(epoch, &self.module)?;
        let logits = match self.seen.as_slice() {
            [] => Vec::new(),
            seen => guarded(|| read(Tensor::cat(seen.to_vec(), 0))).map_err(Error::device)??,
        };
        check_values(epoch, "a logit", &logits)?;
        let place = Place {
            format: FORMAT,
            steps: self.steps,
            seconds: self.seconds,
            kept: self.kept.as_ref().map(|(epoch, _)| epoch.epoch),
            epochs: self.epochs.clone(),
        };
        let kept = self.kept.as_ref().map(|(_, module)| record(module));
        let parts = [
            (MODULE, Dtype::U8, record(&self.module)?),
            (
                OPTIMISER,
                Dtype::U8,
                optimiser::to_bytes(epoch, &self.optimiser)?,
            ),
            (KEPT, Dtype::U8, kept.transpose()?.unwrap_or_default()),
            (
                LOGITS,
                Dtype::F32,
                logits.into_iter().flat_map(f32::to_le_bytes).collect(),
            ),
        ];
        let output = |error: &dyn std::fmt::Display| Error::Output(error.to_string());
        let place = toml::to_string(&place).map_err(|error| output(&error))?;
        let views = parts.iter().map(|(name, dtype, bytes)| {
            let length = bytes.len() * 8 / dtype.bitsize();
            Ok((*name, TensorView::new(*dtype, vec![length], bytes)?))
        });
        let views: Result<Vec<_>, safetensors::SafeTensorError> = views.collect();
        let header = Some([(PLACE.to_owned(), place)].into());
        let file = views.and_then(|views| safetensors::serialize(views, header));
        file.map_err(|error| output(&error))
    }

    /// What [`State::to_bytes`] wrote, on the device of `data`. `initial` is the module of the run
    /// before its first step.
    ///
    /// # Errors
    /// What is no such state, of another version, or does not fit the recipe and the images: what was
    /// expected, and what was found.
    pub fn from_bytes(
        bytes: &[u8],
        initial: &Trainable,
        recipe: &Recipe,
        data: &LabelledFeatures,
        holdout: &Holdout,
    ) -> Result<Self, String> {
        let no = |error: &dyn std::fmt::Display| format!("expected a checkpoint, found {error}");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| no(&error))?;
        let place = header.metadata().as_ref().and_then(|map| map.get(PLACE));
        let place = place.ok_or_else(|| no(&"a file without a place in it"))?;
        let place: Place = toml::from_str(place).map_err(|error| no(&error))?;
        if place.format != FORMAT {
            let found = format!("format {} (this graft reads {FORMAT})", place.format);
            return Err(no(&found));
        }
        let (taken, seen) = place.check(recipe, holdout)?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| no(&error))?;
        let part = |name: &str, dtype| match file.tensor(name) {
            Ok(tensor) if tensor.dtype() == dtype => Ok(tensor.data().to_vec()),
            Ok(tensor) => Err(no(&format!("{name} as {:?}", tensor.dtype()))),
            Err(error) => Err(no(&error)),
        };
        let module = restored(initial.clone(), part(MODULE, Dtype::U8)?)?;
        let parameters = Parameters::of(&module);
        let optimiser = part(OPTIMISER, Dtype::U8)?;
        let optimiser = optimiser::from_bytes(optimiser, recipe, &parameters, taken)?;
        let kept = match place
            .kept
            .and_then(|kept| place.epochs.get(kept.checked_sub(1)?))
        {
            Some(epoch) => Some((*epoch, restored(initial.valid(), part(KEPT, Dtype::U8)?)?)),
            None => None,
        };
        expect(
            "kept epochs",
            place.epochs.len().min(1),
            usize::from(kept.is_some()),
        )?;
        let classes = recipe.data.classes;
        let logits = part(LOGITS, Dtype::F32)?;
        let (words, _) = logits.as_chunks::<4>();
        let logits: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        expect("values in logits", seen * classes, logits.len())?;
        if let Some(value) = logits.iter().find(|value| !value.is_finite()) {
            return Err(format!("expected finite numbers, found {value} in logits"));
        }
        let logits = TensorData::new(logits, [seen, classes]);
        Ok(Self {
            module,
            optimiser,
            epochs: place.epochs,
            steps: place.steps,
            seen: if seen == 0 {
                Vec::new()
            } else {
                vec![Tensor::from_data(logits, data.device)]
            },
            seconds: place.seconds,
            kept,
        })
    }
}

/// All parameters of a module.
fn record(module: &Trainable) -> Result<Vec<u8>, Error> {
    let record = guarded(|| module.clone().into_record().into_bytes()).map_err(Error::device)?;
    Ok(record.map_err(Error::device)?.to_vec())
}

/// `module` with the parameters that `record` has.
fn restored(module: Trainable, record: Vec<u8>) -> Result<Trainable, String> {
    Tensors::read(&record)?.finite()?;
    let fits = ModuleRecord::from_bytes(Bytes::from_bytes_vec(record))
        .and_then(|record| module.try_load_record(record));
    fits.map_err(|error| format!("expected the parameters of this run's module, found {error}"))
}

impl Place {
    /// The steps taken since the start, and the images seen in the epoch under way, if the run has
    /// such a place.
    fn check(&self, recipe: &Recipe, holdout: &Holdout) -> Result<(usize, usize), String> {
        let (training, images) = (&recipe.training, holdout.train.len());
        let steps = images.div_ceil(training.batch_size); // an epoch
        let finished = self.epochs.len();
        if finished > training.epochs || self.steps > steps {
            return Err(format!(
                "expected at most {} epochs and {steps} steps, found {finished} and {}",
                training.epochs, self.steps
            ));
        }
        for (number, epoch) in (1..).zip(&self.epochs) {
            expect("as the number of an epoch", number, epoch.epoch)?;
            if !numbers(epoch).all(f64::is_finite) {
                return Err(format!("expected finite figures, found {epoch:?}"));
            }
        }
        if !self.seconds.is_finite() {
            return Err(format!("expected a time, found {} seconds", self.seconds));
        }
        let seen = (self.steps * training.batch_size).min(images);
        Ok((finished * steps + self.steps, seen))
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
