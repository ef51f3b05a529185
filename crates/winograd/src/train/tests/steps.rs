//! Steps of training: threads, checkpoints, clipping, and what is refused.

use super::super::{Gradients, Optimizer, Parameters, TrainableStack};
use super::stack;
use crate::Error;
use crate::isa::Isa;
use crate::tests::reference::noise;

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
