//! The whole file.

use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::dimension::Value;
use onnx_protobuf::{ModelProto, OperatorSetIdProto, StringStringEntryProto, ValueInfoProto};

use crate::graph::Graph;
use crate::{Classifier, prepare, stages};

/// The input: u8 `[N, rows, columns]`, or `[N, rows, columns, 3]` where images are in colour.
pub const IMAGES: &str = "images";
/// An output: f32 `[N, classes]`.
pub const PROBABILITIES: &str = "probabilities";
/// An output on request: f32 `[N, classes]`, what the softmax takes.
pub const LOGITS: &str = "logits";
/// An output on request: f32 `[N, features]`, the maps at the boundary, flattened.
pub const FEATURES: &str = "features";

/// The version of ONNX's operators; every runtime that is still kept up knows it.
pub const OPSET: i64 = 17;
/// The version of the file format that came with them.
pub(crate) const IR_VERSION: i64 = 8;
/// Who wrote the file.
pub(crate) const PRODUCER: &str = "graft";

/// What may be chosen about a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether kernels and the head's weights are kept as 16-bit floats.
    pub half: bool,
    /// Whether it yields [`FEATURES`] and [`LOGITS`], too.
    pub features: bool,
}

impl Classifier {
    /// The classifier in ONNX. Equal classifiers give equal models.
    #[must_use]
    pub fn to_model(&self, options: Options) -> ModelProto {
        let mut graph = Graph::new(options.half);
        let prepared = prepare::add(&mut graph, self.images, self.preprocessing);
        let maps = stages::add(&mut graph, &self.stages, prepared);
        self.head.add(&mut graph, &maps);
        let mut proto = graph.proto;
        proto.input = vec![self.input()];
        proto.output = self.outputs(options);
        let entry = |(key, value): &(&str, String)| StringStringEntryProto {
            key: (*key).to_owned(),
            value: value.clone(),
        };
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: PRODUCER.into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: OPSET,
            }],
            metadata_props: self.metadata.iter().map(entry).collect(),
            graph: Some(proto),
            ..ModelProto::default()
        }
    }

    fn input(&self) -> ValueInfoProto {
        let images = self.images;
        let sides = [images.rows, images.columns].map(Value::size);
        let channels = images.colour.then(|| Value::size(3));
        let dims = [Value::any("N")].into_iter().chain(sides).chain(channels);
        ValueInfoProto::tensor(IMAGES, DataType::Uint8, dims)
    }

    fn outputs(&self, options: Options) -> Vec<ValueInfoProto> {
        let [features, classes] = self.head.widths();
        let rows = |name, width| {
            ValueInfoProto::tensor(name, DataType::Float, [Value::any("N"), Value::size(width)])
        };
        let mut outputs = vec![rows(PROBABILITIES, classes)];
        if options.features {
            outputs.extend([rows(LOGITS, classes), rows(FEATURES, features)]);
        }
        outputs
    }
}
