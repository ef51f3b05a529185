//! One layer on some images: block after block of tiles.

use std::cell::RefCell;

use rayon::prelude::*;

use crate::input_transform::{Im2col, InputTransform};
use crate::lanes::{Buffer, Lanes};
use crate::layer::Layer;
use crate::maps::Maps;
use crate::output_transform::{OutputTransform, PANELS, SHARED_PANELS};
use crate::packed::Packed;
use crate::tiles::{Corner, Grid, Method};

/// The most tiles that are worked on at once: enough that a weight, once read, serves many of them, few
/// enough that what lies between the steps stays in the second-level cache.
pub(crate) const TILES: usize = 64;

/// Memory for one block of tiles after the other.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tiles: Tiles,
    /// What the input transform leaves to be multiplied, `[channels in / 16, taps, products, pitch]`.
    transformed: Buffer,
}

thread_local! {
    /// Products of some output channels, of which each thread computes its own.
    static PRODUCTS: RefCell<Buffer> = RefCell::default();
}

/// Where the tiles of a block begin, and the places in a plane of all that each of them reads.
#[derive(Debug, Default)]
struct Tiles {
    corners: Vec<Corner>,
    places: Vec<usize>,
}

/// How images are worked on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// Threads share the work on each block, by channels.
    pub(crate) parallel: bool,
    /// There is one image: methods are chosen that read fewer weights.
    pub(crate) alone: bool,
}

/// Computes the outputs for all images of `input` and writes them to `output`, from its image `first` on.
pub(crate) fn forward(
    layer: &Layer,
    input: &Maps,
    (output, first): (&mut Maps, usize),
    scratch: &mut Scratch,
    Mode { parallel, alone }: Mode,
) {
    let grid = layer.grid([input.height, input.width], alone);
    let weights = layer.packed(grid.method, input.channels);
    let all = input.images * grid.tiles();
    for from in (0..all).step_by(TILES) {
        let to = all.min(from + TILES);
        // Odd where it is large, so that the products of a tile fall into different sets of the cache.
        let pitch = if to - from < TILES / 2 {
            to - from
        } else {
            (to - from) | 1
        };
        let Scratch { tiles, transformed } = scratch;
        tiles.corners.clear();
        tiles
            .corners
            .extend((from..to).map(|tile| grid.corner(tile)));
        tiles.places.clear();
        for corner in &tiles.corners {
            grid.push_places(*corner, &mut tiles.places);
        }
        transformed.resize(weights.blocks() * grid.method.products() * pitch);
        transform(
            layer,
            input,
            grid.method,
            &tiles.places,
            (transformed, pitch),
            parallel,
        );
        let block = Block {
            layer,
            grid,
            weights,
            corners: &tiles.corners,
            transformed,
            pitch,
        };
        block.multiply((output, first), parallel);
    }
}

/// The input transform of a block of tiles, all channels.
fn transform(
    layer: &Layer,
    input: &Maps,
    method: Method,
    places: &[usize],
    (numbers, pitch): (&mut [Lanes], usize),
    parallel: bool,
) {
    if method == Method::Im2col {
        let (plane, channels) = (input.planes(), input.channels);
        layer.isa.run(Im2col {
            plane,
            channels,
            places,
            transformed: numbers,
            pitch,
        });
        return;
    }
    let one = |(transformed, plane)| {
        layer.isa.run(InputTransform {
            method,
            plane,
            places,
            transformed,
            pitch,
        });
    };
    let block = method.taps() * method.products() * pitch;
    let (blocks, length) = (input.planes(), input.plane());
    if parallel {
        let blocks = blocks.par_chunks_exact(length);
        numbers
            .par_chunks_exact_mut(block)
            .zip(blocks)
            .for_each(one);
    } else {
        let blocks = blocks.chunks_exact(length);
        numbers.chunks_exact_mut(block).zip(blocks).for_each(one);
    }
}

/// A block of tiles after the input transform.
struct Block<'a> {
    layer: &'a Layer,
    grid: Grid,
    weights: &'a Packed,
    corners: &'a [Corner],
    transformed: &'a [Lanes],
    pitch: usize,
}

impl Block<'_> {
    /// The products and the output transform, all output channels.
    fn multiply(&self, (output, first): (&mut Maps, usize), parallel: bool) {
        let (plane, start) = (output.plane(), 1 + first * output.height * output.width);
        let panels = if parallel { SHARED_PANELS } else { PANELS };
        let some = |(at, planes): (usize, &mut [Lanes])| {
            PRODUCTS.with_borrow_mut(|products| {
                self.layer.isa.run(OutputTransform {
                    grid: self.grid,
                    pool: self.layer.pool,
                    transformed: self.transformed,
                    pitch: self.pitch,
                    corners: self.corners,
                    weights: self.weights,
                    bias: &self.layer.bias,
                    first: at * panels,
                    products,
                    planes,
                    plane,
                    start,
                });
            });
        };
        if parallel {
            let planes = output
                .planes_mut()
                .par_chunks_mut(panels * plane)
                .enumerate();
            planes.for_each(some);
        } else {
            let planes = output.planes_mut().chunks_mut(panels * plane).enumerate();
            planes.for_each(some);
        }
    }
}
