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

/// The messages on the way from the model to the elements of its tensors.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    SparseTensor,
    Tensor,
}

/// What a length-delimited field holds.
enum Field {
    Message(Message),
    Elements,
    Other,
}

impl Message {
    /// What field `number` holds; the numbers are those of `onnx.proto`.
    fn field(self, number: u64) -> Field {
        match (self, number) {
            (Self::Model, 7) => Field::Message(Self::Graph),
            (Self::Graph, 1) => Field::Message(Self::Node),
            (Self::Graph | Self::Attribute, 5) | (Self::SparseTensor, 1) => {
                Field::Message(Self::Tensor)
            }
            (Self::Graph, 15) => Field::Message(Self::SparseTensor),
            (Self::Node, 5) => Field::Message(Self::Attribute),
            (Self::Tensor, 4 | 9) => Field::Elements,
            _ => Field::Other,
        }
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
        let mut elements = 0;
        while self.at < end {
            let key = self.varint(end)?;
            // The wire types of protocol buffers.
            match key & 7 {
                0 => {
                    self.varint(end)?;
                }
                1 => self.skip(8, end)?,
                2 => {
                    let length = self.varint(end)?;
                    let field_end = self.end_of(length, end)?;
                    match message.field(key >> 3) {
                        Field::Message(inner) => elements += self.elements(inner, field_end)?,
                        Field::Elements => elements += field_end - self.at,
                        Field::Other => {}
                    }
                    self.at = field_end;
                }
                5 => self.skip(4, end)?,
                3 | 4 => return Err(self.wire("a group, which ONNX does not have,")),
                _ => return Err(self.wire("an unknown wire type")),
            }
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

    fn skip(&mut self, length: u64, end: usize) -> Result<(), Error> {
        self.at = self.end_of(length, end)?;
        Ok(())
    }

    /// Where the `length` bytes from here on end, which is not after `end`.
    fn end_of(&self, length: u64, end: usize) -> Result<usize, Error> {
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= end - self.at)
            .map(|length| self.at + length)
            .ok_or_else(|| self.wire("a field that is longer than what is left of its message"))
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
