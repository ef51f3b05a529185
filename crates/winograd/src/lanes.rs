//! Sixteen channels at one place: a cache line, one AVX-512 register, two of AVX2, four of NEON or SSE.

use std::ops::{Add, Deref, DerefMut, Mul, Sub};

/// Channels in a block.
pub(crate) const LANES: usize = 16;

/// Sixteen channels. The loops below become single instructions where the caller's instruction set has them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lanes(pub(crate) [f32; LANES]);

impl Lanes {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);

    /// The larger of two; no number where either is none, so that a wrong input is not hidden.
    #[inline(always)]
    pub(crate) fn max(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a = if b > *a || b.is_nan() { b } else { *a };
        }
        self
    }

    /// `self + factor * other`, rounded once where `FUSED` or where that is the machine's habit.
    #[inline(always)]
    pub(crate) fn plus_product<const FUSED: bool>(mut self, factor: f32, other: &Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = if FUSED || cfg!(target_arch = "aarch64") {
                factor.mul_add(*b, *a)
            } else {
                *a + factor * b
            };
        }
        self
    }
}

impl Add for Lanes {
    type Output = Self;

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a += b;
        }
        self
    }
}

impl Sub for Lanes {
    type Output = Self;

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a -= b;
        }
        self
    }
}

impl Mul<Lanes> for f32 {
    type Output = Lanes;

    #[inline(always)]
    fn mul(self, mut lanes: Lanes) -> Lanes {
        for a in &mut lanes.0 {
            *a *= self;
        }
        lanes
    }
}

impl Mul<f32> for Lanes {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        factor * self
    }
}

/// Memory that is used again and again: it only grows, and what it held stays.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    numbers: Vec<Lanes>,
    length: usize,
}

impl Buffer {
    pub(crate) fn resize(&mut self, length: usize) {
        if self.numbers.len() < length {
            self.numbers.resize(length, Lanes::ZERO);
        }
        self.length = length;
    }
}

impl Deref for Buffer {
    type Target = [Lanes];

    fn deref(&self) -> &[Lanes] {
        &self.numbers[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [Lanes] {
        &mut self.numbers[..self.length]
    }
}
