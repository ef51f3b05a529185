//! From a model to a file.

use std::io::{self, Write};

use prost::Message;

use crate::ModelProto;

/// The keys of `ModelProto.graph` and `GraphProto.initializer`: field number and wire type.
const GRAPH: u8 = 7 << 3 | 2;
const INITIALIZER: u8 = 5 << 3 | 2;

/// Writes a model, one initialiser after the other: the weights are in memory once, not twice.
///
/// # Errors
/// When writing to `out` fails.
pub fn write(mut model: ModelProto, out: &mut impl Write) -> io::Result<()> {
    let mut graph = model.graph.take().unwrap_or_default();
    let length = graph.encoded_len();
    let initializers = std::mem::take(&mut graph.initializer);
    let mut piece = model.encode_to_vec();
    piece.push(GRAPH);
    prost::encode_length_delimiter(length, &mut piece)?;
    graph.encode(&mut piece)?;
    out.write_all(&piece)?;
    for initializer in initializers {
        piece.clear();
        piece.push(INITIALIZER);
        initializer.encode_length_delimited(&mut piece)?;
        out.write_all(&piece)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GraphProto, NodeProto, StringStringEntryProto, TensorProto, decode};

    #[test]
    fn a_written_model_is_read_as_it_was() {
        let initializer = [3, 0, 200].map(|count| TensorProto::from_ints("w", &vec![7; count]));
        let model = ModelProto {
            ir_version: 8,
            metadata_props: vec![StringStringEntryProto {
                key: "a".into(),
                value: "b".into(),
            }],
            graph: Some(GraphProto {
                name: "g".into(),
                node: vec![NodeProto::new("Relu", &["w"], "r")],
                initializer: initializer.into(),
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        };
        let mut bytes = Vec::new();
        write(model.clone(), &mut bytes).unwrap();
        assert_eq!(bytes.len(), model.encoded_len());
        assert_eq!(decode(bytes.into()).unwrap(), model);
    }
}
