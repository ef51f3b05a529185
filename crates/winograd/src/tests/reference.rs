//! What a convolution is, in f64 and without haste: the measure of the fast one.

/// Bias, `ReLU` and pool included; `input` is `[in, height, width]`, and so is the output, with its size.
pub(crate) fn convolve(
    input: &[f64],
    [height, width]: [usize; 2],
    weights: &[f32],
    bias: &[f32],
    pool: bool,
) -> (Vec<f64>, [usize; 2]) {
    let channels = input.len() / (height * width);
    let at = |c: usize, y: usize, x: usize| -> f64 {
        let inside = (1..=height).contains(&y) && (1..=width).contains(&x);
        if inside {
            input[(c * height + y - 1) * width + x - 1]
        } else {
            0.0
        }
    };
    let mut full = Vec::new();
    for (filters, bias) in weights.chunks_exact(9 * channels).zip(bias) {
        for y in 0..height {
            for x in 0..width {
                let products = (0..9 * channels)
                    .map(|i| f64::from(filters[i]) * at(i / 9, y + i % 9 / 3, x + i % 3));
                full.push((products.sum::<f64>() + f64::from(*bias)).max(0.0));
            }
        }
    }
    if !pool {
        return (full, [height, width]);
    }
    let mut pooled = Vec::new();
    for map in full.chunks_exact(height * width) {
        for y in 0..height / 2 {
            for x in 0..width / 2 {
                let window = [(0, 0), (0, 1), (1, 0), (1, 1)];
                let numbers = window.map(|(dy, dx)| map[(2 * y + dy) * width + 2 * x + dx]);
                pooled.push(numbers.into_iter().fold(0.0, f64::max));
            }
        }
    }
    (pooled, [height / 2, width / 2])
}

/// Numbers between -1 and 1 that look random and are the same every time.
pub(crate) fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        // Marsaglia's xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}
