//! What is recognised, and where anything else differs.

use super::*;
use crate::fixture::{chain, fill, node, of, tensor, vgg16};
use onnx_protobuf::{ModelProto, NodeProto, TensorProto};

fn refusal(model: &ModelProto) -> String {
    let graph = model.graph.as_ref().unwrap();
    recognise(graph).unwrap_err().to_string()
}

#[test]
fn every_known_network_is_recognised() {
    for network in Network::ALL {
        let model = fill(of(*network));
        let (found, stages) = recognise(model.graph.as_ref().unwrap()).unwrap();
        assert_eq!(found, *network);
        let outputs = |stage: &Vec<Convolution>| -> Vec<usize> {
            stage.iter().map(|one| one.bias.dims()[0]).collect()
        };
        let expected: Vec<_> = network.stages().map(|stage| stage.outputs).collect();
        assert_eq!(stages.iter().map(outputs).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn other_networks_are_refused() {
    let d: Vec<_> = Network::VGG16.stages().map(|stage| stage.outputs).collect();
    let cases: [(&[&[usize]], &str); 4] = [
        (
            &[d[0], &[128; 3], d[2], d[3], d[4]],
            "block 2, after convolution 2: expected MaxPool, found node 9 \"conv5\" (Conv)",
        ),
        (
            &[d[0], d[1], d[2], &[512; 2], d[4]],
            "block 4, after convolution 2: expected Conv, found node 21 \"pool12\" (MaxPool)",
        ),
        (
            &[&[64; 3], d[1], d[2], d[3], d[4]],
            "block 1, after convolution 2: expected MaxPool, found node 4 \"conv2\" (Conv)",
        ),
        // Half a network, which ends in a head.
        (
            &d[..4],
            "block 5, at its start: expected Conv, found node 25 \"average\" (GlobalAveragePool)",
        ),
    ];
    for (blocks, expected) in cases {
        let error = refusal(&chain(blocks));
        assert!(error.contains(expected), "{error}: {expected}");
    }
}

#[test]
fn every_difference_is_placed() {
    let nodes = |change: fn(&mut Vec<NodeProto>)| {
        let mut model = vgg16();
        change(&mut model.graph.as_mut().unwrap().node);
        model
    };
    // Node 0 is the first convolution, node 4 the first pool.
    let cases = [
        (
            nodes(|n| n.truncate(4)),
            "block 1, after convolution 2: expected MaxPool, found the end of the graph",
        ),
        (
            nodes(|n| n[1].op_type = "LeakyRelu".into()),
            "block 1, after convolution 1: expected BatchNormalization or Relu, found node 1 \"relu0\" (LeakyRelu)",
        ),
        (
            nodes(|n| n[1].domain = "com.example".into()),
            "block 1, after convolution 1: expected BatchNormalization or Relu, found node 1",
        ),
        (
            nodes(|n| n[4].op_type = "AveragePool".into()),
            "block 1, after convolution 2: expected MaxPool, found node 4 \"pool2\" (AveragePool)",
        ),
        (
            nodes(|n| n.push(node("Add", &["relu0", "relu0"], "skip"))),
            "block 1, after convolution 1: expected one node that reads its output, found node 2 \"conv1\" (Conv) \
             and node 35 \"skip\" (Add)",
        ),
        (
            nodes(|n| n[2].input.swap(0, 1)),
            "block 1, after convolution 1: expected Conv or MaxPool, found node 2",
        ),
        (
            nodes(|n| n[2].output.clear()),
            "reads \"conv1\", which no input, initialiser or earlier node provides",
        ),
    ];
    for (model, expected) in cases {
        let error = refusal(&model);
        assert!(error.contains(expected), "{error}: {expected}");
    }
}

#[test]
fn a_bias_that_is_left_out_is_zero() {
    let mut graph = fill(vgg16()).graph.unwrap();
    graph.node[0].input.truncate(2);
    graph.node[2].input[2].clear();
    let (_, blocks) = recognise(&graph).unwrap();
    for convolution in &blocks[0] {
        assert_eq!(convolution.bias, FloatTensor::zeros(64));
    }
    assert_ne!(blocks[1][0].bias, FloatTensor::zeros(128));
}

#[test]
fn every_wrong_constant_is_placed() {
    let graph = |change: fn(&mut GraphProto)| {
        let mut graph = fill(vgg16()).graph.unwrap();
        change(&mut graph);
        graph
    };
    let normalised = |change: fn(&mut GraphProto)| {
        let mut graph = fill(crate::fixture::normalised()).graph.unwrap();
        change(&mut graph);
        graph
    };
    let narrow = fill(chain(&[
        &[64; 2],
        &[128, 64],
        &[256; 3],
        &[512; 3],
        &[512; 3],
    ]));
    // Node 0 is the first convolution; it reads the initialisers 0 and 1.
    let cases = [
        (
            narrow.graph.unwrap(),
            "expected a weight of shape [128, 128, 3, 3], found [64, 128, 3, 3]",
        ),
        (
            graph(|g| g.node[0].input.truncate(1)),
            "expected its weight to be an initialiser or a Constant, found nothing",
        ),
        (
            graph(|g| g.node[0].input[1] = "images".into()),
            "expected its weight to be an initialiser or a Constant, found the input \"images\"",
        ),
        (
            graph(|g| drop(g.initializer.remove(1))),
            "node 0 \"conv0\" (Conv) reads \"b0\", which no input",
        ),
        (
            graph(|g| g.initializer[1].dims = vec![1, 64]),
            "node 0 \"conv0\" (Conv): expected a bias of shape [64], found [1, 64]",
        ),
        (
            graph(|g| g.initializer[0].dims = vec![64, 3, -3, -3]),
            "a shape of [64, 3, -3, -3]",
        ),
        (
            // Node 1 is the first normalisation; its mean is the initialiser 4.
            normalised(|g| g.initializer[4].dims = vec![32]),
            "node 1 \"norm0\" (BatchNormalization): expected a mean of shape [64], found [32]",
        ),
        (
            normalised(|g| g.node[1].input.truncate(4)),
            "expected its variance to be an initialiser or a Constant, found nothing",
        ),
        (
            graph(|g| g.initializer[25].raw_data = None),
            "node 28 \"conv16\" (Conv): tensor \"b16\": expected the elements of shape [512]",
        ),
        (
            graph(|g| g.initializer[0].data_type = 10),
            "tensor \"w0\": expected elements of type FLOAT (single precision), found FLOAT16 (half precision)",
        ),
        (
            graph(|g| g.initializer[3].data_location = 1),
            "tensor \"b1\": its elements are external data, in another file",
        ),
        (
            graph(|g| {
                g.initializer[1] = TensorProto {
                    float_data: (0..64_u8).map(|i| 1.0 / f32::from(63 - i)).collect(),
                    ..tensor("b0", &[64])
                }
            }),
            "node 0 \"conv0\" (Conv): expected finite numbers, found inf at index 63 of its bias",
        ),
    ];
    for (graph, expected) in cases {
        let error = recognise(&graph).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}: {expected}");
    }
}

#[test]
fn what_prepares_images_is_left_out_where_it_reads_constants_alone() {
    let prepared = |preparation: Vec<NodeProto>| {
        let mut model = fill(vgg16());
        let graph = model.graph.as_mut().unwrap();
        graph.initializer.push(tensor("mean", &[1]));
        graph.node[0].input[0].clone_from(&preparation.last().unwrap().output[0]);
        graph.node.splice(0..0, preparation);
        recognise(graph).map(|(network, _)| network)
    };
    let plain = vec![
        node("Cast", &["images"], "cast"),
        node("Sub", &["cast", "mean"], "centred"),
        node("MatMul", &["mean", "centred"], "resized"),
        node("Concat", &["resized"; 3], "repeated"),
    ];
    assert_eq!(prepared(plain).unwrap(), Network::VGG16);
    for (preparation, expected) in [
        (
            vec![
                node("Shape", &["images"], "sides"),
                node("Div", &["images", "sides"], "divided"),
            ],
            "expected its second value to be an initialiser or a Constant, found node 0",
        ),
        (
            vec![node("Sigmoid", &["images"], "squeezed")],
            "block 1, at its start: expected Conv, found node 0 \"squeezed\" (Sigmoid)",
        ),
    ] {
        let error = prepared(preparation).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}: {expected}");
    }
}
