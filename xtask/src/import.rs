//! `cargo xtask import`: the maintainer's half of the importer, which compiles Burn.

use crate::cargo::{self, Failure, cargo, root};
use crate::pass;

/// The ONNX file that is fetched.
const ONNX: &str = "models/vgg16.onnx";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let models = root().join("models");
    match arguments {
        [flag] if flag == "--check" => {
            pass::run("fetch", &["train".to_owned()])?;
            importer(&["check", &root().join(ONNX).to_string_lossy()])
        }
        [] => {
            pass::run("fetch", &["train".to_owned()])?;
            importer(&[
                "import",
                &root().join(ONNX).to_string_lossy(),
                &models.to_string_lossy(),
            ])
        }
        [file] if !file.starts_with('-') => importer(&["import", file, &models.to_string_lossy()]),
        _ => Err(Failure::Usage(
            "import: expected nothing, an ONNX file, or --check".into(),
        )),
    }
}

fn importer(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = cargo("run");
    command.args([
        "--release",
        "--quiet",
        "--package",
        "graft-onnx-import",
        "--features",
        "codegen",
        "--",
    ]);
    command.args(arguments);
    cargo::run(command)
}
