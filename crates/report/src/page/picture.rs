//! Small grey pictures as PNG in data URIs: ink on transparent paper, so that they suit light and
//! dark pages and spare the printer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A picture of `rows * columns` values of ink, 0 to 255, as a data URI; empty where it is none.
pub(super) fn ink(pixels: &[u8], rows: usize, columns: usize) -> String {
    match encoded(pixels, rows, columns) {
        Some(png) => format!("data:image/png;base64,{}", STANDARD.encode(png)),
        None => String::new(),
    }
}

/// The PNG file; none where the sizes do not agree.
fn encoded(pixels: &[u8], rows: usize, columns: usize) -> Option<Vec<u8>> {
    let (width, height) = (u32::try_from(columns).ok()?, u32::try_from(rows).ok()?);
    if rows.checked_mul(columns)? != pixels.len() {
        return None;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::GrayscaleAlpha);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    // Black, as opaque as there is ink.
    let values: Vec<u8> = pixels.iter().flat_map(|ink| [0, *ink]).collect();
    writer.write_image_data(&values).ok()?;
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
    }
}
