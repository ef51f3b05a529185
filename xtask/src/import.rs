//! `cargo xtask import`: the maintainer's half of the importer, which compiles Burn.

use std::env;
use std::path::PathBuf;

use crate::cargo::{self, Failure, cargo, root};
use crate::pass;

/// The package's feature that has the code generator.
pub(crate) const CODEGEN: &str = "graft-onnx-import/codegen";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let models = root().join("models");
    let fetched = models.join("vgg16.onnx");
    match arguments {
        [flag] if flag == "--check" => {
            fetch()?;
            importer("check", fetched, None)
        }
        [] => {
            fetch()?;
            importer("generate", fetched, Some(models.join("vgg16")))
        }
        [file] if !file.starts_with('-') => {
            let file = env::current_dir().unwrap_or_default().join(file);
            importer("generate", file, Some(models.join("vgg16")))
        }
        _ => Err(Failure::Usage(
            "import: expected nothing, an ONNX file, or --check".into(),
        )),
    }
}

fn fetch() -> Result<(), Failure> {
    pass::run("fetch", &["train".to_owned()])
}

/// Builds the importer together with the whole workspace's features, so that it shares the Burn
/// that the tests compile, and runs it at the root, where its defaults lie.
fn importer(verb: &str, onnx: PathBuf, weights: Option<PathBuf>) -> Result<(), Failure> {
    let mut build = cargo("build");
    build.args([
        "--release",
        "--workspace",
        "--features",
        CODEGEN,
        "--bin",
        "graft-onnx-import",
    ]);
    let mut importer = cargo::built(build)?;
    importer
        .current_dir(root())
        .arg(verb)
        .arg("--onnx")
        .arg(onnx);
    if let Some(folder) = weights {
        importer.arg("--weights").arg(folder);
    }
    cargo::run(importer)
}
