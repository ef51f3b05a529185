//! The frozen backbone, loaded for one of the engines: images in, features out.

mod pending;

pub use pending::Pending;

use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use graft_backbone::{Backbone, CpuStages};
#[cfg(feature = "cuda")]
use graft_cuda::CudaStages;
use graft_dataset::ImageBatch;
use graft_network::{Boundary, Network};
use graft_recipe::{self as recipe, Precision};
use serde::Serialize;

use crate::Error;
use crate::backend::Backend;
use crate::context::ComputeContext;
use crate::device::{float_dtype, refusal};
use crate::engine::Engine;

/// The frozen backbone, loaded for one of the engines.
pub enum FrozenBackbone {
    /// For our own convolutions.
    Winograd(CpuStages),
    /// For our own kernels on an NVIDIA GPU.
    #[cfg(feature = "cuda")]
    TensorCores(Box<CudaStages>),
    /// For Burn's.
    Burn(Box<OnDevice>),
}

/// A frozen backbone that Burn computes on a device.
pub struct OnDevice {
    stages: Backbone,
    precision: Precision,
    backend: Backend,
    device: Device,
}

/// Where the time of one batch goes, in seconds, when nothing overlaps.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Phases {
    /// Images to the device.
    pub upload: f64,
    /// The forward pass.
    pub compute: f64,
    /// Features from the device.
    pub download: f64,
}

