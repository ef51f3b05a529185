//! A graph that is being put together: nodes in order, and their constants.

use half::f16;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::{AttributeProto, FloatTensor, GraphProto, NodeProto, TensorProto};

/// A graph that is being put together.
pub(crate) struct Graph {
    pub(crate) proto: GraphProto,
    half: bool,
}

impl Graph {
    /// An empty one; with `half`, weights are kept as 16-bit floats.
    pub(crate) fn new(half: bool) -> Self {
        Self {
            proto: GraphProto {
                name: "graft".into(),
                ..GraphProto::default()
            },
            half,
        }
    }

    /// Adds a node that yields the value `output`.
    pub(crate) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: impl Into<Vec<AttributeProto>>,
    ) {
        let node = NodeProto::new(operator, inputs, output).with(attributes);
        self.proto.node.push(node);
    }

    /// Adds a constant that stays as it is.
    pub(crate) fn constant(&mut self, name: &str, tensor: &FloatTensor) {
        let constant = TensorProto::from_floats(name, tensor);
        self.proto.initializer.push(constant);
    }

    /// Adds a constant of these elements, row by row.
    pub(crate) fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) {
        let elements = values.iter().flat_map(|value| value.to_le_bytes());
        let constant = TensorProto::new(name, DataType::Float, dims, elements.collect());
        self.proto.initializer.push(constant);
    }

    /// Adds a vector of integers.
    pub(crate) fn ints(&mut self, name: &str, values: &[i64]) {
        self.proto
            .initializer
            .push(TensorProto::from_ints(name, values));
    }

    /// Adds a weight; as 16-bit floats with a cast behind them, so that the same operators compute in
    /// 32 bits.
    pub(crate) fn weight(&mut self, name: &str, tensor: &FloatTensor) {
        if !self.half {
            return self.constant(name, tensor);
        }
        let stored = format!("{name}.f16");
        let elements = tensor
            .values()
            .flat_map(|value| f16::from_f32(value).to_le_bytes());
        let elements = elements.collect();
        let constant = TensorProto::new(&stored, DataType::Float16, tensor.dims(), elements);
        self.proto.initializer.push(constant);
        let to_float = AttributeProto::int("to", i32::from(DataType::Float).into());
        self.node("Cast", &[&stored], name, [to_float]);
    }
}
