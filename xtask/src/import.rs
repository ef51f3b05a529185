//! `cargo xtask import`: the maintainer's half of the importer, which compiles Burn.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::cargo::{self, Failure, cargo, root};
use crate::forward;

/// The package's feature that has the code generator.
pub(crate) const CODEGEN: &str = "graft-onnx-import/codegen";

pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let fetched = root().join("models/vgg16.onnx");
    match arguments {
        [flag] if flag == "--check" => {
            forward::fetch("train")?;
            importer("check", fetched, None)
        }
        [] => {
            forward::fetch("train")?;
            importer("generate", fetched, Some(weights()))
        }
        [file] if !file.to_string_lossy().starts_with('-') => {
            let file = env::current_dir().unwrap_or_default().join(file);
            importer("generate", file, Some(weights()))
        }
        _ => Err(Failure::Usage(
            "import: expected nothing, an ONNX file, or --check".into(),
        )),
    }
}

/// Where graft looks for weights.
fn weights() -> PathBuf {
    let home = env::var_os("GRAFT_HOME").filter(|home| !home.is_empty());
    let home = home.map_or_else(root, |home| {
        env::current_dir().unwrap_or_default().join(home)
    });
    home.join("models/vgg16")
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
