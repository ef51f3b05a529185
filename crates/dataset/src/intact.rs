//! Damage that the decoders of pictures pass over, or panic at.

use image::ImageFormat;

/// What is wrong with a picture, before it is decoded.
pub(crate) fn damage(format: ImageFormat, bytes: &[u8]) -> Option<&'static str> {
    match format {
        ImageFormat::Jpeg if !jpeg_is_complete(bytes) => Some("it ends early"),
        ImageFormat::Png if !palette_is_whole(bytes) => Some("its palette ends within a colour"),
        _ => None,
    }
}

/// Whether the last scan of a JPEG has its end marker; decoders fill the rest with grey instead.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    let (start_of_scan, end_of_image) = (last(0xda), last(0xd9));
    end_of_image > start_of_scan
}

/// Whether a PNG's palette is of three bytes a colour; version 0.18.1 of the crate `png` takes that
/// for granted, and panics otherwise (image-rs/image-png, issue 694).
fn palette_is_whole(bytes: &[u8]) -> bool {
    // The signature, then chunks: length, kind, data, checksum.
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let [a, b, c, d, kind @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if kind.starts_with(b"PLTE") && !length.is_multiple_of(3) {
            return false;
        }
        let next = length.checked_add(12);
        rest = next.and_then(|next| rest.get(next..)).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chunk's kind and length.
    type Chunk<'a> = (&'a [u8; 4], usize);

    fn png(chunks: &[Chunk<'_>]) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        for &(kind, length) in chunks {
            bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
            bytes.extend(kind);
            bytes.extend(vec![0; length + 4]);
        }
        bytes
    }

    #[test]
    fn palettes() {
        let cases: [(&[Chunk<'_>], bool); 4] = [
            (&[(b"IHDR", 13), (b"PLTE", 9)], true),
            (&[(b"IHDR", 13), (b"PLTE", 5)], false),
            (
                &[(b"IHDR", 13), (b"PLTE", 9), (b"IDAT", 5), (b"PLTE", 4)],
                false,
            ),
            (&[(b"IHDR", 13), (b"PLUE", 5)], true),
        ];
        for (chunks, whole) in cases {
            assert_eq!(palette_is_whole(&png(chunks)), whole, "{chunks:?}");
        }
        assert!(palette_is_whole(&[0; 3]) && palette_is_whole(&[255; 30]));
    }
}
