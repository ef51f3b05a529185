//! A convolution and its gradients as they are defined, in f64 and without haste.

/// A layer: weights `[out, in, 3, 3]`, bias, pool.
pub(super) struct Layer<'a> {
    pub(super) weights: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) pool: bool,
}

/// What a layer made of an input `[in, height, width]`.
pub(super) struct Pass {
    input: Vec<f64>,
    size: [usize; 2],
    /// For each output, which number before the pool it is; none where `ReLU` held it back.
    sources: Vec<Option<usize>>,
    pub(super) output: Vec<f64>,
}

/// Gradients of weights, bias and input.
pub(super) struct Gradients {
    pub(super) weights: Vec<f64>,
    pub(super) bias: Vec<f64>,
    pub(super) input: Vec<f64>,
}

/// Every product of a convolution: output place, weight, input place.
fn products(
    layer: &Layer,
    channels: usize,
    [height, width]: [usize; 2],
    mut each: impl FnMut(usize, usize, usize),
) {
    for out in 0..layer.bias.len() {
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            for (c, tap) in (0..channels).flat_map(|c| (0..9).map(move |tap| (c, tap))) {
                let (row, column) = (y + tap / 3, x + tap % 3);
                if (1..=height).contains(&row) && (1..=width).contains(&column) {
                    each(
                        (out * height + y) * width + x,
                        (out * channels + c) * 9 + tap,
                        (c * height + row - 1) * width + column - 1,
                    );
                }
            }
        }
    }
}

pub(super) fn forward(layer: &Layer, input: &[f64], size: [usize; 2]) -> Pass {
    let [height, width] = size;
    let channels = input.len() / (height * width);
    let mut sums = vec![0.0; layer.bias.len() * height * width];
    products(layer, channels, size, |output, weight, place| {
        sums[output] += f64::from(layer.weights[weight]) * input[place];
    });
    for (sum, at) in sums.iter_mut().zip(0..) {
        *sum += f64::from(layer.bias[at / (height * width)]);
    }
    let step = if layer.pool { 2 } else { 1 };
    let mut sources = Vec::new();
    for (out, y) in (0..layer.bias.len()).flat_map(|out| (0..height / step).map(move |y| (out, y)))
    {
        for x in 0..width / step {
            let window = (0..step).flat_map(|dy| (0..step).map(move |dx| (dy, dx)));
            let places =
                window.map(|(dy, dx)| (out * height + step * y + dy) * width + step * x + dx);
            let largest = places.max_by(|a, b| sums[*a].total_cmp(&sums[*b]));
            sources.push(largest.filter(|at| sums[*at] > 0.0));
        }
    }
    Pass {
        input: input.to_vec(),
        size,
        output: sources
            .iter()
            .map(|at| at.map_or(0.0, |at| sums[at]))
            .collect(),
        sources,
    }
}

pub(super) fn backward(layer: &Layer, pass: &Pass, output: &[f64]) -> Gradients {
    let [height, width] = pass.size;
    let mut sums = vec![0.0; layer.bias.len() * height * width];
    for (source, gradient) in pass.sources.iter().zip(output) {
        if let Some(at) = source {
            sums[*at] = *gradient;
        }
    }
    let mut gradients = Gradients {
        weights: vec![0.0; layer.weights.len()],
        bias: sums
            .chunks(height * width)
            .map(|map| map.iter().sum())
            .collect(),
        input: vec![0.0; pass.input.len()],
    };
    let channels = pass.input.len() / (height * width);
    products(layer, channels, pass.size, |output, weight, place| {
        gradients.weights[weight] += sums[output] * pass.input[place];
        gradients.input[place] += sums[output] * f64::from(layer.weights[weight]);
    });
    gradients
}
