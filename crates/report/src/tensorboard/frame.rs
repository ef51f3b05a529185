//! Messages one after another in a file, each with checksums: TensorFlow's `TFRecord` format.
//!
//! Source: the format's description in TensorFlow's guide, "`TFRecord` and `tf.train.Example`".

/// Added to a rotated checksum, so that the checksum of data that holds checksums is none of them.
const MASK: u32 = 0xa282_ead8;

/// Appends `data` as one record: its length in 8 bytes, the length's checksum, the data, the data's
/// checksum, all little-endian.
pub(super) fn append(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked_crc(&length).to_le_bytes());
    file.extend(data);
    file.extend(masked_crc(data).to_le_bytes());
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_as_tensorboard_writes_them() {
        // Written by tensorboard.summary.writer.record_writer.RecordWriter of TensorBoard 2.21.
        for (data, record) in [
            (
                &b""[..],
                &b"\0\0\0\0\0\0\0\0\x29\x03\x98\x07\xd8\xea\x82\xa2"[..],
            ),
            (
                b"abc",
                b"\x03\0\0\0\0\0\0\0\xb0\x99\x49\x0eabc\x6e\x57\xf1\x21",
            ),
        ] {
            let mut file = Vec::new();
            append(&mut file, data);
            assert_eq!(file, record, "{data:?}");
        }
    }
}
