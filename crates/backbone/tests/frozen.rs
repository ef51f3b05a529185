//! The backbone never trains: a head that learns from its features leaves every bit of it alone.

mod fixture;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor};
use graft_backbone::{Backbone, Stages};
use graft_network::{Boundary, Network};

/// Collects which parameters want gradients.
#[derive(Default)]
struct Gradients {
    wanted: Vec<bool>,
}

impl ModuleVisitor for Gradients {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.wanted.push(param.val().is_require_grad());
    }
}

fn gradients(module: &impl Module) -> Vec<bool> {
    let mut visitor = Gradients::default();
    module.visit(&mut visitor);
    visitor.wanted
}

#[test]
fn no_parameter_wants_gradients() {
    let folder = fixture::weights(Boundary::after(2));
    let device = Device::flex().autodiff();
    let backbone =
        Backbone::load(folder.path(), Network::VGG16, Boundary::after(2), &device).unwrap();
    // Two blocks of two convolutions with weight and bias.
    assert_eq!(gradients(&backbone), [false; 8]);
    assert!(
        backbone
            .devices()
            .iter()
            .all(|device| !device.is_autodiff())
    );
    // Not even a module that holds it and is put into training wakes it.
    assert_eq!(gradients(&backbone.train()), [false; 8]);
}

#[test]
fn a_trained_head_leaves_the_weights_alone() {
    let folder = fixture::weights(Boundary::after(2));
    let device = Device::flex().autodiff();
    let backbone =
        Backbone::load(folder.path(), Network::VGG16, Boundary::after(2), &device).unwrap();
    let before = backbone.hashes().unwrap();

    let images = Tensor::<4>::from_data(fixture::images(2, 8), &device).require_grad();
    let features = backbone.features(images.clone()).unwrap();
    assert!(!features.is_autodiff());
    assert_eq!(features.dims(), [2, 128, 2, 2]);

    let mut head: Linear = LinearConfig::new(512, 10).init(&device);
    let head_before = head.weight.val().into_data();
    let mut optimiser = AdamConfig::new().init();
    for _ in 0..2 {
        let flat = features.clone().autodiff().flatten::<2>(1, 3);
        let gradients = head.forward(flat).powi_scalar(2).mean().backward();
        assert!(images.grad(&gradients).is_none());
        let gradients = GradientsParams::from_grads(gradients, &head);
        head = optimiser.step(0.1, head, gradients);
    }
    assert!(
        head.weight.val().into_data() != head_before,
        "nothing was learned"
    );
    assert_eq!(backbone.hashes().unwrap(), before);
}

#[test]
fn the_hash_sees_weights_and_boundary() {
    let folder = fixture::weights(Boundary::after(2));
    let other = fixture::weights_from(7, Boundary::after(2));
    let hash = |folder: &tempfile::TempDir, boundary| {
        Backbone::load(folder.path(), Network::VGG16, boundary, &Device::flex())
            .unwrap()
            .hashes()
            .unwrap()
    };
    let two = hash(&folder, Boundary::after(2));
    assert_eq!(two, hash(&folder, Boundary::after(2)), "two loads");
    assert_eq!(two.len(), 2, "one a stage");
    assert_ne!(two, hash(&folder, Boundary::after(1)), "another boundary");
    assert_ne!(two, hash(&other, Boundary::after(2)), "other weights");
}

#[test]
fn stages_behind_the_cut_learn() {
    let folder = fixture::weights(Boundary::after(2));
    let device = Device::flex().autodiff();
    let range = Boundary::after(1)..Boundary::after(2);
    let mut stages = Stages::load(folder.path(), Network::VGG16, range, &device).unwrap();
    assert_eq!(gradients(&stages), [true; 4]);
    let before = stages.hashes().unwrap();
    let maps = Tensor::<4>::ones([1, 64, 4, 4], &device);
    let mut optimiser = AdamConfig::new().init();
    let gradients = stages.forward(maps).powi_scalar(2).mean().backward();
    let gradients = GradientsParams::from_grads(gradients, &stages);
    assert_eq!(gradients.len(), 4);
    stages = optimiser.step(0.1, stages, gradients);
    let after = stages.hashes().unwrap();
    assert_eq!((before.len(), before[0].0), (1, Boundary::after(2)));
    assert_ne!(before, after);
}
