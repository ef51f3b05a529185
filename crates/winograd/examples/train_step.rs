//! Times training steps of VGG16's blocks: forward, backward and Adam on one batch.
//!
//!     cargo run --release -p graft-winograd --example train_step -- --first 1 --last 5 --size 32 --batch 64
//!
//! `--case FILE` takes weights, biases and input maps from a file of little-endian f32, layer by layer, the
//! maps last, and writes the first step's gradients and all losses beside it (`FILE.gradients`,
//! `FILE.losses`): `scripts/bench_train.py` compares them with those of other frameworks. Without it, all
//! are random. The loss is half the outputs' sum of squares over the batch. One JSON object is printed.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use graft_winograd::{Layer, Optimizer, Parameters, TrainableStack, instructions, threads};

const BLOCKS: [(usize, usize); 5] = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)];
const ADAM: Optimizer = Optimizer::Adam {
    beta_1: 0.9,
    beta_2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
};

/// What the command line says.
struct Arguments {
    first: usize,
    last: usize,
    /// Height and width of the images; the maps before a later block are smaller.
    size: usize,
    batch: usize,
    seconds: f64,
    /// Steps whose losses are kept, at least.
    steps: usize,
    learning_rate: f32,
    case: Option<String>,
}

fn parse() -> Result<Arguments, Box<dyn Error>> {
    let mut found = Arguments {
        first: 1,
        last: 5,
        size: 32,
        batch: 64,
        seconds: 2.0,
        steps: 3,
        learning_rate: 1e-4,
        case: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("every option takes a value")?;
        match option.as_str() {
            "--first" => found.first = value.parse()?,
            "--last" => found.last = value.parse()?,
            "--size" => found.size = value.parse()?,
            "--batch" => found.batch = value.parse()?,
            "--seconds" => found.seconds = value.parse()?,
            "--steps" => found.steps = value.parse()?,
            "--learning-rate" => found.learning_rate = value.parse()?,
            "--case" => found.case = Some(value),
            _ => return Err(format!("there is no option {option}").into()),
        }
    }
    Ok(found)
}

/// Input channels, output channels and pool of every layer from the first block to the last.
fn shapes(arguments: &Arguments) -> Vec<([usize; 2], bool)> {
    let mut shapes = Vec::new();
    let mut channels = if arguments.first == 1 {
        3
    } else {
        BLOCKS[arguments.first - 2].1
    };
    for (layers, output) in &BLOCKS[arguments.first - 1..arguments.last] {
        for layer in 1..=*layers {
            shapes.push(([channels, *output], layer == *layers));
            channels = *output;
        }
    }
    shapes
}

/// Numbers of a case: from its file, or random (xorshift) with about unit gain.
struct Numbers {
    file: Option<Vec<f32>>,
    taken: usize,
    state: u64,
}

impl Numbers {
    fn take(&mut self, count: usize, scale: f32) -> Result<Vec<f32>, Box<dyn Error>> {
        if let Some(numbers) = &self.file {
            let taken = self.taken..self.taken + count;
            self.taken += count;
            return Ok(numbers.get(taken).ok_or("the case is too short")?.to_vec());
        }
        let mut next = || {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            #[expect(clippy::cast_precision_loss, reason = "24 bits")]
            let number = (self.state >> 40) as f32 / (1 << 23) as f32;
            (number - 1.0) * scale
        };
        Ok((0..count).map(|_| next()).collect())
    }
}

fn read(path: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let words = bytes.as_chunks::<4>().0;
    Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
}

fn write(path: &str, numbers: impl IntoIterator<Item = f32>) -> Result<(), Box<dyn Error>> {
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(std::fs::write(path, bytes)?)
}

/// Bytes that the process holds, or has held at most, in memory, where the system tells.
fn memory(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(what))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = parse()?;
    let shapes = shapes(&arguments);
    let before = memory("VmRSS").unwrap_or(0);
    let (mut stack, maps, size) = build(&arguments, &shapes)?;
    let mut losses = Vec::new();
    let mut step = |stack: &mut TrainableStack, keep: bool| -> Result<(), Box<dyn Error>> {
        let (outputs, tape) = stack.forward(maps.clone(), arguments.batch, size, size)?;
        #[expect(clippy::cast_precision_loss, reason = "batches are small")]
        let share = 1.0 / arguments.batch as f32;
        let square: f64 = outputs.iter().map(|o| f64::from(*o).powi(2)).sum();
        #[expect(clippy::cast_possible_truncation, reason = "a loss")]
        losses.push((square / 2.0) as f32 * share);
        let gradient: Vec<f32> = outputs.iter().map(|output| output * share).collect();
        let time = losses.len().try_into()?;
        let mut gradients = Vec::new();
        stack.backward(tape, &gradient, false, |gradient| {
            if keep && arguments.case.is_some() {
                gradients.push(gradient.parameters());
            }
            gradient.step(ADAM, arguments.learning_rate, time);
            Ok::<(), graft_winograd::Error>(())
        })?;
        if let Some(case) = arguments.case.as_ref().filter(|_| keep) {
            write(&format!("{case}.gradients"), flat(gradients))?;
        }
        Ok(())
    };
    step(&mut stack, true)?;
    step(&mut stack, false)?;
    let started = Instant::now();
    let mut steps = 0;
    let mut best = f64::MAX;
    while started.elapsed().as_secs_f64() < arguments.seconds || steps + 2 < arguments.steps {
        let begun = Instant::now();
        step(&mut stack, false)?;
        best = best.min(begun.elapsed().as_secs_f64());
        steps += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    if let Some(case) = &arguments.case {
        write(&format!("{case}.losses"), losses)?;
    }
    let peak = memory("VmHWM").unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let rate = |steps: usize, seconds: f64| (steps * arguments.batch) as f64 / seconds;
    #[expect(clippy::print_stdout, reason = "it is what the example is for")]
    {
        println!(
            "{{\"version\": \"{}\", \"threads\": {}, \"images_per_second\": {:.2}, \"at_best\": {:.2}, \
             \"peak_memory_bytes\": {peak}, \"step_memory_bytes\": {}}}",
            instructions(),
            threads(),
            rate(steps, seconds),
            rate(1, best),
            peak.saturating_sub(before),
        );
    }
    Ok(())
}

/// The stack, its input maps, and their height and width.
fn build(
    arguments: &Arguments,
    shapes: &[([usize; 2], bool)],
) -> Result<(TrainableStack, Vec<f32>, usize), Box<dyn Error>> {
    let mut numbers = Numbers {
        file: arguments.case.as_deref().map(read).transpose()?,
        taken: 0,
        state: 0x9E37_79B9_7F4A_7C15,
    };
    let mut layers = Vec::new();
    for &([input, output], pool) in shapes {
        #[expect(clippy::cast_precision_loss, reason = "channels are few")]
        let scale = (6.0 / (9 * input) as f32).sqrt();
        let weights = numbers.take(output * input * 9, scale)?;
        let bias = numbers.take(output, 0.1)?;
        layers.push(Layer::new(&weights, &bias, [input, output], pool)?);
    }
    let size = arguments.size >> (arguments.first - 1);
    let maps = numbers.take(arguments.batch * shapes[0].0[0] * size * size, 1.0)?;
    Ok((TrainableStack::new(layers)?, maps, size))
}

/// All gradients, layer by layer, weights before bias; they come last layer first.
fn flat(gradients: Vec<Parameters>) -> impl Iterator<Item = f32> {
    let layers = gradients.into_iter().rev();
    layers.flat_map(|layer| layer.weights.into_iter().chain(layer.bias))
}
