//! The last step of a tile on the way forward, and the first on the way back: bias, `ReLU` and pool.

use super::adjoint::{Adjoint, rolled};
use crate::isa::{Instructions, Kernel};
use crate::lanes::{LANES, Lanes};
use crate::tiles::{Corner, Grid, Method};
use crate::transforms::{F2x3, F3x3, F4x3};

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
    fn run(self, _: Instructions) {
        match self.grid.method {
            Method::F2x3 => self.by::<F2x3, 2, 3, 2>(),
            Method::F3x3 => self.by::<F3x3, 5, 5, 3>(),
            Method::F4x3 | Method::Im2col => self.by::<F4x3, 6, 6, 4>(),
        }
    }
}

impl Activate<'_> {
    #[inline(always)]
    fn by<R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        R: Adjoint<IN, POINTS, OUT>,
    {
        let (across, points) = (rolled(OUT), rolled(POINTS));
        for (tile, corner) in self.corners.iter().enumerate() {
            let at = self.first + tile * self.step;
            let mut rows = [[Lanes::ZERO; OUT]; POINTS];
            for y in points.clone() {
                let mut products = [Lanes::ZERO; POINTS];
                for (x, product) in products.iter_mut().enumerate() {
                    *product = self.products[(y * POINTS + x) * self.pitch + at];
                }
                rows[y] = R::output(products);
            }
            let mut outputs = [[Lanes::ZERO; OUT]; OUT];
            for x in across.clone() {
                let mut column = [Lanes::ZERO; POINTS];
                for (number, row) in column.iter_mut().zip(&rows) {
                    *number = row[x];
                }
                for (y, output) in R::output(column).into_iter().enumerate() {
                    outputs[y][x] = (output + self.bias).max(Lanes::ZERO);
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
                        self.outputs[at] = outputs[y][x];
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
    for (lane, choice) in choice.iter_mut().enumerate() {
        let number = largest.0[lane];
        *choice = 3;
        for (at, output) in (0..3).rev().zip(window[..3].iter().rev()) {
            *choice = if output.0[lane] == number {
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
struct Window {
    rows: usize,
    columns: usize,
    start: usize,
    width: usize,
}

impl Window {
    #[inline(always)]
    fn new(grid: Grid, pool: bool, corner: Corner, outputs: usize) -> Self {
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
    fn place(&self, y: usize, x: usize) -> usize {
        self.start + y * self.width + x
    }
}

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
    /// `[products, tiles]`, written.
    pub(super) transformed: &'a mut [Lanes],
    /// Added to.
    pub(super) bias: &'a mut Lanes,
}

impl Kernel for Differentiate<'_> {
    #[inline(always)]
    fn run(self, _: Instructions) {
        match self.grid.method {
            Method::F2x3 => self.by::<F2x3, 2, 3, 2>(),
            Method::F3x3 => self.by::<F3x3, 5, 5, 3>(),
            Method::F4x3 | Method::Im2col => self.by::<F4x3, 6, 6, 4>(),
        }
    }
}

impl Differentiate<'_> {
    #[inline(always)]
    fn by<R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        R: Adjoint<IN, POINTS, OUT>,
    {
        let tiles = self.corners.len();
        // First within a tile, then over the tiles, then over the blocks of tiles: short sums round less.
        let mut bias = Lanes::ZERO;
        let (across, points) = (rolled(OUT), rolled(POINTS));
        for (tile, corner) in self.corners.iter().enumerate() {
            let gradients = self.tile::<OUT>(*corner);
            let mut sum = Lanes::ZERO;
            let mut rows = [[Lanes::ZERO; POINTS]; OUT];
            for y in across.clone() {
                for gradient in gradients[y] {
                    sum = sum + gradient;
                }
                rows[y] = R::output_adjoint(gradients[y]);
            }
            bias = bias + sum;
            for x in points.clone() {
                let mut column = [Lanes::ZERO; OUT];
                for (number, row) in column.iter_mut().zip(&rows) {
                    *number = row[x];
                }
                for (y, number) in R::output_adjoint(column).into_iter().enumerate() {
                    self.transformed[(y * POINTS + x) * tiles + tile] = number;
                }
            }
        }
        *self.bias = *self.bias + bias;
    }

    /// The gradients of the outputs of a tile before pool and `ReLU`; zero outside the map.
    #[inline(always)]
    fn tile<const OUT: usize>(&self, corner: Corner) -> [[Lanes; OUT]; OUT] {
        let mut tile = [[Lanes::ZERO; OUT]; OUT];
        let window = Window::new(self.grid, self.pool, corner, OUT);
        for y in 0..window.rows {
            for x in 0..window.columns {
                let at = window.place(y, x);
                let gradient = self.gradients[at];
                if self.pool {
                    let choice = &self.choices[at];
                    for place in 0..4 {
                        tile[2 * y + usize::from(place / 2)][2 * x + usize::from(place % 2)] =
                            select(gradient, |lane| choice[lane] == place);
                    }
                } else {
                    let output = &self.outputs[at].0;
                    tile[y][x] = select(gradient, |lane| output[lane] > 0.0);
                }
            }
        }
        tile
    }
}

/// The lanes for which something holds; zero in the others.
#[inline(always)]
fn select(mut lanes: Lanes, holds: impl Fn(usize) -> bool) -> Lanes {
    for (lane, number) in lanes.0.iter_mut().enumerate() {
        *number = if holds(lane) { *number } else { 0.0 };
    }
    lanes
}

/// `B dV B^T` of every tile, added to the gradient of the inputs, for 16 input channels.
pub(super) struct Scatter<'a> {
    pub(super) method: Method,
    /// For each tile, the places of its inputs in the plane.
    pub(super) places: &'a [usize],
    /// `[products, pitch]`; those of tile `t` lie at `first + t * step`.
    pub(super) products: &'a [Lanes],
    pub(super) pitch: usize,
    pub(super) first: usize,
    pub(super) step: usize,
    /// The plane of these channels; what is added to its first place, all that lies outside, is dropped.
    pub(super) plane: &'a mut [Lanes],
}

impl Kernel for Scatter<'_> {
    #[inline(always)]
    fn run(self, _: Instructions) {
        match self.method {
            Method::F2x3 => self.by::<F2x3, 2, 3, 2>(),
            Method::F3x3 => self.by::<F3x3, 5, 5, 3>(),
            Method::F4x3 | Method::Im2col => self.by::<F4x3, 6, 6, 4>(),
        }
    }
}

impl Scatter<'_> {
    #[inline(always)]
    fn by<R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        R: Adjoint<IN, POINTS, OUT>,
    {
        let (across, points) = (rolled(IN), rolled(POINTS));
        for (tile, places) in self.places.chunks_exact(IN * IN).enumerate() {
            let at = self.first + tile * self.step;
            let mut rows = [[Lanes::ZERO; IN]; POINTS];
            for y in points.clone() {
                let mut products = [Lanes::ZERO; POINTS];
                for (x, product) in products.iter_mut().enumerate() {
                    *product = self.products[(y * POINTS + x) * self.pitch + at];
                }
                rows[y] = R::input_adjoint(products);
            }
            for x in across.clone() {
                let mut column = [Lanes::ZERO; POINTS];
                for (number, row) in column.iter_mut().zip(&rows) {
                    *number = row[x];
                }
                for (y, number) in R::input_adjoint(column).into_iter().enumerate() {
                    let sum = &mut self.plane[places[y * IN + x]];
                    *sum = *sum + number;
                }
            }
        }
        self.plane[0] = Lanes::ZERO;
    }
}
