//! Weights that change: kept as taps in blocks of 16 output channels, transformed when they are used.

use std::ops::Range;

use rayon::prelude::*;

use super::adjoint::{Adjoint, by_method};
use crate::isa::{Instructions, Isa, Kernel};
use crate::lanes::{LANES, Lanes};
use crate::tiles::Method;
use crate::transforms::{F2x3, F3x3, F4x3};
use crate::vector::Vector;

/// Taps of a 3x3 filter.
pub(super) const TAPS: usize = 9;

/// Weights (or what goes with each: gradients, moments), `[out / 16, in, 9, 16]`; channels are padded
/// with zeros to whole blocks, and stay zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters {
    pub(super) numbers: Vec<Lanes>,
    /// Input channels, padded.
    pub(super) rows: usize,
    channels: [usize; 2],
}

impl Filters {
    pub(super) fn zeros(channels: [usize; 2]) -> Self {
        let rows = channels[0].next_multiple_of(LANES);
        Self {
            numbers: vec![Lanes::ZERO; channels[1].div_ceil(LANES) * rows * TAPS],
            rows,
            channels,
        }
    }

    /// Takes over weights `[out, in, 3, 3]`.
    pub(super) fn set(&mut self, weights: &[f32]) {
        let [input, _] = self.channels;
        let blocks = self.numbers.par_chunks_exact_mut(self.rows * TAPS);
        blocks
            .zip(weights.par_chunks(LANES * input * TAPS))
            .for_each(|(block, weights)| {
                for (lane, filters) in weights.chunks_exact(input * TAPS).enumerate() {
                    for (lanes, weight) in block.iter_mut().zip(filters) {
                        lanes.0[lane] = *weight;
                    }
                }
            });
    }

    /// `numbers` that lie as these do (themselves, or their gradients), as `[out, in, 3, 3]`.
    pub(super) fn direct(&self, numbers: &[Lanes]) -> Vec<f32> {
        let [input, output] = self.channels;
        let mut weights = vec![0.0; output * input * TAPS];
        let blocks = numbers.par_chunks_exact(self.rows * TAPS);
        blocks
            .zip(weights.par_chunks_mut(LANES * input * TAPS))
            .for_each(|(block, weights)| {
                for (lane, filters) in weights.chunks_exact_mut(input * TAPS).enumerate() {
                    for (lanes, weight) in block.iter().zip(filters) {
                        *weight = lanes.0[lane];
                    }
                }
            });
        weights
    }

    /// Blocks of 16 output channels.
    pub(super) fn blocks(&self) -> usize {
        self.numbers.len() / (self.rows * TAPS)
    }
}

/// Transformed weights of some blocks of 16 columns, `[blocks, products, rows, 16]`: a row for each channel that is
/// summed over, padded to whole blocks; columns are the channels that come out.
#[derive(Clone, Copy)]
pub(super) struct Factors<'a> {
    numbers: &'a [Lanes],
    rows: usize,
    products: usize,
}

impl<'a> Factors<'a> {
    /// For the way forward, written to `memory`: columns are the output channels of `blocks`, rows all input
    /// channels.
    pub(super) fn forward(
        isa: Isa,
        method: Method,
        filters: &Filters,
        blocks: Range<usize>,
        memory: &'a mut [Lanes],
    ) -> Self {
        let (products, rows) = (method.products(), filters.rows);
        let block = rows * TAPS;
        let numbers = &mut memory[..blocks.len() * products * rows];
        let filters = &filters.numbers[blocks.start * block..blocks.end * block];
        numbers
            .par_chunks_exact_mut(products * rows)
            .zip(filters.par_chunks_exact(block))
            .for_each(|(factors, filters)| {
                isa.run(Transform {
                    method,
                    filters,
                    factors,
                });
            });
        Self {
            numbers,
            rows,
            products,
        }
    }

    /// For the way back, written to `memory`: columns are the input channels of `blocks`, rows all output
    /// channels.
    pub(super) fn backward(
        isa: Isa,
        method: Method,
        filters: &Filters,
        blocks: Range<usize>,
        memory: &'a mut [Lanes],
    ) -> Self {
        let (products, rows) = (method.products(), filters.blocks() * LANES);
        let block = filters.rows * TAPS;
        let numbers = &mut memory[..blocks.len() * products * rows];
        numbers
            .par_chunks_exact_mut(products * rows)
            .zip(blocks)
            .for_each_init(Vec::new, |turned, (factors, at)| {
                turned.clear();
                for filters in filters.numbers.chunks_exact(block) {
                    transpose(&filters[at * LANES * TAPS..][..LANES * TAPS], turned);
                }
                isa.run(Transform {
                    method,
                    filters: turned,
                    factors,
                });
            });
        Self {
            numbers,
            rows,
            products,
        }
    }

