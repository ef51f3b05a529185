//! Convolutions in a row that learn: forward, backward, step.

use super::back::Back;
use super::convolution::Weights;
use super::geometry::Plan;
use super::gradient::{Gradient, Parameters};
use super::layer::TrainableLayer;
use super::parts::{Part, Places};
use super::tape::{Frame, Passing, Tape};
use crate::error::Error;
use crate::isa::Isa;
use crate::layer::{Layer, check, pooled_size};
use crate::maps::Shape;
use crate::stack::Stack;

/// Layers in a row whose weights learn.
///
/// ```
/// use graft_winograd::{Error, Layer, Optimizer, TrainableStack};
///
/// let layer = Layer::new(&[0.1; 2 * 9], &[0.5], [2, 1], false)?;
/// let mut stack = TrainableStack::new(vec![layer])?;
/// let images = [1.0; 2 * 4 * 4]; // [batch, in, height, width]
/// let adam = Optimizer::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay: 0.0 };
/// for time in 1..=10 {
///     let (outputs, tape) = stack.forward(images.to_vec(), 1, 4, 4)?;
///     // The loss is half the sum of squares; its gradient by the outputs is the outputs.
///     stack.backward(tape, &outputs, false, |gradient| {
///         gradient.step(adam, 0.01, time);
///         Ok::<(), Error>(())
///     })?;
/// }
/// assert!(stack.parameters(0).bias[0] < 0.5);
/// # Ok::<(), Error>(())
/// ```
///
/// All results are the same for any number of threads, bit for bit.
#[derive(Debug)]
pub struct TrainableStack {
    layers: Vec<TrainableLayer>,
    isa: Isa,
    places: Places,
    /// Whose memory the next step uses again.
    tape: Option<Tape>,
}

impl TrainableStack {
    /// Joins layers; each must take as many channels as the one before yields.
    ///
    /// # Errors
    ///
    /// [`Error::NoLayers`] or [`Error::Mismatch`].
    pub fn new(layers: Vec<Layer>) -> Result<Self, Error> {
        let layers = Stack::new(layers)?.into_layers();
        let isa = layers[0].isa;
        // One after the other, so that their memory is used again.
        let layers = layers.into_iter().map(|layer| TrainableLayer::new(&layer));
        Ok(Self {
            layers: layers.collect::<Result<_, Error>>()?,
            isa,
            places: Places::default(),
            tape: None,
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
        self.layers[layer].parameters()
    }

    /// Replaces weights and bias of layer `layer`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`].
    pub fn set_parameters(&mut self, layer: usize, parameters: &Parameters) -> Result<(), Error> {
        self.layers[layer].set_parameters(parameters)
    }

    /// Lets layer `layer` learn at `factor` times the learning rate of [`Gradient::step`].
    pub fn set_factor(&mut self, layer: usize, factor: f32) {
        self.layers[layer].factor = factor;
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
        maps: Vec<f32>,
        batch: usize,
        height: usize,
        width: usize,
    ) -> Result<(Vec<f32>, Tape), Error> {
        let channels = self.layers[0].channels[0];
        check("maps", &maps, &[batch, channels, height, width])?;
        let shapes = self.shapes([batch, channels, height, width])?;
        let mut tape = self.tape.take().unwrap_or_default();
        tape.prepare(Plan::new(&self.layers, shapes), maps);
        let last = tape.plan.shapes[self.layers.len()];
        let mut output = vec![0.0; batch * last.channels * last.places()];
        if batch == 0 {
            return Ok((output, tape));
        }
        let Tape {
            input,
            plan,
            memory,
            choices,
        } = &mut tape;
        let mut before = 0..0;
        for segment in &plan.segments {
            let (kept, rest) = memory.split_at_mut(segment.output.start);
            let (planes, rest) = rest.split_at_mut(segment.output.len());
            let mut memory = Passing::new(segment, rest, &mut self.places);
            let frame = Frame {
                plan,
                segment,
                isa: self.isa,
                kept: &kept[before],
                given: input,
            };
            let (last, shape) = (segment.layers.end - 1, plan.shapes[segment.layers.end]);
            shape.clear_outside(planes);
            for images in frame.pieces() {
                frame.fill(&self.layers, &images, choices, &mut memory);
                let mut output = Part {
                    shape,
                    planes: &mut *planes,
                    first: images.start,
                };
                frame.convolution(&self.layers, last).forward(
                    images.len(),
                    frame.input(last, &images, &memory.between),
                    &mut output,
                    &mut choices[last],
                    &mut memory.scratch,
                );
            }
            before = segment.output.clone();
        }
        last.write(&memory[before], 0, &mut output);
        Ok((output, tape))
    }

    /// Of the input of each layer, and of the output of the last.
    fn shapes(&self, [images, channels, height, width]: [usize; 4]) -> Result<Vec<Shape>, Error> {
        let mut shape = Shape {
            images,
            channels,
            height,
            width,
        };
        let mut shapes = vec![shape];
        for (at, layer) in self.layers.iter().enumerate() {
            let [height, width] = pooled_size(at, layer.pool, [shape.height, shape.width])?;
            shape = Shape {
                images,
                channels: layer.channels[1],
                height,
                width,
            };
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// Gives `each` the gradients of each layer's weights and bias, the last layer's first. It may move the layer:
    /// what is left of the way back does not need its weights. Returns the gradient of the input of the first layer
    /// where `input` asks for it.
    ///
    /// # Shapes
    ///
    /// `output_gradient` is that of the outputs that `tape` came with, and what comes back that of the input:
    /// `[batch, channels, height, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`], or what `each` returns; layers that were moved before stay moved.
    pub fn backward<E: From<Error>>(
        &mut self,
        mut tape: Tape,
        output_gradient: &[f32],
        input: bool,
        mut each: impl FnMut(Gradient) -> Result<(), E>,
    ) -> Result<Option<Vec<f32>>, E> {
        let last = tape.plan.shapes[self.layers.len()];
        let shape = [last.images, last.channels, last.height, last.width];
        check("output gradient", output_gradient, &shape)?;
        let mut input_gradient = input.then(|| vec![0.0; tape.input.len()]);
        if last.images == 0 {
            return self.nothing(each).map(|()| input_gradient);
        }
        let start = tape.plan.memory - last.length();
        last.read(output_gradient, &mut tape.memory[start..tape.plan.memory]);
        for segment in (0..tape.plan.segments.len()).rev() {
            let layers = &mut self.layers;
            let back = Back::new(segment, layers, self.isa, &mut tape, &mut self.places);
            back.run(input_gradient.as_deref_mut(), &mut each)?;
        }
        self.tape = Some(tape);
        Ok(input_gradient)
    }

    /// The gradients of an empty batch.
    fn nothing<E>(&mut self, mut each: impl FnMut(Gradient) -> Result<(), E>) -> Result<(), E> {
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            let Weights {
                mut filters,
                mut bias,
            } = Weights::zeros(layer.channels);
            each(Gradient {
                index,
                layer,
                isa: self.isa,
                filters: &mut filters.numbers,
                bias: &mut bias,
            })?;
        }
        Ok(())
    }
}
