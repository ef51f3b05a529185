//! One trainable layer on a batch: block after block of tiles, each step shared by all threads.

use rayon::prelude::*;

use super::activate::{Activate, Choice, Differentiate, Scatter};
use super::filters::{Factors, FilterGradient, Filters, TAPS};
use super::products::{Products, Transformed};
use crate::input_transform::InputTransform;
use crate::isa::Isa;
use crate::lanes::{LANES, Lanes};
use crate::maps::Maps;
use crate::tiles::{Corner, FEW_CHANNELS, Grid, Method};

/// The most tiles that are worked on at once.
const TILES: usize = 512;

/// What belongs to a layer: its weights and bias, or their gradients, or their moments.
#[derive(Debug, Clone, Default)]
pub(super) struct Weights {
    pub(super) filters: Filters,
    pub(super) bias: Vec<Lanes>,
}

impl Weights {
    pub(super) fn zeros(channels: [usize; 2]) -> Self {
        Self {
            filters: Filters::zeros(channels),
            bias: vec![Lanes::ZERO; channels[1].div_ceil(LANES)],
        }
    }
}

/// Memory for one block of tiles after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    factors: Factors,
    corners: Vec<Corner>,
    places: Vec<usize>,
    inputs: Transformed,
    gradients: Transformed,
    products: Products,
    correlations: Products,
}

impl Scratch {
    /// The blocks of tiles: makes `corners` and `places` those of tiles `from` to `to`.
    fn tiles(&mut self, grid: Grid, from: usize, to: usize) {
        self.corners.clear();
        self.corners
            .extend((from..to).map(|tile| grid.corner(tile)));
        self.places.clear();
        for corner in &self.corners {
            grid.push_places(*corner, &mut self.places);
        }
    }

    /// `B^T X B` of the block of tiles, all channels.
    fn transform(&mut self, isa: Isa, method: Method, input: &Maps) {
        let (planes, length) = (input.planes(), input.plane());
        let tiles = self.corners.len();
        self.inputs
            .reshape(planes.len() / length, method.products(), tiles);
        let block = self.inputs.block();
        self.inputs
            .numbers
            .par_chunks_exact_mut(block)
            .zip(planes.par_chunks_exact(length))
            .for_each(|(transformed, plane)| {
                isa.run(InputTransform {
                    method,
                    plane,
                    places: &self.places,
                    transformed,
                    pitch: tiles,
                });
            });
    }
}

/// A layer as the kernels see it.
#[derive(Clone, Copy)]
pub(super) struct Convolution<'a> {
    pub(super) weights: &'a Weights,
    pub(super) pool: bool,
    pub(super) isa: Isa,
}

/// How maps of that size are computed.
fn grid(pool: bool, maps: &Maps) -> Grid {
    let (height, width) = (maps.height, maps.width);
    Grid {
        // Few channels fill one block, and one block by the transforms costs no more than direct convolution.
        method: Method::choose(FEW_CHANNELS + 1, height, width, pool),
        height,
        width,
    }
}

/// Blocks of tiles, from and to.
fn blocks(grid: Grid, images: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = images * grid.tiles();
    (0..all)
        .step_by(TILES)
        .map(move |from| (from, all.min(from + TILES)))
}

