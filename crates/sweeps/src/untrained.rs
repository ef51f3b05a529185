//! A network as it is before it has seen any image: the same layers with random weights.

use graft_compute::{ComputeContext, LoadedBackbone};
use graft_environment::Error as Environment;
use graft_head::he_uniform;
use graft_network::KERNEL;
use graft_onnx_import::{Imported, weights};
use graft_recipe::Backbone;

use crate::Error;

/// A backbone whose weights are He-uniform, drawn by `seed`, each convolution's from a stream of its own
/// that counts from 1, and whose biases are 0. Its features are kept in the cache like any others, for
/// its key holds the weights' hashes.
pub(super) fn untrained(
    seed: u64,
    recipe: Backbone,
    compute: &ComputeContext,
) -> Result<LoadedBackbone, Error> {
    let folder = tempfile::tempdir().map_err(|error| Environment::Output(error.to_string()))?;
    let mut stream = 0;
    let source = weights::Source {
        file: format!("He-uniform weights of seed {seed}"),
        ..weights::Source::default()
    };
    let network = Imported::with_weights(recipe.network, source, |[input, output]| {
        stream += 1;
        let summed = input * KERNEL[0] * KERNEL[1];
        he_uniform(summed, summed * output, seed, stream)
    });
    network
        .map_err(graft_compute::Error::Weights)?
        .write_weights(folder.path())?;
    Ok(LoadedBackbone::read(folder.path(), recipe, compute)?)
}
