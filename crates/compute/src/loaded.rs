//! A frozen backbone, and which weights it has.

use std::path::Path;

use graft_onnx_import::weights;
use graft_recipe as recipe;

use crate::{ComputeContext, Error, FrozenBackbone};

/// A frozen backbone, and which weights it has.
pub struct LoadedBackbone {
    /// The stages that compute features.
    pub frozen: FrozenBackbone,
    /// What the weights folder says of itself.
    pub manifest: weights::Manifest,
    /// SHA-256 of the frozen blocks' weights files.
    pub hashes: Vec<String>,
}

impl LoadedBackbone {
    /// The network up to the recipe's cut, from the weights `folder`.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of its block, or the device fails.
    pub fn read(
        folder: &Path,
        recipe: recipe::Backbone,
        context: &ComputeContext,
    ) -> Result<Self, Error> {
        let manifest = weights::read_manifest(folder)?;
        let blocks = manifest.blocks.iter().take(recipe.cut().number());
        Ok(Self {
            frozen: FrozenBackbone::load(context, folder, recipe)?,
            hashes: blocks.map(|block| block.sha256.clone()).collect(),
            manifest,
        })
    }
}
