//! From maps to probabilities: flatten, standardise where asked, one linear layer, softmax.

use onnx_protobuf::{AttributeProto, FloatTensor};

use crate::graph::Graph;
use crate::tensors::Tensors;
use crate::{Error, FEATURES, LOGITS, PROBABILITIES};

/// The numbers of a head.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What is subtracted from the features, and what they are divided by then, both `[features]`;
    /// none where they are taken as they are.
    pub statistics: Option<[FloatTensor; 2]>,
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
            statistics: if file.has("standardise.mean") {
                Some([statistics("mean")?, statistics("deviation")?])
            } else {
                None
            },
            weight: file.get("linear.weight", &[features, classes])?,
            bias: file.get("linear.bias", &[classes])?,
        })
    }

    /// Adds what it does to `maps` `[N, channels, height, width]`.
    pub(crate) fn add(&self, graph: &mut Graph, maps: &str) {
        let by_rows = || [AttributeProto::int("axis", 1)];
        graph.node("Flatten", &[maps], FEATURES, by_rows()); // [N, features]
        let mut features = FEATURES;
        if let Some([mean, deviation]) = &self.statistics {
            graph.constant("standardise.mean", mean);
            graph.constant("standardise.deviation", deviation);
            graph.node("Sub", &[features, "standardise.mean"], "centred", []);
            features = "standardised";
            graph.node("Div", &["centred", "standardise.deviation"], features, []);
        }
        graph.weight("linear.weight", &self.weight);
        graph.constant("linear.bias", &self.bias);
        let linear = [features, "linear.weight", "linear.bias"];
        graph.node("Gemm", &linear, LOGITS, []); // [N, classes]
        graph.node("Softmax", &[LOGITS], PROBABILITIES, by_rows());
    }
}
