//! Drawn digits and MNIST's own images, brought to MNIST's form.

use std::path::{Path, PathBuf};

use image::Luma;

use super::*;
use crate::{Error, IdxPair, ImageForm, ImageSet, PictureForm, Split, read_picture};

const DIGIT_SIDE: usize = SIDE as usize;

fn saved(picture: &GrayImage, name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    picture.save(&path).unwrap();
    (folder, path)
}

fn read_digit(path: &Path) -> Result<Picture, Error> {
    read_picture(path, PictureForm::Digit, ImageForm::MNIST)
}

fn read(picture: &GrayImage, name: &str) -> Picture {
    read_digit(&saved(picture, name).1).unwrap()
}

/// A stroke between two points, of the given width, with hard edges.
fn stroke(canvas: &mut GrayImage, ink: u8, width: f32, from: [f32; 2], to: [f32; 2]) {
    let along = [to[0] - from[0], to[1] - from[1]];
    let length = along[0].hypot(along[1]);
    for (x, y, pixel) in canvas.enumerate_pixels_mut() {
        #[expect(clippy::cast_precision_loss, reason = "a small canvas")]
        let [dx, dy] = [x as f32 - from[0], y as f32 - from[1]];
        let share = ((dx * along[0] + dy * along[1]) / (length * length)).clamp(0.0, 1.0);
        if (dx - share * along[0]).hypot(dy - share * along[1]) <= width / 2.0 {
            *pixel = Luma([ink]);
        }
    }
}

/// A 1 and a 7, far from the centre of their canvas, with the canvas' and the ink's brightness.
fn one(paper: u8, ink: u8) -> GrayImage {
    let mut canvas = GrayImage::from_pixel(640, 480, Luma([paper]));
    stroke(&mut canvas, ink, 24.0, [90.0, 60.0], [90.0, 260.0]);
    canvas
}

fn seven(paper: u8, ink: u8) -> GrayImage {
    let mut canvas = GrayImage::from_pixel(500, 900, Luma([paper]));
    stroke(&mut canvas, ink, 40.0, [200.0, 500.0], [400.0, 500.0]);
    stroke(&mut canvas, ink, 40.0, [400.0, 500.0], [260.0, 820.0]);
    canvas
}

/// Left, top, right (exclusive) and bottom (exclusive) of what is brighter than 60.
fn extent(digit: &Picture) -> [u32; 4] {
    let mut bounds = Bounds::NOTHING;
    for (x, y, pixel) in as_picture(&digit.pixels).enumerate_pixels() {
        if pixel.0[0] > 60 {
            bounds = bounds.with(x, y);
        }
    }
    [bounds.left, bounds.top, bounds.right, bounds.bottom]
}

fn as_picture(pixels: &[u8]) -> GrayImage {
    GrayImage::from_vec(SIDE, SIDE, pixels.to_vec()).unwrap()
}

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    let sum: u32 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| u32::from(a.abs_diff(b)))
        .sum();
    f64::from(sum) / f64::from(u32::try_from(a.len()).unwrap())
}

#[test]
fn a_one_stands_upright_in_the_middle() {
    for (paper, ink) in [(0, 255), (255, 0), (230, 60), (30, 120)] {
        for name in ["one.png", "one.jpeg"] {
            let digit = read(&one(paper, ink), name);
            assert_eq!(digit.inverted, ink < paper);
            let [left, top, right, bottom] = extent(&digit);
            assert!(
                bottom - top == 20 && (4..=5).contains(&top),
                "{name}: {top}"
            );
            assert!(right - left <= 3 && left >= 12 && right <= 16);
            assert_eq!(digit.pixels.iter().max(), Some(&255));
        }
    }
}