impl Convolution<'_> {
    /// Writes the outputs for all images, and for a pool which of its inputs each of them is.
    pub(super) fn forward(
        self,
        input: &Maps,
        output: &mut Maps,
        choices: &mut [Vec<Choice>],
        scratch: &mut Scratch,
    ) {
        let (isa, pool, grid) = (self.isa, self.pool, grid(self.pool, input));
        scratch
            .factors
            .forward(isa, grid.method, &self.weights.filters);
        let plane = output.plane();
        for (from, to) in blocks(grid, input.images) {
            scratch.tiles(grid, from, to);
            scratch.transform(isa, grid.method, input);
            let products = &mut scratch.products;
            products.multiply(isa, &scratch.inputs, &scratch.factors);
            let planes = output.planes_mut().par_chunks_exact_mut(plane);
            planes
                .zip(choices.par_iter_mut())
                .zip(&self.weights.bias)
                .enumerate()
                .for_each(|(block, ((outputs, choices), bias))| {
                    let (first, step) = products.place(block);
                    isa.run(Activate {
                        grid,
                        pool,
                        corners: &scratch.corners,
                        products: &products.numbers,
                        pitch: products.pitch,
                        first,
                        step,
                        bias: *bias,
                        outputs,
                        choices,
                    });
                });
        }
    }

    /// From the gradient of the outputs to those of weights and bias, and of the input where one is given.
    pub(super) fn backward(
        self,
        input: &Maps,
        (output, choices): (&Maps, &[Vec<Choice>]),
        output_gradient: &Maps,
        (gradient, mut input_gradient): (&mut Weights, Option<&mut Maps>),
        scratch: &mut Scratch,
    ) {
        let (isa, grid) = (self.isa, grid(self.pool, input));
        let method = grid.method;
        if input_gradient.is_some() {
            scratch.factors.backward(isa, method, &self.weights.filters);
        }
        gradient.bias.fill(Lanes::ZERO);
        for (from, to) in blocks(grid, input.images) {
            scratch.tiles(grid, from, to);
            scratch.transform(isa, method, input);
            let planes = (output.planes(), output_gradient.planes());
            self.differentiate(
                grid,
                planes,
                output.plane(),
                choices,
                &mut gradient.bias,
                scratch,
            );
            scratch
                .correlations
                .correlate(isa, &scratch.inputs, &scratch.gradients, from == 0);
            let Some(maps) = &mut input_gradient else {
                continue;
            };
            let products = &mut scratch.products;
            products.multiply(isa, &scratch.gradients, &scratch.factors);
            let plane = maps.plane();
            let planes = maps.planes_mut().par_chunks_exact_mut(plane).enumerate();
            planes.for_each(|(block, plane)| {
                let (first, step) = products.place(block);
                isa.run(Scatter {
                    method,
                    corners: &scratch.corners,
                    places: &scratch.places,
                    products: &products.numbers,
                    pitch: products.pitch,
                    first,
                    step,
                    plane,
                });
            });
        }
        if input.images == 0 {
            gradient.filters.numbers.fill(Lanes::ZERO);
            return;
        }
        let sums = &scratch.correlations;
        let rows = gradient.filters.rows;
        let blocks = gradient.filters.numbers.par_chunks_exact_mut(rows * TAPS);
        blocks.enumerate().for_each(|(block, filters)| {
            let (first, step) = sums.place(block);
            isa.run(FilterGradient {
                method,
                factors: &sums.numbers,
                pitch: sums.pitch,
                first,
                step,
                filters,
            });
        });
    }

    /// `A dY A^T` of the block of tiles, all channels; adds to the gradient of the bias.
    fn differentiate(
        self,
        grid: Grid,
        (outputs, gradients): (&[Lanes], &[Lanes]),
        plane: usize,
        choices: &[Vec<Choice>],
        bias: &mut [Lanes],
        scratch: &mut Scratch,
    ) {
        let corners = &scratch.corners;
        scratch
            .gradients
            .reshape(bias.len(), grid.method.products(), corners.len());
        let block = scratch.gradients.block();
        let blocks = scratch.gradients.numbers.par_chunks_exact_mut(block);
        blocks.zip(bias).zip(choices).enumerate().for_each(
            |(block, ((transformed, bias), choices))| {
                let at = block * plane;
                self.isa.run(Differentiate {
                    grid,
                    pool: self.pool,
                    corners,
                    gradients: &gradients[at..at + plane],
                    outputs: &outputs[at..at + plane],
                    choices,
                    transformed,
                    bias,
                });
            },
        );
    }
}
