//! A training behind the cut against `PyTorch`'s numbers; see `scripts/unfreeze_reference.py`.

use std::fs;

use burn::module::{ModuleVisitor, Param};
use graft_backbone::Stages;
use graft_head::Head;
use graft_network::Network;
use safetensors::SafeTensors;

use super::super::step;
use super::*;

/// Two stages of few channels behind one that is frozen.
const SMALL: Network = Network {
    name: "small",
    title: "Small",
    stages: &[&[4], &[3, 6], &[5]],
    side: 16,
    classifier: &[],
};
/// The parameters in the order of the module.
const NAMES: [&str; 8] = [
    "block2/conv2d1.weight",
    "block2/conv2d1.bias",
    "block2/conv2d2.weight",
    "block2/conv2d2.bias",
    "block3/conv2d1.weight",
    "block3/conv2d1.bias",
    "head/linear.weight",
    "head/linear.bias",
];
const RATE: f64 = 0.01;
/// The largest difference, in shares of the largest value.
const TOLERANCE: f32 = 1e-4;

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/training/tests/reference");
    fs::read(folder.join(name)).unwrap()
}

/// The tensor of that name.
fn expected(file: &SafeTensors, name: &str) -> Vec<f32> {
    let data = file.tensor(name).unwrap().data();
    let (words, _) = data.as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

fn module(device: &Device) -> Trainable {
    let range = Boundary::after(1)..Boundary::after(3);
    let read = |path: &Path| Ok::<_, Error>(file(path.file_name().unwrap().to_str().unwrap()));
    Trainable {
        stages: Some(Stages::from_files(Path::new(""), SMALL, range, device, read).unwrap()),
        head: Head::from_bytes(&file("head.safetensors"), device).unwrap(),
        maps: [4, 8, 8],
    }
}

/// Reads every parameter that learns, or its gradient.
struct Values<'a> {
    gradients: Option<&'a GradientsParams>,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Values<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let values = match self.gradients {
                None => param.val(),
                Some(gradients) => gradients.get::<D>(param.id).unwrap(),
            };
            self.found
                .push(values.into_data().try_to_vec::<f32>().unwrap());
        }
    }
}

fn compare(
    module: &Trainable,
    gradients: Option<&GradientsParams>,
    file: &SafeTensors,
    what: &str,
) {
    let mut values = Values {
        gradients,
        found: Vec::new(),
    };
    module.visit(&mut values);
    assert_eq!(values.found.len(), NAMES.len());
    for (name, found) in NAMES.iter().zip(values.found) {
        let expected = expected(file, &format!("{what}/{name}"));
        assert_eq!(found.len(), expected.len(), "{name}");
        let largest = expected
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest > 0.0, "{name}");
        for (found, expected) in found.iter().zip(&expected) {
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
    let numbers = file("pytorch.safetensors");
    let numbers = SafeTensors::deserialize(&numbers).unwrap();
    let labels = numbers.tensor("labels").unwrap().data().to_vec();
    let features = Features::held(&expected(&numbers, "maps"), 4 * 8 * 8);
    let device = Device::flex();
    let data = labelled(&features, &labels, &device);
    let all: Vec<usize> = (0..labels.len()).collect();
    let start = module(&device.clone().autodiff());

    let loss = |module: &Trainable| {
        let (features, targets) = data.batch(&all).unwrap();
        cross_entropy(module.forward(features.autodiff()), targets.autodiff())
    };
    let gradients = GradientsParams::from_grads(loss(&start).backward(), &start);
    compare(&start, Some(&gradients), &numbers, "gradient");

    let mut state = State::new(&recipe(|_| ()), start.clone());
    for number in 1..=3 {
        let expected = expected(&numbers, &format!("loss{number}"))[0];
        let found = loss(&state.module).into_scalar::<f32>();
        assert!(
            (found / expected - 1.0).abs() < TOLERANCE,
            "{found} instead of {expected}"
        );
        step(&mut state, RATE, &data, &all).unwrap();
    }
    compare(&state.module, None, &numbers, "after");

    // What moved has other hashes; what is frozen in the head did not move.
    let hashes = |module: &Trainable| module.stages.as_ref().unwrap().hashes().unwrap();
    let (before, after) = (hashes(&start), hashes(&state.module));
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before.1 != after.1)
    );
    let statistics = |module: &Trainable| module.head.statistics().unwrap();
    assert_eq!(statistics(&start), statistics(&state.module));
}
