//! The frozen prefix, loaded for one of the engines: images in, features out.

mod pending;

pub use pending::Pending;

use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use graft_backbone::{Backbone, Boundary, CpuBackbone};
use graft_dataset::ImageBatch;
use serde::Serialize;

use crate::Error;
use crate::compute::Compute;
use crate::device::{check_precision, float_dtype, guarded, refusal};
use crate::engine::Engine;
use graft_recipe::{self as recipe, Precision};

/// The frozen prefix, loaded for one of the engines.
pub enum Prefix {
    /// For our own convolutions.
    Winograd(CpuBackbone),
    /// For Burn's.
    Burn(Box<OnDevice>),
}

/// A prefix that Burn computes on a device.
pub struct OnDevice {
    backbone: Backbone,
    precision: Precision,
    device: Device,
}

/// Where the time of one pass goes, in seconds, when nothing overlaps.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Phases {
    /// Images to the device.
    pub upload: f64,
    /// The forward pass.
    pub compute: f64,
    /// Features from the device.
    pub download: f64,
}

impl Prefix {
    /// Reads the blocks up to the recipe's boundary from the weights `folder`, for the engine and
    /// the device of `compute`.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of that block, and when the engine or the device
    /// does not compute in the recipe's precision.
    pub fn load(compute: &Compute, folder: &Path, recipe: recipe::Backbone) -> Result<Self, Error> {
        let recipe::Backbone {
            boundary,
            precision,
            ..
        } = recipe;
        match compute.engine {
            Engine::Winograd if precision != Precision::F32 => {
                Err(Error::PrecisionNeedsBurn(precision))
            }
            Engine::Winograd => Ok(Self::Winograd(CpuBackbone::load(folder, boundary)?)),
            Engine::Burn => {
                let device = &compute.device;
                check_precision(precision, device, &compute.adapter)?;
                let load = || Backbone::load(folder, boundary, device);
                let backbone = guarded(load).map_err(Error::device)??;
                Ok(Self::Burn(Box::new(OnDevice {
                    backbone: backbone.cast(float_dtype(precision)),
                    precision,
                    device: device.clone(),
                })))
            }
        }
    }

    /// The code that computes, with its version and, where it is not f32, its precision: part of
    /// the cache's key.
    #[must_use]
    pub fn version(&self) -> String {
        match self {
            Self::Winograd(_) => Engine::Winograd.version(),
            Self::Burn(burn) if burn.precision == Precision::F32 => Engine::Burn.version(),
            Self::Burn(burn) => format!("{} {}", Engine::Burn.version(), burn.precision),
        }
    }

    /// The block that the features are taken after.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        match self {
            Self::Winograd(backbone) => backbone.boundary(),
            Self::Burn(burn) => burn.backbone.boundary(),
        }
    }

    /// How many values the features of an image of `size` by `size` pixels have.
    ///
    /// # Errors
    /// When nothing of such an image is left at the boundary.
    pub fn width(&self, size: usize) -> Result<usize, Error> {
        let map = self.boundary().feature_shape(size, size)?;
        Ok(map.iter().product())
    }

    /// How many images of `size` by `size` pixels are well passed at once on any device: as many as
    /// keep all threads busy, and few enough to cost little memory.
    #[must_use]
    pub fn batch(&self, size: usize) -> usize {
        match self {
            Self::Winograd(_) => ((1 << 18) / (size * size)).clamp(1, 256),
            Self::Burn(_) => ((1 << 15) / (size * size)).clamp(1, 32),
        }
    }

    /// SHA-256 over all parameters as they are in memory now; the same for both engines in f32.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn weights_hash(&self) -> Result<String, Error> {
        match self {
            Self::Winograd(backbone) => Ok(backbone.weights_hash()),
            Self::Burn(burn) => {
                Ok(guarded(|| burn.backbone.weights_hash()).map_err(Error::device)??)
            }
        }
    }

    /// Starts a forward pass.
    ///
    /// # Errors
    /// When an image is too small, or the device fails.
    pub fn submit(&self, images: ImageBatch) -> Result<Pending, Error> {
        match self {
            Self::Winograd(backbone) => {
                let features = backbone.features(&images.values, images.shape)?;
                Ok(Pending::Done(features))
            }
            Self::Burn(burn) => {
                if let Some(full) = refusal(images.shape[0]) {
                    return Ok(Pending::UnderWay(Box::pin(async { Err(full) })));
                }
                let maps =
                    guarded(|| burn.features(burn.upload(images))).map_err(Error::device)??;
                Pending::read(maps)
            }
        }
    }

    /// One forward pass: what every block makes of a batch, from block 1 to the boundary, each row
    /// by row.
    ///
    /// # Errors
    /// When an image is too small, or the device fails.
    pub fn block_outputs(&self, images: ImageBatch) -> Result<Vec<Vec<f32>>, Error> {
        match self {
            Self::Winograd(backbone) => Ok(backbone.block_outputs(&images.values, images.shape)?),
            Self::Burn(burn) => {
                let outputs = guarded(|| burn.backbone.block_outputs(burn.upload(images)))
                    .map_err(Error::device)??;
                let read = |maps| Pending::read(maps)?.features();
                outputs.into_iter().map(read).collect()
            }
        }
    }

    /// One forward pass: the features of a batch, row by row.
    ///
    /// # Errors
    /// When an image is too small, or the device fails.
    pub fn forward(&self, images: ImageBatch) -> Result<Vec<f32>, Error> {
        self.submit(images)?.features()
    }

    /// One forward pass with a wait after each of its phases; none where nothing is copied.
    ///
    /// # Errors
    /// As [`Prefix::forward`].
    pub fn phases(&self, images: ImageBatch) -> Result<Option<Phases>, Error> {
        let Self::Burn(burn) = self else {
            return Ok(None);
        };
        guarded(|| burn.phases(images))
            .map_err(Error::device)?
            .map(Some)
    }
}

impl OnDevice {
    /// The blocks on the device.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// Their precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    fn upload(&self, images: ImageBatch) -> Tensor<4> {
        let images = TensorData::new(images.values, images.shape);
        Tensor::<4>::from_data(images, &self.device).cast(float_dtype(self.precision))
    }

    fn features(&self, images: Tensor<4>) -> Result<Tensor<4>, Error> {
        Ok(self.backbone.features(images)?) // [batch, channels, height, width]
    }

    fn phases(&self, images: ImageBatch) -> Result<Phases, Error> {
        let mut clock = Instant::now();
        let mut lap = || {
            std::mem::replace(&mut clock, Instant::now())
                .elapsed()
                .as_secs_f64()
        };
        let wait = || self.device.sync().map_err(Error::device);
        let images = self.upload(images);
        wait()?;
        let upload = lap();
        let maps = self.features(images)?;
        wait()?;
        let compute = lap();
        Pending::read(maps)?.features()?;
        Ok(Phases {
            upload,
            compute,
            download: lap(),
        })
    }
}

/// A tensor's values, row by row.
///
/// # Errors
/// When the device does not give them back.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Error> {
    let data = tensor.try_into_data().map_err(Error::device)?;
    data.try_to_vec::<f32>().map_err(Error::device)
}
