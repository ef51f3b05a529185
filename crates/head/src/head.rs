//! The head: flatten, standardise where asked, one linear layer.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};

use crate::{FileError, Statistics, glorot_uniform};

/// What a new head looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadConfig {
    /// Values a feature map has once it is flattened.
    pub features: usize,
    /// Classes to tell apart.
    pub classes: usize,
    /// Where its first weights are drawn from.
    pub seed: u64,
    /// Statistics to standardise the features with, or `None` to take them as they are.
    pub statistics: Option<Statistics>,
}

/// Features in, logits out.
#[derive(Module, Debug)]
pub struct Head {
    standardise: Option<Standardise>,
    linear: Linear,
}

/// Subtracts the mean and divides by the deviation, feature by feature. Never trains.
#[derive(Module, Debug)]
struct Standardise {
    mean: Param<Tensor<1>>,
    deviation: Param<Tensor<1>>,
}

impl HeadConfig {
    /// A head with Glorot-uniform weights and a bias of zeros, as Keras' `Dense` starts.
    #[must_use]
    pub fn init(&self, device: &Device) -> Head {
        let weight = glorot_uniform(self.features, self.classes, self.seed);
        let bias = vec![0.0; self.classes];
        Head::from_parts(self.statistics.clone(), weight, bias, device)
    }
}

impl Head {
    /// Puts a head together from its numbers: `weight` is `[features, classes]`, row by row, and
    /// `bias` is `[classes]`.
    pub(crate) fn from_parts(
        statistics: Option<Statistics>,
        weight: Vec<f32>,
        bias: Vec<f32>,
        device: &Device,
    ) -> Self {
        let classes = bias.len();
        let shape = [weight.len() / classes, classes]; // [features, classes]
        Self {
            standardise: statistics.map(|statistics| Standardise {
                mean: constant(statistics.mean, device),
                deviation: constant(statistics.deviation, device),
            }),
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
        let features = match &self.standardise {
            Some(standardise) => standardise.forward(features),
            None => features,
        };
        self.linear.forward(features) // [batch, classes]
    }

    /// The statistics that it standardises with, if it does.
    ///
    /// # Errors
    /// When the device does not give them back.
    pub fn statistics(&self) -> Result<Option<Statistics>, FileError> {
        let read = |standardise: &Standardise| {
            Ok(Statistics {
                mean: values(&standardise.mean)?,
                deviation: values(&standardise.deviation)?,
            })
        };
        self.standardise.as_ref().map(read).transpose()
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

impl Standardise {
    fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let mean = self.mean.val().unsqueeze::<2>(); // [1, features]
        let deviation = self.deviation.val().unsqueeze::<2>();
        (features - mean) / deviation
    }
}

fn vector(values: Vec<f32>) -> TensorData {
    let length = values.len();
    TensorData::new(values, [length])
}

fn constant(values: Vec<f32>, device: &Device) -> Param<Tensor<1>> {
    Param::from_data(vector(values), device).set_require_grad(false)
}

fn values<const D: usize>(param: &Param<Tensor<D>>) -> Result<Vec<f32>, FileError> {
    let data = param.val().try_into_data();
    let data = data.map_err(|error| FileError::Device(error.to_string()))?;
    Ok(data.iter::<f32>().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cross_entropy;
    use burn::optim::{AdamConfig, GradientsParams};
    use burn::tensor::Int;

    fn config(statistics: Option<Statistics>) -> HeadConfig {
        HeadConfig {
            features: 4,
            classes: 3,
            seed: 1,
            statistics,
        }
    }

    #[test]
    fn flattens_feature_maps() {
        let device = Device::flex();
        let head = config(None).init(&device);
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
        let plain = config(None).init(&device);
        let standardised = config(Some(statistics)).init(&device);
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
        let before = config(Some(statistics.clone())).init(&device);
        let features = Tensor::<2>::from_data([[1.0, -1.0, 2.0, 0.0]], &device);
        let targets = Tensor::<1, Int>::from_data([2], &device);
        let loss = cross_entropy(before.forward(features), targets);
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        let after = AdamConfig::new()
            .init()
            .step(0.1, before.clone(), gradients);
        assert_ne!(after.weight().unwrap(), before.weight().unwrap());
        assert_ne!(after.bias().unwrap(), before.bias().unwrap());
        assert_eq!(after.statistics().unwrap(), Some(statistics));
    }

    #[test]
    fn starts_with_its_seed_s_weights_and_no_bias() {
        let head = config(None).init(&Device::flex());
        assert_eq!(head.bias().unwrap(), [0.0; 3]);
        assert_eq!(head.weight().unwrap(), glorot_uniform(4, 3, 1));
    }
}
