//! Files of pictures to pixels, within limits: the content decides the format, sizes are
//! checked before anything is unpacked, and transparency gets the background it was drawn for.

use std::fmt::Display;
use std::io::{Cursor, Read};

use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits,
};

use crate::{PictureFault, intact};

/// The formats that are read.
const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Bmp,
    ImageFormat::Gif,
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::Tiff,
    ImageFormat::WebP,
];

/// The largest picture file: 32 MiB.
pub const MAX_PICTURE_BYTES: u64 = 32 << 20;
/// The longest side of a picture, in pixels.
pub const MAX_PICTURE_SIDE: u32 = 16_384;
/// The most bytes that a picture may unpack to: 96 MiB, a colour photo of 33 megapixels.
pub const MAX_PICTURE_ALLOCATION: u64 = 96 << 20;

/// Reads a picture as grey pixels, 0 is black; see [`open`].
pub(crate) fn decode(bytes: &[u8]) -> Result<GrayImage, PictureFault> {
    Ok(grey(open(bytes)?))
}

/// The bytes of a picture's file, up to one more than [`MAX_PICTURE_BYTES`].
pub(crate) fn read(file: impl Read) -> Result<Vec<u8>, PictureFault> {
    let mut bytes = Vec::new();
    file.take(MAX_PICTURE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses what is too large to be looked at.
fn check_bytes(bytes: &[u8]) -> Result<(), PictureFault> {
    match bytes.len() as u64 {
        0 => Err(PictureFault::Empty),
        1..=MAX_PICTURE_BYTES => Ok(()),
        found => Err(PictureFault::Bytes(found)),
    }
}

/// Decodes a picture, turned upright as its EXIF data says; of an animation the first picture.
pub(crate) fn open(bytes: &[u8]) -> Result<DynamicImage, PictureFault> {
    let mut decoder = decoder(bytes)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// What the head of a picture's file says: its width and height when it is upright, and whether it
/// has colours.
pub(crate) fn look(bytes: &[u8]) -> Result<([u32; 2], bool), PictureFault> {
    let mut decoder = decoder(bytes)?;
    let ((width, height), colour) = (decoder.dimensions(), decoder.color_type().has_color());
    let turned = decoder.orientation().map_err(damaged)?.to_exif() > 4;
    let size = if turned {
        [height, width]
    } else {
        [width, height]
    };
    Ok((size, colour))
}

/// A decoder of a picture that is no larger than it may be.
fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_, PictureFault> {
    check_bytes(bytes)?;
    let format = sniff(bytes).map_err(PictureFault::Format)?;
    if let Some(reason) = intact::damage(format, bytes) {
        return Err(damaged(reason));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_PICTURE_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(damaged)?;
    check_size(&decoder)?;
    Ok(decoder)
}

/// Pixels `[row, column, channel]`, grey or red, green and blue, as a PNG file; none where the rows are
/// not whole.
#[must_use]
pub fn png(columns: usize, channels: usize, pixels: &[u8]) -> Option<Vec<u8>> {
    let width = u32::try_from(columns).ok()?;
    let height = u32::try_from(pixels.len().checked_div(columns * channels)?).ok()?;
    let kind = if channels == 3 {
        ExtendedColorType::Rgb8
    } else {
        ExtendedColorType::L8
    };
    let mut png = Cursor::new(Vec::new());
    let format = ImageFormat::Png;
    image::write_buffer_with_format(&mut png, pixels, width, height, kind, format).ok()?;
    Some(png.into_inner())
}

/// The format that the content has, or what it seems to be instead.
fn sniff(bytes: &[u8]) -> Result<ImageFormat, String> {
    match image::guess_format(bytes) {
        Ok(format) if FORMATS.contains(&format) => Ok(format),
        Ok(other) => Err(format!("{other:?}")),
        Err(_) if bytes.get(4..8) == Some(b"ftyp") => Err("HEIC or a video".to_owned()),
        Err(_) if bytes.starts_with(b"%PDF") => Err("PDF".to_owned()),
        Err(_) if bytes.starts_with(b"<") => Err("SVG, HTML or XML".to_owned()),
        Err(_) => Err(format!(
            "content that starts with {:02x?}",
            &bytes[..bytes.len().min(4)]
        )),
    }
}

fn check_size(decoder: &impl ImageDecoder) -> Result<(), PictureFault> {
    let ((width, height), bytes) = (decoder.dimensions(), decoder.total_bytes());
    let sides = 1..=MAX_PICTURE_SIDE;
    if sides.contains(&width) && sides.contains(&height) && bytes <= MAX_PICTURE_ALLOCATION {
        return Ok(());
    }
    Err(PictureFault::Size {
        width,
        height,
        bytes,
    })
}

fn damaged(reason: impl Display) -> PictureFault {
    PictureFault::Damaged(reason.to_string())
}

/// Brightness, with what is transparent filled in.
fn grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let picture = picture.into_luma_alpha8();
    let background = background_of(picture.pixels().map(|pixel| pixel.0));
    let mut grey = GrayImage::new(picture.width(), picture.height());
    for (out, pixel) in grey.pixels_mut().zip(picture.pixels()) {
        let [luma, alpha] = pixel.0.map(u32::from);
        let mixed = (luma * alpha + background * (255 - alpha) + 127) / 255;
        out.0 = [u8::try_from(mixed).unwrap_or(u8::MAX)];
    }
    grey
}

/// The background for `[luma, alpha]` pixels. Where most of the picture is opaque, the paper is a
/// part of it, and its brightness goes on; otherwise all there is is ink, which needs a contrast.
fn background_of(pixels: impl Iterator<Item = [u8; 2]>) -> u32 {
    let mut opacity = [0_u64; 256];
    let mut count = 0;
    for [luma, alpha] in pixels {
        opacity[usize::from(luma)] += u64::from(alpha);
        count += 255;
    }
    let total: u64 = opacity.iter().sum();
    let median = percentile(&opacity, 50);
    if 2 * total > count {
        median.into()
    } else if median < 128 || total == 0 {
        255
    } else {
        0
    }
}

/// The least value that `percent` of all values are at most; the least of all for 0.
fn percentile(counts: &[u64; 256], percent: u64) -> u8 {
    let wanted = (counts.iter().sum::<u64>() * percent).div_ceil(100).max(1);
    let mut seen = 0;
    (0..255)
        .find(|&value| {
            seen += counts[usize::from(value)];
            seen >= wanted
        })
        .unwrap_or(255)
}
