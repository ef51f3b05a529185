//! One trainable layer on some images: block after block of tiles, each step shared by all threads.

use std::ops::Range;

use rayon::prelude::*;

use super::activate::{Activate, Choice, Scatter};
use super::differentiate::{BiasSum, Differentiate};
use super::filters::{Factors, FilterGradient, Filters, TAPS};
use super::geometry::Geometry;
use super::parts::{Part, Passed, Places, Scratch, Sums};
use super::products::{Matrices, Transformed, correlate, multiply};
use crate::input_transform::InputTransform;
use crate::isa::Isa;
use crate::lanes::{LANES, Lanes};
use crate::tiles::Corner;

/// What belongs to a layer: its weights and bias, or their moments.
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

/// A layer as the kernels see it.
#[derive(Clone, Copy)]
pub(super) struct Convolution<'a> {
    pub(super) weights: &'a Weights,
    pub(super) geometry: Geometry,
    pub(super) isa: Isa,
}

impl Convolution<'_> {
    /// `B^T X B` of the block of tiles for some blocks of channels, written to `memory`.
    fn transform<'m>(
        self,
        input: Part<&[Lanes]>,
        blocks: Range<usize>,
        places: &Places,
        memory: &'m mut [Lanes],
    ) -> Transformed<'m> {
        let method = self.geometry.grid.method;
        let (products, tiles) = (method.products(), places.corners.len());
        let block = Transformed::block(products, tiles);
        let numbers = &mut memory[..blocks.len() * block];
        let plane = input.shape.plane();
        let maps = &input.planes[blocks.start * plane..blocks.end * plane];
        numbers
            .par_chunks_exact_mut(block)
            .zip(maps.par_chunks_exact(plane))
            .for_each(|(transformed, plane)| {
                self.isa.run(InputTransform {
                    method,
                    plane,
                    places: &places.inputs,
                    transformed,
                    pitch: Transformed::pitch(tiles),
                });
            });
        Transformed {
            numbers,
            products,
            tiles,
        }
    }

    /// Writes the outputs for `images` images, and for a pool which of its inputs each of them is.
    pub(super) fn forward(
        self,
        images: usize,
        input: Part<&[Lanes]>,
        output: &mut Part<&mut [Lanes]>,
        choices: &mut [Vec<Choice>],
        scratch: &mut Scratch,
    ) {
        let (isa, Geometry { grid, outputs, .. }) = (self.isa, self.geometry);
        for tiles in self.geometry.blocks(images) {
            scratch.places.set(grid, tiles, input.first);
            let inputs = 0..self.geometry.inputs;
            let transformed = self.transform(input, inputs, scratch.places, scratch.tiles);
            for blocks in self.geometry.groups(outputs) {
                let filters = &self.weights.filters;
                let factors =
                    Factors::forward(isa, grid.method, filters, blocks.clone(), scratch.factors);
                let matrices = multiply(isa, transformed, factors, scratch.products);
                let products = (matrices, &*scratch.products);
                self.activate(blocks, products, &scratch.places.corners, output, choices);
            }
        }
    }

    /// From the products of some blocks of output channels to the outputs.
    fn activate(
        self,
        blocks: Range<usize>,
        (matrices, products): (Matrices, &[Lanes]),
        corners: &[Corner],
        output: &mut Part<&mut [Lanes]>,
        choices: &mut [Vec<Choice>],
    ) {
        let (plane, offset) = (output.shape.plane(), output.offset());
        output.planes[blocks.start * plane..blocks.end * plane]
            .par_chunks_exact_mut(plane)
            .zip(&mut choices[blocks.clone()])
            .zip(&self.weights.bias[blocks])
            .enumerate()
            .for_each(|(block, ((outputs, choices), bias))| {
                let (first, step) = matrices.place(block);
                self.isa.run(Activate {
                    grid: self.geometry.grid,
                    pool: self.geometry.pool,
                    corners,
                    products,
                    pitch: matrices.pitch(),
                    first,
                    step,
                    bias: *bias,
                    outputs: &mut outputs[offset..],
                    choices: choices.get_mut(offset..).unwrap_or_default(),
                });
            });
    }

    /// From the gradient of the outputs of `images` images to those of weights and bias, and of the input where
    /// `wanted` takes it; it has the shape of the input.
    pub(super) fn backward(
        self,
        images: usize,
        passed: Passed,
        mut wanted: Option<&mut [Lanes]>,
        sums: &mut Sums,
        scratch: &mut Scratch,
    ) {
        let (isa, grid) = (self.isa, self.geometry.grid);
        let before = passed.before * grid.tiles();
        for tiles in self.geometry.blocks(images) {
            let before = before + tiles.start;
            scratch.places.set(grid, tiles, passed.input.first);
            let places = &*scratch.places;
            let corners = &places.corners;
            let gradients = self.differentiate(passed, corners, before, sums.bias, scratch.tiles);
            for (at, blocks) in self.geometry.groups(self.geometry.inputs).enumerate() {
                let memory = &mut *scratch.products;
                let inputs = self.transform(passed.input, blocks.clone(), places, memory);
                let length = self.geometry.correlations();
                let correlations = if self.geometry.once {
                    &mut *scratch.factors
                } else {
                    &mut sums.correlations[at * length..][..length]
                };
                correlate(isa, inputs, gradients, correlations, before == 0);
                if self.geometry.once {
                    self.filter_gradient(blocks.clone(), correlations, sums.filters);
                }
                let Some(maps) = &mut wanted else {
                    continue;
                };
                let filters = &self.weights.filters;
                let factors =
                    Factors::backward(isa, grid.method, filters, blocks.clone(), scratch.factors);
                let matrices = multiply(isa, gradients, factors, scratch.products);
                let plane = passed.input.shape.plane();
                let maps = &mut maps[blocks.start * plane..blocks.end * plane];
                self.scatter((matrices, scratch.products), places, (maps, plane));
            }
        }
    }

    /// `A dY A^T` of the block of tiles, all channels, written to `memory`; adds to the gradient of the bias.
    fn differentiate<'m>(
        self,
        passed: Passed,
        corners: &[Corner],
        before: usize,
        bias: &mut [BiasSum],
        memory: &'m mut [Lanes],
    ) -> Transformed<'m> {
        let (products, tiles) = (self.geometry.grid.method.products(), corners.len());
        let block = Transformed::block(products, tiles);
        let numbers = &mut memory[..bias.len() * block];
        let (plane, offset) = (passed.output.shape.plane(), passed.output.offset());
        let blocks = numbers.par_chunks_exact_mut(block);
        blocks.zip(bias).zip(passed.choices).enumerate().for_each(
            |(block, ((transformed, bias), choices))| {
                let part = block * plane + offset..(block + 1) * plane;
                self.isa.run(Differentiate {
                    grid: self.geometry.grid,
                    pool: self.geometry.pool,
                    corners,
                    gradients: &passed.gradient[part.clone()],
                    outputs: &passed.output.planes[part],
                    choices: choices.get(offset..).unwrap_or_default(),
                    transformed,
                    pitch: Transformed::pitch(tiles),
                    before,
                    bias,
                });
            },
        );
        Transformed {
            numbers,
            products,
            tiles,
        }
    }

    /// From the products of some blocks of input channels to the gradients of their maps.
    fn scatter(
        self,
        (matrices, products): (Matrices, &[Lanes]),
        places: &Places,
        (maps, plane): (&mut [Lanes], usize),
    ) {
        let maps = maps.par_chunks_exact_mut(plane).enumerate();
        maps.for_each(|(block, plane)| {
            let (first, step) = matrices.place(block);
            self.isa.run(Scatter {
                method: self.geometry.grid.method,
                corners: &places.corners,
                places: &places.inputs,
                products,
                pitch: matrices.pitch(),
                first,
                step,
                plane,
            });
        });
    }

    /// The gradients of the taps and of the bias, once all images have passed.
    pub(super) fn finish(self, sums: &mut Sums, bias: &mut [Lanes]) {
        for (number, sum) in bias.iter_mut().zip(&*sums.bias) {
            *number = sum.total();
        }
        if self.geometry.once {
            return;
        }
        let length = self.geometry.correlations();
        for (at, blocks) in self.geometry.groups(self.geometry.inputs).enumerate() {
            let correlations = &sums.correlations[at * length..][..length];
            self.filter_gradient(blocks, correlations, sums.filters);
        }
    }

    /// `G^T dU G` for some blocks of input channels.
    fn filter_gradient(self, blocks: Range<usize>, correlations: &[Lanes], filters: &mut [Lanes]) {
        let method = self.geometry.grid.method;
        let matrices = self.geometry.matrices(blocks.len());
        let rows = self.geometry.inputs * LANES * TAPS;
        let used = blocks.start * LANES * TAPS..blocks.end * LANES * TAPS;
        let filters = filters[..self.geometry.filters()].par_chunks_exact_mut(rows);
        let filters = filters.enumerate();
        filters.for_each(|(block, filters)| {
            let (first, step) = matrices.place(block);
            self.isa.run(FilterGradient {
                method,
                factors: correlations,
                pitch: matrices.pitch(),
                first,
                step,
                filters: &mut filters[used.clone()],
            });
        });
    }
}
