//! TensorBoard's protobuf messages, field by field, as far as they are written here.
//!
//! Field numbers are those of `event.proto`, `summary.proto` and `tensor.proto` in TensorBoard's
//! sources; how fields are written is in protobuf's guide, "Encoding". All fields here have numbers
//! below 16, so that a key is one byte: the number, then three bits for the kind.

/// The bytes of a message under way.
#[derive(Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn double(mut self, number: u8, value: f64) -> Self {
        self.0.push(number << 3 | 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn float(mut self, number: u8, value: f32) -> Self {
        self.0.push(number << 3 | 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A whole number from 0.
    pub(super) fn int(mut self, number: u8, value: usize) -> Self {
        self.0.push(number << 3);
        self.varint(value);
        self
    }

    /// A text, a message or bytes.
    pub(super) fn bytes(mut self, number: u8, value: impl AsRef<[u8]>) -> Self {
        self.0.push(number << 3 | 2);
        self.varint(value.as_ref().len());
        self.0.extend(value.as_ref());
        self
    }

    /// Seven bits a byte, the lowest first; all bytes but the last have the eighth bit set.
    fn varint(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
