//! `graft export` as it is typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Outside;

/// `graft export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A run's name or folder; the newest complete one by default
    pub(crate) run: Option<PathBuf>,
    /// The file's format
    #[arg(long, value_enum, default_value_t = ModelFormat::Onnx)]
    pub(crate) format: ModelFormat,
    /// The file, or the folder of a page; by default model.onnx in the run's folder, model-f16.onnx with
    /// --half, or the folder page
    #[arg(short, long, value_name = "PLACE")]
    pub(crate) output: Option<PathBuf>,
    /// The folder with the code of a page, graft.wasm and graft-plain.wasm; `cargo xtask page` builds it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) wasm: Option<PathBuf>,
    /// Keep weights as 16-bit floats: half the size, and probabilities that differ a little; a page always
    /// has them
    #[arg(long)]
    pub(crate) half: bool,
    /// Let the file also yield the features at the boundary, and the logits
    #[arg(long)]
    pub(crate) features: bool,
    /// Run the file on the test images, and compare with what `predict` makes of them and with what
    /// `eval` recorded; fails where a class is not that of `predict`
    #[arg(long)]
    pub(crate) check: bool,
    /// What runs the file
    #[arg(long, value_enum, default_value_t = Runtime::Onnxruntime, requires = "check")]
    pub(crate) runtime: Runtime,
    /// The Python that has numpy and the runtime's package
    #[arg(long, value_name = "PROGRAM", default_value = PYTHON, requires = "check")]
    pub(crate) python: PathBuf,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
}

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// A format of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelFormat {
    /// One ONNX file, from the pixels to the probabilities
    Onnx,
    /// A folder of static files: a page that computes in the browser, for any web server
    Web,
}

/// What runs an exported file: a package for Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// ONNX Runtime
    Onnxruntime,
    /// The package openvino
    Openvino,
    /// The package onnx, in 64-bit floats: what the file means, but for rounding (minutes)
    Float64,
}

impl Runtime {
    /// Its name, for people and for the script.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Onnxruntime => "onnxruntime",
            Self::Openvino => "openvino",
            Self::Float64 => "float64",
        }
    }

    /// The package that has it.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Float64 => "onnx",
            other => other.name(),
        }
    }
}
