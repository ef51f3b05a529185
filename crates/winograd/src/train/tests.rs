//! Gradients against their definition in f64, and against finite differences.

use super::{Parameters, Tape, TrainableStack};
use crate::isa::Isa;
use crate::tests::reference::noise;
use crate::{Error, Layer};

mod memory;
mod reference;
mod steps;

/// A stack of random layers of about unit gain, each given by its output channels and pool.
fn stack(input: usize, shape: &[(usize, bool)], isa: Isa) -> TrainableStack {
    let mut channels = input;
    let layers = shape.iter().zip(1..).map(|(&(output, pool), seed)| {
        let scale = (6.0 / (9.0 * channels as f32)).sqrt();
        let weights = noise(output * channels * 9, seed);
        let weights: Vec<f32> = weights.iter().map(|w| w * scale).collect();
        let bias = noise(output, seed + 99);
        let mut layer = Layer::new(&weights, &bias, [channels, output], pool).unwrap();
        layer.isa = isa;
        channels = output;
        layer
    });
    TrainableStack::new(layers.collect()).unwrap()
}

/// The gradients of all layers, first to last, and that of the input where it is asked for.
fn gradients(
    stack: &mut TrainableStack,
    tape: Tape,
    output: &[f32],
    input: bool,
) -> (Vec<Parameters>, Option<Vec<f32>>) {
    let mut found = Vec::new();
    let input = stack.backward(tape, output, input, |gradient| {
        found.push(gradient.parameters());
        Ok::<(), Error>(())
    });
    found.reverse();
    (found, input.unwrap())
}

/// The largest difference, as a part of the largest value.
fn difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |most, n| most.max(n.abs()));
    let pairs = found.iter().zip(expected);
    let worst = pairs
        .map(|(a, b)| (f64::from(*a) - b).abs())
        .fold(0.0, f64::max);
    worst / largest.max(f64::MIN_POSITIVE)
}

/// Forward and all gradients against the definition; the largest difference of any of them.
fn worst(
    stack: &mut TrainableStack,
    shape: &[(usize, bool)],
    batch: usize,
    [height, width]: [usize; 2],
) -> f64 {
    let parameters: Vec<Parameters> = (0..shape.len()).map(|at| stack.parameters(at)).collect();
    let layers: Vec<reference::Layer> = parameters
        .iter()
        .zip(shape)
        .map(|(parameters, (_, pool))| reference::Layer {
            weights: &parameters.weights,
            bias: &parameters.bias,
            pool: *pool,
        })
        .collect();
    let channels = parameters[0].weights.len() / (9 * parameters[0].bias.len());
    let input = channels * height * width;
    let maps = noise(batch * input, 7);
    let (outputs, tape) = stack.forward(maps.clone(), batch, height, width).unwrap();
    let gradient = noise(outputs.len(), 8);
    let (found, input_gradient) = gradients(stack, tape, &gradient, true);

    let mut expected: Vec<reference::Gradients> = Vec::new();
    let (mut expected_outputs, mut expected_input) = (Vec::new(), Vec::new());
    for (maps, gradient) in maps
        .chunks(input)
        .zip(gradient.chunks(outputs.len() / batch))
    {
        let mut maps: Vec<f64> = maps.iter().copied().map(f64::from).collect();
        let mut size = [height, width];
        let mut passes = Vec::new();
        for layer in &layers {
            let pass = reference::forward(layer, &maps, size);
            maps.clone_from(&pass.output);
            size = size.map(|edge| if layer.pool { edge / 2 } else { edge });
            passes.push(pass);
        }
        expected_outputs.extend(maps);
        let mut gradient: Vec<f64> = gradient.iter().copied().map(f64::from).collect();
        for (at, layer) in layers.iter().enumerate().rev() {
            let one = reference::backward(layer, &passes[at], &gradient);
            gradient.clone_from(&one.input);
            let known = expected.len() == layers.len();
            if known {
                let sums = &mut expected[layers.len() - 1 - at];
                let add = |(sum, number): (&mut f64, &f64)| *sum += number;
                sums.weights.iter_mut().zip(&one.weights).for_each(add);
                sums.bias.iter_mut().zip(&one.bias).for_each(add);
            } else {
                expected.push(one);
            }
        }
        expected_input.extend(gradient);
    }
    expected.reverse();
    let mut worst = difference(&outputs, &expected_outputs);
    worst = worst.max(difference(&input_gradient.unwrap(), &expected_input));
    for (at, expected) in expected.iter().enumerate() {
        let found = &found[at];
        worst = worst.max(difference(&found.weights, &expected.weights));
        worst = worst.max(difference(&found.bias, &expected.bias));
    }
    worst
}

