//! The plan of a step's memory.

use super::super::geometry::Plan;
use super::super::layer::TrainableLayer;
use crate::Layer;
use crate::lanes::{LANES, Lanes};
use crate::maps::Shape;

/// Blocks 1 and 2 of VGG16 on images of 32x32.
fn plan(batch: usize) -> Plan {
    let layers = [
        (3, 64, false),
        (64, 64, true),
        (64, 128, false),
        (128, 128, true),
    ];
    let mut shape = Shape {
        images: batch,
        channels: 3,
        height: 32,
        width: 32,
    };
    let mut shapes = vec![shape];
    let layers = layers.map(|(input, output, pool)| {
        let step = if pool { 2 } else { 1 };
        (shape.height, shape.width) = (shape.height / step, shape.width / step);
        shape.channels = output;
        shapes.push(shape);
        let (weights, bias) = (vec![0.0; 9 * input * output], vec![0.0; output]);
        let layer = Layer::new(&weights, &bias, [input, output], pool).unwrap();
        TrainableLayer::new(&layer).unwrap()
    });
    Plan::new(&layers, shapes)
}

#[test]
fn a_step_takes_half_of_the_memory_of_all_maps() {
    let plan = plan(1024);
    let maps: usize = plan.shapes.iter().map(|shape| shape.length()).sum();
    assert!(2 * plan.memory < maps, "{} of {maps}", plan.memory);
    let kept: Vec<_> = plan.segments.iter().map(|one| one.layers.clone()).collect();
    assert_eq!(kept, [0..2, 2..4], "the outputs of layers 1 and 3 are kept");
}

#[test]
fn the_gradient_of_a_segments_input_is_where_the_segment_before_reads_it() {
    let plan = plan(5);
    let mut memory = vec![Lanes::ZERO; plan.memory];
    let [_, _, wanted, _] = plan.split(1, &mut memory);
    wanted.fill(Lanes([1.0; LANES]));
    let [kept, gradient, _, rest] = plan.split(0, &mut memory);
    assert_eq!(gradient.len(), plan.shapes[2].length());
    assert!(gradient.iter().all(|lanes| *lanes == Lanes([1.0; LANES])));
    assert!(kept.len() >= plan.segments[0].output.end);
    assert!(rest.len() >= plan.segments[0].memory());
}
