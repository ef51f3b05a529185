//! How fast VGG16's thirteen convolutions are here, with random weights.
//!
//! `cargo run --release -p graft-winograd --example vgg16 -- [SIZE] [BATCH] [ROUNDS] [FIRST BLOCK]` prints,
//! for each block from the first one asked for on, images a second up to and including it, and the rate of the products that are left
//! after the transforms, beside the rate of products alone in the cache.

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "an example prints rounded numbers"
)]

use std::time::Instant;

use graft_winograd::{Error, Layer, Stack, peak_gflops};

/// Output channels, and whether a pool follows.
const LAYERS: [(usize, bool); 13] = [
    (64, false),
    (64, true),
    (128, false),
    (128, true),
    (256, false),
    (256, false),
    (256, true),
    (512, false),
    (512, false),
    (512, true),
    (512, false),
    (512, false),
    (512, true),
];

fn main() -> Result<(), Error> {
    let argument = |at: usize, default: usize| {
        let given = std::env::args().nth(at).and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    let (size, batch, rounds) = (argument(1, 32), argument(2, 256), argument(3, 5));
    let first = argument(4, 1);

    let mut input = 3;
    let mut layers = Vec::new();
    for (output, pool) in LAYERS {
        let scale = (6.0 / (9.0 * input as f32)).sqrt();
        let weights: Vec<f32> = noise(output * input * 9)
            .map(|number| number * scale)
            .collect();
        layers.push(Layer::new(
            &weights,
            &vec![0.0; output],
            [input, output],
            pool,
        )?);
        input = output;
    }
    let stack = Stack::new(layers)?;
    let images: Vec<f32> = noise(batch * 3 * size * size).collect();

    let threads = rayon::current_num_threads();
    let peak = peak_gflops() * threads as f64;
    println!("{size}x{size}, batch {batch}, {threads} threads; products alone: {peak:.0} GFLOP/s");
    let ends: Vec<usize> = (0..LAYERS.len()).filter(|&at| LAYERS[at].1).collect();
    let mut gigaflops = 0.0;
    let mut next = 0;
    for (block, end) in ends.into_iter().enumerate() {
        for layer in next..=end {
            gigaflops += 2e-9 * stack.products(layer, size, size)? as f64;
        }
        next = end + 1;
        if block + 1 < first {
            continue;
        }
        let run = || stack.run_to(&[end], &images, batch, size, size);
        run()?;
        let mut seconds = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            std::hint::black_box(run()?);
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let rate = batch as f64 / seconds[rounds / 2];
        let best = batch as f64 / seconds[0];
        println!(
            "to block {}: {rate:7.1} images/s (best {best:.1}), {:.0} GFLOP/s, {:.0} % of the products' rate",
            block + 1,
            rate * gigaflops,
            100.0 * rate * gigaflops / peak
        );
    }
    Ok(())
}

/// Numbers between -1 and 1 that look random.
fn noise(count: usize) -> impl Iterator<Item = f32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..count).map(move |_| {
        // Marsaglia's xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}
