//! The products of a block of tiles and their output transform, with bias, `ReLU` and pool.

use crate::isa::{Instructions, Kernel};
use crate::lanes::{Buffer, Lanes};
use crate::multiply::multiply;
use crate::packed::Packed;
use crate::tiles::{Corner, Grid, Method};
use crate::transforms::{F2x3, F2x3Any, F3x3, F4x3, Identity, WinogradTransform};

/// The most blocks of 16 output channels that are computed together: each time all that the input transform
/// wrote is read.
pub(crate) const PANELS: usize = 8;

/// As many where threads share the work, so that there is work for all of them.
pub(crate) const SHARED_PANELS: usize = 2;

/// The products for `PANELS` blocks of output channels (or the last one alone), then `A^T M A`, bias, `ReLU`
/// and pool of every tile.
pub(crate) struct OutputTransform<'a> {
    pub(crate) grid: Grid,
    pub(crate) pool: bool,
    /// What the input transform wrote: `[channels in / 16, products, pitch]`.
    pub(crate) transformed: &'a [Lanes],
    pub(crate) pitch: usize,
    pub(crate) corners: &'a [Corner],
    pub(crate) weights: &'a Packed,
    /// Of all output channels.
    pub(crate) bias: &'a [Lanes],
    /// The first block of output channels.
    pub(crate) first: usize,
    /// Scratch memory.
    pub(crate) products: &'a mut Buffer,
    /// The planes of these output channels, and where in them the images begin.
    pub(crate) planes: &'a mut [Lanes],
    pub(crate) plane: usize,
    pub(crate) start: usize,
}

impl Kernel for OutputTransform<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        let panels = self.planes.len() / self.plane;
        let tiles = self.corners.len();
        let pitch = self.products_pitch(panels);
        let method = self.grid.method;
        self.products.resize(method.products() * pitch);
        let products = &mut **self.products;
        let (count, rows) = if method.direct() {
            (1, method.products() * self.pitch)
        } else {
            (method.products(), tiles)
        };
        for product in 0..count {
            let mut weights = [&[][..]; PANELS];
            for (at, panel) in weights[..panels].iter_mut().enumerate() {
                *panel = self.weights.panel(self.first + at, product);
            }
            multiply(
                instructions,
                &self.transformed[product * self.pitch..],
                method.products() * self.pitch,
                rows,
                &weights[..panels],
                &mut products[product * pitch..],
            );
        }
        match method {
            Method::Im2col | Method::Direct => self.tiles_by::<Identity, 2, 2, 2>(panels),
            Method::F2x3Any => self.tiles_by::<F2x3Any, 4, 4, 2>(panels),
            Method::F2x3 => self.tiles_by::<F2x3, 2, 3, 2>(panels),
            Method::F3x3 => self.tiles_by::<F3x3, 5, 5, 3>(panels),
            Method::F4x3 => self.tiles_by::<F4x3, 6, 6, 4>(panels),
        }
    }
}

impl OutputTransform<'_> {
    /// Room for a product of a block of tiles; where it is one of several it is odd, so that those of a tile fall
    /// into different sets of the cache.
    #[inline(always)]
    fn products_pitch(&self, panels: usize) -> usize {
        if self.grid.method.direct() {
            self.pitch * panels
        } else {
            (self.corners.len() * panels) | 1
        }
    }

    #[inline(always)]
    fn tiles_by<R, const IN: usize, const POINTS: usize, const OUT: usize>(self, panels: usize)
    where
        R: WinogradTransform<IN, POINTS, OUT>,
    {
        let pitch = self.products_pitch(panels);
        let numbers = &**self.products;
        for (panel, plane) in self.planes.chunks_exact_mut(self.plane).enumerate() {
            let bias = self.bias[self.first + panel];
            for (tile, corner) in self.corners.iter().enumerate() {
                let mut rows = [[Lanes::ZERO; OUT]; POINTS];
                for (y, row) in rows.iter_mut().enumerate() {
                    let mut products = [Lanes::ZERO; POINTS];
                    for (x, product) in products.iter_mut().enumerate() {
                        *product = numbers[(y * POINTS + x) * pitch + tile * panels + panel];
                    }
                    *row = R::output(products);
                }
                let mut outputs = [[Lanes::ZERO; OUT]; OUT];
                for x in 0..OUT {
                    let mut column = [Lanes::ZERO; POINTS];
                    for (number, row) in column.iter_mut().zip(&rows) {
                        *number = row[x];
                    }
                    for (y, output) in R::output(column).into_iter().enumerate() {
                        outputs[y][x] = (output + bias).max(Lanes::ZERO);
                    }
                }
                store(
                    &outputs,
                    self.grid,
                    self.pool,
                    *corner,
                    &mut plane[self.start..],
                );
            }
        }
    }
}

/// Writes what of a tile lies within the map, pooled or not.
#[inline(always)]
fn store<const OUT: usize>(
    outputs: &[[Lanes; OUT]; OUT],
    grid: Grid,
    pool: bool,
    corner: Corner,
    maps: &mut [Lanes],
) {
    let step = if pool { 2 } else { 1 };
    let (height, width) = (grid.height / step, grid.width / step);
    let (top, left) = (corner.y / step, corner.x / step);
    let columns = (OUT / step).min(width - left);
    for y in 0..(OUT / step).min(height - top) {
        let row = &mut maps[(corner.image * height + top + y) * width + left..][..columns];
        for (x, number) in row.iter_mut().enumerate() {
            *number = if pool {
                let window = [outputs[2 * y], outputs[2 * y + 1]];
                let across = window.map(|row| row[2 * x].max(row[2 * x + 1]));
                across[0].max(across[1])
            } else {
                outputs[y][x]
            };
        }
    }
}
