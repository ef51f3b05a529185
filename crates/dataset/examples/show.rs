//! Reads a set in IDX format and shows one image as a network sees it.
//!
//! `cargo run --release -p graft-dataset --example show -- [FOLDER] [INDEX]`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::path::PathBuf;

use graft_dataset::{Error, IdxPair, ImageSet, Preprocessing, Split};

fn main() -> Result<(), Error> {
    let folder = env::args().nth(1).unwrap_or_else(|| "models/mnist".into());
    let index = env::args().nth(2).and_then(|text| text.parse().ok());
    let index = index.unwrap_or(0);
    let pair = IdxPair::find(&PathBuf::from(folder), Split::Train)?;
    let set = ImageSet::read(&pair.images, &pair.labels, 10)?;
    println!(
        "{} images of {}x{}, by class {:?}",
        set.len(),
        set.rows(),
        set.columns(),
        set.class_counts()
    );

    let preprocessing = Preprocessing::default();
    let batch = preprocessing.batch(&set, index..index + 1)?; // [1, 3, 32, 32]
    println!(
        "image {index}, label {}, {preprocessing:?}:",
        set.labels()[index]
    );
    let side = preprocessing.size;
    for row in batch.values[..side * side].chunks_exact(side) {
        let shades = row.iter().map(|value| match value {
            ..0.1 => "  ",
            0.1..0.5 => "--",
            _ => "##",
        });
        println!("{}", shades.collect::<String>());
    }
    Ok(())
}
