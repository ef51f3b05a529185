//! Features after every block of VGG16.

use graft_compute::LoadedBackbone;
use graft_dataset::{ImageSet, Split};
use graft_features::{Extractor, Features};
use graft_recipe::{Dtype, Recipe};
use graft_report::lab::Pass;

use super::workbench::Workbench;
use crate::Error;

/// The features of `images` after block 1 to 5, in 16 bits, prepared as the seed recipe does.
pub(super) fn block_features(
    bench: &mut Workbench,
    name: &str,
    images: &ImageSet,
    split: Split,
) -> Result<Vec<Features>, Error> {
    let mut features = Vec::new();
    for boundary in graft_network::Network::default().boundaries() {
        let mut recipe = Recipe::default();
        recipe.backbone.boundary = boundary;
        recipe.backbone.dtype = Dtype::F16;
        let loaded = LoadedBackbone::read(
            &bench.home.weights(recipe.backbone.network.name),
            recipe.backbone,
            bench.compute,
        )?;
        let extractor = Extractor::new(&loaded, &recipe, bench.compute, bench.home);
        let extracted = extractor.features(images, split)?;
        bench.passes.push(Pass {
            features: format!("{name} images, after {boundary}"),
            images: images.len(),
            cached: extracted.cached,
            seconds: extracted.seconds,
        });
        features.push(extracted.features);
    }
    Ok(features)
}
