//! A training behind the cut against `PyTorch`'s numbers; see `scripts/unfreeze_reference.py`.

use std::fs;

use burn::module::{ModuleVisitor, Param};
use graft_head::Head;
use graft_network::Network;
use graft_winograd::{Gradient, Parameters};
use safetensors::SafeTensors;

use super::super::{slopes, step};
use super::fine_tuning::check_norms;
use super::*;
use crate::stages::TrainedStages;

/// Two stages of few channels behind one that is frozen.
const SMALL: Network = Network {
    name: "small",
    title: "Small",
    stages: &[&[4], &[3, 6], &[5]],
    side: 16,
    classifier: &[],
};
/// The parameters in the order of the module.
pub(super) const NAMES: [&str; 8] = [
    "block2/conv2d1.weight",
    "block2/conv2d1.bias",
    "block2/conv2d2.weight",
    "block2/conv2d2.bias",
    "block3/conv2d1.weight",
    "block3/conv2d1.bias",
    "head/linear.weight",
    "head/linear.bias",
];
pub(super) const RATE: f64 = 0.01;
/// The largest difference, in shares of the largest value.
pub(super) const TOLERANCE: f32 = 1e-4;

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/training/tests/reference");
    fs::read(folder.join(name)).unwrap()
}

/// The tensor of that name.
pub(super) fn expected(file: &SafeTensors, name: &str) -> Vec<f32> {
    let data = file.tensor(name).unwrap().data();
    let (words, _) = data.as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

/// Step `number` of a training at one rate.
pub(super) fn plan(number: usize) -> StepPlan<'static> {
    StepPlan {
        number,
        of_stages: number,
        rate: RATE,
        stage_factor: 1.0,
        smoothing: 0.0,
        dropout: 0.0,
        seed: 0,
        weights: None,
    }
}

pub(super) fn module(engine: Engine, device: &Device) -> Trainable {
    let range = Boundary::after(1)..Boundary::after(3);
    let read = |path: &Path| Ok::<_, Error>(file(path.file_name().unwrap().to_str().unwrap()));
    let stages = TrainedStages::from_files(engine, Path::new(""), SMALL, range, device, read);
    Trainable {
        stages: Some(stages.unwrap()),
        head: Head::from_bytes(&file("head.safetensors"), device).unwrap(),
        maps: [4, 8, 8],
    }
}

/// Reads every parameter of Burn's that learns, or its gradient.
struct Values<'a> {
    gradients: Option<&'a [Part]>,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Values<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let values = match self.gradients {
                None => param.val(),
                Some(parts) => {
                    let mut parts = parts.iter();
                    parts.find_map(|(_, part)| part.get::<D>(param.id)).unwrap()
                }
            };
            self.found
                .push(values.into_data().try_to_vec::<f32>().unwrap());
        }
    }
}

/// Which of a parameter's first gradients are more than rounding.
fn beyond_rounding(file: &SafeTensors, name: &str) -> Vec<bool> {
    let gradient = expected(file, &format!("gradient/{name}"));
    let largest = gradient
        .iter()
        .fold(0.0_f32, |most, one| most.max(one.abs()));
    gradient
        .iter()
        .map(|one| one.abs() > 1e-6 * largest)
        .collect()
}

/// Compares all parameters that learn, or their gradients (Burn's, and those of the convolutions), with the
/// reference.
fn compare(
    state: &State,
    slopes: Option<(&[Part], Vec<Parameters>)>,
    file: &SafeTensors,
    what: &str,
) {
    let kernels = state.kernels.iter();
    let (gradients, stages) = match slopes {
        None => {
            let layers = kernels.flat_map(|kernels| (0..3).map(|layer| kernels.parameters(layer)));
            (None, layers.collect())
        }
        Some((gradients, stages)) => (Some(gradients), stages),
    };
    let of_stages = stages.into_iter().flat_map(|one| [one.weights, one.bias]);
    let mut values = Values {
        gradients,
        found: of_stages.collect(),
    };
    state.module.visit(&mut values);
    assert_eq!(values.found.len(), NAMES.len());
    for (name, found) in NAMES.iter().zip(values.found) {
        let expected = expected(file, &format!("{what}/{name}"));
        assert_eq!(found.len(), expected.len(), "{name}");
        let largest = expected
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest > 0.0, "{name}");
        // Of a gradient that is zero but for rounding Adam makes steps of any direction.
        let is_counted = beyond_rounding(file, name);
        let counted = is_counted.iter().filter(|one| **one).count();
        assert!(10 * counted >= 8 * found.len(), "{name}: {counted}");
        let pairs = found.iter().zip(&expected).zip(is_counted);
        for ((found, expected), _) in pairs.filter(|(_, is_counted)| *is_counted) {
            let difference = (found - expected).abs() / largest;
            assert!(
                difference < TOLERANCE,
                "{what} {name}: {found} instead of {expected}"
            );
        }
    }
}

#[test]
fn gradients_and_three_steps_of_adam_are_pytorch_s() {
    for engine in [Engine::Burn, Engine::Winograd] {
        trains_as_pytorch(engine);
    }
}

