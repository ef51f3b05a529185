//! Instruction sets: every inner loop is compiled for each, and the machine's best is picked at run time.

use std::time::Instant;

use crate::lanes::Lanes;
use crate::multiply::multiply;

/// An instruction set that inner loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isa {
    /// 32 registers of 16 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 16 registers of 8 numbers, with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the target always has: SSE2 on x86-64, NEON on 64-bit ARM.
    Baseline,
}

/// A piece of work with an inner loop. `run` and all that it calls must be `#[inline(always)]`, since
/// only code inside [`Isa::run`]'s own functions is compiled for their instruction set.
pub(crate) trait Kernel {
    fn run(self, isa: Isa);
}

/// The instruction set that the inner loops run in on this machine.
#[must_use]
pub fn instructions() -> &'static str {
    match Isa::best() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => "AVX-512",
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => "AVX2",
        Isa::Baseline => "plain code",
    }
}

impl Isa {
    /// Every instruction set that this machine has, the best first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let vector = [
            (
                Self::Avx512,
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma"),
            ),
            (
                Self::Avx2,
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            ),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let vector: [(Self, bool); 0] = [];
        vector
            .into_iter()
            .filter_map(|(isa, present)| present.then_some(isa))
            .chain([Self::Baseline])
    }

    /// The machine's best.
    pub(crate) fn best() -> Self {
        Self::available().next().unwrap_or(Self::Baseline)
    }

    /// Runs `kernel` as compiled for this instruction set.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(
            unsafe_code,
            reason = "calls code for an instruction set that was detected"
        )
    )]
    pub(crate) fn run(self, kernel: impl Kernel) {
        match self {
            // SAFETY: `available` yields this variant only where the machine has the features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2(kernel) },
            Self::Baseline => kernel.run(Self::Baseline),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn avx512(kernel: impl Kernel) {
    kernel.run(Isa::Avx512);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(kernel: impl Kernel) {
    kernel.run(Isa::Avx2);
}

/// How fast one core multiplies matrices that lie in its first-level cache, in 10^9 operations a second:
/// what the products of a layer can be held against.
#[must_use]
pub fn peak_gflops() -> f64 {
    const CHANNELS: usize = 64;
    const TILES: usize = 24;
    const ROUNDS: u32 = 2000;
    let a = vec![Lanes::ZERO; TILES * CHANNELS / 16];
    let b = vec![Lanes::ZERO; 2 * CHANNELS];
    let mut c = vec![Lanes::ZERO; TILES * 2];
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            Isa::best().run(Product {
                a: &a,
                b: &b,
                c: &mut c,
            });
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(ROUNDS));
    }
    std::hint::black_box(&c);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let operations = (2 * TILES * CHANNELS * 32) as f64;
    operations / best / 1e9
}

/// `c[24, 32] = a[24, 64] x b[64, 32]`, for [`peak_gflops`].
struct Product<'a> {
    a: &'a [Lanes],
    b: &'a [Lanes],
    c: &'a mut [Lanes],
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run(self, isa: Isa) {
        let panels = [&self.b[..64], &self.b[64..]];
        multiply(isa, self.a, 24, 24, &panels, self.c);
    }
}
