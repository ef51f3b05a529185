//! Messages made in one call, for those who write files.

use crate::attribute_proto::AttributeType;
use crate::tensor_proto::DataType;
use crate::tensor_shape_proto::{Dimension, dimension};
use crate::{
    AttributeProto, Bytes, FloatTensor, NodeProto, TensorProto, TensorShapeProto, TypeProto,
    ValueInfoProto, type_proto,
};

impl NodeProto {
    /// A node that yields one value and has that value's name.
    #[must_use]
    pub fn new(operator: &str, inputs: &[&str], output: &str) -> Self {
        Self {
            name: output.into(),
            op_type: operator.into(),
            input: inputs.iter().map(|&name| name.into()).collect(),
            output: vec![output.into()],
            ..Self::default()
        }
    }

    /// The node with these attributes.
    #[must_use]
    pub fn with(self, attribute: impl Into<Vec<AttributeProto>>) -> Self {
        let attribute = attribute.into();
        Self { attribute, ..self }
    }
}

impl AttributeProto {
    /// An integer.
    #[must_use]
    pub fn int(name: &str, value: i64) -> Self {
        Self {
            i: Some(value),
            ..Self::of_kind(name, AttributeType::Int)
        }
    }

    /// A list of integers.
    #[must_use]
    pub fn ints(name: &str, values: &[i64]) -> Self {
        Self {
            ints: values.to_vec(),
            ..Self::of_kind(name, AttributeType::Ints)
        }
    }

    /// A number.
    #[must_use]
    pub fn float(name: &str, value: f32) -> Self {
        Self {
            f: Some(value),
            ..Self::of_kind(name, AttributeType::Float)
        }
    }

    fn of_kind(name: &str, kind: AttributeType) -> Self {
        Self {
            name: name.into(),
            r#type: kind.into(),
            ..Self::default()
        }
    }
}

impl TensorProto {
    /// A tensor of `elements`, row-major and little-endian, as many as the shape `dims` says.
    #[must_use]
    pub fn new(name: &str, kind: DataType, dims: &[usize], elements: Bytes) -> Self {
        let dims = dims.iter().copied().map(signed);
        Self {
            name: name.into(),
            dims: dims.collect(),
            data_type: kind.into(),
            raw_data: Some(elements),
            ..Self::default()
        }
    }

    /// A tensor of 32-bit floats.
    #[must_use]
    pub fn from_floats(name: &str, tensor: &FloatTensor) -> Self {
        Self::new(name, DataType::Float, tensor.dims(), tensor.bytes().clone())
    }

    /// A vector of 64-bit integers.
    #[must_use]
    pub fn from_ints(name: &str, values: &[i64]) -> Self {
        let elements = values.iter().flat_map(|value| value.to_le_bytes());
        Self::new(name, DataType::Int64, &[values.len()], elements.collect())
    }
}

impl ValueInfoProto {
    /// A tensor: an input or an output of a graph.
    #[must_use]
    pub fn tensor(
        name: &str,
        kind: DataType,
        dims: impl IntoIterator<Item = dimension::Value>,
    ) -> Self {
        let dims = dims.into_iter();
        let tensor = type_proto::Tensor {
            elem_type: kind.into(),
            shape: Some(TensorShapeProto {
                dim: dims.map(|dim| Dimension { value: Some(dim) }).collect(),
            }),
        };
        Self {
            name: name.into(),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(tensor)),
            }),
        }
    }
}

impl dimension::Value {
    /// A dimension of that size.
    #[must_use]
    pub fn size(size: usize) -> Self {
        Self::DimValue(signed(size))
    }

    /// A dimension of any size, under a name.
    #[must_use]
    pub fn any(name: &str) -> Self {
        Self::DimParam(name.into())
    }
}

/// A size as ONNX has it.
fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
