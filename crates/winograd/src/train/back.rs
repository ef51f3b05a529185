//! The way back through a segment.

use std::ops::Range;

use super::activate::Choice;
use super::differentiate::BiasSum;
use super::gradient::Gradient;
use super::layer::TrainableLayer;
use super::parts::{Part, Passed, Places, Sums};
use super::tape::{Frame, Passing, Tape};
use crate::isa::Isa;
use crate::lanes::Lanes;

pub(super) struct Back<'a> {
    frame: Frame<'a>,
    layers: &'a mut [TrainableLayer],
    /// The segment's output and its gradient, all images.
    output: &'a [Lanes],
    gradient: &'a [Lanes],
    /// The gradient of its input, where that is a kept map.
    wanted: &'a mut [Lanes],
    choices: &'a mut [Vec<Vec<Choice>>],
    memory: Passing<'a>,
    /// Of each layer.
    bias: Vec<Vec<BiasSum>>,
}

impl<'a> Back<'a> {
    /// Through segment `number` of the tape.
    pub(super) fn new(
        number: usize,
        layers: &'a mut [TrainableLayer],
        isa: Isa,
        tape: &'a mut Tape,
        places: &'a mut Places,
    ) -> Self {
        let plan = &tape.plan;
        let segment = &plan.segments[number];
        let [kept, gradient, wanted, rest] = plan.split(number, &mut tape.memory[..plan.memory]);
        let before = number.checked_sub(1);
        let before = before.map_or(0..0, |before| plan.segments[before].output.clone());
        let zeros = |layer: usize| vec![BiasSum::ZERO; plan.layers[layer].outputs];
        let kept = &*kept;
        Self {
            frame: Frame {
                plan,
                segment,
                isa,
                kept: &kept[before],
                given: &tape.input,
            },
            layers,
            output: &kept[segment.output.clone()],
            gradient,
            wanted,
            choices: &mut tape.choices,
            memory: Passing::new(segment, rest, places),
            bias: segment.layers.clone().map(zeros).collect(),
        }
    }

    /// All images; `input` takes the gradient of the input where this is the first segment.
    pub(super) fn run<E>(
        mut self,
        mut input: Option<&mut [f32]>,
        each: &mut impl FnMut(Gradient) -> Result<(), E>,
    ) -> Result<(), E> {
        let frame = self.frame;
        let shape = frame.plan.shapes[0];
        for images in frame.pieces() {
            frame.fill(self.layers, &images, self.choices, &mut self.memory);
            for layer in frame.segment.layers.clone().rev() {
                self.pass(layer, &images, input.is_some());
                if images.end == shape.images {
                    self.finish(layer, each)?;
                }
            }
            if let Some(numbers) = input.as_deref_mut().filter(|_| frame.is_first()) {
                let shape = frame.shape(0, &images);
                let size = shape.channels * shape.places();
                let numbers = &mut numbers[images.start * size..images.end * size];
                shape.write(&self.memory.gradients[0][..shape.length()], 0, numbers);
            }
        }
        Ok(())
    }

    /// One layer, some images; `input` says whether the gradient of the first layer's input is wanted.
    fn pass(&mut self, layer: usize, images: &Range<usize>, input: bool) {
        let frame = self.frame;
        let place = frame.place(layer);
        let memory = &mut self.memory;
        let (before, after) = memory
            .gradients
            .split_at_mut(place.map_or(0, |place| place + 1));
        let (output, gradient) = if layer + 1 == frame.segment.layers.end {
            let shape = frame.plan.shapes[layer + 1];
            let (planes, first) = (self.output, images.start);
            let output = Part {
                shape,
                planes,
                first,
            };
            (output, self.gradient)
        } else {
            (frame.input(layer + 1, images, &memory.between), &*after[0])
        };
        let wanted = match before.last_mut() {
            Some(maps) => (layer > 0 || input).then_some(&mut **maps),
            None => Some(&mut *self.wanted),
        };
        let at = layer - frame.segment.layers.start;
        let passed = Passed {
            input: frame.input(layer, images, &memory.between),
            output,
            choices: &self.choices[layer],
            gradient,
            before: images.start,
        };
        let mut sums = Sums {
            correlations: memory.sums[at],
            bias: &mut self.bias[at],
            filters: memory.filters,
        };
        let convolution = frame.convolution(self.layers, layer);
        convolution.backward(images.len(), passed, wanted, &mut sums, &mut memory.scratch);
    }

    /// Hands out the gradients of a layer that all images have passed.
    fn finish<E>(
        &mut self,
        layer: usize,
        each: &mut impl FnMut(Gradient) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = layer - self.frame.segment.layers.start;
        let convolution = self.frame.convolution(self.layers, layer);
        let mut bias = vec![Lanes::ZERO; self.bias[at].len()];
        let mut sums = Sums {
            correlations: self.memory.sums[at],
            bias: &mut self.bias[at],
            filters: self.memory.filters,
        };
        convolution.finish(&mut sums, &mut bias);
        let filters = self.frame.plan.layers[layer].filters();
        each(Gradient {
            index: layer,
            layer: &mut self.layers[layer],
            isa: self.frame.isa,
            filters: &mut self.memory.filters[..filters],
            bias: &mut bias,
        })
    }
}
