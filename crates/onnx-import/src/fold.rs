//! A batch normalisation folded into the convolution before it.

use crate::graph::{Graph, is_finite};
use crate::{Convolution, Refusal};

/// The variance that ONNX adds where a node does not say how much.
const EPSILON: f32 = 1e-5;

/// The convolution that does what `convolution` and the batch normalisation at `index` do, whose inputs
/// after the first are scale, bias, mean and variance: computed in f64, and rounded once.
#[expect(clippy::cast_possible_truncation, reason = "the weights are to be f32")]
pub(crate) fn fold(
    graph: &Graph<'_>,
    index: usize,
    Convolution { weight, bias }: &Convolution,
) -> Result<Convolution, Refusal> {
    let values = |position, role| -> Result<Vec<f64>, Refusal> {
        let tensor = graph.floats(index, position, role, bias.dims())?;
        Ok(tensor.values().map(f64::from).collect())
    };
    let (scale, shift) = (values(1, "scale")?, values(2, "bias")?);
    let (mean, variance) = (values(3, "mean")?, values(4, "variance")?);
    let mut attributes = graph.node(index).attribute.iter();
    let epsilon = match attributes.find(|attribute| attribute.name == "epsilon") {
        None => EPSILON,
        Some(epsilon) => graph.content(index, epsilon.as_float())?,
    };
    // What it does to each channel: x * factor + (shift - mean * factor)
    let factor = scale.iter().zip(variance);
    let factor: Vec<f64> = factor
        .map(|(scale, variance)| scale / (variance + f64::from(epsilon)).sqrt())
        .collect();
    let row = weight.values().len() / factor.len().max(1);
    let weight = weight.map(|at, weight| (f64::from(weight) * factor[at / row]) as f32);
    let bias = bias.map(|at, bias| {
        let shift = shift[at] - mean[at] * factor[at];
        (f64::from(bias) * factor[at] + shift) as f32
    });
    // A variance below 0 gives numbers that are none.
    let node = graph.name(index);
    Ok(Convolution {
        weight: is_finite(weight, &node, "scale or variance")?,
        bias: is_finite(bias, &node, "bias, mean or variance")?,
    })
}

#[cfg(test)]
mod tests {
    use crate::Imported;
    use crate::fixture::{fill, normalised};
    use crate::weights::Source;

    /// The values of the initialiser called `name`.
    fn values(model: &onnx_protobuf::ModelProto, name: &str) -> Vec<f32> {
        let tensors = &model.graph.as_ref().unwrap().initializer;
        let tensor = tensors.iter().find(|tensor| tensor.name == name).unwrap();
        tensor.floats().unwrap().values().collect()
    }

    #[test]
    fn the_folded_convolution_does_both() {
        let model = fill(normalised());
        let read = Imported::from_model(&model, Source::default()).unwrap();
        let [w, b, scale, shift, mean, variance] =
            ["w0", "b0", "scale0", "shift0", "mean0", "variance0"].map(|name| values(&model, name));
        let first = &read.stages[0][0];
        for (at, found) in first.weight.values().enumerate() {
            let channel = at / 27;
            let expected = w[at] * scale[channel] / (variance[channel] + 1e-3).sqrt();
            assert!(
                (found - expected).abs() <= 1e-6 * expected.abs(),
                "weight {at}"
            );
        }
        for (at, found) in first.bias.values().enumerate() {
            let deviation = (variance[at] + 1e-3).sqrt();
            let expected = (b[at] - mean[at]) / deviation * scale[at] + shift[at];
            assert!(
                (found - expected).abs() < 1e-6,
                "bias {at}: {found} {expected}"
            );
        }
    }

    #[test]
    fn statistics_that_are_none_are_refused() {
        for (name, value, expected) in [
            (
                "variance0",
                -1.0,
                "(BatchNormalization): expected finite numbers, found NaN",
            ),
            ("mean0", f32::INFINITY, "found inf at index 0 of its mean"),
        ] {
            let mut model = fill(normalised());
            let tensors = &mut model.graph.as_mut().unwrap().initializer;
            let tensor = tensors.iter_mut().find(|one| one.name == name).unwrap();
            tensor.raw_data = None;
            tensor.float_data = vec![value; 64];
            let error = Imported::from_model(&model, Source::default()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}: {expected}");
        }
    }
}
