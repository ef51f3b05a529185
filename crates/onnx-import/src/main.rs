//! The maintainer's tool: a VGG16 ONNX file to weights and to the backbone's committed Rust modules.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use graft_onnx_import::{Vgg16, codegen};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

/// Import VGG16 from ONNX: weights for the backbone, and its Rust code.
#[derive(Parser)]
#[command(version)]
enum Command {
    /// Write the weights, and generate the Rust module of each block.
    Generate {
        /// The VGG16 to read.
        #[arg(long, value_name = "FILE", default_value = "models/vgg16.onnx")]
        onnx: PathBuf,
        /// Where the weights go; left out, none are written.
        #[arg(long, value_name = "FOLDER")]
        weights: Option<PathBuf>,
        /// Where the modules go.
        #[arg(long, value_name = "FOLDER", default_value = MODULES)]
        into: PathBuf,
    },
    /// Fail when the committed modules differ from what would be generated.
    Check {
        /// The VGG16 to read.
        #[arg(long, value_name = "FILE", default_value = "models/vgg16.onnx")]
        onnx: PathBuf,
        /// Where the committed modules are.
        #[arg(long, value_name = "FOLDER", default_value = MODULES)]
        against: PathBuf,
    },
}

/// The committed modules, seen from the workspace's root.
const MODULES: &str = "crates/backbone/src/generated";

fn main() -> ExitCode {
    let command = Command::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("warn,graft_onnx_import=info"))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let graphs = tempfile::tempdir().context("cannot create a folder for the block graphs")?;
    match command {
        Command::Generate {
            onnx,
            weights,
            into,
        } => {
            let vgg16 = Vgg16::read(&onnx)?;
            if let Some(folder) = weights {
                vgg16.write_weights(&folder)?;
                info!("wrote the weights of five blocks into {}", folder.display());
            }
            for module in codegen::generate(&vgg16.write_graphs(graphs.path())?, &into)? {
                info!("generated {}", module.display());
            }
        }
        Command::Check { onnx, against } => {
            let graphs = Vgg16::read(&onnx)?.write_graphs(graphs.path())?;
            codegen::check(&graphs, &against)?;
            info!("{} is what {} gives", against.display(), onnx.display());
        }
    }
    Ok(())
}
