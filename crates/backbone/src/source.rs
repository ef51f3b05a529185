//! Blocks from a weights folder, as far as the boundary asks for them.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use graft_onnx_import::weights::{self, Manifest};

use crate::fill::fill;
use crate::{Boundary, Error};

/// A weights folder whose manifest has been read, and what is wanted of it.
pub(crate) struct Source<'a> {
    folder: &'a Path,
    manifest: Manifest,
    boundary: Boundary,
    device: &'a Device,
}

impl<'a> Source<'a> {
    /// Reads the folder's manifest.
    pub(crate) fn open(
        folder: &'a Path,
        boundary: Boundary,
        device: &'a Device,
    ) -> Result<Self, Error> {
        Ok(Self {
            folder,
            manifest: weights::read_manifest(folder)?,
            boundary,
            device,
        })
    }

    /// Makes a block and gives it its weights; beyond the boundary, makes none and reads nothing.
    pub(crate) fn block<M: Module>(
        &self,
        block: Boundary,
        new: impl FnOnce(&Device) -> M,
    ) -> Result<Option<M>, Error> {
        if block > self.boundary {
            return Ok(None);
        }
        let bytes = weights::read_block(self.folder, &self.manifest, block.number())?;
        let file = self.folder.join(format!("{block}.safetensors"));
        fill(new(self.device), &file, bytes).map(Some)
    }
}