impl FrozenBackbone {
    /// Reads the blocks up to the recipe's cut from the weights `folder`, for the engine and
    /// the device of `context`.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of that block, and when the engine or the device
    /// does not compute in the recipe's precision.
    pub fn load(
        context: &ComputeContext,
        folder: &Path,
        recipe: recipe::Backbone,
    ) -> Result<Self, Error> {
        let (network, precision, cut) = (recipe.network, recipe.precision, recipe.cut());
        match context.engine {
            Engine::Winograd if precision != Precision::F32 => {
                Err(Error::PrecisionNeedsBurn(precision))
            }
            Engine::Winograd => Ok(Self::Winograd(CpuStages::load(
                folder,
                network,
                Boundary::IMAGES..cut,
            )?)),
            #[cfg(feature = "cuda")]
            Engine::TensorCores => {
                let load = || CudaStages::load(folder, network, cut, precision, context.number);
                let stages = context.backend.guarded(load)??;
                Ok(Self::TensorCores(Box::new(stages)))
            }
            #[cfg(not(feature = "cuda"))]
            Engine::TensorCores => Err(Error::NotCompiled(Backend::Cuda)),
            Engine::Burn => {
                let stages = load_on_device(context, folder, (network, cut), precision)?;
                Ok(Self::Burn(Box::new(OnDevice {
                    stages,
                    precision,
                    backend: context.backend,
                    device: context.device.clone(),
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
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => in_precision(Engine::TensorCores, stages.precision()),
            Self::Burn(burn) => in_precision(Engine::Burn, burn.precision),
        }
    }

    /// The network that it is the first part of.
    #[must_use]
    pub fn network(&self) -> Network {
        match self {
            Self::Winograd(stages) => stages.network(),
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => stages.network(),
            Self::Burn(burn) => burn.stages.network(),
        }
    }

    /// Where the features are taken.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        match self {
            Self::Winograd(stages) => stages.range().end,
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => stages.boundary(),
            Self::Burn(burn) => burn.stages.boundary(),
        }
    }

    /// The shape `[channels, height, width]` of the features of an image of `size` by `size` pixels.
    ///
    /// # Errors
    /// When nothing of such an image is left at the boundary.
    pub fn map(&self, size: usize) -> Result<[usize; 3], Error> {
        let shape = self.network().feature_shape(self.boundary(), size, size);
        Ok(shape?)
    }

    /// How many values the features of an image of `size` by `size` pixels have.
    ///
    /// # Errors
    /// When nothing of such an image is left at the boundary.
    pub fn width(&self, size: usize) -> Result<usize, Error> {
        Ok(self.map(size)?.iter().product())
    }

    /// How many images of `size` by `size` pixels to compute at once.
    #[must_use]
    pub fn batch(&self, context: &ComputeContext, size: usize) -> usize {
        context.batch(size, self.network().largest_maps(size, size))
    }

    /// Each stage with the SHA-256 of its parameters, as they are in memory now; the same for all
    /// engines in f32.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn hashes(&self) -> Result<Vec<(Boundary, String)>, Error> {
        match self {
            Self::Winograd(stages) => Ok(stages.hashes()),
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => Ok(stages.hashes()?),
            Self::Burn(burn) => Ok(burn.backend.guarded(|| burn.stages.hashes())??),
        }
    }

    /// Gives back the memory that is kept for the next batch, once all images have passed.
    pub fn release(&mut self) {
        match self {
            Self::Winograd(stages) => stages.release(),
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => stages.release(),
            Self::Burn(_) => {}
        }
    }

    /// Starts a forward pass.
    ///
    /// # Errors
    /// When an image is too small, or the device fails.
    pub fn submit(&self, images: ImageBatch) -> Result<Pending, Error> {
        match self {
            Self::Winograd(stages) => {
                let features = stages.forward(&images.values, images.shape)?;
                Ok(Pending::Done(features))
            }
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => Ok(Pending::Running(
                stages.submit(&images.values, images.shape)?,
            )),
            Self::Burn(burn) => {
                if let Some(full) = refusal(images.shape[0]) {
                    return Ok(Pending::UnderWay(Box::pin(async { Err(full) })));
                }
                let submit = || Pending::read(burn.stages.features(burn.upload(images))?);
                burn.backend.guarded(submit)?
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

    /// The features of one image of three channels, as soon as possible. Winograd's engine computes them in
    /// ways that suit one image, so that they differ by rounding from those in a batch.
    ///
    /// # Errors
    /// As [`FrozenBackbone::forward`].
    pub fn forward_alone(&self, image: ImageBatch) -> Result<Vec<f32>, Error> {
        let Self::Winograd(stages) = self else {
            return self.forward(image);
        };
        let [_, channels, height, width] = image.shape;
        Ok(stages.forward_alone(&image.values, [channels, height, width])?)
    }

    /// One forward pass with a wait after each of its phases; none where nothing is copied.
    ///
    /// # Errors
    /// As [`FrozenBackbone::forward`].
    pub fn phases(&self, images: ImageBatch) -> Result<Option<Phases>, Error> {
        match self {
            Self::Winograd(_) => Ok(None),
            #[cfg(feature = "cuda")]
            Self::TensorCores(stages) => {
                let phases = stages.phases(&images.values, images.shape)?;
                let [upload, compute, download] = phases;
                Ok(Some(Phases {
                    upload,
                    compute,
                    download,
                }))
            }
            Self::Burn(burn) => burn.backend.guarded(|| burn.phases(images))?.map(Some),
        }
    }
}

impl OnDevice {
    fn upload(&self, images: ImageBatch) -> Tensor<4> {
        let images = TensorData::new(images.values, images.shape);
        Tensor::<4>::from_data(images, &self.device).cast(float_dtype(self.precision))
    }

    fn phases(&self, images: ImageBatch) -> Result<Phases, Error> {
        let mut clock = Instant::now();
        let mut lap = || {
            let started = std::mem::replace(&mut clock, Instant::now());
            started.elapsed().as_secs_f64()
        };
        let wait = || self.device.sync().map_err(Error::device);
        let images = self.upload(images);
        wait()?;
        let upload = lap();
        let maps = self.stages.features(images)?; // [batch, channels, height, width]
        wait()?;
        let compute = lap();
        read(maps)?;
        Ok(Phases {
            upload,
            compute,
            download: lap(),
        })
    }
}

/// An engine's version, with its precision where that is not f32.
fn in_precision(engine: Engine, precision: Precision) -> String {
    match precision {
        Precision::F32 => engine.version(),
        _ => format!("{} {precision}", engine.version()),
    }
}

/// The blocks up to `boundary` on the device, in a precision that it computes in.
pub(crate) fn load_on_device(
    context: &ComputeContext,
    folder: &Path,
    (network, boundary): (Network, Boundary),
    precision: Precision,
) -> Result<Backbone, Error> {
    let (device, dtype) = (&context.device, float_dtype(precision));
    if !device.supports_dtype(dtype) {
        let adapter = context.adapter.to_string();
        return Err(Error::Precision { adapter, precision });
    }
    let load = || Ok(Backbone::load(folder, network, boundary, device)?.cast(dtype));
    context.backend.guarded(load)?
}

/// A tensor's values, row by row.
///
/// # Errors
/// When the device does not give them back.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Error> {
    pending::values(tensor.try_into_data())
}