    /// Blocks of 16 columns.
    pub(super) fn blocks(&self) -> usize {
        self.numbers.len() / (self.products * self.rows)
    }

    /// The rows of one block of columns in one product.
    pub(super) fn panel(&self, block: usize, product: usize) -> &[Lanes] {
        &self.numbers[(block * self.products + product) * self.rows..][..self.rows]
    }
}

/// Exchanges channels and lanes of `[16, 9, 16]` and appends the result.
fn transpose(block: &[Lanes], turned: &mut Vec<Lanes>) {
    let start = turned.len();
    turned.resize(start + LANES * TAPS, Lanes::ZERO);
    for (row, taps) in block.chunks_exact(TAPS).enumerate() {
        for (tap, lanes) in taps.iter().enumerate() {
            for (lane, number) in lanes.0.iter().enumerate() {
                turned[start + lane * TAPS + tap].0[row] = *number;
            }
        }
    }
}

/// `G W G^T` of filters `[rows, 9, 16]` to `[products, rows, 16]`.
struct Transform<'a> {
    method: Method,
    filters: &'a [Lanes],
    factors: &'a mut [Lanes],
}

impl Kernel for Transform<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        by_method!(self.by, self.method, instructions);
    }
}

impl Transform<'_> {
    #[inline(always)]
    fn by<V, R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        V: Vector,
        R: Adjoint<IN, POINTS, OUT>,
    {
        let rows = self.filters.len() / TAPS;
        for (row, taps) in self.filters.as_chunks::<TAPS>().0.iter().enumerate() {
            let mut lines = [[V::zero(); 3]; POINTS];
            for x in 0..3 {
                let column = [&taps[x], &taps[3 + x], &taps[6 + x]];
                let column = [V::load(column[0]), V::load(column[1]), V::load(column[2])];
                let column = R::filter(column);
                for (row, number) in lines.iter_mut().zip(column) {
                    row[x] = number;
                }
            }
            for (y, taps) in lines.into_iter().enumerate() {
                for (x, number) in R::filter(taps).into_iter().enumerate() {
                    number.store(&mut self.factors[(y * POINTS + x) * rows + row]);
                }
            }
        }
    }
}

/// `G^T dU G` of one block of 16 output channels: from the gradients of the factors to those of the taps.
pub(super) struct FilterGradient<'a> {
    pub(super) method: Method,
    /// `[products, pitch]`, in which the gradient of row `row` lies at `first + row * step`.
    pub(super) factors: &'a [Lanes],
    pub(super) pitch: usize,
    pub(super) first: usize,
    pub(super) step: usize,
    /// `[rows, 9, 16]`
    pub(super) filters: &'a mut [Lanes],
}

impl Kernel for FilterGradient<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        by_method!(self.by, self.method, instructions);
    }
}

impl FilterGradient<'_> {
    #[inline(always)]
    fn by<V, R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        V: Vector,
        R: Adjoint<IN, POINTS, OUT>,
    {
        for (row, taps) in self
            .filters
            .as_chunks_mut::<TAPS>()
            .0
            .iter_mut()
            .enumerate()
        {
            let at = self.first + row * self.step;
            let mut columns = [[V::zero(); POINTS]; 3];
            for y in 0..POINTS {
                let mut factors = [V::zero(); POINTS];
                for (x, factor) in factors.iter_mut().enumerate() {
                    *factor = V::load(&self.factors[(y * POINTS + x) * self.pitch + at]);
                }
                for (column, number) in columns.iter_mut().zip(R::filter_adjoint(factors)) {
                    column[y] = number;
                }
            }
            for (x, column) in columns.into_iter().enumerate() {
                for (y, tap) in R::filter_adjoint(column).into_iter().enumerate() {
                    tap.store(&mut taps[3 * y + x]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_come_back_as_they_went_in_and_are_transformed_both_ways() {
        let weights: Vec<f32> = (0..20 * 17 * 9).map(|i| (i % 251) as f32 - 125.0).collect();
        let mut filters = Filters::zeros([17, 20]);
        filters.set(&weights);
        assert_eq!(filters.direct(&filters.numbers), weights);
        let [mut one, mut other] = [(); 2].map(|()| vec![Lanes::ZERO; 2 * 25 * 32]);
        let (isa, method) = (Isa::best(), Method::F3x3);
        let forward = Factors::forward(isa, method, &filters, 0..2, &mut one);
        let backward = Factors::backward(isa, method, &filters, 0..2, &mut other);
        for product in 0..25 {
            for (input, output) in [(0, 0), (16, 3), (5, 19), (16, 19)] {
                let number = forward.panel(output / 16, product)[input].0[output % 16];
                let turned = backward.panel(input / 16, product)[output].0[input % 16];
                assert_eq!(number, turned);
                if product == 0 {
                    assert_eq!(number, weights[(output * 17 + input) * 9] / 4.0);
                }
            }
        }
    }
}
