//! Reads a set in IDX format and shows one image as a network sees it.
//!
//! `cargo run --release -p graft-dataset --example show -- [FOLDER] [INDEX]`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::path::Path;

use graft_dataset::{Error, IdxPair, ImageSet, Preprocessing, Split};

fn main() -> Result<(), Error> {
    let folder = env::args().nth(1).unwrap_or_else(|| "models/mnist".into());
    let index = env::args().nth(2).and_then(|text| text.parse().ok());
    let index = index.unwrap_or(0);
    let pair = IdxPair::find(Path::new(&folder), Split::Train)?;
    let set = ImageSet::read(&pair.images, &pair.labels, 10)?;
    let (images, rows, columns) = (set.len(), set.rows(), set.columns());
    println!("{images} images of {rows}x{columns}");

    let preprocessing = Preprocessing::default();
    let batch = preprocessing.batch(&set, std::iter::once(index))?; // [1, 3, 32, 32]
    println!(
        "image {index}, label {}, {preprocessing:?}:",
        set.labels()[index]
    );
    let side = preprocessing.size;
    for row in batch.values[..side * side].chunks_exact(side) {
        let shade =
            |value: &f32| ["  ", "--", "##"][usize::from(*value > 0.1) + usize::from(*value > 0.5)];
        println!("{}", row.iter().map(shade).collect::<String>());
    }
    Ok(())
}
