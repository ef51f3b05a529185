//! Steps of training: threads, checkpoints, clipping, and what is refused.

use super::super::{Gradient, Optimizer, Parameters, TrainableStack};
use super::{gradients, stack};
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
        for time in 1..=4 {
            step(&mut stack, &maps, [150, 12], |mut gradient| {
                gradient.clip_norm(0.5);
                gradient.step(optimizer, 0.01, time);
            });
        }
        let (outputs, tape) = stack.forward(maps, 150, 12, 12).unwrap();
        let (gradients, _) = gradients(&mut stack, tape, &outputs, false);
        let weights = (0..shape.len()).map(|at| stack.parameters(at)).collect();
        (weights, gradients)
    })
}

/// Forward and back on square maps; the loss is half the outputs' sum of squares.
fn step(
    stack: &mut TrainableStack,
    maps: &[f32],
    [batch, edge]: [usize; 2],
    mut each: impl FnMut(Gradient),
) {
    let (outputs, tape) = stack.forward(maps.to_vec(), batch, edge, edge).unwrap();
    let done = stack.backward(tape, &outputs, false, |gradient| {
        each(gradient);
        Ok::<(), Error>(())
    });
    done.unwrap();
}

const ADAM: Optimizer = Optimizer::Adam {
    beta_1: 0.9,
    beta_2: 0.999,
    epsilon: 1e-7,
    weight_decay: 0.0,
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
        step(stack, &maps, [5, 8], |gradient| {
            gradient.step(ADAM, 0.01, time);
        });
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
    let length = |numbers: &[f32]| numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
    step(&mut stack, &noise(3 * 64, 5), [1, 8], |mut gradient| {
        let before = gradient.parameters();
        let [weights, bias] = [length(&before.weights), length(&before.bias)];
        let all = before.weights.iter().chain(&before.bias);
        let most = all.fold(0.0_f32, |most, one| most.max(one.abs()));
        let (largest, squares) = gradient.largest_and_squares();
        assert_eq!(largest.to_bits(), most.to_bits());
        assert!((squares.sqrt() / f64::from(weights.hypot(bias)) - 1.0).abs() < 1e-5);
        gradient.clip_norm(1.001 * weights.max(bias));
        assert!(gradient.parameters() == before);
        gradient.clip_norm(bias.min(weights) / 2.0);
        let after = gradient.parameters();
        for numbers in [&after.weights, &after.bias] {
            assert!((length(numbers) / (bias.min(weights) / 2.0) - 1.0).abs() < 1e-5);
        }
    });
}

#[test]
fn a_gradient_that_is_refused_moves_neither_its_layer_nor_those_before_it() {
    let shape = [(20, false), (33, true), (16, false)];
    let mut stack = stack(3, &shape, Isa::best());
    let mut maps = noise(2 * 3 * 8 * 8, 5);
    let before: Vec<Parameters> = (0..3).map(|at| stack.parameters(at)).collect();
    maps[7] = f32::NAN;
    let (outputs, tape) = stack.forward(maps.clone(), 2, 8, 8).unwrap();
    let slopes = vec![1.0; outputs.len()];
    let mut seen = Vec::new();
    let refused = stack.backward(tape, &slopes, false, |gradient| {
        seen.push((gradient.layer(), gradient.largest_and_squares().0.is_nan()));
        if gradient.layer() < 2 {
            let (layer, layers) = (gradient.layer(), 3);
            return Err(Error::NoSuchLayer { layer, layers });
        }
        gradient.step(ADAM, 0.01, 1);
        Ok(())
    });
    assert_eq!(
        refused,
        Err(Error::NoSuchLayer {
            layer: 1,
            layers: 3
        })
    );
    assert_eq!(
        seen,
        [(2, true), (1, true)],
        "last to first, and no further"
    );
    assert!(stack.parameters(0) == before[0] && stack.parameters(1) == before[1]);
    assert!(stack.parameters(2).bias != before[2].bias);
    maps[7] = 0.5;
    assert!(
        stack.forward(maps, 2, 8, 8).is_ok(),
        "the stack can still be used"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut stack = stack(3, &[(8, true)], Isa::best());
    assert!(matches!(
        stack.forward(vec![0.0; 190], 1, 8, 8),
        Err(Error::Length { .. })
    ));
    assert!(matches!(
        stack.forward(vec![0.0; 24], 1, 1, 8),
        Err(Error::TooSmall { .. })
    ));
    let (outputs, tape) = stack.forward(vec![], 0, 8, 8).unwrap();
    assert!(outputs.is_empty());
    let (found, input) = gradients(&mut stack, tape, &[], true);
    assert_eq!(input, Some(vec![]));
    assert!(found[0].weights.iter().all(|number| *number == 0.0));
    let (_, tape) = stack.forward(vec![0.0; 192], 1, 8, 8).unwrap();
    assert!(matches!(
        stack.backward(tape, &[0.0; 3], false, |_| Ok::<(), Error>(())),
        Err(Error::Length { .. })
    ));
    let mut parameters = stack.parameters(0);
    parameters.bias.push(1.0);
    assert!(matches!(
        stack.set_parameters(0, &parameters),
        Err(Error::Length { .. })
    ));
}
