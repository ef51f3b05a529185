//! The frozen prefix of VGG16: images in, features out.

use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Tensor};

use crate::fingerprint::fingerprint;
use crate::generated::{block1, block2, block3, block4, block5};
use crate::source::Source;
use crate::{Boundary, Error};

/// How many channels the images have.
const IMAGE_CHANNELS: usize = 3;

/// VGG16 from its input up to a [`Boundary`], frozen.
///
/// It lies on a device without gradients, whatever device it is given, and so do the features that
/// it yields: nothing that is trained on them can reach its weights.
#[derive(Module, Debug)]
pub struct Backbone {
    // The blocks up to the boundary are there, those after it are not.
    block1: Option<block1::Model>,
    block2: Option<block2::Model>,
    block3: Option<block3::Model>,
    block4: Option<block4::Model>,
    block5: Option<block5::Model>,
    #[module(skip)]
    boundary: Boundary,
}

impl Backbone {
    /// Reads the blocks up to `boundary` from the weights `folder`, one after the other, and puts
    /// them on `device`.
    ///
    /// # Errors
    /// When the folder, its manifest or a file is missing, does not have the hash that the manifest
    /// states, or does not hold exactly the tensors of its block.
    pub fn load(folder: &Path, boundary: Boundary, device: &Device) -> Result<Self, Error> {
        let device = device.clone().without_autodiff();
        let source = Source::open(folder, boundary, &device)?;
        let backbone = Self {
            block1: source.block(Boundary::Block1, block1::Model::new)?,
            block2: source.block(Boundary::Block2, block2::Model::new)?,
            block3: source.block(Boundary::Block3, block3::Model::new)?,
            block4: source.block(Boundary::Block4, block4::Model::new)?,
            block5: source.block(Boundary::Block5, block5::Model::new)?,
            boundary,
        };
        Ok(backbone.no_grad())
    }

    /// The same backbone with all parameters rounded to `dtype`; it then takes images of that type
    /// and yields features of it.
    #[must_use]
    pub fn cast(self, dtype: FloatDType) -> Self {
        self.map(&mut Cast(dtype))
    }

    /// The block that the features are taken after.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// What the boundary's block makes of the images: the features that a head is trained on. They
    /// carry no gradients, even where the images do.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, on the backbone's device
    /// - features: `[batch, channels, height / 2^n, width / 2^n]` after block n; see
    ///   [`Boundary::feature_shape`]
    ///
    /// # Errors
    /// When the images have other than three channels, or nothing of them is left at the boundary.
    pub fn features(&self, images: Tensor<4>) -> Result<Tensor<4>, Error> {
        let images = self.checked(images)?;
        Ok(Boundary::ALL
            .into_iter()
            .fold(images, |maps, block| self.forward(block, maps)))
    }

    /// What every block makes of the images, from block 1 to the boundary; the last are the features.
    ///
    /// # Errors
    /// As [`Backbone::features`].
    pub fn block_outputs(&self, images: Tensor<4>) -> Result<Vec<Tensor<4>>, Error> {
        let images = self.checked(images)?;
        Ok(Boundary::ALL
            .into_iter()
            .take(self.boundary.number())
            .scan(images, |maps, block| {
                *maps = self.forward(block, maps.clone());
                Some(maps.clone())
            })
            .collect())
    }

    /// The SHA-256 over name, shape and bytes of every parameter, as it is in memory now: equal before
    /// and after a training run, it proves that the run did not touch the backbone.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn weights_hash(&self) -> Result<String, Error> {
        fingerprint(self)
    }

    /// One block; beyond the boundary there is none, and the maps pass unchanged.
    fn forward(&self, block: Boundary, maps: Tensor<4>) -> Tensor<4> {
        match (block, self) {
            (
                Boundary::Block1,
                Self {
                    block1: Some(model),
                    ..
                },
            ) => model.forward(maps),
            (
                Boundary::Block2,
                Self {
                    block2: Some(model),
                    ..
                },
            ) => model.forward(maps),
            (
                Boundary::Block3,
                Self {
                    block3: Some(model),
                    ..
                },
            ) => model.forward(maps),
            (
                Boundary::Block4,
                Self {
                    block4: Some(model),
                    ..
                },
            ) => model.forward(maps),
            (
                Boundary::Block5,
                Self {
                    block5: Some(model),
                    ..
                },
            ) => model.forward(maps),
            _ => maps,
        }
    }

    /// The images, without gradients, if they can pass.
    fn checked(&self, images: Tensor<4>) -> Result<Tensor<4>, Error> {
        let [_, channels, height, width] = images.dims();
        if channels != IMAGE_CHANNELS {
            return Err(Error::Channels { found: channels });
        }
        self.boundary.feature_shape(height, width)?;
        Ok(images.without_autodiff())
    }
}

/// Rounds every parameter to a type.
struct Cast(FloatDType);

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(self.0))
    }
}
