//! One 3x3 convolution: computed, checked against the plain loops, and timed.
//!
//! `cargo run --release -p graft-winograd --example convolution`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use graft_winograd::{Error, Layer, Stack, instructions};

/// Input and output channels.
const INPUT: usize = 64;
const OUTPUT: usize = 48;
/// Rows and columns of an image.
const SIDE: usize = 32;
const BATCH: usize = 16;

fn main() -> Result<(), Error> {
    let weights = numbers(OUTPUT * INPUT * 9); // [out, in, 3, 3]
    let images = numbers(BATCH * INPUT * SIDE * SIDE); // [batch, in, height, width]
    let layer = Layer::new(&weights, &[0.5; OUTPUT], [INPUT, OUTPUT], false)?;
    let stack = Stack::new(vec![layer])?;
    let outputs = stack.run(&images, BATCH, SIDE, SIDE)?; // [batch, out, height, width]

    let checked = (0..outputs.len()).step_by(977);
    let difference = checked
        .map(|at| (outputs[at] - naive(&images, &weights, at)).abs())
        .fold(0.0, f32::max);
    println!("largest difference from the plain loops: {difference:.1e}");

    let start = Instant::now();
    std::hint::black_box(stack.run(&images, BATCH, SIDE, SIDE)?);
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "shown to a person")]
    let operations = (2 * 9 * INPUT * outputs.len()) as f64;
    println!(
        "{}: {:.0} GFLOP/s",
        instructions(),
        operations / seconds / 1e9
    );
    Ok(())
}

/// Output `at` by the definition: the sum over the 3x3 neighbourhood, bias, `ReLU`.
fn naive(images: &[f32], weights: &[f32], at: usize) -> f32 {
    let (x, y) = (at % SIDE, at / SIDE % SIDE);
    let (channel, image) = (at / SIDE / SIDE % OUTPUT, at / SIDE / SIDE / OUTPUT);
    let mut sum = 0.5;
    for input in 0..INPUT {
        for (dy, dx) in (0..9).map(|place| (place / 3, place % 3)) {
            if (1..=SIDE).contains(&(y + dy)) && (1..=SIDE).contains(&(x + dx)) {
                let pixel = ((image * INPUT + input) * SIDE + y + dy - 1) * SIDE + x + dx - 1;
                sum += images[pixel] * weights[(channel * INPUT + input) * 9 + dy * 3 + dx];
            }
        }
    }
    sum.max(0.0)
}

/// Numbers between -1 and 1.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (i * 7919 % 2003) as f32 / 1001.5 - 1.0)
        .collect()
}
