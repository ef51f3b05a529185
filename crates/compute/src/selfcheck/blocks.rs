//! Every block of the backbone, on two images.

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use graft_backbone::{Backbone, CpuStages};
use graft_network::{Boundary, Network};
use graft_recipe::Precision;

use super::{Comparison, largest};
use crate::device::float_dtype;
use crate::{ComputeContext, Error, read};

/// The shape of the images.
pub(super) const SHAPE: [usize; 4] = [2, 3, 32, 32];

/// Compares what every block yields, as `found` tells, with what our own convolutions yield on the CPU.
pub(super) fn check(
    found: impl FnOnce(&[f32]) -> Result<Vec<Vec<f32>>, Error>,
    folder: &Path,
    (network, boundary): (Network, Boundary),
    precision: Precision,
) -> Result<Vec<Comparison>, Error> {
    let pixels = pixels();
    let expected = CpuStages::load(folder, network, Boundary::IMAGES..boundary)?;
    let expected = expected.outputs(&pixels, SHAPE)?;
    let blocks = (1..).zip(found(&pixels)?.into_iter().zip(expected));
    let compared = blocks.map(|(number, (found, expected))| {
        let expected: Vec<_> = expected.into_iter().map(f64::from).collect();
        let operation = format!("block {number}");
        Comparison::new(operation, largest(&found, &expected), precision.tolerance())
    });
    Ok(compared.collect())
}

/// What every block yields where Burn computes on a device.
pub(super) fn on_device(
    backbone: &Backbone,
    context: &ComputeContext,
    precision: Precision,
    pixels: &[f32],
) -> Result<Vec<Vec<f32>>, Error> {
    let images = TensorData::new(pixels.to_vec(), SHAPE);
    let images = Tensor::<4>::from_data(images, &context.device).cast(float_dtype(precision));
    let outputs = backbone.block_outputs(images)?.into_iter();
    outputs.map(read).collect()
}

/// Images with every grey value in no order: 7919 is a prime, so that neighbours are far apart.
fn pixels() -> Vec<f32> {
    let grey = |index: usize| u8::try_from(index * 7919 % 256).unwrap_or_default();
    let count = SHAPE.iter().product();
    (0..count)
        .map(|index| f32::from(grey(index)) / 255.0)
        .collect()
}
