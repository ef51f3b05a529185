//! The last step of a tile on either way: bias, `ReLU` and pool forward, the sum of the inputs' gradients back.

use super::adjoint::{Adjoint, by_method};
use crate::isa::{Instructions, Kernel};
use crate::lanes::{LANES, Lanes};
use crate::tiles::{Corner, Grid, Method};
use crate::transforms::{F2x3, F3x3, F4x3};
use crate::vector::Vector;

/// Which of the four outputs in its window each lane of a pooled output is; [`DEAD`] where `ReLU` held
/// all of them back.
pub(super) type Choice = [u8; LANES];

/// No output of the window gets a gradient.
const DEAD: u8 = 4;

/// `A^T M A`, bias, `ReLU` and pool of every tile, for 16 output channels.
pub(super) struct Activate<'a> {
    pub(super) grid: Grid,
    pub(super) pool: bool,
    pub(super) corners: &'a [Corner],
    /// `[products, pitch]`; those of tile `t` lie at `first + t * step`.
    pub(super) products: &'a [Lanes],
    pub(super) pitch: usize,
    pub(super) first: usize,
    pub(super) step: usize,
    pub(super) bias: Lanes,
    /// The plane of these channels, and for a pool the choices in it.
    pub(super) outputs: &'a mut [Lanes],
    pub(super) choices: &'a mut [Choice],
}

impl Kernel for Activate<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        by_method!(self.by, self.grid.method, instructions);
    }
}

impl Activate<'_> {
    #[inline(always)]
    fn by<V, R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        V: Vector,
        R: Adjoint<IN, POINTS, OUT>,
    {
        let bias = V::load(&self.bias);
        for (tile, corner) in self.corners.iter().enumerate() {
            let at = self.first + tile * self.step;
            let mut columns = [[V::zero(); POINTS]; OUT];
            for y in 0..POINTS {
                let mut products = [V::zero(); POINTS];
                for (x, product) in products.iter_mut().enumerate() {
                    *product = V::load(&self.products[(y * POINTS + x) * self.pitch + at]);
                }
                for (column, number) in columns.iter_mut().zip(R::output(products)) {
                    column[y] = number;
                }
            }
            let mut outputs = [[Lanes::ZERO; OUT]; OUT];
            for (x, column) in columns.into_iter().enumerate() {
                for (y, output) in R::output(column).into_iter().enumerate() {
                    (output + bias).store(&mut outputs[y][x]);
                }
            }
            let window = Window::new(self.grid, self.pool, *corner, OUT);
            for y in 0..window.rows {
                for x in 0..window.columns {
                    let at = window.place(y, x);
                    if self.pool {
                        let choice = &mut self.choices[at];
                        self.outputs[at] = largest(&outputs, y, x, choice);
                    } else {
                        self.outputs[at] = outputs[y][x].max(Lanes::ZERO);
                    }
                }
            }
        }
    }
}

/// The largest of a window of 2x2, and which it is.
#[inline(always)]
fn largest<const OUT: usize>(
    outputs: &[[Lanes; OUT]; OUT],
    y: usize,
    x: usize,
    choice: &mut Choice,
) -> Lanes {
    let (y, x) = (2 * y, 2 * x);
    let window = [
        outputs[y][x],
        outputs[y][x + 1],
        outputs[y + 1][x],
        outputs[y + 1][x + 1],
    ];
    let largest = window[0].max(window[1]).max(window[2].max(window[3]));
    let largest = largest.max(Lanes::ZERO);
    for (lane, choice) in choice.iter_mut().enumerate() {
        let number = largest.0[lane];
        *choice = 3;
        for (at, output) in (0..3).rev().zip(window[..3].iter().rev()) {
            *choice = if output.0[lane] >= number {
                at
            } else {
                *choice
            };
        }
        *choice = if number > 0.0 { *choice } else { DEAD };
    }
    largest
}

/// What of a tile's outputs, pooled or not, lies within the map, and where in the plane.
pub(super) struct Window {
    pub(super) rows: usize,
    pub(super) columns: usize,
    start: usize,
    width: usize,
}

impl Window {
    #[inline(always)]
    pub(super) fn new(grid: Grid, pool: bool, corner: Corner, outputs: usize) -> Self {
        let step = if pool { 2 } else { 1 };
        let (height, width) = (grid.height / step, grid.width / step);
        let (top, left) = (corner.y / step, corner.x / step);
        Self {
            rows: (outputs / step).min(height - top),
            columns: (outputs / step).min(width - left),
            start: 1 + (corner.image * height + top) * width + left,
            width,
        }
    }

    #[inline(always)]
    pub(super) fn place(&self, y: usize, x: usize) -> usize {
        self.start + y * self.width + x
    }
}

/// `B dV B^T` of every tile, summed to the gradient of the inputs, for 16 input channels. Tiles of an image
/// come row by row.
pub(super) struct Scatter<'a> {
    pub(super) method: Method,
    pub(super) corners: &'a [Corner],
    /// For each tile, the places of its inputs in the plane.
    pub(super) places: &'a [usize],
    /// `[products, pitch]`; those of tile `t` lie at `first + t * step`.
    pub(super) products: &'a [Lanes],
    pub(super) pitch: usize,
    pub(super) first: usize,
    pub(super) step: usize,
    /// The plane of these channels; what goes to its first place, all that lies outside, is dropped.
    pub(super) plane: &'a mut [Lanes],
}

impl Kernel for Scatter<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        by_method!(self.by, self.method, instructions);
    }
}

impl Scatter<'_> {
    #[inline(always)]
    fn by<V, R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        V: Vector,
        R: Adjoint<IN, POINTS, OUT>,
    {
        let places = self.places.chunks_exact(IN * IN);
        for (tile, (places, corner)) in places.zip(self.corners).enumerate() {
            let at = self.first + tile * self.step;
            let mut columns = [[V::zero(); POINTS]; IN];
            for y in 0..POINTS {
                let mut products = [V::zero(); POINTS];
                for (x, product) in products.iter_mut().enumerate() {
                    *product = V::load(&self.products[(y * POINTS + x) * self.pitch + at]);
                }
                for (column, number) in columns.iter_mut().zip(R::input_adjoint(products)) {
                    column[y] = number;
                }
            }
            // The first rows and columns were written by the tiles above and to the left, where there are any.
            let above = if corner.y > 0 { IN - OUT } else { 0 };
            let left = if corner.x > 0 { IN - OUT } else { 0 };
            for (x, column) in columns.into_iter().enumerate() {
                for (y, number) in R::input_adjoint(column).into_iter().enumerate() {
                    let sum = &mut self.plane[places[y * IN + x]];
                    if y < above || x < left {
                        (V::load(sum) + number).store(sum);
                    } else {
                        number.store(sum);
                    }
                }
            }
        }
        self.plane[0] = Lanes::ZERO;
    }
}
