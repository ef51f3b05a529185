//! The products of a block of tiles, one for each point of the transforms, as threads share them.

use rayon::prelude::*;

use super::filters::Factors;
use crate::isa::{Instructions, Isa, Kernel};
use crate::lanes::{LANES, Lanes};

/// Blocks of 16 columns that are computed together.
const PANELS: usize = 2;

/// Summands of a weight's gradient that are read from the first-level cache.
const DEPTH: usize = 128;

/// Transformed tiles, `[channels / 16, products, tiles, 16]`.
#[derive(Clone, Copy)]
pub(super) struct Transformed<'a> {
    pub(super) numbers: &'a [Lanes],
    pub(super) products: usize,
    pub(super) tiles: usize,
}

impl Transformed<'_> {
    /// From product to product; odd, so that those of a tile fall into different sets of the cache.
    pub(super) const fn pitch(tiles: usize) -> usize {
        tiles | 1
    }

    /// Numbers of a block of channels.
    pub(super) const fn block(products: usize, tiles: usize) -> usize {
        products * Self::pitch(tiles)
    }

    /// A product from its first tile on, and how far it is to the next block of channels.
    fn product(&self, product: usize) -> (&[Lanes], usize) {
        let start = product * Self::pitch(self.tiles);
        (
            &self.numbers[start..],
            Self::block(self.products, self.tiles),
        )
    }

    /// The tiles of one block of channels in one product.
    fn row(&self, block: usize, product: usize) -> &[Lanes] {
        let (numbers, step) = self.product(product);
        &numbers[block * step..][..self.tiles]
    }

    fn blocks(&self) -> usize {
        self.numbers.len() / Self::block(self.products, self.tiles)
    }
}

/// How matrices lie in memory, one for each product: `[products, columns / 32, rows, columns % 32]`.
#[derive(Clone, Copy)]
pub(super) struct Matrices {
    pub(super) products: usize,
    pub(super) rows: usize,
    /// Blocks of 16 columns.
    pub(super) blocks: usize,
}

impl Matrices {
    /// From product to product; odd, so that those of an element fall into different sets of the cache.
    pub(super) fn pitch(self) -> usize {
        (self.rows * self.blocks) | 1
    }

    pub(super) fn length(self) -> usize {
        self.products * self.pitch()
    }

    /// Where in a product the first row of a block of columns lies, and how far it is to the next row.
    pub(super) fn place(self, block: usize) -> (usize, usize) {
        let first = block / PANELS * PANELS;
        let step = PANELS.min(self.blocks - first);
        (first * self.rows + block % PANELS, step)
    }

    /// Every pair of blocks of columns in every product, with its product and its first block.
    fn pieces(
        self,
        numbers: &mut [Lanes],
    ) -> impl ParallelIterator<Item = (usize, usize, &mut [Lanes])> {
        let used = self.rows * self.blocks;
        let piece = PANELS * self.rows;
        let products = numbers.par_chunks_exact_mut(self.pitch()).enumerate();
        products.flat_map(move |(product, numbers)| {
            let pieces = numbers[..used].par_chunks_mut(piece).enumerate();
            pieces.map(move |(at, piece)| (product, at * PANELS, piece))
        })
    }
}

/// Tiles times factors: a row for each tile, a column for each channel that comes out. `sums` may be longer.
pub(super) fn multiply(
    isa: Isa,
    tiles: Transformed,
    factors: Factors,
    sums: &mut [Lanes],
) -> Matrices {
    let matrices = Matrices {
        products: tiles.products,
        rows: tiles.tiles,
        blocks: factors.blocks(),
    };
    let pieces = matrices.pieces(&mut sums[..matrices.length()]);
    pieces.for_each(|(product, first, sums)| {
        let mut panels = [&[][..]; PANELS];
        let count = sums.len() / tiles.tiles;
        for (at, panel) in panels[..count].iter_mut().enumerate() {
            *panel = factors.panel(first + at, product);
        }
        let (numbers, pitch) = tiles.product(product);
        isa.run(Multiply {
            tiles: numbers,
            pitch,
            rows: tiles.tiles,
            panels: &panels[..count],
            sums,
        });
    });
    matrices
}

/// Gradients of the factors, summed over all tiles: a row for each input channel, a column for each
/// output channel. What was there is added to unless it is the `first` time. `sums` may be longer.
pub(super) fn correlate(
    isa: Isa,
    inputs: Transformed,
    gradients: Transformed,
    sums: &mut [Lanes],
    first: bool,
) -> Matrices {
    let matrices = Matrices {
        products: inputs.products,
        rows: inputs.blocks() * LANES,
        blocks: gradients.blocks(),
    };
    let pieces = matrices.pieces(&mut sums[..matrices.length()]);
    pieces.for_each(|(product, column, sums)| {
        let mut panels = [&[][..]; PANELS];
        let count = sums.len() / matrices.rows;
        for (at, panel) in panels[..count].iter_mut().enumerate() {
            *panel = gradients.row(column + at, product);
        }
        let (numbers, pitch) = inputs.product(product);
        isa.run(Correlate {
            first,
            inputs: numbers,
            pitch,
            panels: &panels[..count],
            sums,
        });
    });
    matrices
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
        crate::multiply::multiply(
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
