//! Gradients against their definition in f64, against finite differences, and on several threads.

use super::{Gradients, Optimizer, Parameters, TrainableStack};
use crate::isa::Isa;
use crate::tests::reference::noise;
use crate::{Error, Layer};

mod reference;

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
    let (outputs, tape) = stack.forward(&maps, batch, height, width).unwrap();
    let gradient = noise(outputs.len(), 8);
    let found = stack.backward(tape, &gradient, true).unwrap();

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
    worst = worst.max(difference(found.input.as_ref().unwrap(), &expected_input));
    for (at, expected) in expected.iter().enumerate() {
        let found = found.layer(at);
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
    let (outputs, tape) = stack.forward(&maps, 4, 9, 10).unwrap();
    let factors = noise(outputs.len(), 4);
    let gradients = stack.backward(tape, &factors, false).unwrap();
    let loss = |stack: &mut TrainableStack| -> f64 {
        let (outputs, _) = stack.forward(&maps, 4, 9, 10).unwrap();
        let products = outputs.iter().zip(&factors);
        products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    for layer in 0..shape.len() {
        let (before, gradient) = (stack.parameters(layer), gradients.layer(layer));
        let (length, step) = (norm(&gradient), 1e-3);
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

/// Four steps; all weights, and the gradients of one more.
fn train(threads: usize, optimizer: Optimizer) -> (Vec<Parameters>, Vec<Parameters>) {
    let shape = [(20, false), (40, true), (33, false), (64, true)];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(|| {
        let mut stack = stack(3, &shape, Isa::best());
        let maps = noise(150 * 3 * 12 * 12, 5);
        let gradients = |stack: &mut TrainableStack| -> Gradients {
            let (outputs, tape) = stack.forward(&maps, 150, 12, 12).unwrap();
            stack.backward(tape, &outputs, false).unwrap()
        };
        for time in 1..=4 {
            let mut long = gradients(&mut stack);
            long.clip_norm(0.5);
            stack.step(long, optimizer, 0.01, time);
        }
        let gradients = gradients(&mut stack);
        let layers = 0..shape.len();
        let weights = layers.clone().map(|at| stack.parameters(at)).collect();
        (weights, layers.map(|at| gradients.layer(at)).collect())
    })
}

const ADAM: Optimizer = Optimizer::Adam {
    beta_1: 0.9,
    beta_2: 0.999,
    epsilon: 1e-7,
};

#[test]
fn no_number_of_threads_changes_a_bit() {
    for optimizer in [ADAM, Optimizer::Sgd { momentum: 0.9 }] {
        let one = train(1, optimizer);
        for threads in [2, 3, 5] {
            assert!(train(threads, optimizer) == one, "{threads} threads");
        }
    }
}

#[test]
fn a_training_goes_on_from_its_weights_and_moments_bit_for_bit() {
    let shape = [(20, true), (33, false)];
    let maps = noise(5 * 17 * 8 * 8, 5);
    let step = |stack: &mut TrainableStack, time| {
        let (outputs, tape) = stack.forward(&maps, 5, 8, 8).unwrap();
        let gradients = stack.backward(tape, &outputs, false).unwrap();
        stack.step(gradients, ADAM, 0.01, time);
    };
    let mut whole = stack(17, &shape, Isa::best());
    let mut resumed = stack(17, &shape, Isa::best());
    assert_eq!(whole.moments(0), [None, None]);
    step(&mut whole, 1);
    for layer in 0..2 {
        resumed
            .set_parameters(layer, &whole.parameters(layer))
            .unwrap();
        resumed.set_moments(layer, &whole.moments(layer)).unwrap();
    }
    step(&mut whole, 2);
    step(&mut resumed, 2);
    for layer in 0..2 {
        assert!(whole.parameters(layer) == resumed.parameters(layer));
        assert!(whole.moments(layer) == resumed.moments(layer));
    }
}

#[test]
fn gradients_that_are_too_long_are_scaled_down() {
    let mut stack = stack(3, &[(20, false)], Isa::best());
    let (outputs, tape) = stack.forward(&noise(3 * 64, 5), 1, 8, 8).unwrap();
    let mut gradients = stack.backward(tape, &outputs, false).unwrap();
    let before = gradients.layer(0);
    let length = |numbers: &[f32]| numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
    let [weights, bias] = [length(&before.weights), length(&before.bias)];
    gradients.clip_norm(1.001 * weights.max(bias));
    assert!(gradients.layer(0) == before);
    gradients.clip_norm(bias.min(weights) / 2.0);
    let after = gradients.layer(0);
    for numbers in [&after.weights, &after.bias] {
        assert!((length(numbers) / (bias.min(weights) / 2.0) - 1.0).abs() < 1e-5);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut stack = stack(3, &[(8, true)], Isa::best());
    assert!(matches!(
        stack.forward(&[0.0; 190], 1, 8, 8),
        Err(Error::Length { .. })
    ));
    assert!(matches!(
        stack.forward(&[0.0; 24], 1, 1, 8),
        Err(Error::TooSmall { .. })
    ));
    let (outputs, tape) = stack.forward(&[], 0, 8, 8).unwrap();
    assert!(outputs.is_empty());
    let gradients = stack.backward(tape, &[], true).unwrap();
    assert_eq!(gradients.input, Some(vec![]));
    assert!(
        gradients
            .layer(0)
            .weights
            .iter()
            .all(|number| *number == 0.0)
    );
    let (_, tape) = stack.forward(&[0.0; 192], 1, 8, 8).unwrap();
    assert!(matches!(
        stack.backward(tape, &[0.0; 3], false),
        Err(Error::Length { .. })
    ));
    let mut parameters = stack.parameters(0);
    parameters.bias.push(1.0);
    assert!(matches!(
        stack.set_parameters(0, &parameters),
        Err(Error::Length { .. })
    ));
}
