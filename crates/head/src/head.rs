//! The head: flatten, normalise where asked, one linear layer.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};

use crate::normalise::{Standardise, power_l2};
use crate::{FileError, Normalisation, glorot_uniform};

/// What a new head looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadConfig {
    /// Values a feature map has once it is flattened.
    pub features: usize,
    /// Classes to tell apart.
    pub classes: usize,
    /// Where its first weights are drawn from.
    pub seed: u64,
    /// What is done to features first.
    pub normalise: Normalisation,
}

/// Features in, logits out.
#[derive(Module, Debug)]
pub struct Head {
    standardise: Option<Standardise>,
    /// The length of an image's features under [`Normalisation::PowerL2`].
    #[module(skip)]
    power_l2: Option<f32>,
    linear: Linear,
}

impl HeadConfig {
    /// A head with Glorot-uniform weights and a bias of zeros, as Keras' `Dense` starts.
    #[must_use]
    pub fn init(&self, device: &Device) -> Head {
        let weight = glorot_uniform(self.features, self.classes, self.seed);
        let bias = vec![0.0; self.classes];
        Head::from_parts(self.normalise.clone(), weight, bias, device)
    }
}

impl Head {
    /// Puts a head together from its numbers: `weight` is `[features, classes]`, row by row, and
    /// `bias` is `[classes]`.
    pub(crate) fn from_parts(
        normalise: Normalisation,
        weight: Vec<f32>,
        bias: Vec<f32>,
        device: &Device,
    ) -> Self {
        let classes = bias.len();
        let shape = [weight.len() / classes, classes]; // [features, classes]
        let (standardise, power_l2) = match normalise {
            Normalisation::None => (None, None),
            Normalisation::Standardise(statistics) => {
                (Some(Standardise::new(statistics, device)), None)
            }
            Normalisation::PowerL2 { scale } => (None, Some(scale)),
        };
        Self {
            standardise,
            power_l2,
            linear: Linear {
                weight: Param::from_data(TensorData::new(weight, shape), device),
                bias: Some(Param::from_data(vector(bias), device)),
            },
        }
    }

    /// The logits of a batch of features.
    ///
    /// # Shapes
    /// - features: `[batch, ...]`, any rank from 2 that flattens to `[batch, features]`
    /// - logits: `[batch, classes]`
    #[must_use]
    pub fn forward<const D: usize>(&self, features: Tensor<D>) -> Tensor<2> {
        let features = features.flatten::<2>(1, D - 1); // [batch, features]
        let features = match (&self.standardise, self.power_l2) {
            (Some(standardise), _) => standardise.forward(features),
            (None, Some(scale)) => power_l2(features, scale),
            (None, None) => features,
        };
        self.linear.forward(features) // [batch, classes]
    }

    /// The head whose logits are these divided by `temperature`.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn tempered(&self, temperature: f32, device: &Device) -> Result<Self, FileError> {
        let divided = |values: Vec<f32>| {
            values
                .into_iter()
                .map(|value| value / temperature)
                .collect()
        };
        let (weight, bias) = (divided(self.weight()?), divided(self.bias()?));
        Ok(Self::from_parts(
            self.normalisation()?,
            weight,
            bias,
            device,
        ))
    }

    /// What it does to features first.
    ///
    /// # Errors
    /// When the device does not give the statistics back.
    pub fn normalisation(&self) -> Result<Normalisation, FileError> {
        Ok(match (&self.standardise, self.power_l2) {
            (Some(standardise), _) => Normalisation::Standardise(standardise.statistics()?),
            (None, Some(scale)) => Normalisation::PowerL2 { scale },
            (None, None) => Normalisation::None,
        })
    }

    /// The weights, `[features, classes]` row by row.
    ///
    /// # Errors
    /// When the device does not give them back.
    pub fn weight(&self) -> Result<Vec<f32>, FileError> {
        values(&self.linear.weight)
    }

    /// The bias, `[classes]`.
    ///
    /// # Errors
    /// When the device does not give it back.
    pub fn bias(&self) -> Result<Vec<f32>, FileError> {
        self.linear.bias.as_ref().map_or(Ok(Vec::new()), values)
    }
}

pub(crate) fn vector(values: Vec<f32>) -> TensorData {
    let length = values.len();
    TensorData::new(values, [length])
}

pub(crate) fn values<const D: usize>(param: &Param<Tensor<D>>) -> Result<Vec<f32>, FileError> {
    let data = param.val().try_into_data();
    let data = data.map_err(|error| FileError::Device(error.to_string()))?;
    Ok(data.iter::<f32>().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Statistics, cross_entropy};
    use burn::optim::{AdamConfig, GradientsParams};
    use burn::tensor::Int;

    fn config(normalise: Normalisation) -> HeadConfig {
        HeadConfig {
            features: 4,
            classes: 3,
            seed: 1,
            normalise,
        }
    }

    #[test]
    fn flattens_feature_maps() {
        let device = Device::flex();
        let head = config(Normalisation::None).init(&device);
        let maps = Tensor::<4>::from_data([[[[1.0, 2.0], [3.0, 4.0]]]], &device);
        let rows = Tensor::<2>::from_data([[1.0, 2.0, 3.0, 4.0]], &device);
        assert_eq!(
            head.forward(maps).into_data(),
            head.forward(rows).into_data()
        );
    }

    #[test]
    fn standardises_before_the_linear_layer() {
        let device = Device::flex();
        let statistics = Statistics {
            mean: vec![1.0; 4],
            deviation: vec![2.0; 4],
        };
        let plain = config(Normalisation::None).init(&device);
        let standardised = config(Normalisation::Standardise(statistics)).init(&device);
        let raw = Tensor::<2>::from_data([[3.0, 5.0, 1.0, -1.0]], &device);
        let scaled = Tensor::<2>::from_data([[1.0, 2.0, 0.0, -1.0]], &device);
        assert_eq!(
            standardised.forward(raw).into_data(),
            plain.forward(scaled).into_data()
        );
    }

    #[test]
    fn a_step_moves_the_linear_layer_and_nothing_else() {
        let device = Device::flex().autodiff();
        let statistics = Statistics {
            mean: vec![0.5; 4],
            deviation: vec![2.0; 4],
        };
        let before = config(Normalisation::Standardise(statistics.clone())).init(&device);
        let features = Tensor::<2>::from_data([[1.0, -1.0, 2.0, 0.0]], &device);
        let targets = Tensor::<1, Int>::from_data([2], &device);
        let loss = cross_entropy(before.forward(features), targets, 0.0, None);
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        let after = AdamConfig::new()
            .init()
            .step(0.1, before.clone(), gradients);
        assert_ne!(after.weight().unwrap(), before.weight().unwrap());
        assert_ne!(after.bias().unwrap(), before.bias().unwrap());
        let expected = Normalisation::Standardise(statistics);
        assert_eq!(after.normalisation().unwrap(), expected);
    }

    #[test]
    fn starts_with_its_seed_s_weights_and_no_bias() {
        let head = config(Normalisation::None).init(&Device::flex());
        assert_eq!(head.bias().unwrap(), [0.0; 3]);
        assert_eq!(head.weight().unwrap(), glorot_uniform(4, 3, 1));
    }
}
