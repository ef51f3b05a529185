//! A batch normalisation folded into the convolution before it.

use onnx_protobuf::TensorProto;

use crate::graph::{Graph, is_finite};
use crate::{Convolution, Refusal};

/// The variance that ONNX adds where a node does not say how much.
const EPSILON: f32 = 1e-5;

/// What a batch normalisation does to each channel: `x * factor + shift`.
pub(crate) struct Normalisation {
    factor: Vec<f64>,
    shift: Vec<f64>,
    node: String,
}

impl Normalisation {
    /// Reads the node at `index`, whose scale, bias, mean and variance these are.
    pub(crate) fn read(
        graph: &Graph<'_>,
        index: usize,
        [scale, bias, mean, variance]: [&TensorProto; 4],
    ) -> Result<Self, Refusal> {
        let node = graph.name(index);
        let values = |role, tensor| -> Result<Vec<f64>, Refusal> {
            Ok(graph
                .finite(index, role, tensor)?
                .values()
                .map(f64::from)
                .collect())
        };
        let mut attributes = graph.node(index).attribute.iter();
        let epsilon = match attributes.find(|attribute| attribute.name == "epsilon") {
            None => EPSILON,
            Some(epsilon) => epsilon.as_float().map_err(|source| Refusal::Content {
                node: node.clone(),
                source,
            })?,
        };
        let (scale, bias) = (values("scale", scale)?, values("bias", bias)?);
        let (mean, variance) = (values("mean", mean)?, values("variance", variance)?);
        let factor: Vec<_> = scale
            .iter()
            .zip(variance)
            .map(|(scale, variance)| scale / (variance + f64::from(epsilon)).sqrt())
            .collect();
        let shift = bias.iter().zip(mean).zip(&factor);
        Ok(Self {
            shift: shift
                .map(|((bias, mean), factor)| bias - mean * factor)
                .collect(),
            factor,
            node,
        })
    }

    /// The convolution that does both: computed in f64, and rounded once.
    #[expect(clippy::cast_possible_truncation, reason = "the weights are to be f32")]
    pub(crate) fn fold(self, convolution: Convolution) -> Result<Convolution, Refusal> {
        let Self {
            factor,
            shift,
            node,
        } = self;
        let Convolution { weight, bias } = convolution;
        let row = weight.values().len() / factor.len().max(1);
        let weight = weight.map(|at, weight| (f64::from(weight) * factor[at / row]) as f32);
        let bias = bias.map(|at, bias| (f64::from(bias) * factor[at] + shift[at]) as f32);
        // A variance below 0 gives numbers that are none.
        Ok(Convolution {
            weight: is_finite(weight, &node, "scale or variance")?,
            bias: is_finite(bias, &node, "bias, mean or variance")?,
        })
    }
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
        let first = &read.stages()[0][0];
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