fn trains_as_pytorch(engine: Engine) {
    let numbers = file("pytorch.safetensors");
    let numbers = SafeTensors::deserialize(&numbers).unwrap();
    let labels = numbers.tensor("labels").unwrap().data().to_vec();
    let features = Features::held(&expected(&numbers, "maps"), 4 * 8 * 8);
    let device = Device::flex();
    let data = LabelledFeatures {
        engine,
        ..labelled(&features, &labels, &device)
    };
    let all: Vec<usize> = (0..labels.len()).collect();
    let start = module(engine, &device.clone().autodiff());
    let mut state = State::new(&recipe(|_| ()), start.clone()).unwrap();
    let first = slopes(&mut state, &plan(1), &data, &all).unwrap();
    let (mut stages, mut squares) = (Vec::new(), first.squares);
    if let (Some(kernels), Some((tape, gradient))) = (&mut state.kernels, first.boundary) {
        let keep = |gradient: Gradient| stages.insert(0, gradient.parameters());
        squares.extend(kernels.backward(1, tape, &gradient, keep).unwrap());
    }
    check_norms(&numbers, &start, &squares);
    compare(
        &state,
        Some((&first.module[..], stages)),
        &numbers,
        "gradient",
    );

    for number in 1..=3 {
        let expected = expected(&numbers, &format!("loss{number}"))[0];
        let trained = state.trained().unwrap();
        let found = trained.evaluate(&data, &all).unwrap().loss;
        assert!(
            (found / f64::from(expected) - 1.0).abs() < f64::from(TOLERANCE),
            "{found} instead of {expected}"
        );
        step(&mut state, &plan(number), &data, &all).unwrap();
    }
    compare(&state, None, &numbers, "after");

    // What moved has other hashes; what is frozen in the head did not move.
    let hashes = |module: &Trainable| module.stages.as_ref().unwrap().hashes().unwrap();
    let trained = state.trained().unwrap();
    let (before, after) = (hashes(&start), hashes(&trained));
    assert_eq!(before.len(), 2);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before.1 != after.1)
    );
    let statistics = |module: &Trainable| module.head.normalisation().unwrap();
    assert_eq!(statistics(&start), statistics(&trained));
}

#[test]
fn a_gradient_that_is_no_number_is_reported_with_its_convolution_and_moves_nothing() {
    let module = module(Engine::Winograd, &Device::flex().autodiff());
    let mut state = State::new(&recipe(|_| ()), module).unwrap();
    let kernels = state.kernels.as_mut().unwrap();
    let (features, tape) = kernels.forward(vec![1.0; 2 * 4 * 8 * 8]).unwrap();
    let before = kernels.parameters(2);
    let slopes = vec![f32::NAN; features.len()];
    let error = kernels.step(1, tape, &slopes, (1, RATE)).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("a gradient of convolution 1 of block3 is NaN"),
        "{error}"
    );
    assert!(kernels.parameters(2) == before);
}

/// The maps, and the labels, of the six images.
pub(super) fn images() -> (Features, Vec<u8>) {
    let numbers = file("pytorch.safetensors");
    let numbers = SafeTensors::deserialize(&numbers).unwrap();
    let labels = numbers.tensor("labels").unwrap().data().to_vec();
    (
        Features::held(&expected(&numbers, "maps"), 4 * 8 * 8),
        labels,
    )
}

/// Stages and their optimiser go through bytes: the step after is the same, and the other engine is
/// refused.
#[test]
fn stages_are_resumed_bit_for_bit_by_their_own_engine() {
    let ((features, labels), device) = (images(), Device::flex());
    let recipe = recipe(|recipe| {
        recipe.training.ema = 0.9;
        recipe.training.weight_decay = 0.1;
    });
    let all: Vec<usize> = (0..labels.len()).collect();
    for (engine, other) in [
        (Engine::Burn, Engine::Winograd),
        (Engine::Winograd, Engine::Burn),
    ] {
        let data = LabelledFeatures {
            engine,
            ..labelled(&features, &labels, &device)
        };
        let start = module(engine, &device.clone().autodiff());
        let mut state = State::new(&recipe, start.clone()).unwrap();
        step(&mut state, &plan(1), &data, &all).unwrap();
        let saved = state.to_bytes(Backend::Cpu).unwrap();
        let mut resumed = State::from_bytes(&saved, &start, &recipe, &data).unwrap();
        for state in [&mut state, &mut resumed] {
            step(state, &plan(2), &data, &all).unwrap();
        }
        let [whole, resumed] = [&state, &resumed].map(|state| {
            let module = state.trained().unwrap();
            (
                module.head.to_bytes().unwrap(),
                module.stages.unwrap().hashes().unwrap(),
            )
        });
        assert!(whole == resumed, "{engine}");
        let theirs = module(other, &device.clone().autodiff());
        let refused = State::from_bytes(&saved, &theirs, &recipe, &data)
            .err()
            .unwrap();
        assert!(refused.contains(&format!("--engine {engine}")), "{refused}");
    }
}
