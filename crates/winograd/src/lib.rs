//! 3x3 convolutions (stride 1, padding 1) with bias, `ReLU` and an optional 2x2 max-pool, for f32 on CPUs.
//!
//! A [`Layer`] is one such convolution, a [`Stack`] is several in a row. Most of the work is done by
//! minimal filtering (S. Winograd, 1980; for networks: A. Lavin and S. Gray, *Fast Algorithms for
//! Convolutional Neural Networks*, 2016): a tile of 4x4 outputs takes 36 products instead of 144.
//! Maps of 3, 5, 6 or 9 are cut into tiles of 3x3 where that costs less, maps of 2x2 take transforms of
//! their own, and images with up to four channels are convolved directly (`tiles` chooses). The mathematics
//! is in the module `transforms`, one dimension at a time.
//!
//! Of a single image the small maps have so few tiles that reading weights takes the time, and a tile of
//! 4x4 needs four times as many of them as direct convolution. [`Stack::run_alone`] takes the methods that
//! read less.
//!
//! How the time is kept low:
//!
//! - Activations and weights lie in blocks of 16 channels, one cache line each, so that every step
//!   is arithmetic on whole vectors (`lanes`).
//! - Weights are transformed and packed once, in the order in which the products read them (`packed`).
//! - A block of tiles is transformed, multiplied and transformed back while it lies in the cache (`forward`).
//! - Images go through the stack depth first: a few large maps at a time, and once pooling has made
//!   them small, more of them at once, so that every weight that is read serves many tiles (`schedule`).
//! - One binary holds every inner loop three times and picks AVX-512, AVX2 or plain code when it
//!   runs (`isa`; it and `vector` are the only modules with `unsafe`).
//!
//! ```
//! use graft_winograd::{Layer, Stack};
//!
//! let weights = [1.0; 2 * 9]; // [out, in, 3, 3]: one output that adds up two inputs' neighbourhoods
//! let layer = Layer::new(&weights, &[0.5], [2, 1], false)?;
//! let stack = Stack::new(vec![layer])?;
//! let images = [1.0; 2 * 4 * 4]; // [batch, in, height, width]
//! let outputs = stack.run(&images, 1, 4, 4)?; // [batch, out, height, width]
//! assert_eq!(outputs[0], 2.0 * 4.0 + 0.5); // in a corner, four of the nine places are in the image
//! # Ok::<(), graft_winograd::Error>(())
//! ```
//!
//! A [`TrainableStack`] learns: the same products and transforms also give the gradients of inputs and of
//! weights (`train`).
//!
//! An output of [`Stack::run`] depends on its own image alone, bit for bit: neither the batch nor the number
//! of threads changes the order of any sum. [`Stack::run_alone`] agrees with it up to rounding, and does not
//! depend on the number of threads either.

#![expect(
    clippy::inline_always,
    reason = "the inner loops must be compiled inside their caller, which chooses the instruction set"
)]
#![cfg_attr(
    test,
    expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "tests use small whole numbers, and compare bit for bit where they say so"
    )
)]

mod error;
mod forward;
mod input_transform;
mod isa;
mod lanes;
mod layer;
mod maps;
mod multiply;
mod output_transform;
mod packed;
mod schedule;
mod stack;
#[cfg(test)]
mod tests;
mod tiles;
mod train;
mod transforms;
mod vector;

pub use error::Error;
pub use isa::{instructions, peak_gflops};
pub use layer::Layer;
pub use stack::{Stack, threads};
pub use train::{Gradient, Optimizer, Parameters, Tape, TrainableStack};
