//! Convolutions in a row that learn: forward, backward, step.

use rayon::prelude::*;

use super::activate::Choice;
use super::convolution::{Convolution, Scratch, Weights};
use super::optimizer::{Optimizer, Step};
use crate::error::Error;
use crate::isa::Isa;
use crate::lanes::Lanes;
use crate::layer::{Layer, check, pooled_size};
use crate::maps::Maps;
use crate::stack::Stack;

/// Numbers that belong to a layer in direct form: weights and bias, or their gradients, or their moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// `[out, in, 3, 3]`
    pub weights: Vec<f32>,
    /// `[out]`
    pub bias: Vec<f32>,
}

/// What [`TrainableStack::backward`] needs of a [`TrainableStack::forward`]: the input of every layer, and
/// which output of its window each pooled output is.
#[derive(Debug, Default)]
pub struct Tape {
    /// The input of every layer, then the output of the last.
    maps: Vec<Maps>,
    choices: Vec<Vec<Vec<Choice>>>,
}

/// Gradients of all weights and biases, as [`TrainableStack::step`] takes them.
#[derive(Debug, Default)]
pub struct Gradients {
    layers: Vec<Weights>,
    channels: Vec<[usize; 2]>,
    /// The gradient of the first layer's input, where it was asked for, `[batch, channels, height, width]`.
    pub input: Option<Vec<f32>>,
}

impl Gradients {
    /// Those of layer `layer` in direct form.
    #[must_use]
    pub fn layer(&self, layer: usize) -> Parameters {
        direct(&self.layers[layer], self.channels[layer])
    }

    /// The largest size of any of them; no number where one is none.
    #[must_use]
    pub fn largest(&self) -> f32 {
        let layers = self.layers.iter();
        let numbers = layers.flat_map(|layer| [&layer.filters.numbers[..], &layer.bias]);
        let largest = numbers.map(|numbers| {
            let pieces = numbers.par_chunks(1024).map(largest);
            pieces.reduce(|| 0.0, worse)
        });
        largest.fold(0.0, worse)
    }

    /// Scales down those of a layer's weights, and those of its bias, whose norm is larger than `largest`.
    pub fn clip_norm(&mut self, largest: f32) {
        for layer in &mut self.layers {
            for numbers in [&mut layer.filters.numbers, &mut layer.bias] {
                // As Burn does it, the smallest positive number included.
                let factor = largest / (norm(numbers) + f32::MIN_POSITIVE);
                if factor < 1.0 {
                    numbers
                        .par_iter_mut()
                        .for_each(|lanes| *lanes = factor * *lanes);
                }
            }
        }
    }
}

fn largest(numbers: &[Lanes]) -> f32 {
    let sizes = numbers.iter().flat_map(|lanes| lanes.0.map(f32::abs));
    sizes.fold(0.0, worse)
}

/// The larger one, or the one that is no number.
fn worse(one: f32, other: f32) -> f32 {
    if one > other || one.is_nan() {
        one
    } else {
        other
    }
}

/// The root of the sum of squares, in an order that no number of threads changes.
fn norm(numbers: &[Lanes]) -> f32 {
    let square = |lanes: &Lanes| lanes.0.iter().map(|n| f64::from(*n).powi(2)).sum::<f64>();
    let pieces: Vec<f64> = numbers
        .par_chunks(1024)
        .map(|piece| piece.iter().map(square).sum())
        .collect();
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
    let norm = pieces.iter().sum::<f64>().sqrt() as f32;
    norm
}

fn direct(weights: &Weights, [_, output]: [usize; 2]) -> Parameters {
    let bias = weights.bias.iter().flat_map(|lanes| lanes.0);
    Parameters {
        weights: weights.filters.direct(),
        bias: bias.take(output).collect(),
    }
}

#[derive(Debug)]
struct TrainableLayer {
    channels: [usize; 2],
    pool: bool,
    weights: Weights,
    /// The optimiser's; empty before the first step.
    moments: [Option<Weights>; 2],
}

impl TrainableLayer {
    fn set(&self, into: &mut Weights, parameters: &Parameters) -> Result<(), Error> {
        let [input, output] = self.channels;
        check("weights", &parameters.weights, &[output, input, 3, 3])?;
        check("bias", &parameters.bias, &[output])?;
        into.filters.set(&parameters.weights);
        let lanes = into.bias.iter_mut().flat_map(|lanes| &mut lanes.0);
        lanes
            .zip(&parameters.bias)
            .for_each(|(into, number)| *into = *number);
        Ok(())
    }
}

