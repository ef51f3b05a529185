//! Weights, transformed and laid out in the order in which the products read them.

use crate::lanes::{LANES, Lanes};
use crate::tiles::Method;

/// Transformed weights, `[channels out / 16, products, channels in, 16]`. Channels are padded with
/// zeros to whole blocks.
#[derive(Debug)]
pub(crate) struct Packed {
    numbers: Vec<Lanes>,
    products: usize,
    rows: usize,
}

impl Packed {
    /// Transforms weights `[out, in, 3, 3]`, in f64, and rounds once.
    pub(crate) fn new(method: Method, weights: &[f32], [input, output]: [usize; 2]) -> Self {
        if method == Method::Im2col {
            let rows = (9 * input).next_multiple_of(LANES);
            let row = |from, place| place * input + from;
            return Self::direct(weights, [input, output], rows, row);
        }
        if method == Method::Direct {
            let rows = 9 * input.next_multiple_of(LANES);
            let row = |from, place| (from / LANES * 9 + place) * LANES + from % LANES;
            return Self::direct(weights, [input, output], rows, row);
        }
        let (points, products) = (method.filter_transform(), method.products());
        let rows = input.next_multiple_of(LANES);
        let mut numbers = vec![Lanes::ZERO; output.div_ceil(LANES) * products * rows];
        let panels = numbers.chunks_exact_mut(products * rows);
        for (panel, weights) in panels.zip(weights.chunks(LANES * input * 9)) {
            for (lane, filters) in weights.chunks_exact(input * 9).enumerate() {
                for (row, filter) in filters.chunks_exact(9).enumerate() {
                    transform(points, filter, |product, number| {
                        panel[product * rows + row].0[lane] = number;
                    });
                }
            }
        }
        Self {
            numbers,
            products,
            rows,
        }
    }

    /// Lays weights out for direct convolution: one row for each input channel and each of the nine places.
    fn direct(
        weights: &[f32],
        [input, output]: [usize; 2],
        rows: usize,
        row: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let mut numbers = vec![Lanes::ZERO; output.div_ceil(LANES) * rows];
        for (channel, filters) in weights.chunks_exact(9 * input).enumerate() {
            for (at, weight) in filters.iter().enumerate() {
                let (from, place) = (at / 9, at % 9);
                numbers[channel / LANES * rows + row(from, place)].0[channel % LANES] = *weight;
            }
        }
        Self {
            numbers,
            products: 1,
            rows,
        }
    }

    /// The weights of one block of output channels in one product, one row for each input channel.
    /// In direct convolution all products share the same weights.
    #[inline(always)]
    pub(crate) fn panel(&self, block: usize, product: usize) -> &[Lanes] {
        let at = block * self.products + product % self.products;
        &self.numbers[at * self.rows..][..self.rows]
    }

    /// Blocks of 16 rows in a panel.
    pub(crate) fn blocks(&self) -> usize {
        self.rows / LANES
    }
}

/// `G W G^T` of one filter, number by number.
#[inline(always)]
fn transform(points: &[[f64; 3]], filter: &[f32], mut put: impl FnMut(usize, f32)) {
    for (y, row) in points.iter().enumerate() {
        let across: [f64; 3] =
            std::array::from_fn(|x| (0..3).map(|k| row[k] * f64::from(filter[3 * k + x])).sum());
        for (x, column) in points.iter().enumerate() {
            let sum: f64 = (0..3).map(|k| across[k] * column[k]).sum();
            #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
            put(y * points.len() + x, sum as f32);
        }
    }
}

/// Weights `[out, 1, 3, 3]` that give for one channel what `weights` `[out, in, 3, 3]` give for `in` equal ones.
pub(crate) fn fold(weights: &[f32], input: usize) -> Vec<f32> {
    let folded = weights.chunks_exact(9 * input).flat_map(|filters| {
        (0..9).map(|place| {
            let sum: f64 = filters
                .iter()
                .skip(place)
                .step_by(9)
                .copied()
                .map(f64::from)
                .sum();
            #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
            let sum = sum as f32;
            sum
        })
    });
    folded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_hold_each_weight_where_the_product_reads_it() {
        // [17 out, 2 in, 3, 3]
        let weights: Vec<f32> = (0..17 * 2 * 9).map(|i| i as f32).collect();
        let weight =
            |output: usize, input: usize, place: usize| weights[(output * 2 + input) * 9 + place];
        let packed = Packed::new(Method::Im2col, &weights, [2, 17]);
        assert_eq!(packed.blocks(), 2);
        assert_eq!(packed.panel(1, 3)[5 * 2 + 1].0[0], weight(16, 1, 5));
        assert_eq!(packed.panel(0, 0)[4].0[15], weight(15, 0, 2));
        assert_eq!(
            packed.panel(1, 0)[5].0[1..],
            [0.0; 15],
            "channels that are not there"
        );

        let packed = Packed::new(Method::F2x3, &weights, [2, 17]);
        assert_eq!(packed.blocks(), 1);
        // The middle rows of G are (0, 1, 0): the middle product has the middle weight.
        assert_eq!(packed.panel(1, 4)[1].0[0], weight(16, 1, 4));
        // The first row is (1, -1, 0).
        assert_eq!(
            packed.panel(1, 3)[0].0[0],
            weight(16, 0, 3) - weight(16, 0, 4)
        );
        assert_eq!(
            packed.panel(1, 4)[2],
            Lanes::ZERO,
            "channels that are not there"
        );
    }

    #[test]
    fn folding_sums_over_the_input_channels() {
        // [2 out, 3 in, 3, 3]
        let weights: Vec<f32> = (0..54).map(|i| i as f32).collect();
        let folded = fold(&weights, 3);
        assert_eq!(folded.len(), 18);
        assert_eq!(folded[0], 0.0 + 9.0 + 18.0);
        assert_eq!(folded[17], 35.0 + 44.0 + 53.0);
    }
}
