//! Stopping a run whose numbers went wrong before anything of it is saved.

use burn::tensor::Tensor;
use graft_head::Head;
use graft_report::record::Epoch;

use crate::Error;

/// The loss of one step, before it is taken.
pub(super) fn check_loss(epoch: usize, loss: &Tensor<1>) -> Result<(), Error> {
    let loss = loss.clone().inner().into_scalar::<f32>();
    expect_finite(epoch, "training loss", loss.into())
}

/// The weights after a step.
pub(super) fn check_weights(epoch: usize, head: &Head) -> Result<(), Error> {
    let mut values = head.weight().into_iter().chain(head.bias());
    match values.find(|value| !value.is_finite()) {
        Some(value) => expect_finite(epoch, "a weight of the head", value.into()),
        None => Ok(()),
    }
}

/// A finished epoch. Its training loss is that of the heads before each step; the head itself tells
/// of the last one.
pub(super) fn check_epoch(epoch: &Epoch, head: &Head) -> Result<(), Error> {
    let validation = epoch.validation.map_or(0.0, |scores| scores.loss);
    expect_finite(epoch.epoch, "training loss", epoch.train.loss)?;
    expect_finite(epoch.epoch, "validation loss", validation)?;
    check_weights(epoch.epoch, head)
}

fn expect_finite(epoch: usize, what: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::Diverged { epoch, what, value })
}
