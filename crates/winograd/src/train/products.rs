//! The products of a block of tiles, one for each point of the transforms, as threads share them.

use rayon::prelude::*;

use super::filters::Factors;
use crate::isa::{Instructions, Isa, Kernel};
use crate::lanes::{Buffer, LANES, Lanes};
use crate::multiply::multiply;

/// Blocks of 16 columns that are computed together.
const PANELS: usize = 2;

/// Summands of a weight's gradient that are read from the first-level cache.
const DEPTH: usize = 128;

/// Transformed tiles, `[channels / 16, products, tiles, 16]`.
#[derive(Debug, Default)]
pub(super) struct Transformed {
    pub(super) numbers: Buffer,
    pub(super) products: usize,
    pub(super) tiles: usize,
}

impl Transformed {
    pub(super) fn reshape(&mut self, blocks: usize, products: usize, tiles: usize) {
        (self.products, self.tiles) = (products, tiles);
        self.numbers.resize(blocks * self.block());
    }

    /// Numbers of a block of channels.
    pub(super) fn block(&self) -> usize {
        self.products * self.tiles
    }

    /// The tiles of one block of channels in one product.
    fn row(&self, block: usize, product: usize) -> &[Lanes] {
        &self.numbers[block * self.block() + product * self.tiles..][..self.tiles]
    }
}

/// Matrices, one for each product: `[products, columns / 32, rows, columns % 32]`.
#[derive(Debug, Default)]
pub(super) struct Products {
    pub(super) numbers: Buffer,
    pub(super) rows: usize,
    /// Blocks of 16 columns.
    blocks: usize,
    /// From product to product; odd, so that those of an element fall into different sets of the cache.
    pub(super) pitch: usize,
}

impl Products {
    fn reshape(&mut self, products: usize, rows: usize, blocks: usize) {
        (self.rows, self.blocks, self.pitch) = (rows, blocks, (rows * blocks) | 1);
        self.numbers.resize(products * self.pitch);
    }

    /// Where in a product the first row of a block of columns lies, and how far it is to the next row.
    pub(super) fn place(&self, block: usize) -> (usize, usize) {
        let first = block / PANELS * PANELS;
        let step = PANELS.min(self.blocks - first);
        (first * self.rows + block % PANELS, step)
    }

    /// Every pair of blocks of columns in every product, with its product and its first block.
    fn pieces(&mut self) -> impl ParallelIterator<Item = (usize, usize, &mut [Lanes])> {
        let used = self.rows * self.blocks;
        let piece = PANELS * self.rows;
        let products = self.numbers.par_chunks_exact_mut(self.pitch).enumerate();
        products.flat_map(move |(product, numbers)| {
            let pieces = numbers[..used].par_chunks_mut(piece).enumerate();
            pieces.map(move |(at, piece)| (product, at * PANELS, piece))
        })
    }

    /// Tiles times factors: a row for each tile, a column for each channel that comes out.
    pub(super) fn multiply(&mut self, isa: Isa, tiles: &Transformed, factors: &Factors) {
        self.reshape(tiles.products, tiles.tiles, factors.blocks());
        let rows = self.rows;
        self.pieces().for_each(|(product, first, sums)| {
            let mut panels = [&[][..]; PANELS];
            let count = sums.len() / rows;
            for (at, panel) in panels[..count].iter_mut().enumerate() {
                *panel = factors.panel(first + at, product);
            }
            isa.run(Multiply {
                tiles: &tiles.numbers[product * tiles.tiles..],
                pitch: tiles.block(),
                rows,
                panels: &panels[..count],
                sums,
            });
        });
    }

    /// Gradients of the factors, summed over all tiles: a row for each input channel, a column for each
    /// output channel. What was there is added to unless it is the `first` time.
    pub(super) fn correlate(
        &mut self,
        isa: Isa,
        inputs: &Transformed,
        gradients: &Transformed,
        first: bool,
    ) {
        let blocks = |tiles: &Transformed| tiles.numbers.len() / tiles.block();
        self.reshape(inputs.products, blocks(inputs) * LANES, blocks(gradients));
        let rows = self.rows;
        self.pieces().for_each(|(product, column, sums)| {
            let mut panels = [&[][..]; PANELS];
            let count = sums.len() / rows;
            for (at, panel) in panels[..count].iter_mut().enumerate() {
                *panel = gradients.row(column + at, product);
            }
            isa.run(Correlate {
                first,
                inputs: &inputs.numbers[product * inputs.tiles..],
                pitch: inputs.block(),
                panels: &panels[..count],
                sums,
            });
        });
    }
}

