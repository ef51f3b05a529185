//! A layer that learns, and what its optimiser remembers.

use super::convolution::{Convolution, Weights};
use super::gradients::{Parameters, direct};
use super::optimizer::Step;
use crate::error::Error;
use crate::isa::Isa;
use crate::layer::{Layer, check};

#[derive(Debug)]
pub(super) struct TrainableLayer {
    pub(super) channels: [usize; 2],
    pub(super) pool: bool,
    pub(super) weights: Weights,
    /// The optimiser's; empty before the first step.
    moments: [Option<Weights>; 2],
}

impl TrainableLayer {
    pub(super) fn new(layer: &Layer) -> Result<Self, Error> {
        let channels = layer.channels();
        let mut learning = Self {
            channels,
            pool: layer.pool,
            weights: Weights::zeros(channels),
            moments: [None, None],
        };
        learning.set_parameters(&Parameters {
            weights: layer.weights().to_vec(),
            bias: layer.bias().collect(),
        })?;
        Ok(learning)
    }

    pub(super) fn convolution(&self, isa: Isa) -> Convolution<'_> {
        Convolution {
            weights: &self.weights,
            pool: self.pool,
            isa,
        }
    }

    pub(super) fn set_parameters(&mut self, parameters: &Parameters) -> Result<(), Error> {
        let weights = self.read(parameters)?;
        self.weights = weights;
        Ok(())
    }

    pub(super) fn moments(&self) -> [Option<Parameters>; 2] {
        let moments = self.moments.each_ref();
        moments.map(|moment| Some(direct(moment.as_ref()?, self.channels)))
    }

    pub(super) fn set_moments(&mut self, moments: &[Option<Parameters>; 2]) -> Result<(), Error> {
        let [first, second] = moments
            .each_ref()
            .map(|moment| moment.as_ref().map(|moment| self.read(moment)).transpose());
        self.moments = [first?, second?];
        Ok(())
    }

    pub(super) fn step(&mut self, isa: Isa, step: Step, gradient: &Weights) {
        let channels = self.channels;
        let [first, second] = self
            .moments
            .each_mut()
            .map(|moment| moment.get_or_insert_with(|| Weights::zeros(channels)));
        let weights = &mut self.weights;
        let filters = [&mut first.filters.numbers[..], &mut second.filters.numbers];
        let numbers = &gradient.filters.numbers;
        step.apply(isa, &mut weights.filters.numbers, numbers, filters);
        let bias = [&mut first.bias[..], &mut second.bias];
        step.apply(isa, &mut weights.bias, &gradient.bias, bias);
    }

    /// Numbers of this layer's shape from their direct form.
    fn read(&self, parameters: &Parameters) -> Result<Weights, Error> {
        let [input, output] = self.channels;
        check("weights", &parameters.weights, &[output, input, 3, 3])?;
        check("bias", &parameters.bias, &[output])?;
        let mut weights = Weights::zeros(self.channels);
        weights.filters.set(&parameters.weights);
        let lanes = weights.bias.iter_mut().flat_map(|lanes| &mut lanes.0);
        lanes
            .zip(&parameters.bias)
            .for_each(|(into, number)| *into = *number);
        Ok(weights)
    }
}
