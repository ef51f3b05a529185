//! How the layers of a stack work on a batch: which of them together, on how many images at once, in how much
//! memory.

use std::ops::Range;

use super::filters::TAPS;
use super::layer::TrainableLayer;
use super::products::{Matrices, Transformed};
use crate::lanes::{LANES, Lanes};
use crate::maps::Shape;
use crate::tiles::{FEW_CHANNELS, Grid, Method};

/// A batch of at most as many tiles is worked on at once.
const ONCE: usize = 512;

/// The most tiles of a larger one that are worked on at once.
const TILES: usize = 256;

/// The most input channels of a layer whose output is not kept but computed again on the way back: where they are
/// few, that takes little for the memory that it saves.
const RECOMPUTED: usize = 128;

/// One layer on a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) grid: Grid,
    pub(super) pool: bool,
    /// Blocks of 16 input channels.
    pub(super) inputs: usize,
    /// Blocks of 16 output channels.
    pub(super) outputs: usize,
    /// The most tiles that are worked on at once.
    tiles: usize,
    /// They are all tiles of the batch.
    pub(super) once: bool,
    /// The most blocks of channels that are computed together.
    group: usize,
}

/// Blocks of channels that are computed together: enough that there is work for all threads, few enough that what
/// is computed of them stays in the cache.
fn group() -> usize {
    8.max(rayon::current_num_threads().next_multiple_of(2))
}

impl Geometry {
    /// Blocks of 16 channels, in groups.
    pub(super) fn groups(&self, blocks: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let group = self.group;
        (0..blocks)
            .step_by(group)
            .map(move |from| from..blocks.min(from + group))
    }

    fn group(&self, blocks: usize) -> usize {
        blocks.min(self.group)
    }

    /// Blocks of the tiles of so many images.
    pub(super) fn blocks(&self, images: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (all, tiles) = (images * self.grid.tiles(), self.tiles);
        (0..all)
            .step_by(tiles)
            .map(move |from| from..all.min(from + tiles))
    }

    fn products(&self) -> usize {
        self.grid.method.products()
    }

    /// Gradients of the factors of so many blocks of input channels.
    pub(super) fn matrices(&self, blocks: usize) -> Matrices {
        Matrices {
            products: self.products(),
            rows: blocks * LANES,
            blocks: self.outputs,
        }
    }

    /// Numbers for the gradients of the factors of a group.
    pub(super) fn correlations(&self) -> usize {
        self.matrices(self.group(self.inputs)).length()
    }

    /// Numbers for the gradients of the factors while images pass; where all pass at once, those of a group are
    /// used as soon as they are there.
    fn sums(&self) -> usize {
        if self.once {
            return 0;
        }
        self.groups(self.inputs).count() * self.correlations()
    }

    /// Numbers for the gradients of the taps.
    pub(super) fn filters(&self) -> usize {
        self.inputs * self.outputs * LANES * TAPS
    }

    /// Numbers for transformed tiles; for factors of a group, or their gradients; and for products of a group, or
    /// its transformed tiles.
    fn scratch(&self) -> [usize; 3] {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let block = Transformed::block(self.products(), self.tiles);
        let [some_inputs, some_outputs] = [inputs, outputs].map(|blocks| self.group(blocks));
        let factors = (some_outputs * inputs).max(some_inputs * outputs) * LANES * self.products();
        let correlations = if self.once { self.correlations() } else { 0 };
        let products = Matrices {
            products: self.products(),
            rows: self.tiles,
            blocks: some_outputs.max(some_inputs),
        };
        [
            inputs.max(outputs) * block,
            factors.max(correlations),
            products.length().max(some_inputs * block),
        ]
    }
}

/// Consecutive layers that some images pass together. Of their outputs only the last is kept.
#[derive(Debug, Default)]
pub(super) struct Segment {
    pub(super) layers: Range<usize>,
    /// How many images pass at once.
    pub(super) images: usize,
    /// The maps between the layers for so many images; for the first segment of all, its input first.
    pub(super) between: Vec<Shape>,
    /// Where in the memory of a step the output begins and ends.
    pub(super) output: Range<usize>,
    /// Numbers for the sums of each layer.
    pub(super) sums: Vec<usize>,
    /// Numbers for gradients of the taps, and what [`Geometry::scratch`] says, at most over the layers.
    pub(super) scratch: [usize; 4],
}

impl Segment {
    /// Numbers that are needed while images pass, forward or back.
    pub(super) fn memory(&self) -> usize {
        let between: usize = self.between.iter().map(|shape| 2 * shape.length()).sum();
        between + self.sums.iter().sum::<usize>() + self.scratch.iter().sum::<usize>()
    }
}

