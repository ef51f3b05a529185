//! Damage that the decoders of pictures pass over, or panic at.

use image::ImageFormat;

/// What is wrong with a picture, before it is decoded.
pub(crate) fn damage(format: ImageFormat, bytes: &[u8]) -> Option<&'static str> {
    match format {
        ImageFormat::Jpeg if !jpeg_is_complete(bytes) => {
            Some("its end marker is missing, so that it may be cut short")
        }
        ImageFormat::Png if !palette_is_whole(bytes) => Some("its palette ends within a colour"),
        _ => None,
    }
}

/// Whether a JPEG has its end marker, marker by marker; decoders fill what is missing with grey. What
/// follows it is none of the picture's: phones put a film there.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        // A segment begins with 0xff, of which there may be several, and its kind.
        let kind = rest
            .iter()
            .position(|byte| *byte == 0xff)
            .map_or(&[][..], |at| &rest[at..]);
        let fill = kind.iter().take_while(|byte| **byte == 0xff).count();
        let Some((kind, after)) = kind[fill..].split_first() else {
            return false;
        };
        let length = match (kind, after) {
            (0xd9, _) => return true,
            // Without a length: the start, restarts, and what stands for a plain 0xff in a scan's data.
            (0x00 | 0x01 | 0xd0..=0xd8, _) => 0,
            (_, [high, low, ..]) => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return false,
        };
        rest = after.get(length..).unwrap_or_default();
    }
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
    fn ends_of_jpegs() {
        let start = [
            0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 7, 0xff, 0, 0xff, 0xd0, 5,
        ];
        let film = [0, 0, 0xff, 0xda, 1, 2, 3];
        for (end, complete) in [
            // The marker within a segment is not the picture's.
            (&[][..], false),
            (&[0xff], false),
            (&[0xff, 0xd9], true),
            (&[0xff, 0xff, 0xd9, 0], true),
            (&[&[0xff, 0xd9], &film[..]].concat(), true),
            (&film, false),
        ] {
            assert_eq!(
                jpeg_is_complete(&[&start[..], end].concat()),
                complete,
                "{end:?}"
            );
        }
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
