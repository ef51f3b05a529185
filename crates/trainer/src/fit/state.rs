//! Where training stands: everything that the next step depends on, and as a file.
//!
//! The file is a safetensors file: `head` and `optimiser` as bytes of their own formats, `logits` of
//! the epoch under way, and in the header the finished epochs and the steps taken since, as TOML,
//! whose numbers come back to the last bit. The order of the images is drawn anew from the seed and
//! the epoch's number, so no random state is needed.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device, Tensor, TensorData};
use graft_dataset::Holdout;
use graft_head::Head;
use graft_report::record::Epoch;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::finite::check_weights;
use super::new_head;
use crate::Error;
use crate::examples::{Examples, read};
use crate::recipe::{Keep, Recipe};

/// The version of the file's layout.
const FORMAT: u32 = 1;

/// The header's entry.
const PLACE: &str = "place";

/// An epoch, and the head after it.
pub type Kept = (Epoch, Head);

/// Where training stands.
pub struct State {
    /// On the device that learns.
    pub(super) head: Head,
    optimiser: ModuleOptimizer,
    /// The finished epochs.
    pub(super) epochs: Vec<Epoch>,
    /// Steps of the epoch under way that another process took.
    resumed_steps: usize,
    /// The logits of the steps taken in the epoch under way; those of another process are one.
    pub(super) seen: Vec<Tensor<2>>,
    /// How long the epoch under way has taken so far.
    pub(super) seconds: f64,
    /// The epoch that the recipe keeps so far, and its head.
    pub(super) kept: Option<Kept>,
}

/// A place in a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    format: u32,
    epochs: Vec<Epoch>,
    steps: usize,
    seconds: f64,
}

/// A saved state, checked but not on a device yet.
pub struct Resumed {
    place: Place,
    head: Vec<u8>,
    optimiser: Vec<u8>,
    logits: Vec<f32>,
}

impl State {
    /// Before the first step.
    #[must_use]
    pub fn new(recipe: &Recipe, examples: &Examples, holdout: &Holdout) -> Self {
        let device = examples.device.clone().autodiff();
        Self {
            head: new_head(recipe, examples, holdout).init(&device),
            optimiser: adam(recipe),
            epochs: Vec::new(),
            resumed_steps: 0,
            seen: Vec::new(),
            seconds: 0.0,
            kept: None,
        }
    }

    /// The finished epochs.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Steps taken in the epoch under way.
    #[must_use]
    pub fn steps(&self) -> usize {
        match self.resumed_steps {
            0 => self.seen.len(),
            // The other process's logits are the first tensor.
            steps => steps + self.seen.len() - 1,
        }
    }

    /// One step of the optimiser.
    pub(super) fn step(&mut self, learning_rate: f64, gradients: GradientsParams) {
        let head = self.head.clone();
        self.head = self.optimiser.step(learning_rate, head, gradients);
    }

    /// Ends the epoch under way, whose head is `trained`.
    pub(super) fn end(&mut self, epoch: Epoch, trained: Head, keep: Keep) {
        self.epochs.push(epoch);
        (self.resumed_steps, self.seconds) = (0, 0.0);
        let kept = self.kept.as_ref();
        if kept.is_none_or(|(kept, _)| replaces(&epoch, kept, keep)) {
            self.kept = Some((epoch, trained));
        }
    }

    /// The state as a file.
    ///
    /// # Errors
    /// When a weight is no finite number, or the device does not give its tensors back.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        check_weights(self.epochs.len() + 1, &self.head)?;
        let place = Place {
            format: FORMAT,
            epochs: self.epochs.clone(),
            steps: self.steps(),
            seconds: self.seconds,
        };
        let output = |error: &dyn std::fmt::Display| Error::Output(error.to_string());
        let place = toml::to_string(&place).map_err(|error| output(&error))?;
        let head = self
            .head
            .valid()
            .to_bytes()
            .map_err(|error| output(&error))?;
        let optimiser = self
            .optimiser
            .into_bytes()
            .map_err(|error| output(&error))?;
        let logits = match self.seen.as_slice() {
            [] => Vec::new(),
            seen => read(Tensor::cat(seen.to_vec(), 0))?,
        };
        let logits: Vec<u8> = logits.into_iter().flat_map(f32::to_le_bytes).collect();
        let view = |dtype, length, bytes| TensorView::new(dtype, vec![length], bytes);
        let views = [
            ("head", view(Dtype::U8, head.len(), &head)),
            ("optimiser", view(Dtype::U8, optimiser.len(), &optimiser)),
            ("logits", view(Dtype::F32, logits.len() / 4, &logits)),
        ];
        let views = views.into_iter().map(|(name, view)| Ok((name, view?)));
        let views = views
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| output(&error))?;
        let header = Some([(PLACE.to_owned(), place)].into());
        safetensors::serialize(views, header).map_err(|error| output(&error))
    }
}

