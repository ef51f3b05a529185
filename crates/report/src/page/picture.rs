//! Small pictures as PNG in data URIs. Digits are ink on transparent paper, so that they suit light and
//! dark pages and spare the printer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A picture of `rows * columns` values of ink, 0 to 255, as a data URI; empty where it is none.
pub(super) fn ink(pixels: &[u8], rows: usize, columns: usize) -> String {
    uri(encoded(pixels, rows, columns))
}

/// A picture as it is, in grey or with three bytes a pixel in colour, as a data URI; empty where it is none.
pub(super) fn shown(pixels: &[u8], rows: usize, columns: usize) -> String {
    let in_colour = Some(pixels.len()) == rows.checked_mul(columns).and_then(|n| n.checked_mul(3));
    let kind = if in_colour {
        png::ColorType::Rgb
    } else {
        png::ColorType::Grayscale
    };
    uri(png(kind, pixels, rows, columns))
}

fn uri(png: Option<Vec<u8>>) -> String {
    png.map_or_else(String::new, |png| {
        format!("data:image/png;base64,{}", STANDARD.encode(png))
    })
}

/// The PNG file; none where the sizes do not agree.
fn encoded(pixels: &[u8], rows: usize, columns: usize) -> Option<Vec<u8>> {
    // Black, as opaque as there is ink.
    let values: Vec<u8> = pixels.iter().flat_map(|ink| [0, *ink]).collect();
    png(png::ColorType::GrayscaleAlpha, &values, rows, columns)
}

fn png(kind: png::ColorType, values: &[u8], rows: usize, columns: usize) -> Option<Vec<u8>> {
    let (width, height) = (u32::try_from(columns).ok()?, u32::try_from(rows).ok()?);
    let expected = rows.checked_mul(columns)?.checked_mul(kind.samples())?;
    if expected != values.len() {
        return None;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(kind);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(values).ok()?;
    writer.finish().ok()?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_comes_back() {
        let png = encoded(&[0, 128, 255, 1, 2, 3], 2, 3).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .unwrap();
        let mut values = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut values).unwrap();
        assert_eq!((info.width, info.height), (3, 2));
        let alpha: Vec<u8> = values.chunks_exact(2).map(|pixel| pixel[1]).collect();
        assert_eq!(alpha, [0, 128, 255, 1, 2, 3]);
    }

    #[test]
    fn sizes_that_do_not_agree_give_no_picture() {
        assert_eq!(ink(&[0; 5], 2, 3), "");
        assert_eq!(ink(&[], usize::MAX, 2), "");
        assert_eq!(shown(&[0; 5], 2, 3), "");
    }

    #[test]
    fn pictures_are_shown_as_they_are() {
        for (pixels, kind) in [
            (&[1, 2][..], png::ColorType::Grayscale),
            (&[1, 2, 3, 4, 5, 6], png::ColorType::Rgb),
        ] {
            let uri = shown(pixels, 1, 2);
            let file = STANDARD.decode(uri.trim_start_matches("data:image/png;base64,"));
            let mut reader = png::Decoder::new(std::io::Cursor::new(file.unwrap()))
                .read_info()
                .unwrap();
            let mut values = vec![0; reader.output_buffer_size().unwrap()];
            assert_eq!(reader.next_frame(&mut values).unwrap().color_type, kind);
            assert_eq!(values, pixels);
        }
    }
}
