//! A backbone with its weights, and which these are.

use std::path::Path;

use graft_onnx_import::weights;
use graft_recipe as recipe;

use crate::{Compute, Error, Prefix};

/// A backbone, and which weights it has.
pub struct Loaded {
    /// The frozen prefix.
    pub prefix: Prefix,
    /// What the weights folder says of itself.
    pub manifest: weights::Manifest,
    /// SHA-256 of the weights files, block 1 up to the boundary.
    pub hashes: Vec<String>,
}

impl Loaded {
    /// VGG16 up to the recipe's boundary from the weights `folder`.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of its block.
    pub fn read(folder: &Path, recipe: recipe::Backbone, compute: &Compute) -> Result<Self, Error> {
        let manifest = weights::read_manifest(folder)?;
        let prefix = Prefix::load(compute, folder, recipe)?;
        let hashes = manifest
            .blocks
            .iter()
            .take(recipe.boundary.number())
            .map(|block| block.sha256.clone());
        Ok(Self {
            hashes: hashes.collect(),
            prefix,
            manifest,
        })
    }
}
