//! Every block of the backbone, on two images.

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use graft_backbone::{Backbone, Boundary, CpuBackbone};

use super::Checked;
use crate::Error;
use crate::compute::Compute;
use graft_recipe::Precision;

use crate::device::float_dtype;

/// The shape of the images that are passed.
const SHAPE: [usize; 4] = [2, 3, 32, 32];

/// Compares what every block yields with what our own convolutions yield on the processor.
pub(super) fn check(
    backbone: &Backbone,
    folder: &Path,
    compute: &Compute,
    precision: Precision,
) -> Result<Vec<Checked>, Error> {
    let pixels = pixels();
    let images = TensorData::new(pixels.clone(), SHAPE);
    let images = Tensor::<4>::from_data(images, &compute.device).cast(float_dtype(precision));
    let mut checked = Vec::new();
    for (block, maps) in Boundary::ALL
        .into_iter()
        .zip(backbone.block_outputs(images)?)
    {
        let data = maps.try_into_data().map_err(Error::device)?;
        let found = data.try_into_vec_as::<f32>().map_err(Error::device)?;
        let expected = CpuBackbone::load(folder, block)?.features(&pixels, SHAPE)?;
        let expected: Vec<_> = expected.into_iter().map(f64::from).collect();
        checked.push(Checked::new(
            format!("block {}", block.number()),
            &found,
            &expected,
            precision.tolerance(),
        ));
    }
    Ok(checked)
}

/// Images with every grey value in no order: 7919 is a prime, so that neighbours are far apart.
fn pixels() -> Vec<f32> {
    let grey = |index: usize| u8::try_from(index * 7919 % 256).unwrap_or_default();
    let count = SHAPE.iter().product();
    (0..count)
        .map(|index| f32::from(grey(index)) / 255.0)
        .collect()
}
