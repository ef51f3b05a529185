//! The names and types of what a graph takes and yields.

use crate::tensor_proto::DataType;
use crate::tensor_shape_proto::dimension;
use crate::{TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto, type_proto};

/// One dimension of a value that a graph takes or yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension<'a> {
    /// Always the same size.
    Fixed(i64),
    /// Any size; where the same name stands twice, the same size.
    Named(&'a str),
}

impl ValueInfoProto {
    /// A tensor of 32-bit floats.
    #[must_use]
    pub fn floats(name: &str, dims: &[Dimension<'_>]) -> Self {
        let dim = dims
            .iter()
            .map(|dim| tensor_shape_proto::Dimension {
                value: Some(match dim {
                    Dimension::Fixed(size) => dimension::Value::DimValue(*size),
                    Dimension::Named(name) => dimension::Value::DimParam((*name).to_owned()),
                }),
            })
            .collect();
        let tensor = type_proto::Tensor {
            elem_type: DataType::Float.into(),
            shape: Some(TensorShapeProto { dim }),
        };
        Self {
            name: name.to_owned(),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(tensor)),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn a_value_has_the_bytes_of_the_format() {
        let value = ValueInfoProto::floats("x", &[Dimension::Named("n"), Dimension::Fixed(3)]);
        // By hand from the field numbers: name 1, type 2 { tensor 1 { type 1, shape 2 { dim 1 {
        // param 2 }, dim 1 { value 1 } } } }.
        let expected =
            b"\x0a\x01x\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01n\x0a\x02\x08\x03";
        assert_eq!(value.encode_to_vec(), expected);
    }
}