/// Layers in a row whose weights learn.
///
/// ```
/// use graft_winograd::{Layer, Optimizer, TrainableStack};
///
/// let layer = Layer::new(&[0.1; 2 * 9], &[0.5], [2, 1], false)?;
/// let mut stack = TrainableStack::new(vec![layer])?;
/// let images = [1.0; 2 * 4 * 4]; // [batch, in, height, width]
/// let adam = Optimizer::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
/// for time in 1..=10 {
///     let (outputs, tape) = stack.forward(&images, 1, 4, 4)?;
///     // The loss is half the sum of squares; its gradient by the outputs is the outputs.
///     let gradients = stack.backward(tape, &outputs, false)?;
///     stack.step(gradients, adam, 0.01, time);
/// }
/// assert!(stack.parameters(0).bias[0] < 0.5);
/// # Ok::<(), graft_winograd::Error>(())
/// ```
///
/// All results are the same for any number of threads, bit for bit.
#[derive(Debug)]
pub struct TrainableStack {
    layers: Vec<TrainableLayer>,
    isa: Isa,
    scratch: Scratch,
    /// Between layers on the way back.
    flowing: [Maps; 2],
    /// What earlier steps allocated and the next one uses again.
    tape: Option<Tape>,
    gradients: Option<Gradients>,
}

impl TrainableStack {
    /// Joins layers; each must take as many channels as the one before yields.
    ///
    /// # Errors
    ///
    /// [`Error::NoLayers`] or [`Error::Mismatch`].
    pub fn new(layers: Vec<Layer>) -> Result<Self, Error> {
        let stack = Stack::new(layers)?;
        let layers = stack.layers().iter().map(|layer| {
            let channels = layer.channels();
            let learning = TrainableLayer {
                channels,
                pool: layer.pool,
                weights: Weights::zeros(channels),
                moments: [None, None],
            };
            let parameters = Parameters {
                weights: layer.weights().to_vec(),
                bias: layer.bias().collect(),
            };
            let mut weights = Weights::zeros(channels);
            learning.set(&mut weights, &parameters)?;
            Ok(TrainableLayer {
                weights,
                ..learning
            })
        });
        Ok(Self {
            layers: layers.collect::<Result<_, Error>>()?,
            isa: stack.layers()[0].isa,
            scratch: Scratch::default(),
            flowing: Default::default(),
            tape: None,
            gradients: None,
        })
    }

    /// The number of layers.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Weights and bias of layer `layer`.
    #[must_use]
    pub fn parameters(&self, layer: usize) -> Parameters {
        let layer = &self.layers[layer];
        direct(&layer.weights, layer.channels)
    }

    /// Replaces weights and bias of layer `layer`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`].
    pub fn set_parameters(&mut self, layer: usize, parameters: &Parameters) -> Result<(), Error> {
        let layer = &mut self.layers[layer];
        let mut weights = std::mem::take(&mut layer.weights);
        let result = layer.set(&mut weights, parameters);
        layer.weights = weights;
        result
    }

    /// What the optimiser remembers of layer `layer`: the mean of its gradients and that of their squares for
    /// Adam, the sum of its gradients alone for SGD; nothing before the first step.
    #[must_use]
    pub fn moments(&self, layer: usize) -> [Option<Parameters>; 2] {
        let layer = &self.layers[layer];
        let moments = layer.moments.each_ref();
        moments.map(|moment| Some(direct(moment.as_ref()?, layer.channels)))
    }

    /// Puts back what [`TrainableStack::moments`] gave.
    ///
    /// # Errors
    ///
    /// [`Error::Length`].
    pub fn set_moments(
        &mut self,
        layer: usize,
        moments: &[Option<Parameters>; 2],
    ) -> Result<(), Error> {
        let layer = &mut self.layers[layer];
        let mut set = [None, None];
        for (set, moment) in set.iter_mut().zip(moments) {
            if let Some(moment) = moment {
                let mut weights = Weights::zeros(layer.channels);
                layer.set(&mut weights, moment)?;
                *set = Some(weights);
            }
        }
        layer.moments = set;
        Ok(())
    }

