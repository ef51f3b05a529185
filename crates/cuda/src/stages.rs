//! Stages on a GPU.

use std::path::Path;
use std::time::Instant;

use cudarc::driver::CudaSlice;
use graft_backbone::Convolution;
use graft_network::{Boundary, IMAGE_CHANNELS, Network};
use graft_recipe::Precision;
use rayon::prelude::*;

use crate::kernels::{Kernels, STEP, Shape};
use crate::lane::{Lane, Lanes, Running, Sizes};
use crate::{Error, pack};

/// How many values one thread copies at a time.
const COPIED: usize = 1 << 16;

/// The stages of a network from its input up to a boundary, on a GPU.
pub struct CudaStages {
    network: Network,
    precision: Precision,
    /// As they were read; the GPU's are rounded.
    stages: Vec<(Boundary, Vec<Convolution>)>,
    layers: Vec<Layer>,
    kernels: Kernels,
    lanes: Lanes,
}

/// A convolution with its `ReLU`, and the maximum where a stage ends, on the GPU.
struct Layer {
    channels: [usize; 2],
    pixel: usize,
    pool: bool,
    weight: CudaSlice<u8>,
    bias: CudaSlice<f32>,
}

impl CudaStages {
    /// Reads the stages up to `boundary` from the weights `folder`, and puts them on the GPU of that number.
    ///
    /// # Errors
    /// When the network has no such boundary, a file is missing, damaged, or not of its stage, the kernels do not
    /// take a convolution, or the driver refuses.
    pub fn load(
        folder: &Path,
        network: Network,
        boundary: Boundary,
        precision: Precision,
        device: usize,
    ) -> Result<Self, Error> {
        let stages = Convolution::read(folder, network, boundary)?;
        let kernels = Kernels::load(device, precision)?;
        let stream = kernels.context.new_stream()?;
        let mut layers = Vec::new();
        for (_, convolutions) in &stages {
            for (index, one) in convolutions.iter().enumerate() {
                layers.push(Layer {
                    channels: one.channels,
                    pixel: pack::pixel(one.channels, precision)?,
                    pool: index + 1 == convolutions.len(),
                    weight: stream.clone_htod(&pack::weights(one, precision))?,
                    bias: stream.clone_htod(&one.bias)?,
                });
            }
        }
        stream.synchronize()?;
        Ok(Self {
            network,
            precision,
            stages,
            layers,
            kernels,
            lanes: Lanes::default(),
        })
    }

