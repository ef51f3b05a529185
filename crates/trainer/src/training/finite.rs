//! Stopping a run whose numbers went wrong before anything of it is saved.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use graft_compute::Backend;
use graft_report::record::Epoch;

use super::{State, optimiser};
use crate::Error;
use crate::trainable::Trainable;

/// The largest gradient whose square is a number, the square root of [`f32::MAX`]. Beyond it Adam's
/// mean of squares is infinite, and the weight stays what it is for ever.
const LARGEST_GRADIENT: f32 = 1.844_674_3e19;

/// The loss of one step, before it is taken.
pub(super) fn check_loss(epoch: usize, loss: &Tensor<1>) -> Result<(), Error> {
    check(epoch, "training loss", loss.clone().inner(), f32::MAX)
}

/// The gradients of one step, before it is taken.
pub(super) fn check_gradients(
    epoch: usize,
    module: &Trainable,
    gradients: &GradientsParams,
) -> Result<(), Error> {
    Check::of(epoch, module, Some(gradients))
}

/// The weights.
pub(super) fn check_weights(epoch: usize, module: &Trainable) -> Result<(), Error> {
    Check::of(epoch, module, None)
}

/// A finished epoch. Its training loss is that of the weights before each step; the weights tell of
/// the last one, and the optimiser of gradients that were too large.
pub(super) fn check_epoch(
    epoch: &Epoch,
    module: &Trainable,
    state: &State,
    backend: Backend,
) -> Result<(), Error> {
    let finite = |what, value: f64| {
        if value.is_finite() {
            return Ok(());
        }
        let epoch = epoch.epoch;
        Err(Error::Diverged {
            epoch,
            what: String::from(what),
            value,
        })
    };
    let validation = epoch.validation.map_or(0.0, |scores| scores.loss);
    finite("training loss", epoch.train.loss)?;
    finite("validation loss", validation)?;
    check_weights(epoch.epoch, module)?;
    if let Some(kernels) = &state.kernels {
        kernels.to_bytes(epoch.epoch)?;
    }
    optimiser::to_bytes(epoch.epoch, &state.optimiser, backend).map(drop)
}

/// The largest gradient of a convolution, which `what` names, before it moves a weight.
pub(super) fn check_gradient(epoch: usize, what: &str, largest: f32) -> Result<(), Error> {
    within(epoch, what, &[largest], LARGEST_GRADIENT)
}

/// Values that were read back already.
pub(super) fn check_values(epoch: usize, what: &str, values: &[f32]) -> Result<(), Error> {
    within(epoch, what, values, f32::MAX)
}

/// Looks at every parameter of a module, or at its gradient.
struct Check<'a> {
    epoch: usize,
    gradients: Option<&'a GradientsParams>,
    result: Result<(), Error>,
}

impl Check<'_> {
    fn of(
        epoch: usize,
        module: &Trainable,
        gradients: Option<&GradientsParams>,
    ) -> Result<(), Error> {
        let mut check = Check {
            epoch,
            gradients,
            result: Ok(()),
        };
        module.visit(&mut check);
        check.result
    }
}

impl ModuleVisitor for Check<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.result.is_err() {
            return;
        }
        self.result = match self.gradients {
            None => check(self.epoch, "a weight", param.val(), f32::MAX),
            Some(gradients) => gradients.get::<D>(param.id).map_or(Ok(()), |gradient| {
                check(self.epoch, "a gradient", gradient, LARGEST_GRADIENT)
            }),
        };
    }
}

fn check<const D: usize>(
    epoch: usize,
    what: &str,
    tensor: Tensor<D>,
    most: f32,
) -> Result<(), Error> {
    let data = tensor.try_into_data().map_err(Error::device)?;
    let values = data
        .as_slice::<f32>()
        .map_err(|error| Error::device(format!("{error:?}")))?;
    within(epoch, what, values, most)
}

fn within(epoch: usize, what: &str, values: &[f32], most: f32) -> Result<(), Error> {
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
            what: String::from(what),
            value: f64::from(*value),
        }),
        None => Ok(()),
    }
}
