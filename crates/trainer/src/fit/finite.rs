//! Stopping a run whose numbers went wrong before anything of it is saved.

use burn::tensor::Tensor;
use graft_head::{Gradients, Head};
use graft_report::record::Epoch;

use super::optimiser::{Moments, Optimiser};
use crate::Error;

/// The largest gradient whose square is a number, the square root of [`f32::MAX`]. Beyond it Adam's
/// mean of squares is infinite, and the weight stays what it is for ever.
const LARGEST_GRADIENT: f32 = 1.844_674_3e19;

/// The loss of one step, before it is taken.
pub(super) fn check_loss(epoch: usize, loss: &Tensor<1>) -> Result<(), Error> {
    check(epoch, "training loss", loss.clone().inner(), f32::MAX)
}

/// The gradients of one step, before it is taken.
pub(super) fn check_gradients(epoch: usize, gradients: &Gradients) -> Result<(), Error> {
    let Gradients { weight, bias } = gradients.clone();
    check(epoch, "a gradient of the head", weight, LARGEST_GRADIENT)?;
    check(epoch, "a gradient of the head", bias, LARGEST_GRADIENT)
}

/// The weights after a step.
pub(super) fn check_weights(epoch: usize, head: &Head) -> Result<(), Error> {
    let (weight, bias) = head.tensors();
    check(epoch, "a weight of the head", weight, f32::MAX)?;
    bias.map_or(Ok(()), |bias| {
        check(epoch, "a weight of the head", bias, f32::MAX)
    })
}

/// A finished epoch. Its training loss is that of the heads before each step; the head itself tells
/// of the last one, and the optimiser of gradients that were too large.
pub(super) fn check_epoch(epoch: &Epoch, head: &Head, optimiser: &Optimiser) -> Result<(), Error> {
    let finite = |what, value: f64| {
        if value.is_finite() {
            return Ok(());
        }
        let epoch = epoch.epoch;
        Err(Error::Diverged { epoch, what, value })
    };
    let validation = epoch.validation.map_or(0.0, |scores| scores.loss);
    finite("training loss", epoch.train.loss)?;
    finite("validation loss", validation)?;
    check_weights(epoch.epoch, head)?;
    check_moments(epoch.epoch, &optimiser.moments()?)
}

/// What the optimiser remembers.
pub(super) fn check_moments(epoch: usize, moments: &Moments) -> Result<(), Error> {
    let mut moments = moments.iter();
    moments.try_for_each(|moment| check_values(epoch, "a mean of gradients", moment))
}

/// Values that were read back already.
pub(super) fn check_values(epoch: usize, what: &'static str, values: &[f32]) -> Result<(), Error> {
    within(epoch, what, values, f32::MAX)
}

fn check<const D: usize>(
    epoch: usize,
    what: &'static str,
    tensor: Tensor<D>,
    most: f32,
) -> Result<(), Error> {
    let data = tensor.try_into_data().map_err(Error::device)?;
    let values = data
        .as_slice::<f32>()
        .map_err(|error| Error::device(format!("{error:?}")))?;
    within(epoch, what, values, most)
}

fn within(epoch: usize, what: &'static str, values: &[f32], most: f32) -> Result<(), Error> {
    // Without an end before the last value, many are looked at in one go.
    let is_fine = |value: &f32| value.abs() <= most;
    if values
        .iter()
        .fold(true, |fine, value| fine & is_fine(value))
    {
        return Ok(());
    }
    match values.iter().find(|value| !is_fine(value)) {
        Some(value) => Err(Error::Diverged {
            epoch,
            what,
            value: f64::from(*value),
        }),
        None => Ok(()),
    }
}
