//! The frozen stages of a network: images in, features out.

use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Tensor};
use graft_network::{Boundary, IMAGE_CHANNELS, Network};

use crate::{Error, Stages};

/// A network from its input up to a [`Boundary`], frozen.
///
/// It lies on a device without gradients, whatever device it is given, and so do the features that
/// it yields: nothing that is trained on them can reach its weights.
#[derive(Module, Debug)]
pub struct Backbone {
    stages: Stages,
}

impl Backbone {
    /// Reads the stages up to `boundary` from the weights `folder`, one after the other, and puts
    /// them on `device`.
    ///
    /// # Errors
    /// As [`Stages::load`].
    pub fn load(
        folder: &Path,
        network: Network,
        boundary: Boundary,
        device: &Device,
    ) -> Result<Self, Error> {
        let device = device.clone().without_autodiff();
        let stages = Stages::load(folder, network, Boundary::IMAGES..boundary, &device)?;
        Ok(Self { stages }.no_grad())
    }

    /// The same backbone with all parameters rounded to `dtype`; it then takes images of that type
    /// and yields features of it.
    #[must_use]
    pub fn cast(self, dtype: FloatDType) -> Self {
        self.map(&mut Cast(dtype))
    }

    /// The network that it is the first part of.
    #[must_use]
    pub fn network(&self) -> Network {
        self.stages.network()
    }

    /// Where the features are taken.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        self.stages.range().end
    }

    /// The features of the images, which carry no gradients, even where the images do.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, on the backbone's device
    /// - features: `[batch, channels, height / 2^n, width / 2^n]` after stage n; see
    ///   [`Network::feature_shape`]
    ///
    /// # Errors
    /// When the images have other than three channels, or nothing of them is left at the boundary.
    pub fn features(&self, images: Tensor<4>) -> Result<Tensor<4>, Error> {
        Ok(self.stages.forward(self.checked(images)?))
    }

    /// What every stage makes of the images, from the first to the boundary; the last are the features.
    ///
    /// # Errors
    /// As [`Backbone::features`].
    pub fn block_outputs(&self, images: Tensor<4>) -> Result<Vec<Tensor<4>>, Error> {
        Ok(self.stages.outputs(self.checked(images)?))
    }

    /// Each stage with the SHA-256 over name, shape and bytes of its parameters, as they are in memory
    /// now: equal before and after a training run, they prove that the run did not touch the backbone.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn hashes(&self) -> Result<Vec<(Boundary, String)>, Error> {
        self.stages.hashes()
    }

    /// The images, without gradients, if they can pass.
    fn checked(&self, images: Tensor<4>) -> Result<Tensor<4>, Error> {
        check(self.network(), self.boundary(), images.dims())?;
        Ok(images.without_autodiff())
    }
}

/// Refuses images `[batch, channels, height, width]` that cannot pass.
pub(crate) fn check(
    network: Network,
    boundary: Boundary,
    [_, channels, height, width]: [usize; 4],
) -> Result<(), Error> {
    if channels != IMAGE_CHANNELS {
        return Err(Error::Channels { found: channels });
    }
    network.feature_shape(boundary, height, width)?;
    Ok(())
}

/// Rounds every parameter to a type.
struct Cast(FloatDType);

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(self.0))
    }
}
