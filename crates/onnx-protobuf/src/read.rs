//! From a file to a model and back.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use prost::Message;

use crate::limits;
use crate::{Error, MAX_FILE_BYTES, ModelProto};

/// Reads an ONNX file: its bytes, and the model in them.
///
/// # Errors
/// When it cannot be read, or has more than [`MAX_FILE_BYTES`]; and as [`decode`]. The file is named.
pub fn read(path: &Path) -> Result<(Bytes, ModelProto), Error> {
    let failed = |source: io::Error| match fs::read_link(path) {
        Ok(target) if source.kind() == io::ErrorKind::NotFound => Error::BrokenLink {
            path: path.to_owned(),
            target,
        },
        _ => Error::File {
            path: path.to_owned(),
            source,
        },
    };
    let file = File::open(path).map_err(failed)?;
    // By its length first; the file may grow meanwhile, or be a device that tells none.
    let mut length = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    if length <= MAX_FILE_BYTES {
        let mut limited = file.take(MAX_FILE_BYTES + 1);
        length = limited.read_to_end(&mut bytes).map_err(failed)? as u64;
    }
    if length > MAX_FILE_BYTES {
        return Err(Error::TooLarge {
            path: path.to_owned(),
        });
    }
    let bytes = Bytes::from(bytes);
    let model = decode(bytes.clone()).map_err(|source| Error::Content {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    Ok((bytes, model))
}

/// Decodes a model. The weights in it are slices of `bytes`, not copies.
///
/// # Errors
/// When the bytes are not a model with a graph, have more structure than
/// [`MAX_STRUCTURE_BYTES`](crate::MAX_STRUCTURE_BYTES), or nest messages more than 100 deep.
pub fn decode(bytes: Bytes) -> Result<ModelProto, Error> {
    limits::check(&bytes)?;
    let model = ModelProto::decode(bytes)?;
    if model.graph.is_none() {
        return Err(Error::NoGraph);
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute_proto::AttributeType;
    use crate::tensor_shape_proto::{Dimension, dimension};
    use crate::{AttributeProto, GraphProto, NodeProto, TensorProto};
    use crate::{TensorShapeProto, TypeProto, ValueInfoProto, type_proto};
    use proptest::prelude::*;

    fn model() -> ModelProto {
        ModelProto {
            ir_version: 8,
            producer_name: "graft".into(),
            graph: Some(GraphProto {
                node: vec![NodeProto {
                    op_type: "Conv".into(),
                    attribute: vec![AttributeProto {
                        name: "pads".into(),
                        r#type: AttributeType::Ints.into(),
                        ints: vec![1; 4],
                        ..AttributeProto::default()
                    }],
                    ..NodeProto::default()
                }],
                initializer: vec![TensorProto {
                    raw_data: Some(vec![7; 400].into()),
                    ..TensorProto::default()
                }],
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        }
    }

    /// A model whose graph is `depth` subgraphs deep.
    fn nested(depth: usize) -> Vec<u8> {
        let within = |content: Vec<u8>, key: u8| {
            let mut bytes = vec![key];
            prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
            bytes.extend(content);
            bytes
        };
        // The keys of attribute.g, node.attribute, graph.node, and at last of model.graph.
        let subgraph = |graph, _| [0x32, 0x2a, 0x0a].into_iter().fold(graph, within);
        within((0..depth).fold(Vec::new(), subgraph), 0x3a)
    }

    #[test]
    fn a_model_survives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, model().encode_to_vec()).unwrap();
        let (bytes, read) = read(&path).unwrap();
        assert_eq!(read, model());
        assert_eq!(bytes, model().encode_to_vec());
    }

    #[test]
    fn a_value_has_the_bytes_of_the_format() {
        let dim = [
            dimension::Value::DimParam("n".into()),
            dimension::Value::DimValue(3),
        ]
        .map(|value| Dimension { value: Some(value) });
        let tensor = type_proto::Tensor {
            elem_type: 1,
            shape: Some(TensorShapeProto { dim: dim.into() }),
        };
        let value = ValueInfoProto {
            name: "x".into(),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(tensor)),
            }),
        };
        // By hand from the field numbers: name 1, type 2 { tensor 1 { type 1, shape 2 { dim 1 {
        // param 2 }, dim 1 { value 1 } } } }.
        let expected =
            b"\x0a\x01x\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01n\x0a\x02\x08\x03";
        assert_eq!(value.encode_to_vec(), expected);
    }

    #[test]
    fn weights_are_not_copied() {
        let bytes = Bytes::from(model().encode_to_vec());
        let graph = decode(bytes.clone()).unwrap().graph.unwrap();
        let weights = graph.initializer[0].raw_data.as_ref().unwrap();
        assert!(bytes.as_ptr_range().contains(&weights.as_ptr()));
    }

    #[test]
    fn every_truncation_is_refused() {
        let whole = model().encode_to_vec();
        for length in 0..whole.len() {
            let cut = Bytes::copy_from_slice(&whole[..length]);
            // The graph comes after the other fields, so that no prefix is a model.
            assert!(decode(cut).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        decode(nested(10).into()).unwrap();
        for depth in [34, 200, 10_000] {
            let error = decode(nested(depth).into()).unwrap_err().to_string();
            assert!(error.contains("recursion limit"), "{depth}: {error}");
        }
        // Fields 1 and 15 as groups, opened and never closed.
        for key in [0x0b, 0x7b] {
            let error = decode(vec![key; 100_000].into()).unwrap_err().to_string();
            assert!(error.contains("a group"), "{error}");
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let cases: [(&[u8], &str); 4] = [
            (b"", "no graph"),
            (b"\x08\x08", "no graph"),
            (b"<html></html>", "a group"),
            // The graph as a number.
            (b"\x38\x01", "invalid wire type"),
        ];
        for (bytes, expected) in cases {
            let error = decode(Bytes::from_static(bytes)).unwrap_err().to_string();
            assert!(error.contains(expected), "{bytes:?}: {error}");
        }
    }

    #[test]
    fn a_bad_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.onnx");
        let empty = folder.path().join("empty.onnx");
        let vast = folder.path().join("vast.onnx");
        File::create(&empty).unwrap();
        // Sparse: it has a length, and takes no space.
        File::create(&vast)
            .unwrap()
            .set_len(MAX_FILE_BYTES + 1)
            .unwrap();
        for path in [missing, empty, vast] {
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_can_be_written_and_read_again(
            start in 0_usize..600,
            replacement in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut bytes = model().encode_to_vec();
            let start = start.min(bytes.len());
            let end = (start + replacement.len()).min(bytes.len());
            bytes.splice(start..end, replacement);
            if let Ok(model) = decode(bytes.into()) {
                // By their bytes, for a number that is no number differs from itself.
                let written = model.encode_to_vec();
                prop_assert_eq!(decode(written.clone().into()).unwrap().encode_to_vec(), written);
            }
        }
    }
}