/// A stack on a batch.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Of the input of each layer, and of the output of the last.
    pub(super) shapes: Vec<Shape>,
    pub(super) layers: Vec<Geometry>,
    pub(super) segments: Vec<Segment>,
    /// Numbers in the memory of a step.
    pub(super) memory: usize,
}

impl Plan {
    /// For layers whose inputs, and whose last output, have these shapes.
    pub(super) fn new(layers: &[TrainableLayer], shapes: Vec<Shape>) -> Self {
        let mut plan = Self {
            shapes,
            ..Self::default()
        };
        let mut start = 0;
        for (at, layer) in layers.iter().enumerate() {
            let ends = layer.pool || layer.channels[0] > RECOMPUTED || at + 1 == layers.len();
            if ends {
                plan.push(&layers[start..=at], start);
                start = at + 1;
            }
        }
        plan.memory = plan.needed();
        plan
    }

    /// Appends a segment of `layers`, the first of which has number `start`.
    fn push(&mut self, layers: &[TrainableLayer], start: usize) {
        let shapes = &self.shapes[start..];
        let grids = layers.iter().zip(shapes).map(|(layer, shape)| Grid {
            // Few channels fill one block, and one block by the transforms costs no more than direct convolution.
            method: Method::choose(FEW_CHANNELS + 1, shape.height, shape.width, layer.pool),
            height: shape.height,
            width: shape.width,
        });
        let grids: Vec<Grid> = grids.collect();
        let batch = shapes[0].images;
        let most = grids.iter().map(|grid| grid.tiles()).max().unwrap_or(1);
        let once = batch * most <= ONCE;
        let images = if once { batch } else { (TILES / most).max(1) };
        let mut segment = Segment {
            layers: start..start + layers.len(),
            images,
            ..Segment::default()
        };
        let from = usize::from(start > 0);
        let between = &shapes[from..layers.len()];
        segment.between = between
            .iter()
            .map(|shape| Shape { images, ..*shape })
            .collect();
        for (layer, grid) in layers.iter().zip(grids) {
            let tiles = (images * grid.tiles()).clamp(1, if once { ONCE } else { TILES });
            let geometry = Geometry {
                grid,
                pool: layer.pool,
                inputs: layer.channels[0].div_ceil(LANES),
                outputs: layer.channels[1].div_ceil(LANES),
                tiles,
                once,
                group: group(),
            };
            segment.sums.push(geometry.sums());
            let [tiles, factors, products] = geometry.scratch();
            let scratch = [geometry.filters(), tiles, factors, products];
            for (most, number) in segment.scratch.iter_mut().zip(scratch) {
                *most = number.max(*most);
            }
            self.layers.push(geometry);
        }
        let begin = self.segments.last().map_or(0, |before| before.output.end);
        segment.output = begin..begin + shapes[layers.len()].length();
        self.segments.push(segment);
    }

    /// How long the gradients of a segment's output and input are, where the lower of them begins, and whether the
    /// output's is the upper one. They lie at both ends of what the kept maps leave: what is written at one end
    /// is read there on the way back through the segment before.
    fn gradients(&self, segment: usize) -> ([usize; 2], usize, bool) {
        let upper = (self.segments.len() - segment) % 2 == 1;
        let at = if upper { segment } else { segment + 1 };
        let Range { start, end } = self.segments[segment].layers;
        let input = if start > 0 {
            self.shapes[start].length()
        } else {
            0
        };
        let lengths = [self.shapes[end].length(), input];
        (lengths, self.segments[at].output.end, upper)
    }

    /// Cuts the memory of a step: what is kept, the gradients of the segment's output and of its input, and the
    /// rest.
    pub(super) fn split<'a>(
        &self,
        segment: usize,
        memory: &'a mut [Lanes],
    ) -> [&'a mut [Lanes]; 4] {
        let ([output, input], start, upper) = self.gradients(segment);
        let (low, high) = if upper {
            (input, output)
        } else {
            (output, input)
        };
        let (kept, rest) = memory.split_at_mut(start);
        let (low, rest) = rest.split_at_mut(low);
        let (rest, high) = rest.split_at_mut(rest.len() - high);
        if upper {
            [kept, high, low, rest]
        } else {
            [kept, low, high, rest]
        }
    }

    fn needed(&self) -> usize {
        let segments = self.segments.iter().enumerate();
        let needed = segments.map(|(at, segment)| {
            let ([output, input], start, _) = self.gradients(at);
            start + output + input + segment.memory()
        });
        needed.max().unwrap_or(0)
    }
}
