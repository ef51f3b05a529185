//! One image through the frozen network: `cargo run --release -p graft-backbone --example features`
//!
//! `cargo xtask fetch` puts the weights there; another folder may be named as an argument.

use std::env;
use std::path::PathBuf;

use graft_backbone::{CpuStages, Error};
use graft_network::{Boundary, Network};

fn main() -> Result<(), Error> {
    let folder = env::args_os()
        .nth(1)
        .map_or_else(|| "models/vgg16".into(), PathBuf::from);
    let network = Network::VGG16;
    let backbone = CpuStages::load(&folder, network, Boundary::IMAGES..network.end())?;
    // A grey image of 64x64 pixels: [batch, channels, height, width], row by row.
    let features = backbone.forward(&vec![0.5; 3 * 64 * 64], [1, 3, 64, 64])?;
    let shape = network.feature_shape(network.end(), 64, 64)?;
    #[expect(clippy::print_stdout, reason = "it is what the example is for")]
    {
        println!(
            "{} features of shape {shape:?}, the first {:.3?}",
            features.len(),
            &features[..4]
        );
    }
    Ok(())
}
