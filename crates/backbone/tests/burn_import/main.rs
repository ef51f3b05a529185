//! The importer and `Stages` against `burn-import`, for every known network: one ONNX file of random
//! weights goes through both, and both ways give the same features, bit for bit.
//!
//! What `burn-import` makes of a network is committed below `generated`. To write it anew:
//! `GRAFT_WRITE_GENERATED=1 cargo test -p graft-backbone --test burn_import`
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this file is a test, helpers included"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::similar_names,
    clippy::too_many_lines,
    reason = "burn-import names and orders what it generates"
)]

mod exported;
mod generate;
#[path = "../fixture/random.rs"]
mod random;
#[path = "../generated/vgg11.rs"]
mod vgg11;
#[path = "../generated/vgg13.rs"]
mod vgg13;
#[path = "../generated/vgg16.rs"]
mod vgg16;
#[path = "../generated/vgg19.rs"]
mod vgg19;

use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use graft_backbone::Stages;
use graft_network::{Boundary, Network};
use graft_onnx_import::Imported;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::dimension::Value;
use onnx_protobuf::{
    AttributeProto, GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto,
};

use generate::{burn_import, load};

/// The features of `images` by a generated network with the weights in Burn's format.
fn generated_features(network: Network, weights: &Path, images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    macro_rules! by_name {
        ($($name:ident)*) => {
            match network.name {
                $(stringify!($name) => {
                    load($name::Model::new(&device), weights).forward(images)
                })*
                other => panic!("{other} is not among the generated networks"),
            }
        };
    }
    by_name!(vgg11 vgg13 vgg16 vgg19)
}

#[test]
fn stages_give_what_the_generated_networks_give() {
    for network in Network::ALL {
        let folder = tempfile::tempdir().unwrap();
        let onnx = folder.path().join(format!("{network}.onnx"));
        fs::write(&onnx, model(*network).encode_to_vec()).unwrap();
        let Some(weights) = burn_import(&onnx, folder.path()) else {
            continue;
        };

        let imported = Imported::read(&onnx).unwrap();
        assert_eq!(imported.network, *network);
        imported.write_weights(folder.path()).unwrap();
        let device = Device::flex();
        let range = Boundary::IMAGES..network.end();
        let stages = Stages::load(folder.path(), *network, range, &device).unwrap();

        let images = Tensor::from_data(random::images(2, 32), &device);
        let ours = stages.forward(images.clone()).into_data();
        let theirs = generated_features(*network, &weights, images).into_data();
        assert!(ours == theirs, "{network}: other features");
        let values: Vec<f32> = ours.try_into_vec_as().unwrap();
        assert!(
            values.iter().any(|value| *value > 0.0),
            "{network}: all dead"
        );
    }
}

/// A network with random weights in ONNX, of any batch, height and width.
fn model(network: Network) -> ModelProto {
    let mut graph = GraphProto {
        name: network.name.into(),
        input: vec![maps("images", 3)],
        ..GraphProto::default()
    };
    let mut value = "images".to_owned();
    let mut number = 1..;
    for stage in network.stages() {
        let mut entries = random::entries(1, stage).into_iter();
        let mut tensor = |name: String| {
            let (_, shape, _, bytes) = entries.next().unwrap();
            TensorProto::new(&name, DataType::Float, &shape, bytes.into())
        };
        for number in number.by_ref().take(stage.outputs.len()) {
            let name = format!("conv2d{number}");
            let constants = ["weight", "bias"].map(|part| tensor(format!("{name}.{part}")));
            let [weight, bias] = constants.each_ref().map(|one| one.name.as_str());
            let conv = NodeProto::new("Conv", &[&value, weight, bias], &name).with([
                AttributeProto::ints("kernel_shape", &[3, 3]),
                AttributeProto::ints("pads", &[1, 1, 1, 1]),
            ]);
            value = format!("relu{number}");
            let relu = NodeProto::new("Relu", &[&name], &value);
            graph.node.extend([conv, relu]);
            graph.initializer.extend(constants);
        }
        let name = format!("pool{}", stage.boundary.number());
        let halved = ["kernel_shape", "strides"].map(|name| AttributeProto::ints(name, &[2, 2]));
        let pool = NodeProto::new("MaxPool", &[&value], &name).with(halved);
        graph.node.push(pool);
        value = name;
    }
    graph.output = vec![maps(&value, network.channels(network.end()))];
    ModelProto {
        ir_version: 8,
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 16,
        }],
        ..ModelProto::default()
    }
}

/// `[batch, channels, height, width]`
fn maps(name: &str, channels: usize) -> ValueInfoProto {
    let any = |part: &str| Value::any(&format!("{name}_{part}"));
    let dims = [
        any("batch"),
        Value::size(channels),
        any("height"),
        any("width"),
    ];
    ValueInfoProto::tensor(name, DataType::Float, dims)
}
