//! What training one head on several GPUs of a machine takes of Burn 0.22: each device learns from its share of a batch,
//! and NCCL makes the mean of the gradients. Graft trains on one device; this shows, and the compiler checks, what it
//! would call. It needs several NVIDIA GPUs, and has never been run:
//!
//!     cargo run --release -p graft-compute --features cuda --example data_parallel

#![expect(clippy::print_stdout, reason = "what a person sees")]

use std::thread;

use burn::tensor::activation::log_softmax;
use burn::tensor::distributed::{
    DistributedConfig, DistributedContext, ReduceOperation, all_reduce,
};
use burn::tensor::{Device, DeviceType, Distribution, Int, Tensor};

const FEATURES: usize = 4096;
const CLASSES: usize = 10;
/// Images of one device in a step.
const SHARE: usize = 32;
const STEPS: usize = 10;
const RATE: f32 = 0.001;

fn main() {
    let devices = Device::enumerate(DeviceType::Cuda).into_vec();
    if devices.len() < 2 {
        println!("expected several NVIDIA GPUs, found {}", devices.len());
        return;
    }
    let all_reduce_op = ReduceOperation::Mean;
    let _context = DistributedContext::init(devices.clone(), DistributedConfig { all_reduce_op });
    thread::scope(|scope| {
        for device in &devices {
            scope.spawn(|| train(device, &devices));
        }
    });
}

/// Every device begins with the same weights, moves them by the same gradients, and so ends with the same.
fn train(device: &Device, all: &[Device]) {
    let learns = device.clone().autodiff();
    let mut weights = Tensor::<2>::zeros([FEATURES, CLASSES], device);
    for step in 1..=STEPS {
        let shape = [SHARE, FEATURES];
        let features = Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &learns);
        let labels = Tensor::<2, Int>::zeros([SHARE, 1], &learns);
        let tracked = weights.clone().to_device(&learns).detach().require_grad();
        let logits = features.matmul(tracked.clone());
        let loss = log_softmax(logits, 1).gather(1, labels).mean().neg();
        let Some(gradient) = tracked.grad(&loss.backward()) else {
            return;
        };
        let mean = all_reduce(gradient, ReduceOperation::Mean, all.to_vec()).resolve();
        weights = weights - mean.mul_scalar(RATE);
        println!("step {step}: {} moved", weights.clone().abs().sum());
    }
}
