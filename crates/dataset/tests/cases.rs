//! One drawn 3 as people photograph it: every picture of it becomes what the plain one does, and an
//! empty sheet is called that.

use std::path::Path;

use graft_dataset::{Error, ImageForm, Picture, PictureFault, PictureForm, read_picture};

fn read(name: &str) -> Result<Picture, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    read_picture(&folder.join(name), PictureForm::Digit, ImageForm::MNIST)
}

#[test]
fn a_three_is_the_same_in_any_light_and_surroundings() {
    let plain = read("three.png").unwrap();
    for name in [
        "three_frame.png",
        "three_on_desk.png",
        "three_vignette.png",
        "three_shadow.png",
        "three_motion.jpg",
    ] {
        let picture = read(name).unwrap();
        assert!(picture.inverted, "{name}");
        let pairs = plain.pixels.iter().zip(&picture.pixels);
        let sum: u32 = pairs.map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
        assert!(sum < 6 * 784, "{name}: {sum}");
    }
}

#[test]
fn what_shows_no_digit_says_so() {
    let fault = |name: &str| match read(name).unwrap_err() {
        Error::Picture { fault, .. } => fault,
        other => unreachable!("{other}"),
    };
    assert!(matches!(fault("blank.png"), PictureFault::NoInk { .. }));
    // Empty sheets in uneven light, which were taken for a 4 and a 7, and noise of coarse grains.
    for (name, expected) in [
        ("blank_side_light.png", "diffuse"),
        ("blank_soft_shadow.png", "no-ink"),
        ("noise_a.png", "scattered"),
        ("noise_b.png", "scattered"),
        ("noise_c.png", "scattered"),
    ] {
        assert_eq!(fault(name).reason(), expected, "{name}");
    }
    let cut = fault("three_no_eoi.jpg").to_string();
    assert!(cut.contains("its end marker is missing"), "{cut}");
}