struct Multiply<'a> {
    tiles: &'a [Lanes],
    pitch: usize,
    rows: usize,
    panels: &'a [&'a [Lanes]],
    sums: &'a mut [Lanes],
}

impl Kernel for Multiply<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        multiply(
            instructions,
            self.tiles,
            self.pitch,
            self.rows,
            self.panels,
            self.sums,
        );
    }
}

/// Adds `inputs^T gradients` to `sums` `[rows, panels, 16]`; a panel has a row of 16 channels a tile.
struct Correlate<'a> {
    /// The sums begin at zero.
    first: bool,
    /// The tiles of the first block of input channels; those of the next lie `pitch` later.
    inputs: &'a [Lanes],
    pitch: usize,
    panels: &'a [&'a [Lanes]],
    sums: &'a mut [Lanes],
}

impl Kernel for Correlate<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        // The sums, one row of gradients and one input must fit the registers.
        match instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => self.depths::<8, 2, true>(),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => self.depths::<4, 1, true>(),
            Instructions::Baseline => self.depths::<BASELINE_ROWS, 1, false>(),
        }
    }
}

/// 16 registers of 4 numbers on x86-64, 32 on 64-bit ARM.
const BASELINE_ROWS: usize = if cfg!(target_arch = "aarch64") { 4 } else { 2 };

impl Correlate<'_> {
    #[inline(always)]
    fn depths<const ROWS: usize, const PANELS: usize, const FUSED: bool>(self) {
        let step = self.panels.len();
        let tiles = self.panels[0].len();
        for from in (0..tiles).step_by(DEPTH) {
            let to = tiles.min(from + DEPTH);
            let first = self.first && from == 0;
            for (block, sums) in self.sums.chunks_exact_mut(LANES * step).enumerate() {
                let inputs = &self.inputs[block * self.pitch..][from..to];
                for (at, sums) in sums.chunks_exact_mut(ROWS * step).enumerate() {
                    let (groups, rest) = self.panels.as_chunks::<PANELS>();
                    for (group, panels) in groups.iter().enumerate() {
                        let panels = panels.map(|panel| &panel[from..to]);
                        let sums = &mut sums[group * PANELS..];
                        strip::<ROWS, PANELS, FUSED>(inputs, at, panels, (sums, step), first);
                    }
                    for (panel, number) in rest.iter().zip(groups.len() * PANELS..) {
                        let sums = &mut sums[number..];
                        let panel = [&panel[from..to]];
                        strip::<ROWS, 1, FUSED>(inputs, at, panel, (sums, step), first);
                    }
                }
            }
        }
    }
}

/// `ROWS` rows of sums, of the lanes from `at * ROWS` on, tile after tile.
#[inline(always)]
fn strip<const ROWS: usize, const PANELS: usize, const FUSED: bool>(
    inputs: &[Lanes],
    at: usize,
    panels: [&[Lanes]; PANELS],
    (products, step): (&mut [Lanes], usize),
    first: bool,
) {
    let mut sums = [[Lanes::ZERO; PANELS]; ROWS];
    if !first {
        for (row, sums) in sums.iter_mut().enumerate() {
            sums.copy_from_slice(&products[row * step..][..PANELS]);
        }
    }
    let panels = panels.map(|panel| &panel[..inputs.len()]);
    for (tile, input) in inputs.iter().enumerate() {
        let lanes = &input.0.as_chunks::<ROWS>().0[at];
        for (sums, lane) in sums.iter_mut().zip(lanes) {
            for (sum, panel) in sums.iter_mut().zip(panels) {
                *sum = sum.plus_product::<FUSED>(*lane, &panel[tile]);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        products[row * step..][..PANELS].copy_from_slice(sums);
    }
}
