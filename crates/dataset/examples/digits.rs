//! Brings pictures of digits to MNIST's form: a line a picture with its 784 pixels, or why it has none.
//!
//! `cargo run --release -p graft-dataset --example digits -- PICTURE...`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::path::Path;

use graft_dataset::{ImageForm, PictureForm, read_picture};

fn main() {
    for path in env::args().skip(1) {
        match read_picture(Path::new(&path), PictureForm::Digit, ImageForm::MNIST) {
            Ok(picture) => println!("{path}\t{}\t{:?}", picture.inverted, picture.pixels),
            Err(error) => println!("{path}\tno\t{error}"),
        }
    }
}
