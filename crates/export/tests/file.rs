//! Exported files as others find them: what they hold, and that graft imports them again.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::fs;

use graft_dataset::{Preprocessing, ResizeMode, Scaling};
use graft_export::{
    Classifier, Dense, Error, FEATURES, Head, IMAGES, Images, LOGITS, Normalisation, Options,
    PROBABILITIES,
};
use graft_network::Network;
use graft_onnx_import::{Convolution, Imported, weights::Source};
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::{FloatTensor, GraphProto};

const CLASSES: usize = 3;

/// Small numbers, other ones at every place.
fn values(count: usize) -> Vec<f32> {
    let values = (0..1013_u16)
        .cycle()
        .map(|at| (f32::from(at) - 500.0) / 8192.0);
    values.take(count).collect()
}

fn dense(inputs: usize, outputs: usize) -> Dense {
    Dense {
        weight: FloatTensor::of(vec![inputs, outputs], values(inputs * outputs)).unwrap(),
        bias: FloatTensor::of(vec![outputs], values(outputs)).unwrap(),
    }
}

/// VGG11 with a head, for grey images of 28x28.
fn classifier() -> Classifier {
    let vgg11 = Imported::with_weights(Network::VGG11, Source::default(), |[input, output]| {
        values(9 * input * output)
    });
    let vector = |length| FloatTensor::of(vec![length], values(length)).unwrap();
    Classifier {
        means: None,
        images: Images {
            rows: 28,
            columns: 28,
            colour: false,
        },
        preprocessing: Preprocessing::default(),
        stages: vgg11.unwrap().stages,
        head: Head {
            places: None,
            normalise: Normalisation::Standardise([vector(512), vector(512)]),
            hidden: Vec::new(),
            linear: dense(512, CLASSES),
        },
        metadata: vec![("classes", "[\"a\",\"b\",\"c\"]".into())],
    }
}

fn graph(classifier: &Classifier, options: Options) -> GraphProto {
    classifier.to_model(options).graph.unwrap()
}

#[test]
fn graft_imports_its_own_file_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let colour = Images {
        rows: 20,
        columns: 30,
        colour: true,
    };
    let resized = Preprocessing {
        fit: ResizeMode::Resize,
        size: 64,
        scaling: Scaling::Caffe,
    };
    let mut classifier = classifier();
    let expected: Vec<Vec<Convolution>> = classifier.stages.clone();
    for (images, preprocessing) in [
        (classifier.images, classifier.preprocessing),
        (classifier.images, resized),
        (colour, resized),
    ] {
        (classifier.images, classifier.preprocessing) = (images, preprocessing);
        let bytes = classifier.write(Options::default(), &path).unwrap();
        assert_eq!(bytes, fs::metadata(&path).unwrap().len());
        let imported = Imported::read(&path).unwrap();
        assert_eq!(
            (imported.network, imported.source.producer.as_str()),
            (Network::VGG11, "graft")
        );
        assert!(imported.stages == expected);
    }
}

#[test]
fn what_is_not_a_whole_network_in_full_precision_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let mut classifier = classifier();
    let half = Options {
        half: true,
        ..Options::default()
    };
    classifier.write(half, &path).unwrap();
    let error = Imported::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("found node") && error.contains("(Cast)"),
        "{error}"
    );
    classifier.stages.truncate(3);
    classifier.write(Options::default(), &path).unwrap();
    let error = Imported::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("block 4, at its start: expected Conv"),
        "{error}"
    );
}

#[test]
fn equal_classifiers_give_equal_files_and_other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let mut classifier = classifier();
    classifier.stages.truncate(1);
    classifier.write(Options::default(), &path).unwrap();
    let first = fs::read(&path).unwrap();
    // Ours is replaced.
    classifier.write(Options::default(), &path).unwrap();
    assert!(fs::read(&path).unwrap() == first);
    for other in ["", "my thesis"] {
        fs::write(&path, other).unwrap();
        let error = classifier.write(Options::default(), &path).unwrap_err();
        assert!(matches!(error, Error::Occupied(_)), "{error}");
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), other);
    }
    let error = classifier
        .write(Options::default(), folder.path())
        .unwrap_err();
    assert!(error.to_string().starts_with("cannot read"), "{error}");
}

