//! An image that squares and letters are drawn on.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Height of a line of text in pixels.
#[expect(clippy::cast_possible_truncation, reason = "16")]
pub(super) const LINE: u32 = RasterHeight::Size16.val() as u32;
/// Width of a letter in pixels.
#[expect(clippy::cast_possible_truncation, reason = "7")]
pub(super) const LETTER: u32 = get_raster_width(FontWeight::Regular, RasterHeight::Size16) as u32;
/// What is drawn on.
pub(super) const PAPER: Colour = [255, 255, 255];

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// An image in RGB, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Vec<u8>,
}

impl Picture {
    /// An empty one.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let pixels = PAPER.repeat(width as usize * height as usize);
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The picture as a PNG file.
    #[expect(
        clippy::expect_used,
        reason = "memory takes everything, and the size is that of the pixels"
    )]
    pub(super) fn to_png(&self) -> Vec<u8> {
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&self.pixels));
        written.expect("a picture has as many pixels as it says");
        png
    }

    fn pixel(&mut self, x: u32, y: u32) -> Option<&mut [u8]> {
        let start = 3 * (y as usize * self.width as usize + x as usize);
        self.pixels.get_mut(start..start + 3)
    }

    fn mix_in(&mut self, x: u32, y: u32, colour: Colour, share: f64) {
        if let Some(pixel) = self.pixel(x, y) {
            let under = [pixel[0], pixel[1], pixel[2]];
            pixel.copy_from_slice(&mix(under, colour, share));
        }
    }

    /// Fills a square.
    pub(super) fn fill(&mut self, x: u32, y: u32, side: u32, colour: Colour) {
        for y in y..y + side {
            for x in x..x + side {
                self.mix_in(x, y, colour, 1.0);
            }
        }
    }

    /// Writes a text in the middle of a rectangle.
    pub(super) fn centred(
        &mut self,
        x: u32,
        y: u32,
        width: u32,
        height: u32,
        text: &str,
        ink: Colour,
    ) {
        let x = x + width.saturating_sub(text_width(text)) / 2;
        self.text(x, y + (height - LINE) / 2, text, ink);
    }

    /// Writes a text, given its upper left corner.
    pub(super) fn text(&mut self, x: u32, y: u32, text: &str, ink: Colour) {
        for (place, letter) in (0..).zip(text.chars()) {
            let raster = get_raster(letter, FontWeight::Regular, RasterHeight::Size16);
            for (down, row) in (0..).zip(raster.into_iter().flat_map(|raster| raster.rows())) {
                for (right, share) in (0..).zip(row) {
                    let share = f64::from(*share) / 255.0;
                    self.mix_in(x + place * LETTER + right, y + down, ink, share);
                }
            }
        }
    }
}

/// The colour that lies `share` of the way from one to another.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between two bytes"
)]
pub(super) fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    let mixed = |(from, to): (u8, u8)| {
        let (from, to) = (f64::from(from), f64::from(to));
        (from + (to - from) * share).round() as u8
    };
    [
        mixed((from[0], to[0])),
        mixed((from[1], to[1])),
        mixed((from[2], to[2])),
    ]
}

/// Width of a text in pixels.
pub(super) fn text_width(text: &str) -> u32 {
    LETTER * u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_from_its_file() {
        let mut picture = Picture::new(40, 20);
        picture.fill(3, 4, 9, [9, 80, 200]);
        picture.centred(0, 0, 40, 20, "7", [0; 3]);
        let file = picture.to_png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (40, 20));
        assert_eq!(pixels, picture.pixels);
    }

    #[test]
    fn letters_leave_ink_where_they_are_written() {
        let mut picture = Picture::new(40, 20);
        picture.text(20, 2, "8", [0; 3]);
        let dark = |pixel: &usize| picture.pixels[3 * pixel] < 128;
        let columns: Vec<usize> = (0..800).filter(dark).map(|pixel| pixel % 40).collect();
        assert!(!columns.is_empty());
        assert!(
            columns
                .iter()
                .all(|x| (20..20 + LETTER as usize).contains(x))
        );
    }
}
