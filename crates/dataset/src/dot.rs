//! The sum of products of many numbers.

/// Sums that are kept side by side, so that they are added up at once.
const LANES: usize = 16;

/// The sum of the products of `a` and `b`, which have as many values.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest = rest_a.iter().zip(rest_b).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_added() {
        let ones = [1.0; LANES + 3];
        assert!((dot(&ones, &ones) - 19.0).abs() < 1e-6);
    }
}
