//! Every block of the backbone, on two images.

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use graft_backbone::{Backbone, CpuStages};
use graft_network::Boundary;
use graft_recipe::Precision;

use super::{Comparison, largest};
use crate::device::float_dtype;
use crate::{ComputeContext, Error, read};

/// The shape of the images.
const SHAPE: [usize; 4] = [2, 3, 32, 32];

/// Compares what every block yields with what our own convolutions yield on the CPU.
pub(super) fn check(
    backbone: &Backbone,
    folder: &Path,
    context: &ComputeContext,
    precision: Precision,
) -> Result<Vec<Comparison>, Error> {
    let pixels = pixels();
    let images = TensorData::new(pixels.clone(), SHAPE);
    let images = Tensor::<4>::from_data(images, &context.device).cast(float_dtype(precision));
    let expected = CpuStages::load(
        folder,
        backbone.network(),
        Boundary::IMAGES..backbone.boundary(),
    )?;
    let expected = expected.outputs(&pixels, SHAPE)?;
    let found = backbone.block_outputs(images)?;
    let blocks = (1..).zip(found.into_iter().zip(expected));
    let compared = blocks.map(|(number, (found, expected))| {
        let expected: Vec<_> = expected.into_iter().map(f64::from).collect();
        let difference = largest(&read(found)?, &expected);
        let operation = format!("block {number}");
        Ok(Comparison::new(
            operation,
            difference,
            precision.tolerance(),
        ))
    });
    compared.collect()
}

/// Images with every grey value in no order: 7919 is a prime, so that neighbours are far apart.
fn pixels() -> Vec<f32> {
    let grey = |index: usize| u8::try_from(index * 7919 % 256).unwrap_or_default();
    let count = SHAPE.iter().product();
    (0..count)
        .map(|index| f32::from(grey(index)) / 255.0)
        .collect()
}
