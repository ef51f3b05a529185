//! The convolutional stages: 3x3 convolutions with a `ReLU` each, and a 2x2 max pool.

use graft_onnx_import::Convolution;
use onnx_protobuf::AttributeProto;

use crate::graph::Graph;

/// Adds the stages `first`, ... behind the value `maps`, and gives the name of what the last one yields.
pub(crate) fn add(graph: &mut Graph, stages: &[Vec<Convolution>], maps: &str) -> String {
    let mut value = maps.to_owned();
    for (stage, convolutions) in (1..).zip(stages) {
        for (number, one) in (1..).zip(convolutions) {
            let name = format!("block{stage}.conv{number}");
            let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
            graph.weight(&weight, &one.weight);
            graph.constant(&bias, &one.bias);
            let padded = [
                AttributeProto::ints("kernel_shape", &[3, 3]),
                AttributeProto::ints("pads", &[1, 1, 1, 1]),
            ];
            graph.node("Conv", &[&value, &weight, &bias], &name, padded);
            value = format!("{name}.relu");
            graph.node("Relu", &[&name], &value, []);
        }
        let pooled = format!("block{stage}");
        let halved = ["kernel_shape", "strides"].map(|name| AttributeProto::ints(name, &[2, 2]));
        graph.node("MaxPool", &[&value], &pooled, halved);
        value = pooled;
    }
    value
}
