//! Models as files, and what they make of pictures.

use graft_dataset::{PictureForm, Preprocessing, ResizeMode, Scaling, png};
use graft_web::{About, Error, Model, Tensor, to_bytes};

/// Grey images of 2x4.
fn about() -> About {
    About {
        name: "seed".into(),
        classes: vec!["dark".into(), "light".into()],
        pictures: PictureForm::Plain,
        rows: 2,
        columns: 4,
        channels: 1,
        preprocessing: Preprocessing {
            fit: ResizeMode::Pad,
            size: 4,
            scaling: Scaling::Unit,
        },
    }
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Tensor {
    Tensor {
        name: name.into(),
        shape: shape.to_vec(),
        values: values.to_vec(),
    }
}

/// One convolution that adds up the three channels and 0.5, its pool, and a head for the four features.
fn tensors() -> Vec<Tensor> {
    let centre = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    vec![
        tensor("stage1.conv2d1.weight", &[1, 3, 3, 3], &centre.repeat(3)),
        tensor("stage1.conv2d1.bias", &[1], &[0.5]),
        tensor("standardise.mean", &[4], &[1.0, 0.0, 0.0, 0.0]),
        tensor("standardise.deviation", &[4], &[2.0, 1.0, 1.0, 1.0]),
        tensor(
            "linear.weight",
            &[4, 2],
            &[0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.25, 0.0],
        ),
        tensor("linear.bias", &[2], &[0.0, 1.0]),
    ]
}

#[test]
fn a_picture_gets_the_probabilities_that_are_computed_by_hand() {
    // Black is above and below the image; each feature is the largest of 2x2.
    let picture = [0, 51, 0, 0, 0, 0, 255, 0];
    let [top_left, bottom_right] = [3.0 * 0.2 + 0.5, 3.0 + 0.5];
    let logits = [0.25 * bottom_right, 4.0 * (top_left - 1.0) / 2.0 + 1.0];
    let light = 1.0 / (1.0 + f64::exp(logits[0] - logits[1]));
    let file = png(4, 1, &picture).unwrap();
    for half in [false, true] {
        let model = Model::from_bytes(&to_bytes(&about(), &tensors(), half).unwrap()).unwrap();
        assert_eq!(model.about(), &about());
        let found = model.predict(&file).unwrap();
        assert_eq!((found.class, found.name.as_str()), (1, "light"));
        let [dark, found_light] = found.probabilities[..] else {
            panic!("{:?}", found.probabilities);
        };
        assert!((found_light - light).abs() < 1e-6, "{found_light}, {light}");
        assert!((dark + found_light - 1.0).abs() < 1e-12);
        assert_eq!(found.pixels, [&picture[..4], &picture[4..]]);
        assert!(!found.inverted && found.channels == 1);
    }
}

#[test]
fn halves_take_half_the_bytes_and_equal_models_give_equal_files() {
    let mut tensors = tensors();
    tensors.push(tensor("more", &[100, 100], &vec![0.1; 10_000]));
    let file = |half| to_bytes(&about(), &tensors, half).unwrap();
    assert_eq!(file(false), file(false));
    let saved = file(false).len() - file(true).len();
    assert!((20_000..20_200).contains(&saved), "{saved}");
}

#[test]
fn what_is_no_model_is_refused() {
    let file = |about: &About, tensors: &[Tensor]| to_bytes(about, tensors, false).unwrap();
    let changed = |at: usize, tensor: Tensor| {
        let mut tensors = tensors();
        tensors[at] = tensor;
        file(&about(), &tensors)
    };
    let whole = file(&about(), &tensors());
    let mut without_preprocessing = about();
    without_preprocessing.preprocessing.size = 1;
    let mut three = about();
    three.classes.push("third".into());
    let filter = [0.0; 27];
    let cases: [(Vec<u8>, &str); 11] = [
        (Vec::new(), "a model that graft exported"),
        (
            whole[..whole.len() - 1].to_vec(),
            "a model that graft exported",
        ),
        (b"\x02\0\0\0\0\0\0\0{}".to_vec(), "without its description"),
        (
            changed(0, tensor("other", &[1, 3, 3, 3], &filter)),
            "at least one layer",
        ),
        (
            changed(0, tensor("stage1.conv2d1.weight", &[3, 9], &filter)),
            "4 dimensions",
        ),
        (
            changed(0, tensor("stage1.conv2d1.weight", &[1, 1, 3, 9], &filter)),
            "weights",
        ),
        (
            changed(1, tensor("stage1.conv2d1.bias", &[1], &[f32::NAN])),
            "NaN",
        ),
        (
            changed(4, tensor("linear.weight", &[2, 2], &[0.0; 4])),
            "standardise.mean of [2]",
        ),
        (
            changed(5, tensor("linear.bias", &[3], &[0.0; 3])),
            "linear.bias of [2]",
        ),
        (
            file(&without_preprocessing, &tensors()),
            "can be padded to 1x1",
        ),
        (file(&three, &tensors()), "each of 3 classes"),
    ];
    for (bytes, expected) in cases {
        let error = Model::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let wrong = [tensor("a", &[2], &[0.0])];
    let error = to_bytes(&about(), &wrong, false).unwrap_err();
    assert!(matches!(error, Error::Model { .. }), "{error}");
}

#[test]
fn a_picture_that_cannot_be_used_is_refused_with_a_reason() {
    let mut digits = about();
    (digits.pictures, digits.rows, digits.columns) = (PictureForm::Digit, 28, 28);
    digits.preprocessing.size = 32;
    let mut tensors = tensors();
    tensors[2..5].clone_from_slice(&[
        tensor("unused", &[1], &[0.0]),
        tensor("unused too", &[1], &[0.0]),
        tensor("linear.weight", &[256, 2], &[0.0; 512]),
    ]);
    let model = Model::from_bytes(&to_bytes(&digits, &tensors, true).unwrap()).unwrap();
    let blank = png(28, 1, &[9; 784]).unwrap();
    for (picture, reason) in [
        (&blank[..], "no-ink"),
        (&blank[..60], "damaged"),
        (b"", "empty"),
    ] {
        assert_eq!(model.predict(picture).unwrap_err().reason(), reason);
    }
}
