//! A state as a file, and back.
//!
//! It is a safetensors file: `head` as bytes of its own format, the optimiser's moments and the
//! `logits` of the epoch under way as rows of f32, and in the header the finished epochs and the steps
//! taken since, as TOML, whose numbers come back to the last bit.

use burn::module::Module;
use burn::tensor::Tensor;
use graft_report::record::Epoch;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use super::State;
use crate::Error;
use crate::fit::finite::{check_moments, check_values, check_weights};
use crate::fit::optimiser::{MOMENTS, Moments};
use graft_compute::read;

/// The version of the file's layout.
const FORMAT: u32 = 2;

/// The header's entry.
const PLACE: &str = "place";
const HEAD: &str = "head";
const LOGITS: &str = "logits";

/// A place in a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    format: u32,
    pub(super) epochs: Vec<Epoch>,
    pub(super) steps: usize,
    pub(super) seconds: f64,
}

/// A saved state that was read, but is on no device yet and may not fit its run.
pub struct Resumed {
    pub(super) place: Place,
    pub(super) head: Vec<u8>,
    pub(super) moments: Moments,
    pub(super) logits: Vec<f32>,
}

impl State {
    /// The state as a file.
    ///
    /// # Errors
    /// When one of its numbers is not finite, or the device does not give its tensors back.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let epoch = self.epochs.len() + 1;
        check_weights(epoch, &self.head)?;
        let logits = match self.seen.as_slice() {
            [] => Vec::new(),
            seen => read(Tensor::cat(seen.to_vec(), 0))?,
        };
        check_values(epoch, "a logit", &logits)?;
        let moments = self.optimiser.moments()?;
        check_moments(epoch, &moments)?;
        let place = Place {
            format: FORMAT,
            epochs: self.epochs.clone(),
            steps: self.steps(),
            seconds: self.seconds,
        };
        let output = |error: &dyn std::fmt::Display| Error::Output(error.to_string());
        let head = self.head.valid().to_bytes();
        let head = head.map_err(|error| output(&error))?;
        let rows = [&moments[..], &[logits]].concat();
        to_bytes(&place, &head, &rows).map_err(|error| output(&error))
    }
}

/// `rows` are the moments and the logits.
fn to_bytes(
    place: &Place,
    head: &[u8],
    rows: &[Vec<f32>],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let bytes = |row: &Vec<f32>| row.iter().flat_map(|value| value.to_le_bytes()).collect();
    let rows: Vec<Vec<u8>> = rows.iter().map(bytes).collect();
    let view = |dtype, length, bytes| TensorView::new(dtype, vec![length], bytes);
    let names = MOMENTS.into_iter().chain([LOGITS]);
    let views = names
        .zip(&rows)
        .map(|(name, row)| Ok((name, view(Dtype::F32, row.len() / 4, row)?)))
        .chain([Ok((HEAD, view(Dtype::U8, head.len(), head)?))])
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    let header = Some([(PLACE.to_owned(), toml::to_string(place)?)].into());
    Ok(safetensors::serialize(views, header)?)
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
        let row = |name: &str| {
            let bytes = tensor(name, Dtype::F32)?;
            let (words, _) = bytes.as_chunks::<4>();
            let row: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
            match row.iter().find(|value| !value.is_finite()) {
                Some(value) => Err(no(&format!("{value} in {name}"))),
                None => Ok(row),
            }
        };
        let [weight_1, weight_2, bias_1, bias_2] = MOMENTS.map(row);
        Ok(Self {
            head: tensor(HEAD, Dtype::U8)?,
            moments: [weight_1?, weight_2?, bias_1?, bias_2?],
            logits: row(LOGITS)?,
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
}
