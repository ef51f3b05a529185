//! A layer that learns, and what its optimiser remembers.

use super::convolution::Weights;
use super::gradient::Parameters;
use super::optimizer::Step;
use crate::error::Error;
use crate::isa::Isa;
use crate::lanes::Lanes;
use crate::layer::{Layer, check};

#[derive(Debug)]
pub(super) struct TrainableLayer {
    pub(super) channels: [usize; 2],
    pub(super) pool: bool,
    pub(super) weights: Weights,
    /// How many times the stack's learning rate it learns at.
    pub(super) factor: f32,
    /// The optimiser's; empty before the first step.
    moments: [Option<Weights>; 2],
}

impl TrainableLayer {
    pub(super) fn new(layer: &Layer) -> Result<Self, Error> {
        let (channels, bias) = (layer.channels(), layer.bias().collect::<Vec<_>>());
        Ok(Self {
            channels,
            pool: layer.pool,
            weights: read(channels, layer.weights(), &bias)?,
            factor: 1.0,
            moments: [None, None],
        })
    }

    pub(super) fn set_parameters(&mut self, parameters: &Parameters) -> Result<(), Error> {
        self.weights = self.read(parameters)?;
        Ok(())
    }

    pub(super) fn parameters(&self) -> Parameters {
        self.direct(&self.weights.filters.numbers, &self.weights.bias)
    }

    pub(super) fn moments(&self) -> [Option<Parameters>; 2] {
        let direct = |moment: &Weights| self.direct(&moment.filters.numbers, &moment.bias);
        let moments = self.moments.each_ref();
        moments.map(|moment| moment.as_ref().map(direct))
    }

    /// Numbers that lie as weights and bias do, in direct form.
    pub(super) fn direct(&self, filters: &[Lanes], bias: &[Lanes]) -> Parameters {
        let bias = bias.iter().flat_map(|lanes| lanes.0);
        Parameters {
            weights: self.weights.filters.direct(filters),
            bias: bias.take(self.channels[1]).collect(),
        }
    }

    pub(super) fn set_moments(&mut self, moments: &[Option<Parameters>; 2]) -> Result<(), Error> {
        let [first, second] = moments
            .each_ref()
            .map(|moment| moment.as_ref().map(|moment| self.read(moment)).transpose());
        self.moments = [first?, second?];
        Ok(())
    }

    /// Moves weights and bias by their gradients, which lie as they do.
    pub(super) fn step(&mut self, isa: Isa, step: Step, filters: &[Lanes], bias: &[Lanes]) {
        let (channels, step) = (self.channels, step.scaled(self.factor));
        let [first, second] = self
            .moments
            .each_mut()
            .map(|moment| moment.get_or_insert_with(|| Weights::zeros(channels)));
        let weights = &mut self.weights;
        let moments = [&mut first.filters.numbers[..], &mut second.filters.numbers];
        step.apply(isa, &mut weights.filters.numbers, filters, moments);
        let moments = [&mut first.bias[..], &mut second.bias];
        step.apply(isa, &mut weights.bias, bias, moments);
    }

    /// Numbers of this layer's shape from their direct form.
    fn read(&self, parameters: &Parameters) -> Result<Weights, Error> {
        read(self.channels, &parameters.weights, &parameters.bias)
    }
}

/// Numbers of a layer of `channels` `[in, out]` from their direct form.
fn read(channels: [usize; 2], filters: &[f32], bias: &[f32]) -> Result<Weights, Error> {
    let [input, output] = channels;
    check("weights", filters, &[output, input, 3, 3])?;
    check("bias", bias, &[output])?;
    let mut weights = Weights::zeros(channels);
    weights.filters.set(filters);
    let lanes = weights.bias.iter_mut().flat_map(|lanes| &mut lanes.0);
    lanes.zip(bias).for_each(|(into, number)| *into = *number);
    Ok(weights)
}