    /// The network that they are stages of.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The boundary after the last of them.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        let last = self.stages.last();
        last.map_or(Boundary::IMAGES, |(boundary, _)| *boundary)
    }

    /// In which type weights and maps are.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Starts a forward pass; nothing waits for it.
    ///
    /// # Shapes
    /// - images: `shape` `[batch, 3, height, width]`, row by row
    /// - features: `[batch, channels, height / 2^n, width / 2^n]` after stage n, row by row
    ///
    /// # Errors
    /// When the images have other than three channels, or nothing of them is left at the boundary; when the GPU
    /// has too little memory, or fails.
    pub fn submit(&self, images: &[f32], shape: [usize; 4]) -> Result<Running, Error> {
        self.submit_to(self.boundary(), images, shape)
    }

    /// What every stage makes of the images, from the first to the boundary; the last are the features.
    ///
    /// # Errors
    /// As [`CudaStages::submit`].
    pub fn outputs(&self, images: &[f32], shape: [usize; 4]) -> Result<Vec<Vec<f32>>, Error> {
        let ends = self.stages.iter();
        ends.map(|(end, _)| self.submit_to(*end, images, shape)?.features())
            .collect()
    }

    /// Gives back the memory that is kept for the next batch.
    pub fn release(&self) {
        // Whoever asks the GPU next is told of an error.
        let _ = self.lanes.clear(&self.kernels.context);
    }

    /// One forward pass with a wait after each of its phases: seconds of the images' way to the GPU, of the
    /// kernels, and of the features' way back.
    ///
    /// # Errors
    /// As [`CudaStages::submit`].
    pub fn phases(&self, images: &[f32], shape: [usize; 4]) -> Result<[f64; 3], Error> {
        let (boundary, mut clock) = (self.boundary(), Instant::now());
        let mut lap = |lane: &Lane| {
            lane.stream.synchronize()?;
            let started = std::mem::replace(&mut clock, Instant::now());
            Ok::<_, Error>(started.elapsed().as_secs_f64())
        };
        let mut lane = self.lane(boundary, images, shape)?;
        upload(&mut lane, images)?;
        let upload = lap(&lane)?;
        let at = self.compute(&mut lane, boundary, shape)?;
        let compute = lap(&lane)?;
        download(&mut lane, at)?;
        Running::new(lane, self.lanes.clone()).features()?;
        Ok([upload, compute, clock.elapsed().as_secs_f64()])
    }

    /// Each stage with the SHA-256 of its parameters: those that were read, where the GPU still has what they
    /// are rounded to.
    ///
    /// # Errors
    /// When it has others, or does not give them back.
    pub fn hashes(&self) -> Result<Vec<(Boundary, String)>, Error> {
        let stream = self.kernels.context.new_stream()?;
        let mut layers = self.layers.iter();
        let hash = |(boundary, convolutions): &(Boundary, Vec<Convolution>)| {
            for (one, layer) in convolutions.iter().zip(&mut layers) {
                let weight = stream.clone_dtoh(&layer.weight)?;
                let bias = stream.clone_dtoh(&layer.bias)?;
                stream.synchronize()?;
                if weight != pack::weights(one, self.precision) || bias != one.bias {
                    return Err(Error::Changed(*boundary));
                }
            }
            Ok((*boundary, Convolution::hash(*boundary, convolutions)))
        };
        self.stages.iter().map(hash).collect()
    }

    fn submit_to(
        &self,
        boundary: Boundary,
        images: &[f32],
        shape: [usize; 4],
    ) -> Result<Running, Error> {
        if boundary == Boundary::IMAGES {
            return Ok(Running::done(images.to_vec()));
        }
        let mut lane = self.lane(boundary, images, shape)?;
        upload(&mut lane, images)?;
        let at = self.compute(&mut lane, boundary, shape)?;
        download(&mut lane, at)?;
        Ok(Running::new(lane, self.lanes.clone()))
    }

    /// One with the memory that these images take on their way to a boundary.
    fn lane(&self, boundary: Boundary, images: &[f32], shape: [usize; 4]) -> Result<Lane, Error> {
        let [batch, channels, height, width] = shape;
        if channels != IMAGE_CHANNELS {
            return Err(graft_backbone::Error::Channels { found: channels }.into());
        }
        let (expected, found) = (shape.iter().product(), images.len());
        if found != expected {
            return Err(Error::Images { expected, found });
        }
        let features = self.network.feature_shape(boundary, height, width)?;
        let maps = self.network.largest_maps(height, width) * pack::size(self.precision);
        // The features are f32 whatever the maps are.
        let values: usize = features.iter().product();
        let maps = maps
            .max(height * width * STEP)
            .max(values * size_of::<f32>());
        let sizes = Sizes {
            images: expected,
            maps: batch * maps,
            features: batch * values,
        };
        self.lanes.take(&self.kernels.context, sizes)
    }

    /// Queues all kernels up to a boundary; which of the lane's maps has the features.
    fn compute(
        &self,
        lane: &mut Lane,
        boundary: Boundary,
        [batch, _, height, width]: [usize; 4],
    ) -> Result<usize, Error> {
        let stages = self.stages.iter().take(boundary.number());
        let layers: usize = stages.map(|(_, convolutions)| convolutions.len()).sum();
        let [mut maps, mut out] = lane.maps.each_mut();
        let mut shape = Shape {
            batch: int(batch),
            height: int(height),
            width: int(width),
            ..Shape::default()
        };
        self.kernels
            .gather(&lane.stream, &lane.given, maps, shape)?;
        for (index, layer) in self.layers.iter().take(layers).enumerate() {
            let [input, output] = layer.channels;
            shape.pixel = int(layer.pixel);
            shape.outputs = int(output);
            shape.taps = if input == IMAGE_CHANNELS { 1 } else { 9 };
            shape.pool = i32::from(layer.pool);
            shape.last = i32::from(index + 1 == layers);
            let parameters = (&layer.weight, &layer.bias);
            self.kernels
                .convolve(&lane.stream, parameters, maps, out, shape)?;
            std::mem::swap(&mut maps, &mut out);
            if layer.pool {
                (shape.height, shape.width) = (shape.height / 2, shape.width / 2);
            }
        }
        Ok(layers % 2)
    }
}

impl Drop for CudaStages {
    /// A pass that is under way still reads the weights.
    fn drop(&mut self) {
        // Whoever asks the GPU next is told of an error.
        let _ = self.kernels.context.synchronize();
    }
}

/// Queues the way of the features to the host, from one of the lane's maps.
fn download(lane: &mut Lane, at: usize) -> Result<(), Error> {
    let (expected, maps) = (lane.features.len(), &lane.maps[at]);
    let found = maps.len() / size_of::<f32>();
    // SAFETY: the last kernel has written so many values of f32 there.
    #[expect(unsafe_code, reason = "bytes that are values of f32")]
    let features = unsafe { maps.transmute(expected) };
    let features = features.ok_or(Error::Images { expected, found })?;
    Ok(lane.stream.memcpy_dtoh(&features, &mut lane.features)?)
}

/// Queues the way of images to the GPU.
fn upload(lane: &mut Lane, images: &[f32]) -> Result<(), Error> {
    let to = lane.images.as_mut_slice()?;
    let pieces = to.par_chunks_mut(COPIED).zip(images.par_chunks(COPIED));
    pieces.for_each(|(to, from)| to.copy_from_slice(from));
    lane.stream.memcpy_htod(&lane.images, &mut lane.given)?;
    Ok(())
}

/// Sides, channels and batches are far below 2^31.
fn int(value: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
