//! A run as a page without a server: its model answers as the command line does. What browsers make of it,
//! `scripts/web_check.py` checks.

use std::fs;
use std::path::{Path, PathBuf};

use graft_dataset::PictureForm;
use graft_export::{Classifier, MODEL, WASM};
use graft_runs::Run;
use graft_web::{Model, Prediction};
use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS};

/// Photographs and drawings, and an image of the set.
const PICTURES: [&str; 4] = [
    "three.png",
    "three_on_desk.png",
    "three_shadow.png",
    "seven.png",
];

/// Trains a small run that ends after block 3, with a head that has all that a head can have, and gives its folder.
fn trained(home: &Home) -> PathBuf {
    let settings = [
        "backbone.boundary=block3",
        "head.pool=average",
        "head.normalise=standardise",
        "head.hidden=[64]",
        "training.dropout=0.1",
        "training.epochs=60",
    ];
    let run = home
        .train(&settings.map(|one| ["--set", one]).concat())
        .json();
    run["run"].as_str().unwrap().into()
}

/// A folder with what stands for the code of the page: the head of a WebAssembly file.
fn code(home: &Home) -> String {
    let folder = home.root().join("wasm");
    fs::create_dir(&folder).unwrap();
    for name in WASM {
        fs::write(folder.join(name), b"\0asm\x01\0\0\0").unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// What `graft predict` says of the pictures in `folder`, by name.
fn told(home: &Home, folder: &Path) -> Vec<Value> {
    let paths = PICTURES.map(|name| folder.join(name).to_str().unwrap().to_owned());
    let mut arguments = vec!["predict", "--json"];
    arguments.extend(paths.iter().map(String::as_str));
    let told = home.graft(&arguments);
    told.succeeds();
    let lines = told.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn its_model_answers_as_the_command_line_does() {
    let home = Home::with(&[&FOR_TRAIN[..], &[TEST_IMAGES, TEST_LABELS]].concat());
    let folder = trained(&home);
    home.graft(&["eval"]).succeeds();
    let export = [
        "export",
        "--format",
        "web",
        "--check",
        "--wasm",
        &code(&home),
    ];
    let exported = home.graft(&export);
    exported.succeeds();
    let checked = "the page's model: 256 of 256 classes are those that eval recorded";
    assert!(exported.out.contains(checked), "{}", exported.out);
    let page = fs::read_to_string(folder.join("page/index.html")).unwrap();
    assert!(page.contains("Content-Security-Policy") && page.contains("'wasm-unsafe-eval'"));

    let pictures = home.root().join("pictures");
    fs::create_dir(&pictures).unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dataset/tests/cases");
    for name in &PICTURES[..3] {
        fs::copy(cases.join(name), pictures.join(name)).unwrap();
    }
    let bytes = fs::read(home.model(TEST_IMAGES)).unwrap();
    let digit = image::GrayImage::from_vec(28, 28, bytes[16..][..784].to_vec()).unwrap();
    digit.save(pictures.join(PICTURES[3])).unwrap();

    let run = Run::open(&home.root().join("runs"), Some(&folder)).unwrap();
    let classifier = Classifier::read(&run, &home.model("vgg16")).unwrap();
    let whole = classifier
        .to_page_model(&run, PictureForm::Digit, false)
        .unwrap();
    let half = fs::read(folder.join("page").join(MODEL)).unwrap();
    assert!(
        half.len() < whole.len() / 100 * 52,
        "{} of {}",
        half.len(),
        whole.len()
    );
    for (file, tolerance) in [(whole, 1e-5), (half, 1e-2)] {
        let model = Model::from_bytes(&file).unwrap();
        assert_eq!(
            model.about().name,
            folder.file_name().unwrap().to_str().unwrap()
        );
        for (name, told) in PICTURES.iter().zip(told(&home, &pictures)) {
            let found = model
                .predict(&fs::read(pictures.join(name)).unwrap())
                .unwrap();
            assert_same(&found, &told, tolerance);
        }
    }
}

/// Whether a prediction is the one that `graft predict --json` printed.
fn assert_same(found: &Prediction, told: &Value, tolerance: f64) {
    let json = serde_json::to_value(found).unwrap();
    for key in ["class", "name", "inverted", "pixels", "channels"] {
        assert_eq!(json[key], told[key], "{key} of {}", told["image"]);
    }
    let expected: Vec<f64> = serde_json::from_value(told["probabilities"].clone()).unwrap();
    assert_eq!(found.probabilities.len(), expected.len());
    for (found, expected) in found.probabilities.iter().zip(&expected) {
        let difference = (found - expected).abs();
        assert!(difference <= tolerance, "{difference} on {}", told["image"]);
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn what_it_lacks_or_would_replace_is_named() {
    let home = Home::with(&FOR_TRAIN);
    let run = trained(&home);
    let export = |more: &[&str]| home.graft(&[&["export", "--format", "web"], more].concat());
    export(&[]).refuses(1, &["cargo xtask page", "--wasm"]);
    export(&["--features"]).refuses(1, &["--features belongs to --format onnx"]);
    export(&["--wasm", "absent"]).refuses(1, &["absent/graft.wasm", "cargo xtask page"]);
    let code = code(&home);
    export(&["--wasm", &code]).succeeds();
    // A page is replaced; what is not a page's is not.
    export(&["--wasm", &code]).succeeds();
    let thesis = run.join("page/thesis.txt");
    fs::write(&thesis, "mine").unwrap();
    export(&["--wasm", &code]).refuses(1, &["thesis.txt", "graft did not export it"]);
    fs::write(Path::new(&code).join(WASM[1]), "text").unwrap();
    let elsewhere = ["--wasm", &code, "-o", "elsewhere"];
    export(&elsewhere).refuses(1, &["graft-plain.wasm", "found another file"]);
    assert!(!home.root().join("elsewhere").exists());
}