impl Resumed {
    /// Reads what [`State::to_bytes`] wrote; the error says what was expected and found.
    ///
    /// # Errors
    /// When it is no such file, or one of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let no = |error: &dyn std::fmt::Display| format!("expected a checkpoint, found {error}");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| no(&error))?;
        let place = header.metadata().as_ref().and_then(|map| map.get(PLACE));
        let place = place.ok_or_else(|| no(&"a file without a place in it"))?;
        let place: Place = toml::from_str(place).map_err(|error| no(&error))?;
        if place.format != FORMAT {
            let found = format!("format {} (this graft reads {FORMAT})", place.format);
            return Err(no(&found));
        }
        let file = SafeTensors::deserialize(bytes).map_err(|error| no(&error))?;
        let tensor = |name: &str, dtype| {
            let tensor = file.tensor(name).map_err(|error| no(&error))?;
            if tensor.dtype() == dtype {
                return Ok(tensor.data().to_vec());
            }
            Err(no(&format!("{name} as {:?}", tensor.dtype())))
        };
        let logits = tensor("logits", Dtype::F32)?;
        let (words, _) = logits.as_chunks::<4>();
        Ok(Self {
            head: tensor("head", Dtype::U8)?,
            optimiser: tensor("optimiser", Dtype::U8)?,
            logits: words.iter().map(|word| f32::from_le_bytes(*word)).collect(),
            place,
        })
    }

    /// The finished epochs.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.place.epochs
    }

    /// Steps taken since.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.place.steps
    }

    /// The head.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn head(&self, device: &Device) -> Result<Head, String> {
        Head::from_bytes(&self.head, device).map_err(|error| error.to_string())
    }

    /// The state, on `device`. `best` is the epoch that the recipe keeps and its head, where that is
    /// not the last finished one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn state(
        self,
        recipe: &Recipe,
        device: &Device,
        best: Option<Kept>,
    ) -> Result<State, String> {
        let classes = recipe.data.classes;
        let rows = self.logits.len() / classes;
        let seen = match self.place.steps {
            0 => Vec::new(),
            _ => vec![Tensor::from_data(
                TensorData::new(self.logits.clone(), [rows, classes]),
                device,
            )],
        };
        let optimiser = Bytes::from_bytes_vec(self.optimiser.clone());
        let optimiser = adam(recipe).from_bytes(optimiser);
        let between = self.place.steps == 0;
        let last = match (self.place.epochs.last(), between) {
            (Some(epoch), true) => Some((*epoch, self.head(device)?)),
            _ => None,
        };
        Ok(State {
            head: self.head(&device.clone().autodiff())?,
            optimiser: optimiser.map_err(|error| error.to_string())?,
            epochs: self.place.epochs,
            resumed_steps: self.place.steps,
            seen,
            seconds: self.place.seconds,
            kept: best.or(last),
        })
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
pub(super) fn replaces(epoch: &Epoch, best: &Epoch, keep: Keep) -> bool {
    match (keep, epoch.validation, best.validation) {
        (Keep::Best, Some(now), Some(best)) => now.loss < best.loss,
        _ => true,
    }
}

/// The best of `epochs`, which [`Keep::Best`] keeps.
pub(crate) fn best(epochs: &[Epoch]) -> Option<&Epoch> {
    let better = |best, epoch| {
        if replaces(epoch, best, Keep::Best) {
            epoch
        } else {
            best
        }
    };
    epochs.iter().reduce(better)
}

#[cfg(test)]
#[cfg(feature = "cpu")]
mod mutations;
