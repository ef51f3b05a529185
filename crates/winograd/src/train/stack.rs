//! Convolutions in a row that learn: forward, backward, step.

use super::activate::Choice;
use super::convolution::{Scratch, Weights};
use super::gradients::{Gradients, Parameters, direct};
use super::layer::TrainableLayer;
use super::optimizer::{Optimizer, Step};
use crate::error::Error;
use crate::isa::Isa;
use crate::layer::{Layer, check, pooled_size};
use crate::maps::Maps;
use crate::stack::Stack;

/// What [`TrainableStack::backward`] needs of a [`TrainableStack::forward`]: the input of every layer, and
/// which output of its window each pooled output is.
#[derive(Debug, Default)]
pub struct Tape {
    /// The input of every layer, then the output of the last.
    maps: Vec<Maps>,
    choices: Vec<Vec<Vec<Choice>>>,
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
        let layers = stack.layers().iter().map(TrainableLayer::new);
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
        self.layers[layer].set_parameters(parameters)
    }

    /// What the optimiser remembers of layer `layer`: the mean of its gradients and that of their squares for
    /// Adam, the sum of its gradients alone for SGD; nothing before the first step.
    #[must_use]
    pub fn moments(&self, layer: usize) -> [Option<Parameters>; 2] {
        self.layers[layer].moments()
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
        self.layers[layer].set_moments(moments)
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
            layer
                .convolution(self.isa)
                .forward(input, output, choices, &mut self.scratch);
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
            layer.convolution(self.isa).backward(
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
            layer.step(self.isa, step, gradient);
        }
        self.gradients = Some(gradients);
    }
}