#[test]
fn a_seven_keeps_its_shape_whatever_its_polarity() {
    let light = read(&seven(0, 255), "seven.png");
    let dark = read(&seven(250, 10), "seven.jpg");
    assert!(mean_difference(&light.pixels, &dark.pixels) < 1.0);
    let [left, top, right, bottom] = extent(&light);
    assert_eq!(bottom - top, 20);
    // 240 of 360 pixels wide is 13 of 20.
    assert!((13..=14).contains(&(right - left)), "{left}..{right}");
    // The bar is on top, the foot is on the left of the middle.
    let row = |y: u32| {
        let start = usize::try_from(y).unwrap() * DIGIT_SIDE;
        light.pixels[start..][..DIGIT_SIDE]
            .iter()
            .filter(|&&v| v > 128)
            .count()
    };
    assert!(row(top + 1) >= 12, "{}", row(top + 1));
    assert!(row(bottom - 3) <= 4, "{}", row(bottom - 3));
}

#[test]
fn mass_goes_to_the_middle_but_the_box_stays_inside() {
    // Of a full box's pixel at column and row, where it ends in the field.
    let cases = [([10, 10], [14, 14]), ([5, 9], [13, 14]), ([0, 19], [8, 19])];
    for ([x, y], [expected_x, expected_y]) in cases {
        let mut digit = GrayImage::new(20, 20);
        digit.put_pixel(x, y, Luma([255]));
        let place = centred(&digit).iter().position(|&value| value == 255);
        assert_eq!(place, Some(expected_y * DIGIT_SIDE + expected_x));
    }
}

#[test]
fn thin_lines_get_the_width_of_mnists_strokes() {
    let mut line = GrayImage::new(120, 300);
    (50..250).for_each(|y| line.put_pixel(60, y, Luma([255])));
    let [left, top, right, bottom] = extent(&read(&line, "line.png"));
    assert_eq!([top, bottom], [4, 24]);
    assert!((2..=4).contains(&(right - left)), "{left}..{right}");
}

#[test]
fn an_even_picture_shows_nothing() {
    let (_folder, path) = saved(&GrayImage::from_pixel(30, 30, Luma([200])), "even.png");
    let error = read_digit(&path).unwrap_err().to_string();
    assert!(
        error.contains("even.png") && error.contains("between 200 and 200"),
        "{error}"
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn mnist_has_its_form_and_comes_back_to_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/mnist");
    let pair = IdxPair::find(&folder, Split::Test).unwrap();
    let set = ImageSet::read(&pair.images, &pair.labels, 10).unwrap();
    assert!((0..set.len()).all(|index| has_form(&as_picture(set.image(index)))));
    let (mut sum, mut read) = (0.0, 0.0);
    for index in 0..200 {
        let original = set.image(index);
        // One row more, so that it is a picture as any other.
        let mut picture = GrayImage::new(SIDE, SIDE + 1);
        imageops::replace(&mut picture, &as_picture(original), 0, 0);
        // A few are too small or too broken for a picture's digit, or so heavy that they pass for paper.
        let digit = read_digit(&saved(&picture, "digit.png").1);
        let Some(digit) = digit.ok().filter(|digit| !digit.inverted) else {
            continue;
        };
        sum += mean_difference(&digit.pixels, original);
        read += 1.0;
    }
    let mean = sum / read;
    println!("{read} of 200 read, mean absolute difference {mean:.3} of 255");
    assert!(read >= 190.0, "{read}");
    assert!(mean < 8.0, "{mean}");
}

#[test]
fn digits_that_are_in_form_stay_as_they_are() {
    let with = |left: u32, ground: u8| {
        GrayImage::from_fn(28, 28, |x, y| {
            let ink = (left..left + 6).contains(&x) && (5..23).contains(&y);
            Luma([if ink { 255 } else { ground }])
        })
    };
    for (left, ground, stays) in [(11, 0, true), (12, 0, true), (13, 0, false), (11, 1, false)] {
        assert_eq!(has_form(&with(left, ground)), stays, "{left}, {ground}");
    }
    assert!(!has_form(&GrayImage::new(28, 28)));
    assert!(!has_form(&GrayImage::new(27, 28)));
}
