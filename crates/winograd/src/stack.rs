//! Consecutive layers, checked to fit, and what they make of a batch of images.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::Error;
use crate::forward::Mode;
use crate::layer::{Layer, check, pooled_size};
use crate::schedule::{Job, Level, Workspace, depth_first, levels};

/// How many threads share the work: as many as the CPU runs at once, or as
/// `RAYON_NUM_THREADS` says.
#[must_use]
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Layers in a row.
#[derive(Debug)]
pub struct Stack {
    layers: Vec<Layer>,
    /// Buffers between runs.
    idle: Mutex<Vec<Workspace>>,
}

impl Stack {
    /// Joins layers; each must take as many channels as the one before yields.
    ///
    /// # Errors
    ///
    /// [`Error::NoLayers`] or [`Error::Mismatch`].
    pub fn new(layers: Vec<Layer>) -> Result<Self, Error> {
        if layers.is_empty() {
            return Err(Error::NoLayers);
        }
        for (at, pair) in layers.windows(2).enumerate() {
            let (given, takes) = (pair[0].channels()[1], pair[1].channels()[0]);
            if given != takes {
                return Err(Error::Mismatch {
                    layer: at + 1,
                    takes,
                    given,
                });
            }
        }
        Ok(Self {
            layers,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// The layers, first to last.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The layers, first to last, to be used otherwise.
    pub(crate) fn into_layers(self) -> Vec<Layer> {
        self.layers
    }

    /// `[channels, height, width]` of the output of layer `layer` for images of that size.
    pub(crate) fn output_shape(
        &self,
        layer: usize,
        height: usize,
        width: usize,
    ) -> Result<[usize; 3], Error> {
        let layers = self.layers.len();
        let asked = self
            .layers
            .get(layer)
            .ok_or(Error::NoSuchLayer { layer, layers })?;
        let mut size = [height, width];
        for (layer, convolution) in self.layers[..=layer].iter().enumerate() {
            size = pooled_size(layer, convolution.pool, size)?;
        }
        Ok([asked.channels()[1], size[0], size[1]])
    }

    /// The last layer's output for a batch of images.
    ///
    /// # Shapes
    ///
    /// `images` is `[batch, channels, height, width]`, and so is what comes back.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] or [`Error::TooSmall`].
    pub fn run(
        &self,
        images: &[f32],
        batch: usize,
        height: usize,
        width: usize,
    ) -> Result<Vec<f32>, Error> {
        let outputs = self.run_to(&[self.layers.len() - 1], images, batch, height, width)?;
        Ok(outputs.into_iter().next().unwrap_or_default())
    }

    /// The outputs of several layers in one pass, in the order in which they are asked for; layers
    /// behind the last of them are not computed.
    ///
    /// # Errors
    ///
    /// As [`Stack::run`], or [`Error::NoSuchLayer`].
    pub fn run_to(
        &self,
        layers: &[usize],
        images: &[f32],
        batch: usize,
        height: usize,
        width: usize,
    ) -> Result<Vec<Vec<f32>>, Error> {
        self.run_by(layers, images, [batch, height, width], false)
    }

    /// The last layer's output for one image, as soon as possible: it is computed in ways that read fewer
    /// weights, since each serves this image alone. It differs from that of [`Stack::run`] by rounding, and is
    /// the same, bit for bit, on any number of threads.
    ///
    /// # Shapes
    ///
    /// `image` is `[channels, height, width]`, and so is what comes back.
    ///
    /// # Errors
    ///
    /// As [`Stack::run`].
    pub fn run_alone(&self, image: &[f32], height: usize, width: usize) -> Result<Vec<f32>, Error> {
        let outputs = self.run_by(&[self.layers.len() - 1], image, [1, height, width], true)?;
        Ok(outputs.into_iter().next().unwrap_or_default())
    }

    fn run_by(
        &self,
        layers: &[usize],
        images: &[f32],
        [batch, height, width]: [usize; 3],
        alone: bool,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let channels = self.layers[0].channels()[0];
        check("images", images, &[batch, channels, height, width])?;
        let shapes = layers
            .iter()
            .map(|&layer| self.output_shape(layer, height, width));
        let sizes: Vec<usize> = shapes
            .map(|shape| Ok(shape?.iter().product()))
            .collect::<Result<_, _>>()?;
        let mut outputs: Vec<Vec<f32>> = sizes.iter().map(|size| vec![0.0; batch * size]).collect();
        let Some(&last) = layers.iter().max().filter(|_| batch > 0) else {
            return Ok(outputs);
        };

        self.prepare(last, [height, width], alone);
        let levels = levels(&self.layers[..=last], [height, width], alone);
        let threads = rayon::current_num_threads();
        // Where there are too few images for all threads, they share the work on each.
        let parallel = batch < threads;
        let most = levels.last().map_or(1, |level| level.images);
        let group = most.min(if parallel {
            batch
        } else {
            batch.div_ceil(threads)
        });
        let groups = images.chunks(group * channels * height * width);
        let mut jobs: Vec<_> = groups
            .map(|images| Job {
                images,
                outputs: Vec::new(),
            })
            .collect();
        for ((layer, output), size) in layers.iter().zip(&mut outputs).zip(&sizes) {
            for (job, output) in jobs.iter_mut().zip(output.chunks_mut(group * size)) {
                job.outputs.push((*layer, output));
            }
        }
        let mode = Mode { parallel, alone };
        if parallel {
            // In the pool once, not at every step.
            rayon::scope(|_| {
                for job in &mut jobs {
                    self.run_group(job, &levels, mode);
                }
            });
        } else {
            let jobs = jobs.par_iter_mut().with_max_len(1);
            jobs.for_each(|job| self.run_group(job, &levels, mode));
        }
        Ok(outputs)
    }

    /// Gives back the memory that is kept for the next batch; the weights stay.
    pub fn release(&mut self) {
        self.layers.iter_mut().for_each(Layer::release);
        self.idle
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Transforms the weights up to layer `last` for images of that size, where that was not done before.
    fn prepare(&self, last: usize, mut size: [usize; 2], alone: bool) {
        let mut layers = Vec::new();
        for layer in &self.layers[..=last] {
            layers.push((layer, size));
            size = layer.output_size(size);
        }
        layers.par_iter().for_each(|(layer, size)| {
            layer.packed(layer.grid(*size, alone).method, layer.channels()[0]);
        });
    }

    /// Runs a group of images through all levels, in buffers that are kept for the next group.
    fn run_group(&self, job: &mut Job, levels: &[Level], mode: Mode) {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = idle().pop().unwrap_or_default();
        depth_first(&self.layers, levels, job, &mut workspace, mode);
        idle().push(workspace);
    }
}
