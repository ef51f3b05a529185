//! A run as a file for other programs; what such a program answers, `scripts/check_record.sh` checks.

use std::fs;
use std::path::PathBuf;

use crate::harness::{FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS};
use crate::resume::{result, uncomplete};

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn an_exported_network_trains_the_same_head() {
    let home = Home::with(&FOR_TRAIN);
    let trained = home.train(&[]).json();
    let run = PathBuf::from(trained["run"].as_str().unwrap());
    home.graft(&["export"]).succeeds();
    let file = run.join("model.onnx");
    let first = fs::read(&file).unwrap();
    home.graft(&["export", run.to_str().unwrap(), "--features"])
        .succeeds();
    assert!(fs::read(&file).unwrap().len() > first.len());
    home.graft(&["export", "--half"]).succeeds();
    let half = fs::metadata(run.join("model-f16.onnx")).unwrap().len();
    let bytes = first.len() as u64;
    assert!(
        (bytes / 2..bytes / 100 * 51).contains(&half),
        "{half} of {bytes}"
    );

    let other = Home::with(&FOR_TRAIN[..2]);
    let imported = other.graft(&["import", file.to_str().unwrap()]);
    imported.succeeds();
    assert!(
        imported.err.contains("Cast, Unsqueeze, Pad, Concat, Div"),
        "{}",
        imported.err
    );
    other.train(&[]).succeeds();
    assert!(result(&other.runs()[0]) == result(&run));
    // The same numbers from another file are other weights to a record.
    home.graft(&["import", file.to_str().unwrap()]).succeeds();
    home.graft(&["export"])
        .refuses(1, &["was trained on weights", "import those weights again"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn what_cannot_be_exported_is_refused_by_name() {
    let home = Home::with(&FOR_TRAIN);
    home.graft(&["export"])
        .refuses(1, &["no complete run", "train"]);
    home.train(&[]).succeeds();
    let run = home.runs()[0].clone();
    let export = |more: &[&str]| home.graft(&[&["export", run.to_str().unwrap()], more].concat());

    // Files that are somebody else's, and folders that cannot be written.
    let thesis = home.root().join("thesis.onnx");
    fs::write(&thesis, "mine").unwrap();
    let name = thesis.to_str().unwrap();
    export(&["-o", name]).refuses(1, &[name, "graft did not export it"]);
    assert_eq!(fs::read_to_string(&thesis).unwrap(), "mine");
    let below = thesis.join("model.onnx");
    export(&["-o", below.to_str().unwrap()]).refuses(1, &["cannot", name]);

    // A check needs an evaluation, a Python, and packages.
    export(&["--check"]).refuses(1, &["no predictions for test images", "graft eval"]);
    assert!(!run.join("model.onnx").exists());
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    home.graft(&["eval"]).succeeds();
    export(&["--check", "--python", "/no/python"]).refuses(1, &["/no/python", "--python"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let python = home.root().join("python");
        let write = |code| fs::write(&python, format!("#!/bin/sh\nexit {code}\n")).unwrap();
        write(3);
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let check = [
            "--check",
            "--runtime",
            "openvino",
            "--python",
            python.to_str().unwrap(),
        ];
        export(&check).refuses(1, &["-m pip install numpy openvino"]);
        write(1);
        export(&check).refuses(1, &["openvino failed on", "model.onnx"]);
        write(0);
        export(&check).refuses(1, &["expected 256 rows of 10 probabilities, found 0"]);
    }

    // Weights and runs that are not what they were.
    let block = home.model("vgg16/block3.safetensors");
    let whole = fs::read(&block).unwrap();
    fs::write(&block, &whole[1..]).unwrap();
    export(&[]).refuses(1, &["block3.safetensors", "expected sha256"]);
    fs::write(&block, &whole).unwrap();
    fs::remove_dir_all(home.model("vgg16")).unwrap();
    fs::remove_file(home.model("vgg16.onnx")).unwrap();
    export(&[]).refuses(1, &["vgg16.onnx", "fetch"]);
    let head = run.join("head.safetensors");
    let whole = fs::read(&head).unwrap();
    fs::write(&head, &whole[1..]).unwrap();
    home.take(&FOR_TRAIN);
    export(&[]).refuses(1, &["head.safetensors", "expected sha256"]);
    fs::write(&head, &whole).unwrap();
    export(&[]).succeeds();
    uncomplete(&run);
    export(&[]).refuses(1, &["not a complete run", "--resume"]);
}
