//! The input transform of a block of tiles: from the inputs of each tile to the numbers that are multiplied.

use crate::isa::{Instructions, Kernel};
use crate::lanes::{LANES, Lanes};
use crate::tiles::{FEW_CHANNELS, Method};
use crate::transforms::{F2x3, F2x3Any, F3x3, F4x3, WinogradTransform};
use crate::vector::Vector;

/// `B^T X B` of every tile, for 16 channels.
pub(crate) struct InputTransform<'a> {
    pub(crate) method: Method,
    /// The plane of these channels.
    pub(crate) plane: &'a [Lanes],
    /// For each tile, the places of its inputs in the plane.
    pub(crate) places: &'a [usize],
    /// `[products, pitch]`; tile after tile is written.
    pub(crate) transformed: &'a mut [Lanes],
    pub(crate) pitch: usize,
}

impl Kernel for InputTransform<'_> {
    #[inline(always)]
    fn run(self, instructions: Instructions) {
        match instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => self.by_vector::<crate::vector::Avx512>(),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => self.by_vector::<crate::vector::Avx2>(),
            Instructions::Baseline => self.by_vector::<Lanes>(),
        }
    }
}

impl InputTransform<'_> {
    /// No transform: the 3x3 neighbourhood of every output in a tile of 2x2, `[9, 4, pitch]`.
    #[inline(always)]
    fn neighbourhoods<V: Vector>(self) {
        for (tile, places) in self.places.chunks_exact(16).enumerate() {
            for place in 0..9 {
                for output in 0..4 {
                    let (y, x) = (place / 3 + output / 2, place % 3 + output % 2);
                    V::load(&self.plane[places[y * 4 + x]])
                        .store(&mut self.transformed[(place * 4 + output) * self.pitch + tile]);
                }
            }
        }
    }

    #[inline(always)]
    fn by_vector<V: Vector>(self) {
        match self.method {
            // A kernel of its own, below.
            Method::Im2col => {}
            Method::F2x3 => self.tiles_by::<V, F2x3, 2, 3, 2>(),
            Method::F3x3 => self.tiles_by::<V, F3x3, 5, 5, 3>(),
            Method::F4x3 => self.tiles_by::<V, F4x3, 6, 6, 4>(),
            Method::F2x3Any => self.tiles_by::<V, F2x3Any, 4, 4, 2>(),
            Method::Direct => self.neighbourhoods::<V>(),
        }
    }

    #[inline(always)]
    fn tiles_by<V, R, const IN: usize, const POINTS: usize, const OUT: usize>(self)
    where
        V: Vector,
        R: WinogradTransform<IN, POINTS, OUT>,
    {
        for (tile, places) in self.places.chunks_exact(IN * IN).enumerate() {
            let mut rows = [[V::zero(); POINTS]; IN];
            for (row, places) in rows.iter_mut().zip(places.chunks_exact(IN)) {
                let mut inputs = [V::zero(); IN];
                for (input, place) in inputs.iter_mut().zip(places) {
                    *input = V::load(&self.plane[*place]);
                }
                *row = R::input(inputs);
            }
            for x in 0..POINTS {
                let mut column = [V::zero(); IN];
                for (number, row) in column.iter_mut().zip(&rows) {
                    *number = row[x];
                }
                for (y, number) in R::input(column).into_iter().enumerate() {
                    number.store(&mut self.transformed[(y * POINTS + x) * self.pitch + tile]);
                }
            }
        }
    }
}

/// The 3x3 neighbourhood of every output in a tile of 2x2, all channels in one row: place by place, channel
/// by channel.
pub(crate) struct Im2col<'a> {
    /// The only plane: at most [`FEW_CHANNELS`] channels.
    pub(crate) plane: &'a [Lanes],
    pub(crate) channels: usize,
    /// For each tile, the places of its inputs in the plane.
    pub(crate) places: &'a [usize],
    /// `[9 * channels / 16, 4, pitch]`; tile after tile is written.
    pub(crate) transformed: &'a mut [Lanes],
    pub(crate) pitch: usize,
}

impl Kernel for Im2col<'_> {
    #[inline(always)]
    fn run(self, _: Instructions) {
        match self.channels {
            1 => self.gather::<1>(),
            2 => self.gather::<2>(),
            3 => self.gather::<3>(),
            _ => self.gather::<FEW_CHANNELS>(),
        }
    }
}

impl Im2col<'_> {
    #[inline(always)]
    fn gather<const CHANNELS: usize>(self) {
        let blocks = (9 * CHANNELS).div_ceil(LANES);
        for (tile, places) in self.places.chunks_exact(16).enumerate() {
            for output in 0..4 {
                let corner = output / 2 * 4 + output % 2;
                let mut patch = [0.0; LANES * 3];
                for place in 0..9 {
                    let lanes = &self.plane[places[corner + place / 3 * 4 + place % 3]];
                    patch[place * CHANNELS..][..CHANNELS].copy_from_slice(&lanes.0[..CHANNELS]);
                }
                for (block, numbers) in patch.chunks_exact(LANES).take(blocks).enumerate() {
                    let row = &mut self.transformed[(block * 4 + output) * self.pitch + tile];
                    row.0.copy_from_slice(numbers);
                }
            }
        }
    }
}
