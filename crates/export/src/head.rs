//! From maps to probabilities: flatten, normalise where asked, one linear layer, softmax.

use onnx_protobuf::{AttributeProto, FloatTensor};

use crate::graph::Graph;
use crate::tensors::Tensors;
use crate::{Error, FEATURES, LOGITS, PROBABILITIES};

/// The smallest divisor of features, as in training.
const SMALLEST_SUM: f32 = 1e-12;

/// What is done to features before the linear layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalisation {
    /// Nothing.
    None,
    /// What is subtracted from the features, and what they are divided by then, both `[features]`.
    Standardise([FloatTensor; 2]),
    /// Signed square roots, brought to this length for every image, `[1]`.
    PowerL2(FloatTensor),
}

/// The numbers of a head.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What is done to the features first.
    pub normalise: Normalisation,
    /// `[features, classes]`
    pub weight: FloatTensor,
    /// `[classes]`
    pub bias: FloatTensor,
}

impl Head {
    /// The head in a run's file, whose tensors are named in `graft-head`.
    pub(crate) fn read(file: &Tensors, features: usize, classes: usize) -> Result<Self, Error> {
        let statistics = |part| file.get(&format!("standardise.{part}"), &[features]);
        Ok(Self {
            normalise: if file.has("standardise.mean") {
                Normalisation::Standardise([statistics("mean")?, statistics("deviation")?])
            } else if file.has("power_l2.scale") {
                Normalisation::PowerL2(file.get("power_l2.scale", &[1])?)
            } else {
                Normalisation::None
            },
            weight: file.get("linear.weight", &[features, classes])?,
            bias: file.get("linear.bias", &[classes])?,
        })
    }

    /// Adds what it does to `maps` `[N, channels, height, width]`.
    pub(crate) fn add(&self, graph: &mut Graph, maps: &str) {
        let by_rows = || [AttributeProto::int("axis", 1)];
        graph.node("Flatten", &[maps], FEATURES, by_rows()); // [N, features]
        let features = self.normalise.add(graph);
        graph.weight("linear.weight", &self.weight);
        graph.constant("linear.bias", &self.bias);
        let linear = [features, "linear.weight", "linear.bias"];
        graph.node("Gemm", &linear, LOGITS, []); // [N, classes]
        graph.node("Softmax", &[LOGITS], PROBABILITIES, by_rows());
    }
}

impl Normalisation {
    /// Adds what it does to [`FEATURES`]; returns the name of the result, `[N, features]`.
    fn add(&self, graph: &mut Graph) -> &'static str {
        match self {
            Self::None => FEATURES,
            Self::Standardise([mean, deviation]) => {
                graph.constant("standardise.mean", mean);
                graph.constant("standardise.deviation", deviation);
                graph.node("Sub", &[FEATURES, "standardise.mean"], "centred", []);
                let inputs = ["centred", "standardise.deviation"];
                graph.node("Div", &inputs, "standardised", []);
                "standardised"
            }
            Self::PowerL2(scale) => {
                graph.constant("power_l2.scale", scale);
                // Features of sum 0 stay 0, as in training.
                graph.floats("power_l2.smallest", &[], &[SMALLEST_SUM]);
                graph.node("Abs", &[FEATURES], "sizes", []);
                // `ReduceL1` would do it, but OpenVINO 2026.4 gives other sums for more than one image.
                graph.ints("power_l2.axis", &[1]);
                graph.node("ReduceSum", &["sizes", "power_l2.axis"], "sums", []); // [N, 1]
                graph.node("Max", &["sums", "power_l2.smallest"], "divisors", []);
                graph.node("Div", &["sizes", "divisors"], "shares", []);
                graph.node("Sqrt", &["shares"], "roots", []);
                graph.node("Sign", &[FEATURES], "signs", []);
                graph.node("Mul", &["signs", "roots"], "unit", []);
                graph.node("Mul", &["unit", "power_l2.scale"], "normalised", []);
                "normalised"
            }
        }
    }
}
