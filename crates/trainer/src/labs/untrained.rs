//! VGG16 as it is before it has seen any image: the same layers with random weights.

use graft_dataset::{ImageSet, Preprocessing};
use graft_head::he_uniform;
use graft_network::{KERNEL, Network};
use graft_onnx_import::{Imported, weights};

use super::workbench::{Pair, Workbench, features};
use crate::Error;
use graft_compute::LoadedBackbone;

/// Features of `train` and of all test images by a VGG16 whose weights are He-uniform, drawn by the
/// recipe's seed, each convolution's from a stream of its own that counts from 1, and whose biases
/// are 0. They are kept in the cache like any others, for its key holds the weights' hashes.
pub(super) fn untrained_features(bench: &mut Workbench, train: &ImageSet) -> Result<Pair, Error> {
    let folder = tempfile::tempdir().map_err(|error| Error::Output(error.to_string()))?;
    let seed = bench.recipe.training.seed;
    let mut stream = 0;
    let source = weights::Source {
        file: format!("He-uniform weights of seed {seed}"),
        ..weights::Source::default()
    };
    let vgg16 = Imported::with_weights(Network::default(), source, |[input, output]| {
        stream += 1;
        let summed = input * KERNEL[0] * KERNEL[1];
        he_uniform(summed, summed * output, seed, stream)
    });
    let vgg16 = vgg16.map_err(graft_compute::Error::Weights)?;
    vgg16.write_weights(folder.path())?;
    let loaded = LoadedBackbone::read(folder.path(), bench.recipe.backbone, bench.compute)?;
    let mut recipe = bench.recipe.clone();
    recipe.preprocessing = Preprocessing::default();
    let mut passes = Vec::new();
    let pair = features(
        &loaded,
        &recipe,
        bench,
        ("untrained VGG16", train),
        &mut passes,
    )?;
    bench.passes.extend(passes);
    Ok(pair)
}
