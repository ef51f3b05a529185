//! What a convolution reads, writes and works in while some images pass.

use std::ops::Range;

use super::activate::Choice;
use super::differentiate::BiasSum;
use crate::lanes::Lanes;
use crate::maps::Shape;
use crate::tiles::{Corner, Grid};

/// Maps of which the images from `first` on are meant.
#[derive(Clone, Copy)]
pub(super) struct Part<N> {
    pub(super) shape: Shape,
    pub(super) planes: N,
    pub(super) first: usize,
}

impl<N> Part<N> {
    /// Where in a plane these images begin, the place for all that lies outside aside.
    pub(super) fn offset(&self) -> usize {
        self.first * self.shape.places()
    }
}

/// Memory for one block of tiles after the other; see [`Geometry`] for its sizes.
pub(super) struct Scratch<'a> {
    pub(super) tiles: &'a mut [Lanes],
    /// Factors of a group of channels; on the way back before that their gradients.
    pub(super) factors: &'a mut [Lanes],
    /// Products of a group of channels; on the way back before that its transformed tiles.
    pub(super) products: &'a mut [Lanes],
    pub(super) places: &'a mut Places,
}

/// Where the tiles of a block begin, and the places in a plane of all that each of them reads.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) corners: Vec<Corner>,
    pub(super) inputs: Vec<usize>,
}

impl Places {
    /// Those of `tiles` of the images of a part; its first image has number `first` in the maps that are read.
    pub(super) fn set(&mut self, grid: Grid, tiles: Range<usize>, first: usize) {
        self.corners.clear();
        self.corners.extend(tiles.map(|tile| grid.corner(tile)));
        self.inputs.clear();
        for corner in &self.corners {
            let image = corner.image + first;
            grid.push_places(Corner { image, ..*corner }, &mut self.inputs);
        }
    }
}

/// What the way back gathers for a layer.
pub(super) struct Sums<'a> {
    /// Gradients of the factors, where not all tiles are one block.
    pub(super) correlations: &'a mut [Lanes],
    pub(super) bias: &'a mut [BiasSum],
    /// Gradients of the taps.
    pub(super) filters: &'a mut [Lanes],
}

/// What the way back knows of some images.
#[derive(Clone, Copy)]
pub(super) struct Passed<'a> {
    pub(super) input: Part<&'a [Lanes]>,
    pub(super) output: Part<&'a [Lanes]>,
    pub(super) choices: &'a [Vec<Choice>],
    /// The gradient of the output, of its shape.
    pub(super) gradient: &'a [Lanes],
    /// Images of the batch before these.
    pub(super) before: usize,
}
