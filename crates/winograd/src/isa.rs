//! Instruction sets: every inner loop is compiled for each, and the machine's best is picked at run time.

use std::time::Instant;

use crate::lanes::Lanes;
use crate::multiply::multiply;

/// What inner loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// AVX-512: 32 registers of 16 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2: 16 registers of 8 numbers, with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the target always has: SSE2 on x86-64, NEON on 64-bit ARM.
    Baseline,
}

/// Instructions that this machine has: only [`Isa::detect`] makes one, so that to [`Isa::run`] a kernel is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Isa(Instructions);

/// A piece of work with an inner loop. `run` and all that it calls must be `#[inline(always)]`, since
/// only code inside [`Isa::run`]'s own functions is compiled for their instruction set.
pub(crate) trait Kernel {
    fn run(self, instructions: Instructions);
}

/// The environment variable that forbids AVX-512 where it is `AVX2`, to measure and to test without it.
const MAX_ISA: &str = "GRAFT_MAX_ISA";

/// The instruction set that the inner loops run in: the machine's best, or AVX2 where `GRAFT_MAX_ISA` is
/// `AVX2`.
#[must_use]
pub fn instructions() -> &'static str {
    Isa::best().0.name()
}

impl Instructions {
    const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            Self::Baseline => "plain code",
        }
    }

    /// The best first.
    const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Baseline,
    ];
}

impl Isa {
    /// The instructions, if this machine has them.
    fn detect(instructions: Instructions) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let avx2 = || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let present = match instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => is_x86_feature_detected!("avx512f") && avx2(),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => avx2(),
            Instructions::Baseline => true,
        };
        present.then_some(Self(instructions))
    }

    /// All that this machine has, the best first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        Instructions::ALL.iter().copied().filter_map(Self::detect)
    }

    /// The machine's best that is allowed.
    pub(crate) fn best() -> Self {
        let limited = std::env::var(MAX_ISA).is_ok_and(|name| name == "AVX2");
        let allowed = |isa: &Self| !limited || isa.0.name() != "AVX-512";
        let best = Self::available().find(allowed);
        best.unwrap_or(Self(Instructions::Baseline))
    }

    /// Runs `kernel` as compiled for these instructions.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(
            unsafe_code,
            reason = "calls code for an instruction set that was detected"
        )
    )]
    pub(crate) fn run(self, kernel: impl Kernel) {
        match self.0 {
            // SAFETY: `detect` makes this value only where the machine has the features.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2(kernel) },
            Instructions::Baseline => kernel.run(Instructions::Baseline),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn avx512(kernel: impl Kernel) {
    kernel.run(Instructions::Avx512);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(kernel: impl Kernel) {
    kernel.run(Instructions::Avx2);
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
    fn run(self, instructions: Instructions) {
        let panels = [&self.b[..64], &self.b[64..]];
        multiply(instructions, self.a, 24, 24, &panels, self.c);
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_cpu_has_can_be_made() {
        // What the kernel says, which asks the CPU itself.
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags = cpu.lines().find(|line| line.starts_with("flags")).unwrap();
        let has = |flag: &str| flags.split(' ').any(|found| found == flag);
        let avx2 = has("avx2") && has("fma");
        for (instructions, expected) in [
            (Instructions::Avx512, has("avx512f") && avx2),
            (Instructions::Avx2, avx2),
            (Instructions::Baseline, true),
        ] {
            let made = Isa::detect(instructions);
            assert_eq!(made, expected.then_some(Isa(instructions)));
        }
        assert_eq!(Isa::available().next(), Some(Isa::best()));
    }
}
