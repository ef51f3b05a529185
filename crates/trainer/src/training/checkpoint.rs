//! A state as bytes, and back on the device of the run that it belongs to. Whoever keeps the bytes
//! knows that they are what was written, and of which run.
//!
//! They are a safetensors file: the `module`, the `optimiser` and the `kept` module as Burn's own
//! records, the `stages` and the `kept stages` that our own convolutions train, the `average` of the
//! weights and that of those stages, the `logits` of the
//! epoch under way as f32 `[images, classes]`, and in the header the
//! finished epochs and the steps taken since, as TOML, whose numbers come back to the last bit.

use std::fmt::Display;

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Tensor, TensorData};
use graft_compute::{Backend, Engine, read};
use graft_recipe::Recipe;
use graft_report::record::Epoch;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use super::State;
use super::average::Average;
use super::finite::{check_values, check_weights};
use super::kernels::{self, Kernels};
use super::norms::Squares;
use super::optimiser::{self, adam, values};
use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;

/// The header's entry.
const PLACE: &str = "place";
const MODULE: &str = "module";
const OPTIMISER: &str = "optimiser";
const KEPT: &str = "kept";
const LOGITS: &str = "logits";
const STAGES: &str = "stages";
const KEPT_STAGES: &str = "kept stages";
const AVERAGE: &str = "average";
const AVERAGE_STAGES: &str = "average of stages";

/// A place in a training.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    steps: usize,
    seconds: f64,
    /// The number of the epoch whose module is kept; 0 for none.
    kept: usize,
    epochs: Vec<Epoch>,
    /// Checkpoints of earlier versions have none.
    #[serde(default)]
    squares: Squares,
}

impl State {
    /// The state as bytes.
    ///
    /// # Errors
    /// When one of its numbers is not finite, or the device does not give its tensors back.
    pub fn to_bytes(&self, backend: Backend) -> Result<Vec<u8>, Error> {
        let epoch = self.epochs.len() + 1;
        check_weights(epoch, &self.module)?;
        let logits = match self.seen.as_slice() {
            [] => Vec::new(),
            seen => backend.guarded(|| read(Tensor::cat(seen.to_vec(), 0)))??,
        };
        check_values(epoch, "a logit", &logits)?;
        let (kept, average) = (self.kept.as_ref(), self.average.as_ref());
        let place = toml::to_string(&Place {
            steps: self.steps,
            seconds: self.seconds,
            kept: kept.map_or(0, |(epoch, _)| epoch.epoch),
            epochs: self.epochs.clone(),
            squares: self.squares.clone(),
        });
        let place = place.map_err(|error| output(&error))?;
        let parts = [
            (MODULE, record(&self.module, backend)?),
            (
                OPTIMISER,
                optimiser::to_bytes(epoch, &self.optimiser, backend)?,
            ),
            (
                KEPT,
                kept.map_or(Ok(Vec::new()), |(_, module)| record(module, backend))?,
            ),
            (
                STAGES,
                match &self.kernels {
                    Some(kernels) => kernels.to_bytes(epoch)?,
                    None => Vec::new(),
                },
            ),
            (
                KEPT_STAGES,
                kept.map_or(Ok(Vec::new()), |(_, module)| {
                    kernels::to_bytes(epoch, module)
                })?,
            ),
            (
                AVERAGE,
                average.map_or(Ok(Vec::new()), |one| record(&one.module, backend))?,
            ),
            (
                AVERAGE_STAGES,
                average.map_or(Ok(Vec::new()), |one| kernels::bytes(epoch, &one.stages))?,
            ),
            (
                LOGITS,
                logits.into_iter().flat_map(f32::to_le_bytes).collect(),
            ),
        ];
        let views = parts.iter().map(|(name, bytes)| {
            let view = TensorView::new(Dtype::U8, vec![bytes.len()], bytes)?;
            Ok::<_, SafeTensorError>((*name, view))
        });
        let header = Some([(PLACE.to_owned(), place)].into());
        let views = views.collect::<Result<Vec<_>, _>>();
        let file = views.and_then(|views| safetensors::serialize(views, header));
        file.map_err(|error| output(&error))
    }

    /// What [`State::to_bytes`] wrote, on the device of `data`. `initial` is the module of the run
    /// before its first step.
    ///
    /// # Errors
    /// What was found that is no such state, or not of this module.
    pub fn from_bytes(
        bytes: &[u8],
        initial: &Trainable,
        recipe: &Recipe,
        data: &LabelledFeatures,
    ) -> Result<Self, String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(text)?;
        let place = header.metadata().as_ref().and_then(|map| map.get(PLACE));
        let place: Place = toml::from_str(place.ok_or("no place in it")?).map_err(text)?;
        let file = SafeTensors::deserialize(bytes).map_err(text)?;
        let part = |name| Ok::<_, String>(file.tensor(name).map_err(text)?.data().to_vec());
        // Checkpoints of other versions have no such part, nor stages of that engine.
        let stages = part(STAGES).unwrap_or_default();
        let mut kernels = Kernels::new(recipe, initial).map_err(text)?;
        match &mut kernels {
            Some(kernels) if !stages.is_empty() => kernels.restore(&stages)?,
            None if stages.is_empty() => {}
            Some(_) => return Err(other_engine(Engine::Burn)),
            None => return Err(other_engine(Engine::Winograd)),
        }
        let kept = match place.kept.checked_sub(1) {
            Some(kept) => {
                let epoch = place.epochs.get(kept).ok_or("no such epoch to keep")?;
                let module = restored(initial.valid(), part(KEPT)?)?;
                Some((
                    epoch.clone(),
                    kernels::restored(module, &part(KEPT_STAGES)?)?,
                ))
            }
            None => None,
        };
        let mut average = Average::new(recipe.training.ema, initial, kernels.as_ref());
        if let Some(average) = &mut average {
            average.module = restored(initial.valid(), part(AVERAGE)?)?;
            average.stages = kernels::split(&values(&part(AVERAGE_STAGES)?), &average.stages);
        }
        let optimiser = Bytes::from_bytes_vec(part(OPTIMISER)?);
        let (logits, classes) = (values(&part(LOGITS)?), data.classes);
        let shape = [logits.len() / classes, classes];
        let seen = (!logits.is_empty()).then(|| TensorData::new(logits, shape));
        let seen = seen.map(|logits| Tensor::from_data(logits, data.device));
        Ok(Self {
            module: restored(initial.clone(), part(MODULE)?)?,
            kernels,
            optimiser: adam(recipe).from_bytes(optimiser).map_err(text)?,
            epochs: place.epochs,
            steps: place.steps,
            seen: seen.into_iter().collect(),
            squares: place.squares,
            seconds: place.seconds,
            average,
            kept,
        })
    }
}

/// All parameters of a module.
fn record(module: &Trainable, backend: Backend) -> Result<Vec<u8>, Error> {
    let record = backend.guarded(|| module.clone().into_record().into_bytes())?;
    Ok(record.map_err(Error::device)?.to_vec())
}

/// `module` with the parameters that `record` has.
fn restored(module: Trainable, record: Vec<u8>) -> Result<Trainable, String> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(record));
    let fits = record.and_then(|record| module.try_load_record(record));
    fits.map_err(text)
}

fn other_engine(engine: Engine) -> String {
    format!("its stages were trained by the engine {engine}; resume it with --engine {engine}")
}

fn output(error: &dyn Display) -> Error {
    Error::Output(error.to_string())
}

fn text(error: impl Display) -> String {
    error.to_string()
}
