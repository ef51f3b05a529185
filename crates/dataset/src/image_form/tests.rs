//! Pictures of every kind in the form of a set.

use super::*;
use image::{GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};

fn form([rows, columns]: [usize; 2], channels: usize, fit: ResizeMode) -> ImageForm {
    ImageForm {
        rows,
        columns,
        channels,
        fit,
    }
}

fn grey(width: u32, height: u32, pixels: &[u8]) -> DynamicImage {
    GrayImage::from_vec(width, height, pixels.to_vec())
        .unwrap()
        .into()
}

#[test]
fn padding_keeps_aspect_and_brightness() {
    #[rustfmt::skip]
    let cases: [(DynamicImage, [usize; 2], &[u8]); 6] = [
        // As it is.
        (grey(2, 2, &[1, 2, 3, 4]), [2, 2], &[1, 2, 3, 4]),
        // Wide: one black row above, two below.
        (grey(2, 1, &[9, 9]), [4, 2], &[0, 0, 9, 9, 0, 0, 0, 0]),
        // High: black columns on both sides.
        (grey(1, 3, &[5, 6, 7]), [3, 3], &[0, 5, 0, 0, 6, 0, 0, 7, 0]),
        // White stays white; what is larger is averaged by a triangle: 92.9 and 57.1.
        (grey(60, 60, &[255; 3600]), [2, 2], &[255; 4]),
        (grey(2, 4, &[0, 200, 0, 200, 100, 0, 100, 0]), [2, 1], &[93, 57]),
        (grey(1, 5000, &[80; 5000]), [2, 3], &[0, 80, 0, 0, 80, 0]),
    ];
    for (picture, size, expected) in cases {
        let found = form(size, 1, ResizeMode::Pad).image(picture).unwrap();
        let far = found
            .iter()
            .zip(expected)
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        // Values are rounded after each axis.
        assert!(
            found.len() == expected.len() && far <= Some(1),
            "{size:?}: {found:?}"
        );
    }
    let none = form([0, 3], 1, ResizeMode::Pad).image(grey(1, 1, &[0]));
    assert!(none.unwrap_err().to_string().contains("0x3"));
}

#[test]
fn stretching_fills_the_image() {
    let wide = grey(4, 1, &[10, 10, 90, 90]);
    let found = form([2, 2], 1, ResizeMode::Resize).image(wide).unwrap();
    // The triangle of a reduction by two reaches over the border: 3/8 of 10 and 5/8 of 90, or so.
    assert_eq!(found[..2], found[2..]);
    assert!(found[0] < 30 && found[1] > 70, "{found:?}");
    let colour: DynamicImage = RgbImage::from_pixel(3, 1, Rgb([200, 100, 50])).into();
    let found = form([2, 2], 3, ResizeMode::Resize).image(colour).unwrap();
    assert_eq!(found, [200, 100, 50].repeat(4));
}

#[test]
fn colour_grey_alpha_and_sixteen_bits() {
    let of = |picture: DynamicImage, channels| {
        form([1, 1], channels, ResizeMode::Pad)
            .image(picture)
            .unwrap()
    };
    let pixel = |value: [u8; 4]| DynamicImage::from(RgbaImage::from_pixel(1, 1, Rgba(value)));
    // Opaque, half and not at all there, on white.
    assert_eq!(of(pixel([200, 100, 0, 255]), 3), [200, 100, 0]);
    assert_eq!(of(pixel([200, 100, 0, 51]), 3), [244, 224, 204]);
    assert_eq!(of(pixel([200, 100, 0, 0]), 3), [255; 3]);
    assert_eq!(of(pixel([0, 0, 0, 0]), 1), [255]);
    let half = ImageBuffer::from_pixel(1, 1, LumaA([0_u8, 51]));
    assert_eq!(of(half.into(), 1), [204]);
    // Grey repeats itself, and colour is weighed as by Rec. 709: 0.2126, 0.7152, 0.0722.
    assert_eq!(of(grey(1, 1, &[77]), 3), [77; 3]);
    assert_eq!(of(pixel([100, 100, 100, 255]), 1), [100]);
    assert_eq!(of(pixel([255, 0, 0, 255]), 1), [54]);
    let deep = ImageBuffer::from_pixel(1, 1, Luma([0x80_80_u16]));
    assert_eq!(of(deep.into(), 1), [0x80]);
    let deep = ImageBuffer::from_pixel(1, 1, Rgb([0xffff_u16, 0, 0x0101]));
    assert_eq!(of(deep.into(), 3), [255, 0, 1]);
}

#[test]
fn every_format_is_read_upright() {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let folder = tempfile::tempdir().unwrap();
    let mut picture = RgbImage::from_pixel(16, 8, Rgb([250, 250, 250]));
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        if x < 8 {
            pixel.0 = [200, 10, 20];
        }
    }
    let form = form([8, 16], 3, ResizeMode::Pad);
    for format in [Bmp, Gif, Jpeg, Png, Tiff, WebP] {
        // The content decides, not the name.
        let path = folder.path().join("picture.dat");
        picture.save_with_format(&path, format).unwrap();
        let found = form.read(&path).unwrap();
        let far = found.iter().zip(picture.as_raw());
        let far = far.map(|(a, b)| a.abs_diff(*b)).max();
        assert!(far < Some(12), "{format:?}: {far:?}");
    }
    // 8x16 on the disk, with the EXIF orientation 6: turned by a quarter.
    let path = folder.path().join("turned.jpg");
    let lying = image::imageops::rotate270(&picture);
    lying.save(&path).unwrap();
    let jpeg = std::fs::read(&path).unwrap();
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    std::fs::write(&path, [&jpeg[..2], exif, &jpeg[2..]].concat()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(picture::look(&bytes).unwrap(), ([16, 8], true));
    let found = form.read(&path).unwrap();
    let far = found.iter().zip(picture.as_raw());
    let far = far.map(|(a, b)| a.abs_diff(*b)).max();
    assert!(far < Some(20), "{far:?}");
}
