//! Stages that learn with the head, at rates of their own, in both engines.

use super::super::norms::Squares;
use super::pytorch::{NAMES, RATE, TOLERANCE, expected, images, module, plan};
use super::*;
use safetensors::SafeTensors;

/// The weights and biases of stages, and the weights of the head.
pub(super) fn weights(module: &Trainable) -> [Vec<f32>; 2] {
    let files = module.stages.as_ref().unwrap().to_files().unwrap();
    let stages = files.iter().flat_map(|(_, bytes)| {
        let file = SafeTensors::deserialize(bytes).unwrap();
        let mut names = file.names();
        names.sort_unstable();
        let tensors = names.into_iter().map(|name| expected(&file, name));
        tensors.flatten().collect::<Vec<_>>()
    });
    [stages.collect(), last_weight(&module.head)]
}

/// Decay, smoothing, average and the rates of stages do the same in both engines; while the head learns
/// alone no stage moves.
#[test]
fn both_engines_fine_tune_alike() {
    let ((features, labels), device) = (images(), Device::flex());
    let all: Vec<usize> = (0..labels.len()).collect();
    let recipe = recipe(|recipe| {
        recipe.training.weight_decay = 10.0;
        recipe.training.stage_factor = 0.5;
        recipe.training.ema = 0.5;
    });
    let [burn, winograd] = [Engine::Burn, Engine::Winograd].map(|engine| {
        let data = LabelledFeatures {
            engine,
            ..labelled(&features, &labels, &device)
        };
        let start = module(engine, &device.clone().autodiff());
        let mut state = State::new(&recipe, start.clone()).unwrap();
        let mut take = |number: usize| {
            let plan = StepPlan {
                of_stages: number.saturating_sub(2),
                stage_factor: recipe.training.stage_factor,
                smoothing: 0.1,
                weights: None,
                ..plan(number)
            };
            step(&mut state, &plan, &data, &all).unwrap();
            weights(&state.trained().unwrap())
        };
        let before = weights(&start.valid());
        let [_, alone] = [take(1), take(2)];
        assert!(alone[0] == before[0], "{engine}");
        assert!(alone[1] != before[1], "{engine}");
        let [_, together] = [take(3), take(4)];
        assert!(together[0] != before[0], "{engine}");
        (before, together)
    });
    for part in 0..2 {
        let moved = |(before, after): &([Vec<f32>; 2], [Vec<f32>; 2])| {
            let pairs = after[part].iter().zip(&before[part]);
            pairs.map(|(a, b)| f64::from(a - b)).collect::<Vec<_>>()
        };
        let (burn, winograd) = (moved(&burn), moved(&winograd));
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
        // Where a gradient is zero but for rounding, Adam steps in any direction.
        let off = norm(&mut burn.iter().zip(&winograd).map(|(a, b)| a - b));
        assert!(off < 0.15 * norm(&mut burn.into_iter()), "{part}: {off}");
    }
}

/// A stage learns at the rate of the stage behind it, or of the head, times the factor: Adam's first step
/// is as long as the rate.
#[test]
fn a_stage_learns_at_its_own_rate() {
    let ((features, labels), device) = (images(), Device::flex());
    let all: Vec<usize> = (0..labels.len()).collect();
    let recipe = recipe(|recipe| recipe.training.stage_factor = 0.5);
    for engine in [Engine::Burn, Engine::Winograd] {
        let data = LabelledFeatures {
            engine,
            ..labelled(&features, &labels, &device)
        };
        let start = module(engine, &device.clone().autodiff());
        let mut state = State::new(&recipe, start.clone()).unwrap();
        let plan = StepPlan {
            stage_factor: 0.5,
            ..plan(1)
        };
        step(&mut state, &plan, &data, &all).unwrap();
        let [before, after] = [&start.valid(), &state.trained().unwrap()].map(|module| {
            let files = module.stages.as_ref().unwrap().to_files().unwrap();
            let bias =
                |bytes: &[u8]| expected(&SafeTensors::deserialize(bytes).unwrap(), "conv2d1.bias");
            files
                .iter()
                .map(|(_, bytes)| bias(bytes))
                .collect::<Vec<_>>()
        });
        for ((before, after), expected) in before.iter().zip(&after).zip([RATE / 4.0, RATE / 2.0]) {
            let steps = before
                .iter()
                .zip(after)
                .map(|(a, b)| f64::from((a - b).abs()));
            let longest = steps.fold(0.0, f64::max);
            assert!(
                (longest / expected - 1.0).abs() < 0.01,
                "{engine}: {longest}"
            );
        }
    }
}

/// The norms of the head's gradient and of each stage's are those of the reference, over a step and one without
/// any gradient.
pub(super) fn check_norms(file: &SafeTensors, module: &Trainable, squares: &[f64]) {
    let mut both = Squares::default();
    both.add(squares);
    both.add(&[0.0; 3]);
    both.add(&[]);
    let norms = both.norms(module);
    for (part, names) in [("block2", 0..4), ("block3", 4..6), ("head", 6..8)] {
        let gradients = NAMES[names].iter();
        let gradients = gradients.flat_map(|name| expected(file, &format!("gradient/{name}")));
        let sum: f64 = gradients.map(|one| f64::from(one).powi(2)).sum();
        let (found, expected) = (norms[part], (sum / 2.0).sqrt());
        let off = (found / expected - 1.0).abs();
        assert!(
            off < f64::from(TOLERANCE),
            "{part}: {found} instead of {expected}"
        );
    }
    assert_eq!(norms.len(), 3);
}
