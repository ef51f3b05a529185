//! The depth-first schedule: in which order the layers of a stack work on which images.
//!
//! A block of tiles is a fraction of one image where maps are large, and dozens of images where
//! pooling has made them small. So each level gathers as many images as fill a block, from several
//! rounds of the level before; what lies between two levels is small enough for the cache.

use std::ops::Range;

use crate::forward::{Mode, Scratch, TILES, forward};
use crate::layer::Layer;
use crate::maps::Maps;

/// What one thread needs to bring a group of images through the stack.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    scratch: Scratch,
    /// Two for each level, which its layers use in turn.
    buffers: Vec<[Maps; 2]>,
    /// Of the last level.
    output: Maps,
}

/// Consecutive layers that take the same number of images at once.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) layers: Range<usize>,
    pub(crate) images: usize,
    /// Rows and columns of the input of its first layer.
    pub(crate) size: [usize; 2],
}

/// A group of images, and where the outputs that were asked for go.
pub(crate) struct Job<'a> {
    /// `[images, channels, height, width]`
    pub(crate) images: &'a [f32],
    /// Layer and output, `[images, channels, height, width]`.
    pub(crate) outputs: Vec<(usize, &'a mut [f32])>,
}

/// Groups consecutive layers by the number of images that fill a block of tiles.
pub(crate) fn levels(layers: &[Layer], mut size: [usize; 2], alone: bool) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        // Whether channels are equal is asked of each image alone.
        let images = if at == 0 && layer.folds() {
            1
        } else {
            TILES.div_ceil(layer.grid(size, alone).tiles())
        };
        match levels.last_mut() {
            Some(level) if level.images >= images && !(at == 1 && layers[0].folds()) => {
                level.layers.end = at + 1;
            }
            _ => levels.push(Level {
                layers: at..at + 1,
                images,
                size,
            }),
        }
        size = layer.output_size(size);
    }
    levels
}

/// Runs all levels on the images of `job`, depth first.
pub(crate) fn depth_first(
    layers: &[Layer],
    levels: &[Level],
    job: &mut Job,
    workspace: &mut Workspace,
    mode: Mode,
) {
    let Workspace {
        scratch,
        buffers,
        output,
    } = workspace;
    let (Some(first), Some(last)) = (levels.first(), levels.last()) else {
        return;
    };
    let [channels, _] = layers[0].channels();
    let count = job.images.len() / (channels * first.size[0] * first.size[1]);
    let size = last
        .layers
        .clone()
        .fold(last.size, |size, at| layers[at].output_size(size));
    output.reshape([
        count,
        layers[last.layers.end - 1].channels()[1],
        size[0],
        size[1],
    ]);
    buffers.resize_with(levels.len().max(buffers.len()), Default::default);
    Schedule {
        layers,
        job,
        scratch,
        mode,
    }
    .level(
        levels,
        &mut buffers[..levels.len()],
        &(0..count),
        (output, 0),
    );
}

/// What all levels share.
struct Schedule<'a, 'b> {
    layers: &'a [Layer],
    job: &'a mut Job<'b>,
    scratch: &'a mut Scratch,
    mode: Mode,
}

impl Schedule<'_, '_> {
    /// Computes the last of `levels` for some images, and those before it as needed. The outputs go to
    /// `destination`, from that image on.
    fn level(
        &mut self,
        levels: &[Level],
        buffers: &mut [[Maps; 2]],
        images: &Range<usize>,
        (destination, first): (&mut Maps, usize),
    ) {
        let Some((level, before)) = levels.split_last() else {
            return;
        };
        let Some(([input, other], buffers)) = buffers.split_last_mut() else {
            return;
        };
        let [channels, _] = self.layers[level.layers.start].channels();
        let [height, width] = level.size;
        if let Some(inner) = before.last() {
            input.reshape([images.len(), channels, height, width]);
            for start in images.clone().step_by(inner.images) {
                let piece = start..images.end.min(start + inner.images);
                self.level(before, buffers, &piece, (input, start - images.start));
            }
        } else {
            let size = channels * height * width;
            let numbers = &self.job.images[images.start * size..images.end * size];
            let fold =
                self.layers[0].folds() && images.len() == 1 && all_equal(numbers, height * width);
            input.reshape([images.len(), if fold { 1 } else { channels }, height, width]);
            input.read(numbers);
        }

        let last = level.layers.end - 1;
        for at in level.layers.start..last {
            let [height, width] = self.layers[at].output_size([input.height, input.width]);
            other.reshape([images.len(), self.layers[at].channels()[1], height, width]);
            forward(&self.layers[at], input, (other, 0), self.scratch, self.mode);
            self.hand_out(at, images, (other, 0));
            std::mem::swap(input, other);
        }
        forward(
            &self.layers[last],
            input,
            (&mut *destination, first),
            self.scratch,
            self.mode,
        );
        self.hand_out(last, images, (destination, first));
    }

    /// Copies the output of a layer to where it was asked for.
    fn hand_out(&mut self, layer: usize, images: &Range<usize>, (maps, first): (&Maps, usize)) {
        let size = maps.channels * maps.height * maps.width;
        for (wanted, output) in &mut self.job.outputs {
            if *wanted == layer {
                maps.write(first, &mut output[images.start * size..images.end * size]);
            }
        }
    }
}

/// Whether all channels of an image `[channels, size]` hold the same numbers.
fn all_equal(image: &[f32], size: usize) -> bool {
    let (first, others) = image.split_at(size);
    others.chunks_exact(size).all(|channel| channel == first)
}
