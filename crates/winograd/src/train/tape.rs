//! The memory of a step: what is kept between the layers, and where a segment works while images pass.

use std::ops::Range;

use super::activate::Choice;
use super::convolution::Convolution;
use super::geometry::{Plan, Segment};
use super::layer::TrainableLayer;
use super::parts::{Part, Places, Scratch};
use crate::isa::Isa;
use crate::lanes::Lanes;
use crate::maps::Shape;

/// What [`TrainableStack::backward`](super::TrainableStack::backward) needs of a
/// [`TrainableStack::forward`](super::TrainableStack::forward).
#[derive(Debug, Default)]
pub struct Tape {
    /// `[batch, channels, height, width]`
    pub(super) input: Vec<f32>,
    pub(super) plan: Plan,
    /// The outputs of the segments, one after the other, and behind them gradients and what is needed while images
    /// pass.
    pub(super) memory: Vec<Lanes>,
    /// Of every layer with a pool, for each block of channels.
    pub(super) choices: Vec<Vec<Vec<Choice>>>,
}

impl Tape {
    /// Makes room for `plan`.
    pub(super) fn prepare(&mut self, plan: Plan, input: Vec<f32>) {
        if self.memory.len() < plan.memory {
            // Not both at once.
            self.memory = Vec::new();
            self.memory = vec![Lanes::ZERO; plan.memory];
        }
        self.choices.resize_with(plan.layers.len(), Vec::new);
        for (at, (layer, choices)) in plan.layers.iter().zip(&mut self.choices).enumerate() {
            let length = if layer.pool {
                plan.shapes[at + 1].plane()
            } else {
                0
            };
            choices.resize_with(layer.outputs, Vec::new);
            for choices in choices {
                choices.resize(length, Choice::default());
            }
        }
        (self.plan, self.input) = (plan, input);
    }
}

/// Memory of a segment while images pass.
pub(super) struct Passing<'a> {
    /// Maps between the layers, and their gradients.
    pub(super) between: Vec<&'a mut [Lanes]>,
    pub(super) gradients: Vec<&'a mut [Lanes]>,
    /// See [`super::parts::Sums`].
    pub(super) sums: Vec<&'a mut [Lanes]>,
    pub(super) filters: &'a mut [Lanes],
    pub(super) scratch: Scratch<'a>,
}

impl<'a> Passing<'a> {
    pub(super) fn new(
        segment: &Segment,
        mut memory: &'a mut [Lanes],
        places: &'a mut Places,
    ) -> Self {
        let mut take = |length: &usize| {
            let (taken, rest) = std::mem::take(&mut memory).split_at_mut(*length);
            memory = rest;
            taken
        };
        let lengths: Vec<usize> = segment.between.iter().map(|shape| shape.length()).collect();
        let [filters, tiles, factors, products] = &segment.scratch;
        Self {
            between: lengths.iter().map(&mut take).collect(),
            gradients: lengths.iter().map(&mut take).collect(),
            sums: segment.sums.iter().map(&mut take).collect(),
            filters: take(filters),
            scratch: Scratch {
                tiles: take(tiles),
                factors: take(factors),
                products: take(products),
                places,
            },
        }
    }
}

/// A segment, and what its first layer reads.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) plan: &'a Plan,
    pub(super) segment: &'a Segment,
    pub(super) isa: Isa,
    /// The first layer's input where that is a kept map, and where it is not: `[batch, channels, height, width]`.
    pub(super) kept: &'a [Lanes],
    pub(super) given: &'a [f32],
}

impl Frame<'_> {
    /// The images that pass at once, one piece after the other.
    pub(super) fn pieces(self) -> impl Iterator<Item = Range<usize>> {
        let (all, step) = (self.plan.shapes[0].images, self.segment.images);
        (0..all)
            .step_by(step)
            .map(move |from| from..all.min(from + step))
    }

    pub(super) fn convolution(self, layers: &[TrainableLayer], layer: usize) -> Convolution<'_> {
        Convolution {
            weights: &layers[layer].weights,
            geometry: self.plan.layers[layer],
            isa: self.isa,
        }
    }

    /// Which of the maps between the layers is the input of a layer; none where it is a kept map.
    pub(super) fn place(self, layer: usize) -> Option<usize> {
        let first = self.segment.layers.start;
        (layer - first + usize::from(first == 0)).checked_sub(1)
    }

    /// Whether the first layer of all is in it.
    pub(super) fn is_first(self) -> bool {
        self.segment.layers.start == 0
    }

    /// The shape of the input of a layer while `images` pass.
    pub(super) fn shape(self, layer: usize, images: &Range<usize>) -> Shape {
        Shape {
            images: images.len(),
            ..self.plan.shapes[layer]
        }
    }

    /// The input of a layer for `images`.
    pub(super) fn input<'b>(
        &'b self,
        layer: usize,
        images: &Range<usize>,
        between: &'b [&mut [Lanes]],
    ) -> Part<&'b [Lanes]> {
        if let Some(place) = self.place(layer) {
            let shape = self.shape(layer, images);
            let planes = &between[place][..shape.length()];
            return Part {
                shape,
                planes,
                first: 0,
            };
        }
        Part {
            shape: self.plan.shapes[layer],
            planes: self.kept,
            first: images.start,
        }
    }

    /// Computes the maps between the layers for `images`.
    pub(super) fn fill(
        self,
        layers: &[TrainableLayer],
        images: &Range<usize>,
        choices: &mut [Vec<Vec<Choice>>],
        memory: &mut Passing,
    ) {
        let Range { start, end } = self.segment.layers;
        if start == 0 {
            let shape = self.shape(0, images);
            let size = shape.channels * shape.places();
            let planes = &mut memory.between[0][..shape.length()];
            shape.clear_outside(planes);
            shape.read(&self.given[images.start * size..images.end * size], planes);
        }
        for (layer, choices) in (start..).zip(&mut choices[start..end - 1]) {
            let shape = self.shape(layer + 1, images);
            let place = self.place(layer + 1).unwrap_or_default();
            let (inputs, outputs) = memory.between.split_at_mut(place);
            let planes = &mut outputs[0][..shape.length()];
            shape.clear_outside(planes);
            let mut output = Part {
                shape,
                planes,
                first: 0,
            };
            self.convolution(layers, layer).forward(
                images.len(),
                self.input(layer, images, inputs),
                &mut output,
                choices,
                &mut memory.scratch,
            );
        }
    }
}