#[test]
fn one_layer_and_its_gradients_equal_the_definition_on_every_instruction_set() {
    for isa in Isa::available() {
        for (input, output) in [(1, 5), (3, 20), (17, 48), (40, 7)] {
            for size in [
                [2, 2],
                [2, 3],
                [3, 3],
                [4, 4],
                [5, 5],
                [6, 6],
                [7, 9],
                [11, 2],
                [20, 13],
            ] {
                for pool in [false, true] {
                    let shape = [(output, pool)];
                    let worst = worst(&mut stack(input, &shape, isa), &shape, 3, size);
                    assert!(
                        worst < 1e-5,
                        "{isa:?}, {input} to {output} channels, {size:?}, pool {pool}: {worst}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_batch_of_many_blocks_of_tiles_equals_the_definition() {
    for (batch, size) in [(70, [8, 12]), (300, [3, 2]), (2, [70, 66])] {
        let shape = [(6, true)];
        let worst = worst(&mut stack(3, &shape, Isa::best()), &shape, batch, size);
        assert!(worst < 1e-5, "{batch} of {size:?}: {worst}");
    }
}

#[test]
fn a_small_vgg_and_its_gradients_equal_the_definition() {
    let shape = [
        (8, false),
        (16, true),
        (24, false),
        (33, true),
        (40, false),
        (40, true),
        (64, true),
    ];
    for size in [[32, 32], [33, 47]] {
        let worst = worst(&mut stack(3, &shape, Isa::best()), &shape, 2, size);
        assert!(worst < 1e-5, "{size:?}: {worst}");
    }
}

#[test]
fn gradients_are_the_slope_of_the_outputs() {
    let shape = [(20, false), (33, true), (16, false)];
    let maps = noise(4 * 3 * 9 * 10, 3);
    let mut stack = stack(3, &shape, Isa::best());
    let (outputs, tape) = stack.forward(maps.clone(), 4, 9, 10).unwrap();
    let factors = noise(outputs.len(), 4);
    let (gradients, _) = gradients(&mut stack, tape, &factors, false);
    let loss = |stack: &mut TrainableStack| -> f64 {
        let (outputs, _) = stack.forward(maps.clone(), 4, 9, 10).unwrap();
        let products = outputs.iter().zip(&factors);
        products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    for (layer, gradient) in gradients.iter().enumerate() {
        let before = stack.parameters(layer);
        let (length, step) = (norm(gradient), 1e-3);
        let mut moved = |sign: f64| {
            let factor = (sign * step / length) as f32;
            let add = |(w, g): (&f32, &f32)| w + factor * g;
            let parameters = Parameters {
                weights: before
                    .weights
                    .iter()
                    .zip(&gradient.weights)
                    .map(add)
                    .collect(),
                bias: before.bias.iter().zip(&gradient.bias).map(add).collect(),
            };
            stack.set_parameters(layer, &parameters).unwrap();
            loss(&mut stack)
        };
        let slope = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        stack.set_parameters(layer, &before).unwrap();
        assert!(
            (slope / length - 1.0).abs() < 0.02,
            "layer {layer}: {slope}, {length}"
        );
    }
}

fn norm(parameters: &Parameters) -> f64 {
    let numbers = parameters.weights.iter().chain(&parameters.bias);
    numbers.map(|n| f64::from(*n).powi(2)).sum::<f64>().sqrt()
}
