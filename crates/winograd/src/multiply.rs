//! The matrix product: rows of transformed tiles times packed weights.
//!
//! A strip of rows and one or two panels of 16 output channels stay in registers while the inner
//! loop walks over all input channels. Each result is one sum in the order of the input channels,
//! whatever the number of rows: that is what makes outputs independent of the batch.

use crate::isa::Instructions;
use crate::lanes::{LANES, Lanes};

/// Writes `products[row * panels.len() + panel]`, 16 channels each, for `rows` rows.
///
/// # Shapes
///
/// Input channels `k` of row `r` lie at `inputs[k / 16 * pitch + r]`, lane `k % 16`; the weights of
/// input channel `k` at `panels[..][k]`. The panels' length says how many input channels there are.
#[inline(always)]
pub(crate) fn multiply(
    instructions: Instructions,
    inputs: &[Lanes],
    pitch: usize,
    rows: usize,
    panels: &[&[Lanes]],
    products: &mut [Lanes],
) {
    // The accumulators, one strip of weights and one input must fit the registers.
    match instructions {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 => strips::<12, 2, true>(inputs, pitch, rows, panels, products),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => strips::<6, 1, true>(inputs, pitch, rows, panels, products),
        Instructions::Baseline => {
            strips::<BASELINE_ROWS, 1, false>(inputs, pitch, rows, panels, products);
        }
    }
}

/// 16 registers of 4 numbers on x86-64, 32 on 64-bit ARM.
const BASELINE_ROWS: usize = if cfg!(target_arch = "aarch64") { 6 } else { 2 };

/// Covers the rows with strips of `ROWS`, then of 4, then of 1. A strip stays in the first-level cache
/// while all panels pass by.
#[inline(always)]
fn strips<const ROWS: usize, const PANELS: usize, const FUSED: bool>(
    inputs: &[Lanes],
    pitch: usize,
    rows: usize,
    panels: &[&[Lanes]],
    products: &mut [Lanes],
) {
    let mut row = 0;
    while row < rows {
        let (inputs, products) = (&inputs[row..], &mut products[row * panels.len()..]);
        row += match rows - row {
            left if left >= ROWS => {
                across::<ROWS, PANELS, FUSED>(inputs, pitch, panels, products);
                ROWS
            }
            left if left >= 4 => {
                across::<4, PANELS, FUSED>(inputs, pitch, panels, products);
                4
            }
            _ => {
                across::<1, PANELS, FUSED>(inputs, pitch, panels, products);
                1
            }
        };
    }
}

/// One strip with all panels, `PANELS` at a time and the rest one by one.
#[inline(always)]
fn across<const ROWS: usize, const PANELS: usize, const FUSED: bool>(
    inputs: &[Lanes],
    pitch: usize,
    panels: &[&[Lanes]],
    products: &mut [Lanes],
) {
    let step = panels.len();
    let (groups, rest) = panels.as_chunks::<PANELS>();
    for (group, panels) in groups.iter().enumerate() {
        strip::<ROWS, PANELS, FUSED>(
            inputs,
            pitch,
            *panels,
            &mut products[group * PANELS..],
            step,
        );
    }
    for (at, panel) in rest.iter().enumerate() {
        let at = groups.len() * PANELS + at;
        strip::<ROWS, 1, FUSED>(inputs, pitch, [panel], &mut products[at..], step);
    }
}

/// `ROWS` rows of products, summed over all input channels.
#[inline(always)]
fn strip<const ROWS: usize, const PANELS: usize, const FUSED: bool>(
    inputs: &[Lanes],
    pitch: usize,
    panels: [&[Lanes]; PANELS],
    products: &mut [Lanes],
    step: usize,
) {
    let mut sums = [[Lanes::ZERO; PANELS]; ROWS];
    for block in 0..panels[0].len() / LANES {
        let rows = &inputs[block * pitch..][..ROWS];
        let weights = panels.map(|panel| &panel[block * LANES..][..LANES]);
        for k in 0..LANES {
            for (sums, row) in sums.iter_mut().zip(rows) {
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = sum.plus_product::<FUSED>(row.0[k], &weights[k]);
                }
            }
        }
    }
    for (at, sums) in sums.iter().enumerate() {
        products[at * step..][..PANELS].copy_from_slice(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{Isa, Kernel};

    struct Case<'a>(usize, [&'a [Lanes]; 2], &'a [Lanes], &'a mut [Lanes]);

    impl Kernel for Case<'_> {
        #[inline(always)]
        fn run(self, instructions: Instructions) {
            multiply(instructions, self.2, 31, self.0, &self.1, self.3);
        }
    }

    #[test]
    fn every_instruction_set_multiplies_alike_for_any_number_of_rows() {
        let numbers = |count: usize, salt: usize| -> Vec<Lanes> {
            let number = |i: usize, l: usize| ((i * 37 + l * 11 + salt) % 17) as f32 - 8.0;
            (0..count)
                .map(|i| Lanes(std::array::from_fn(|l| number(i, l))))
                .collect()
        };
        let (inputs, weights) = (numbers(2 * 31, 3), [numbers(32, 5), numbers(32, 7)]);
        for rows in 1..=31 {
            for isa in Isa::available() {
                let mut products = vec![Lanes::ZERO; 62];
                let panels = [&weights[0][..], &weights[1][..]];
                isa.run(Case(rows, panels, &inputs, &mut products));
                for (at, product) in products.iter().enumerate() {
                    let (row, panel) = (at / 2, at % 2);
                    for lane in 0..LANES {
                        // Whole numbers this small are exact in any order.
                        let sum: f32 = (0..32)
                            .map(|k| {
                                inputs[k / 16 * 31 + row].0[k % 16] * weights[panel][k].0[lane]
                            })
                            .sum();
                        let expected = if row < rows { sum } else { 0.0 };
                        assert_eq!(
                            product.0[lane], expected,
                            "{isa:?}, {rows} rows, {at}, {lane}"
                        );
                    }
                }
            }
        }
    }
}
