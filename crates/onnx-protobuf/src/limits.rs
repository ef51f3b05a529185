//! What a file may cost, counted before anything is allocated for it.

use crate::Error;

/// The most bytes that are read of an ONNX file: 1 GiB.
///
/// The largest file of use here is VGG16 with its three dense layers, 138 million parameters in
/// 553 MB. Protocol buffers themselves end at 2 GiB.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most bytes of a file that may be anything but tensor elements: 4 MiB.
///
/// Elements cost as much memory as they have bytes. The rest costs more: an empty node is two bytes
/// in a file and about 200 in memory, so that a gigabyte of them would need a hundred. The graph
/// of VGG16 takes some ten kilobytes without its weights, that of `DenseNet-121` 0.2 MB.
pub const MAX_STRUCTURE_BYTES: usize = 4 << 20;

/// What lies on the way from a model to the elements of its tensors.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    SparseTensor,
    Tensor,
    /// No message, but the elements themselves.
    Elements,
}

impl Message {
    /// What field `number` holds, if that is on the way; the numbers are those of `onnx.proto`.
    fn field(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph | Self::Attribute, 5) | (Self::SparseTensor, 1) => Self::Tensor,
            (Self::Graph, 15) => Self::SparseTensor,
            (Self::Node, 5) => Self::Attribute,
            (Self::Tensor, 4 | 9) => Self::Elements,
            _ => return None,
        })
    }
}

/// Checks that `bytes` are well-formed down to the tensors and cheap to decode.
///
/// It goes six messages deep and no deeper: what lies in subgraphs counts as structure. Groups,
/// the nesting of protocol buffers that has no length, occur in no ONNX file and are refused.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    let mut cursor = Cursor { bytes, at: 0 };
    let elements = cursor.elements(Message::Model, bytes.len())?;
    let found = bytes.len() - elements;
    if found > MAX_STRUCTURE_BYTES {
        return Err(Error::Structure { found });
    }
    Ok(())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    /// How many bytes up to `end` are tensor elements, when they are a `message`.
    fn elements(&mut self, message: Message, end: usize) -> Result<usize, Error> {
        if let Message::Elements = message {
            return Ok(end - self.at);
        }
        let mut elements = 0;
        while self.at < end {
            let key = self.varint(end)?;
            // The wire types of protocol buffers.
            let length = match key & 7 {
                0 => {
                    self.varint(end)?;
                    continue;
                }
                1 => 8,
                2 => self.varint(end)?,
                5 => 4,
                3 | 4 => return Err(self.wire("a group, which ONNX does not have,")),
                _ => return Err(self.wire("an unknown wire type")),
            };
            let field_end = usize::try_from(length)
                .ok()
                .filter(|length| *length <= end - self.at)
                .map(|length| self.at + length)
                .ok_or_else(|| {
                    self.wire("a field that is longer than what is left of its message")
                })?;
            if key & 7 == 2
                && let Some(inner) = message.field(key >> 3)
            {
                elements += self.elements(inner, field_end)?;
            }
            self.at = field_end;
        }
        Ok(elements)
    }

    fn varint(&mut self, end: usize) -> Result<u64, Error> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            if self.at >= end {
                return Err(self.wire("the content ends within a number"));
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.wire("a number of more than ten bytes"))
    }

    fn wire(&self, problem: &'static str) -> Error {
        Error::Wire {
            offset: self.at,
            length: self.bytes.len(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length-delimited field.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
        bytes.extend(content);
        bytes
    }

    #[test]
    fn elements_are_not_structure() {
        let elements = vec![0; MAX_STRUCTURE_BYTES + 1];
        let in_initializer = field(7, &field(5, &field(9, &elements)));
        let in_attribute = field(7, &field(1, &field(5, &field(5, &field(4, &elements)))));
        for model in [in_initializer, in_attribute] {
            check(&model).unwrap();
        }
    }

    #[test]
    fn all_else_is_structure() {
        let many_nodes = field(7, &[0x0a, 0].repeat(MAX_STRUCTURE_BYTES / 2));
        let long_name = field(2, &vec![b'a'; MAX_STRUCTURE_BYTES]);
        let many_dimensions = field(7, &field(5, &field(1, &vec![1; MAX_STRUCTURE_BYTES])));
        for model in [many_nodes, long_name, many_dimensions] {
            let error = check(&model).unwrap_err();
            assert!(matches!(error, Error::Structure { .. }), "{error}");
        }
    }

    #[test]
    fn malformed_bytes_are_placed() {
        let cases: [(&[u8], &str); 6] = [
            (&[0x08, 0x80], "ends within a number at byte 2 of 2"),
            (&[0x08; 1], "ends within a number at byte 1 of 1"),
            (&[0xff; 20], "more than ten bytes at byte 10 of 20"),
            (
                &[0x3a, 5, 0],
                "longer than what is left of its message at byte 2 of 3",
            ),
            (&[0x3b], "a group, which ONNX does not have, at byte 1 of 1"),
            (&[0x3f], "unknown wire type at byte 1 of 1"),
        ];
        for (bytes, expected) in cases {
            let error = check(bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{bytes:02x?}: {error}");
        }
    }
}