#[test]
fn the_file_says_what_it_is() {
    let classifier = classifier();
    let model = classifier.to_model(Options::default());
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
    assert_eq!(model.metadata_props[0].key, "classes");
    let names = |graph: &GraphProto| {
        let outputs = graph.output.iter().map(|output| output.name.clone());
        outputs.collect::<Vec<_>>()
    };
    let graph_without = model.graph.unwrap();
    assert_eq!(graph_without.input[0].name, IMAGES);
    assert_eq!(names(&graph_without), [PROBABILITIES]);
    let features = Options {
        features: true,
        ..Options::default()
    };
    assert_eq!(
        names(&graph(&classifier, features)),
        [PROBABILITIES, LOGITS, FEATURES]
    );
    let operators = graph_without.node.iter().map(|node| node.op_type.as_str());
    let operators: Vec<_> = operators
        .filter(|one| !["Conv", "Relu", "MaxPool"].contains(one))
        .collect();
    assert_eq!(
        operators,
        [
            "Cast",
            "Unsqueeze",
            "Pad",
            "Concat",
            "Div",
            "Flatten",
            "Sub",
            "Div",
            "Gemm",
            "Softmax"
        ]
    );
}

#[test]
fn square_roots_of_one_length_are_operators_too() {
    let mut classifier = classifier();
    let scale = FloatTensor::of(vec![1], vec![30.0]).unwrap();
    classifier.head.normalise = Normalisation::PowerL2(scale);
    let graph = graph(&classifier, Options::default());
    let operators = graph.node.iter().map(|node| node.op_type.as_str());
    let operators: Vec<_> = operators.skip_while(|one| *one != "Flatten").collect();
    let expected = "Flatten Abs ReduceSum Max Div Sqrt Sign Mul Mul Gemm Softmax";
    assert_eq!(operators.join(" "), expected);
}

#[test]
fn means_and_hidden_layers_are_operators_too() {
    let mut classifier = classifier();
    classifier.head.places = Some(FloatTensor::of(vec![1], vec![1.0]).unwrap());
    classifier.head.hidden = vec![dense(512, 8)];
    classifier.head.linear = dense(8, CLASSES);
    let all = Options {
        features: true,
        ..Options::default()
    };
    let graph = graph(&classifier, all);
    let operators = graph.node.iter().map(|node| node.op_type.as_str());
    let operators: Vec<_> = operators.skip_while(|one| *one != "Flatten").collect();
    let expected = "Flatten GlobalAveragePool Flatten Sub Div Gemm Relu Gemm Softmax";
    assert_eq!(operators.join(" "), expected);
    assert_eq!(graph.output.len(), 3);
}

#[test]
fn halves_are_kept_in_half_the_bytes_and_computed_in_32_bits() {
    let classifier = classifier();
    let half = Options {
        half: true,
        ..Options::default()
    };
    let (whole, half) = (
        graph(&classifier, Options::default()),
        graph(&classifier, half),
    );
    let bytes = |graph: &GraphProto, kind: DataType| -> usize {
        let of = graph
            .initializer
            .iter()
            .filter(|one| one.data_type == i32::from(kind));
        of.map(|one| one.raw_data.as_ref().unwrap().len()).sum()
    };
    let weights = classifier
        .stages
        .iter()
        .flatten()
        .map(|one| one.weight.bytes().len());
    let weights = weights.sum::<usize>() + classifier.head.linear.weight.bytes().len();
    assert_eq!(bytes(&half, DataType::Float16), weights / 2);
    assert_eq!(
        bytes(&whole, DataType::Float) - bytes(&half, DataType::Float),
        weights
    );
    let casts = half.node.iter().filter(|node| node.op_type == "Cast");
    assert!(casts.skip(1).all(|node| node.attribute[0].i == Some(1)));
}
