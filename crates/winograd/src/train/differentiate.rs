//! The first step of a tile on the way back, through pool and `ReLU`.

use super::activate::{Choice, Window};
use super::adjoint::{Adjoint, by_method};
use crate::isa::{Instructions, Kernel};
use crate::lanes::Lanes;
use crate::tiles::{Corner, Grid, Method};
use crate::transforms::{F2x3, F3x3, F4x3};
use crate::vector::Vector;

/// The way back through pool and `ReLU`, then `A dY A^T` of every tile, for 16 output channels; and the
/// gradient of their bias.
pub(super) struct Differentiate<'a> {
    pub(super) grid: Grid,
    pub(super) pool: bool,
    pub(super) corners: &'a [Corner],
    /// The planes of the outputs' gradient, of the outputs themselves and, for a pool, of the choices.
    pub(super) gradients: &'a [Lanes],
    pub(super) outputs: &'a [Lanes],
    pub(super) choices: &'a [Choice],
    /// `[products, pitch]`; tile after tile is written.
    pub(super) transformed: &'a mut [Lanes],
    pub(super) pitch: usize,
    /// Tiles of the batch before these.
    pub(super) before: usize,
    pub(super) bias: &'a mut BiasSum,
}

/// A sum over the tiles of a batch: first within a tile, then over some tiles, then over all. Short sums round
/// less; that their length does not depend on how many tiles are worked on at once keeps the order of the sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct BiasSum {
    all: Lanes,
    some: Lanes,
}

impl BiasSum {
    pub(super) const ZERO: Self = Self {
        all: Lanes::ZERO,
        some: Lanes::ZERO,
    };

    /// How many tiles make a short sum.
    const TILES: usize = 512;

    pub(super) fn total(self) -> Lanes {
        self.all + self.some
    }
}

impl Kernel for Differentiate<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        by_method!(self.by, self.grid.method, instructions);
    }
}

impl Differentiate<'_> {
    #[inline(always)]
    fn by<V, R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        V: Vector,
        R: Adjoint<IN, POINTS, OUT>,
    {
        let mut some = V::load(&self.bias.some);
        for (tile, corner) in self.corners.iter().enumerate() {
            let gradients = self.tile::<V, OUT>(*corner);
            let mut sum = V::zero();
            let mut columns = [[V::zero(); OUT]; POINTS];
            for (y, gradients) in gradients.into_iter().enumerate() {
                for gradient in gradients {
                    sum = sum + gradient;
                }
                for (column, number) in columns.iter_mut().zip(R::output_adjoint(gradients)) {
                    column[y] = number;
                }
            }
            some = some + sum;
            if (self.before + tile + 1).is_multiple_of(BiasSum::TILES) {
                (V::load(&self.bias.all) + some).store(&mut self.bias.all);
                some = V::zero();
            }
            for (x, column) in columns.into_iter().enumerate() {
                for (y, number) in R::output_adjoint(column).into_iter().enumerate() {
                    number.store(&mut self.transformed[(y * POINTS + x) * self.pitch + tile]);
                }
            }
        }
        some.store(&mut self.bias.some);
    }

    /// The gradients of the outputs of a tile before pool and `ReLU`; zero outside the map.
    #[inline(always)]
    fn tile<V: Vector, const OUT: usize>(&self, corner: Corner) -> [[V; OUT]; OUT] {
        let mut tile = [[V::zero(); OUT]; OUT];
        let window = Window::new(self.grid, self.pool, corner, OUT);
        for y in 0..window.rows {
            for x in 0..window.columns {
                let at = window.place(y, x);
                let gradient = V::load(&self.gradients[at]);
                if self.pool {
                    let choice = &self.choices[at];
                    for place in 0..4 {
                        tile[2 * y + usize::from(place / 2)][2 * x + usize::from(place % 2)] =
                            gradient.where_equal(choice, place);
                    }
                } else {
                    tile[y][x] = gradient.where_positive(V::load(&self.outputs[at]));
                }
            }
        }
        tile
    }
}
