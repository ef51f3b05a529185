//! The five blocks as ONNX graphs of their own.

use std::path::{Path, PathBuf};

use onnx_protobuf::{
    AttributeProto, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto, encode,
};

use crate::architecture::{BLOCKS, input_channels};
use crate::vgg16::Convolution;
use crate::{Error, Vgg16};

/// The operator set of the graphs: the oldest that Burn's importer takes.
const OPSET: i64 = 16;

/// The version of ONNX's format that goes with it.
const IR_VERSION: i64 = 8;

/// The name of what a block yields.
const OUTPUT: &str = "pooled";

/// Writes the graphs of the five blocks.
pub(crate) fn write(vgg16: &Vgg16, folder: &Path) -> Result<[PathBuf; 5], Error> {
    let paths = [1, 2, 3, 4, 5].map(|block| folder.join(format!("block{block}.onnx")));
    for ((block, path), convolutions) in (1..).zip(&paths).zip(vgg16.blocks()) {
        graft_durable::write(path, &encode(&model(block, convolutions)))?;
    }
    Ok(paths)
}

fn model(block: usize, convolutions: &[Convolution]) -> ModelProto {
    ModelProto {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph(block, convolutions)),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        functions: Vec::new(),
    }
}

fn graph(block: usize, convolutions: &[Convolution]) -> GraphProto {
    let input = if block == 1 { "images" } else { "features" };
    let mut value = input.to_owned();
    let mut node = Vec::new();
    let mut initializer = Vec::new();
    for (number, convolution) in (1..).zip(convolutions) {
        let (nodes, tensors) = rectified(number, &value, convolution);
        value.clone_from(&nodes[1].output[0]);
        node.extend(nodes);
        initializer.extend(tensors);
    }
    node.push(NodeProto {
        name: "pool".into(),
        op_type: "MaxPool".into(),
        input: vec![value],
        output: vec![OUTPUT.into()],
        attribute: vec![
            AttributeProto::ints("kernel_shape", [2, 2]),
            AttributeProto::ints("strides", [2, 2]),
        ],
        ..NodeProto::default()
    });
    let channels = BLOCKS[block - 1].last().copied().unwrap_or_default();
    GraphProto {
        name: format!("block{block}"),
        node,
        initializer,
        input: vec![features(input, input_channels(block), ["height", "width"])],
        output: vec![features(
            OUTPUT,
            channels,
            ["pooled_height", "pooled_width"],
        )],
        sparse_initializer: Vec::new(),
    }
}

/// A convolution that takes the value `input`, and the rectifier after it.
fn rectified(
    number: usize,
    input: &str,
    convolution: &Convolution,
) -> ([NodeProto; 2], [TensorProto; 2]) {
    let name = format!("conv2d{number}");
    let weight = convolution.weight.to_proto(format!("{name}.weight"));
    let bias = convolution.bias.to_proto(format!("{name}.bias"));
    let conv = NodeProto {
        op_type: "Conv".into(),
        input: vec![input.into(), weight.name.clone(), bias.name.clone()],
        output: vec![format!("{name}.output")],
        attribute: vec![
            AttributeProto::ints("kernel_shape", [3, 3]),
            AttributeProto::ints("strides", [1, 1]),
            AttributeProto::ints("pads", [1, 1, 1, 1]),
            AttributeProto::ints("dilations", [1, 1]),
            AttributeProto::int("group", 1),
        ],
        name,
        ..NodeProto::default()
    };
    let relu = NodeProto {
        name: format!("relu{number}"),
        op_type: "Relu".into(),
        input: conv.output.clone(),
        output: vec![format!("relu{number}.output")],
        ..NodeProto::default()
    };
    ([conv, relu], [weight, bias])
}

/// `[batch, channels, height, width]`
fn features(name: &str, channels: usize, [height, width]: [&str; 2]) -> ValueInfoProto {
    let channels = i64::try_from(channels).unwrap_or(i64::MAX);
    ValueInfoProto::floats(
        name,
        &[
            Dimension::Named("batch"),
            Dimension::Fixed(channels),
            Dimension::Named(height),
            Dimension::Named(width),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{fill, vgg16};
    use crate::weights::Source;
    use onnx_protobuf::read;

    #[test]
    fn the_blocks_in_a_row_are_the_network() {
        let whole = fill(vgg16());
        let written = Vgg16::from_model(&whole, Source::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let paths = written.write_graphs(folder.path()).unwrap();
        let models = paths.map(|path| read(&path).unwrap());

        // Joined again, with names that differ, they are read as what they were cut from.
        let mut joined = models[0].clone();
        let mut graph = GraphProto {
            input: vec![ValueInfoProto::floats("block0.pooled", &[])],
            ..GraphProto::default()
        };
        for (block, model) in (1..).zip(models) {
            let mut part = model.graph.unwrap();
            for node in &mut part.node {
                for value in node.input.iter_mut().chain(&mut node.output) {
                    let outer = value == "images" || value == "features";
                    *value = if outer {
                        format!("block{}.{OUTPUT}", block - 1)
                    } else {
                        format!("block{block}.{value}")
                    };
                }
            }
            for tensor in &mut part.initializer {
                tensor.name = format!("block{block}.{}", tensor.name);
            }
            graph.node.extend(part.node);
            graph.initializer.extend(part.initializer);
        }
        joined.graph = Some(graph);
        let again = Vgg16::from_model(&joined, Source::default()).unwrap();
        assert_eq!(again.blocks(), written.blocks());
    }
}