    /// The last layer's output for a batch, and what [`TrainableStack::backward`] needs.
    ///
    /// # Shapes
    ///
    /// `maps` is `[batch, channels, height, width]`, and so is the output.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] or [`Error::TooSmall`].
    pub fn forward(
        &mut self,
        maps: &[f32],
        batch: usize,
        height: usize,
        width: usize,
    ) -> Result<(Vec<f32>, Tape), Error> {
        let channels = self.layers[0].channels[0];
        check("maps", maps, &[batch, channels, height, width])?;
        let mut shapes = vec![[batch, channels, height, width]];
        let mut size = [height, width];
        for (at, layer) in self.layers.iter().enumerate() {
            size = pooled_size(at, layer.pool, size)?;
            shapes.push([batch, layer.channels[1], size[0], size[1]]);
        }
        let mut tape = self.tape.take().unwrap_or_default();
        tape.maps.resize_with(shapes.len(), Maps::default);
        tape.choices.resize_with(self.layers.len(), Vec::new);
        for (maps, shape) in tape.maps.iter_mut().zip(&shapes) {
            maps.reshape(*shape);
        }
        let last = shapes
            .iter()
            .last()
            .map_or(0, |shape| shape.iter().product());
        let mut output = vec![0.0; last];
        if batch == 0 {
            return Ok((output, tape));
        }
        tape.maps[0].read(maps);
        for (at, layer) in self.layers.iter().enumerate() {
            let (before, after) = tape.maps.split_at_mut(at + 1);
            let (input, output) = (&before[at], &mut after[0]);
            let length = if layer.pool { output.plane() } else { 0 };
            let choices = &mut tape.choices[at];
            choices.resize_with(layer.weights.bias.len(), Vec::new);
            for choices in choices.iter_mut() {
                choices.resize(length, Choice::default());
            }
            convolution(layer, self.isa).forward(input, output, choices, &mut self.scratch);
        }
        tape.maps[self.layers.len()].write(0, &mut output);
        Ok((output, tape))
    }

    /// The gradients of all weights and biases, and of the input of the first layer where `input` asks for it.
    ///
    /// # Shapes
    ///
    /// `output_gradient` is that of the outputs that `tape` came with: `[batch, channels, height, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`].
    pub fn backward(
        &mut self,
        tape: Tape,
        output_gradient: &[f32],
        input: bool,
    ) -> Result<Gradients, Error> {
        let shape = |maps: &Maps| [maps.images, maps.channels, maps.height, maps.width];
        let last = shape(&tape.maps[self.layers.len()]);
        check("output gradient", output_gradient, &last)?;
        let mut gradients = self.gradients.take().unwrap_or_default();
        gradients.channels = self.layers.iter().map(|layer| layer.channels).collect();
        if gradients.layers.is_empty() {
            let zeros = gradients.channels.iter().copied().map(Weights::zeros);
            gradients.layers = zeros.collect();
        }
        gradients.input = None;
        let [given, wanted] = &mut self.flowing;
        given.reshape(last);
        if last[0] > 0 {
            given.read(output_gradient);
        }
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let inputs = &tape.maps[at];
            let further = (at > 0 || input).then(|| {
                wanted.reshape(shape(inputs));
                &mut *wanted
            });
            convolution(layer, self.isa).backward(
                inputs,
                (&tape.maps[at + 1], &tape.choices[at]),
                given,
                (&mut gradients.layers[at], further),
                &mut self.scratch,
            );
            std::mem::swap(given, wanted);
        }
        if input {
            let mut numbers = vec![0.0; shape(given).iter().product()];
            if last[0] > 0 {
                given.write(0, &mut numbers);
            }
            gradients.input = Some(numbers);
        }
        self.tape = Some(tape);
        Ok(gradients)
    }

    /// Moves all weights and biases: step number `time`, counted from 1.
    pub fn step(
        &mut self,
        gradients: Gradients,
        optimizer: Optimizer,
        learning_rate: f32,
        time: i32,
    ) {
        let step = Step::new(optimizer, learning_rate, time);
        for (layer, gradient) in self.layers.iter_mut().zip(&gradients.layers) {
            let channels = layer.channels;
            let [first, second] = layer
                .moments
                .each_mut()
                .map(|moment| moment.get_or_insert_with(|| Weights::zeros(channels)));
            let weights = &mut layer.weights;
            let filters = [&mut first.filters.numbers[..], &mut second.filters.numbers];
            let numbers = &gradient.filters.numbers;
            step.apply(self.isa, &mut weights.filters.numbers, numbers, filters);
            let bias = [&mut first.bias[..], &mut second.bias];
            step.apply(self.isa, &mut weights.bias, &gradient.bias, bias);
        }
        self.gradients = Some(gradients);
    }
}

fn convolution(layer: &TrainableLayer, isa: Isa) -> Convolution<'_> {
    Convolution {
        weights: &layer.weights,
        pool: layer.pool,
        isa,
    }
}
