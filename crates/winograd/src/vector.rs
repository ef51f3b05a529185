//! Sixteen numbers in the registers of an instruction set, for code that is more than a loop over them.
//!
//! Left to itself, the compiler packs the numbers of long formulas over [`Lanes`] anew, across their borders and
//! in halves; what is then stored in halves and loaded whole waits for the memory.

use std::ops::{Add, Mul, Sub};

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

use crate::lanes::{LANES, Lanes};

/// Sixteen numbers. Only a [`Kernel`](crate::isa::Kernel) that was given the instructions may name a vector
/// of theirs.
pub(crate) trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>
{
    fn load(lanes: &Lanes) -> Self;

    fn store(self, lanes: &mut Lanes);

    /// The lanes in which `other` is positive; zero in the others.
    fn where_positive(self, other: Self) -> Self;

    /// The lanes in which `numbers` is `number`; zero in the others.
    fn where_equal(self, numbers: &[u8; LANES], number: u8) -> Self;

    #[inline(always)]
    fn zero() -> Self {
        Self::load(&Lanes::ZERO)
    }
}

impl Vector for Lanes {
    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        *lanes
    }

    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        *lanes = self;
    }

    #[inline(always)]
    fn where_positive(mut self, other: Self) -> Self {
        for (number, other) in self.0.iter_mut().zip(other.0) {
            *number = if other > 0.0 { *number } else { 0.0 };
        }
        self
    }

    #[inline(always)]
    fn where_equal(mut self, numbers: &[u8; LANES], number: u8) -> Self {
        for (lane, other) in self.0.iter_mut().zip(numbers) {
            *lane = if *other == number { *lane } else { 0.0 };
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "intrinsics; they run where the kernel was given their instructions"
)]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _CMP_GT_OQ, _mm_cvtsi64_si128, _mm_loadu_si128, _mm256_add_ps,
        _mm256_and_ps, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32,
        _mm256_cvtepu8_epi32, _mm256_load_ps, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps,
        _mm256_setzero_ps, _mm256_store_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_cmp_ps_mask,
        _mm512_cmpeq_epi32_mask, _mm512_cvtepu8_epi32, _mm512_load_ps, _mm512_maskz_mov_ps,
        _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_store_ps,
        _mm512_sub_ps,
    };
    use std::ops::{Add, Mul, Sub};

    use super::{LANES, Lanes, Vector};

    /// One register.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    /// Two registers.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2([__m256; 2]);

    // SAFETY of all that follows: these vectors are used in kernels that were given their instructions, and
    // `Lanes` are aligned to 64 bytes.

    impl Add for Avx512 {
        type Output = Self;

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_add_ps(self.0, other.0) })
        }
    }

    impl Sub for Avx512 {
        type Output = Self;

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_sub_ps(self.0, other.0) })
        }
    }

    impl Mul<f32> for Avx512 {
        type Output = Self;

        #[inline(always)]
        fn mul(self, factor: f32) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_mul_ps(self.0, _mm512_set1_ps(factor)) })
        }
    }

    impl Vector for Avx512 {
        #[inline(always)]
        fn load(lanes: &Lanes) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_load_ps(lanes.0.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, lanes: &mut Lanes) {
            // SAFETY: as above.
            unsafe { _mm512_store_ps(lanes.0.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn where_positive(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe {
                let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(other.0, _mm512_setzero_ps());
                _mm512_maskz_mov_ps(mask, self.0)
            })
        }

        #[inline(always)]
        fn where_equal(self, numbers: &[u8; LANES], number: u8) -> Self {
            // SAFETY: as above; sixteen bytes are read.
            Self(unsafe {
                let numbers = _mm512_cvtepu8_epi32(_mm_loadu_si128(numbers.as_ptr().cast()));
                let mask = _mm512_cmpeq_epi32_mask(numbers, _mm512_set1_epi32(number.into()));
                _mm512_maskz_mov_ps(mask, self.0)
            })
        }
    }

    impl Avx2 {
        #[inline(always)]
        fn zip(self, other: Self, each: impl Fn(__m256, __m256) -> __m256) -> Self {
            Self([each(self.0[0], other.0[0]), each(self.0[1], other.0[1])])
        }
    }

    impl Add for Avx2 {
        type Output = Self;

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: as above.
            self.zip(
                other,
                #[inline(always)]
                |a, b| unsafe { _mm256_add_ps(a, b) },
            )
        }
    }

    impl Sub for Avx2 {
        type Output = Self;

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: as above.
            self.zip(
                other,
                #[inline(always)]
                |a, b| unsafe { _mm256_sub_ps(a, b) },
            )
        }
    }

    impl Mul<f32> for Avx2 {
        type Output = Self;

        #[inline(always)]
        fn mul(self, factor: f32) -> Self {
            // SAFETY: as above.
            unsafe {
                let factor = _mm256_set1_ps(factor);
                Self([
                    _mm256_mul_ps(self.0[0], factor),
                    _mm256_mul_ps(self.0[1], factor),
                ])
            }
        }
    }

    impl Vector for Avx2 {
        #[inline(always)]
        fn load(lanes: &Lanes) -> Self {
            let halves = lanes.0.as_chunks::<8>().0;
            // SAFETY: as above.
            unsafe {
                Self([
                    _mm256_load_ps(halves[0].as_ptr()),
                    _mm256_load_ps(halves[1].as_ptr()),
                ])
            }
        }

        #[inline(always)]
        fn store(self, lanes: &mut Lanes) {
            let halves = lanes.0.as_chunks_mut::<8>().0;
            // SAFETY: as above.
            unsafe {
                _mm256_store_ps(halves[0].as_mut_ptr(), self.0[0]);
                _mm256_store_ps(halves[1].as_mut_ptr(), self.0[1]);
            }
        }

        #[inline(always)]
        fn where_positive(self, other: Self) -> Self {
            self.zip(
                other,
                // SAFETY: as above.
                #[inline(always)]
                |a, b| unsafe {
                    _mm256_and_ps(a, _mm256_cmp_ps::<_CMP_GT_OQ>(b, _mm256_setzero_ps()))
                },
            )
        }

        #[inline(always)]
        fn where_equal(self, numbers: &[u8; LANES], number: u8) -> Self {
            let mask = |half: &[u8; 8]| {
                // SAFETY: as above.
                unsafe {
                    let half = _mm_cvtsi64_si128(i64::from_le_bytes(*half));
                    let wanted = _mm256_set1_epi32(number.into());
                    _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_cvtepu8_epi32(half), wanted))
                }
            };
            let halves = numbers.as_chunks::<8>().0;
            // SAFETY: as above.
            unsafe {
                Self([
                    _mm256_and_ps(self.0[0], mask(&halves[0])),
                    _mm256_and_ps(self.0[1], mask(&halves[1])),
                ])
            }
        }
    }
}
