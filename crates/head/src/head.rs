//! The head: flatten or average, normalise where asked, hidden layers where asked, one linear layer.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use crate::init::hidden_stream;
use crate::normalise::{Standardise, power_l2};
use crate::{Dropout, FileError, Normalisation, glorot_uniform, he_uniform};

/// What a new head looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadConfig {
    /// Values a feature map has once it is flattened.
    pub features: usize,
    /// How many values of a channel, which lie beside each other, are averaged to one before anything else; 1 averages
    /// nothing.
    pub places: usize,
    /// What is done to features then.
    pub normalise: Normalisation,
    /// The units of each hidden layer, from the features on.
    pub hidden: Vec<usize>,
    /// Classes to tell apart.
    pub classes: usize,
    /// Where its first weights are drawn from.
    pub seed: u64,
}

/// The numbers of a fully connected layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// `[inputs, outputs]`, row by row.
    pub weight: Vec<f32>,
    /// `[outputs]`
    pub bias: Vec<f32>,
}

/// Features in, logits out.
#[derive(Module, Debug)]
pub struct Head {
    #[module(skip)]
    places: usize,
    standardise: Option<Standardise>,
    /// The length of an image's features under [`Normalisation::PowerL2`].
    #[module(skip)]
    power_l2: Option<f32>,
    /// Each is followed by a rectifier.
    hidden: Vec<Linear>,
    linear: Linear,
}

impl HeadConfig {
    /// A head that flattens and has one linear layer: Keras' `Flatten` and `Dense`.
    #[must_use]
    pub fn linear(features: usize, classes: usize, seed: u64) -> Self {
        Self {
            features,
            places: 1,
            normalise: Normalisation::None,
            hidden: Vec::new(),
            classes,
            seed,
        }
    }

    /// A head with biases of zeros; Glorot-uniform weights in the last layer, as Keras' `Dense` starts, and
    /// He-uniform ones in hidden layers.
    #[must_use]
    pub fn init(&self, device: &Device) -> Head {
        let mut inputs = self.features / self.places;
        let mut layers = Vec::new();
        for (number, units) in self.hidden.iter().enumerate() {
            layers.push(Dense {
                weight: he_uniform(inputs, inputs * units, self.seed, hidden_stream(number)),
                bias: vec![0.0; *units],
            });
            inputs = *units;
        }
        layers.push(Dense {
            weight: glorot_uniform(inputs, self.classes, self.seed),
            bias: vec![0.0; self.classes],
        });
        Head::from_parts(self.places, self.normalise.clone(), layers, device)
    }
}

impl Dense {
    fn on(self, device: &Device) -> Linear {
        let outputs = self.bias.len();
        let shape = [self.weight.len() / outputs, outputs]; // [inputs, outputs]
        Linear {
            weight: Param::from_data(TensorData::new(self.weight, shape), device),
            bias: Some(Param::from_data(vector(self.bias), device)),
        }
    }

    fn of(layer: &Linear) -> Result<Self, FileError> {
        Ok(Self {
            weight: values(&layer.weight)?,
            bias: layer.bias.as_ref().map_or(Ok(Vec::new()), values)?,
        })
    }
}

impl Head {
    /// Puts a head together from its numbers; the last of `layers`, of which there must be one, gives the logits.
    pub(crate) fn from_parts(
        places: usize,
        normalise: Normalisation,
        layers: Vec<Dense>,
        device: &Device,
    ) -> Self {
        let (standardise, power_l2) = match normalise {
            Normalisation::None => (None, None),
            Normalisation::Standardise(statistics) => {
                (Some(Standardise::new(statistics, device)), None)
            }
            Normalisation::PowerL2 { scale } => (None, Some(scale)),
        };
        let mut hidden: Vec<_> = layers.into_iter().map(|layer| layer.on(device)).collect();
        Self {
            places,
            standardise,
            power_l2,
            linear: hidden.remove(hidden.len() - 1),
            hidden,
        }
    }

    /// The logits of a batch of features.
    ///
    /// # Shapes
    /// - features: `[batch, ...]`, any rank from 2 that flattens to `[batch, features]`, channel by channel
    /// - logits: `[batch, classes]`
    #[must_use]
    pub fn forward<const D: usize>(&self, features: Tensor<D>) -> Tensor<2> {
        self.forward_training(features, &mut Dropout::none())
    }

    /// [`Head::forward`] where it learns: `dropout` falls on the outputs of each hidden layer or, where there is
    /// none, on the normalised features.
    pub fn forward_training<const D: usize>(
        &self,
        features: Tensor<D>,
        dropout: &mut Dropout,
    ) -> Tensor<2> {
        let mut features = self.normalised(features);
        if self.hidden.is_empty() {
            features = dropout.fall_on(features);
        }
        for layer in &self.hidden {
            features = dropout.fall_on(relu(layer.forward(features))); // [batch, units]
        }
        self.linear.forward(features) // [batch, classes]
    }

    /// What its first layer takes: features averaged and normalised as it does.
    ///
    /// # Shapes
    /// - features: as [`Head::forward`] takes them
    /// - result: `[batch, inputs of the first layer]`
    #[must_use]
    pub fn normalised<const D: usize>(&self, features: Tensor<D>) -> Tensor<2> {
        let features = self.averaged(features.flatten::<2>(1, D - 1));
        match (&self.standardise, self.power_l2) {
            (Some(standardise), _) => standardise.forward(features),
            (None, Some(scale)) => power_l2(features, scale),
            (None, None) => features,
        }
    }

    /// The mean of each channel, where it averages.
    fn averaged(&self, features: Tensor<2>) -> Tensor<2> {
        if self.places == 1 {
            return features;
        }
        let [batch, values] = features.dims();
        let channels = values / self.places;
        let places = features.reshape([batch, channels, self.places]);
        places.mean_dim(2).reshape([batch, channels])
    }

    /// The head whose logits are these divided by `temperature`.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn tempered(&self, temperature: f32, device: &Device) -> Result<Self, FileError> {
        let mut last = Dense::of(&self.linear)?;
        let values = last.weight.iter_mut().chain(&mut last.bias);
        values.for_each(|value| *value /= temperature);
        Ok(Self {
            linear: last.on(device),
            ..self.clone()
        })
    }

    /// How many values of a channel it averages to one; 1 where it flattens.
    #[must_use]
    pub fn places(&self) -> usize {
        self.places
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

    /// Its layers, from the features on; the last gives the logits.
    ///
    /// # Errors
    /// When the device does not give them back.
    pub fn layers(&self) -> Result<Vec<Dense>, FileError> {
        let layers = self.hidden.iter().chain([&self.linear]);
        layers.map(Dense::of).collect()
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
            normalise,
            ..HeadConfig::linear(4, 3, 1)
        }
    }

    fn last(head: &Head) -> Dense {
        head.layers().unwrap().pop().unwrap()
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
        assert_ne!(last(&after).weight, last(&before).weight);
        assert_ne!(last(&after).bias, last(&before).bias);
        let expected = Normalisation::Standardise(statistics);
        assert_eq!(after.normalisation().unwrap(), expected);
    }

    #[test]
    fn starts_with_its_seed_s_weights_and_no_bias() {
        let head = config(Normalisation::None).init(&Device::flex());
        assert_eq!(last(&head).bias, [0.0; 3]);
        assert_eq!(last(&head).weight, glorot_uniform(4, 3, 1));
    }

    #[test]
    fn averages_rectifies_and_drops_out() {
        let device = Device::flex();
        let dense = |weight: &[f32], bias: &[f32]| Dense {
            weight: weight.to_vec(),
            bias: bias.to_vec(),
        };
        let hidden = dense(&[1.0, -1.0, 2.0, 1.0], &[0.5, -3.0]); // [2, 2]
        let linear = dense(&[1.0, 10.0, 100.0, 1000.0], &[0.0, 1.0]);
        let layers = vec![hidden, linear];
        let head = Head::from_parts(2, Normalisation::None, layers, &device);
        // Means 2 and 3; 2 + 6 + 0.5 and -2 + 3 - 3, of which a rectifier makes 0.
        let maps = Tensor::<2>::from_data([[1.0, 3.0, 3.0, 3.0]], &device);
        let logits: Vec<f32> = head.forward(maps.clone()).into_data().iter().collect();
        assert_eq!(logits, [8.5, 86.0]);

        let tempered = head.tempered(2.0, &device).unwrap().forward(maps.clone());
        let tempered: Vec<f32> = tempered.into_data().iter().collect();
        assert_eq!(tempered, [4.25, 43.0]);

        // A value that falls out leaves the bias; one that stays counts twice.
        let mut found = (1..100).map(|number| {
            let mut dropout = Dropout::of_step(0.5, 1, number);
            let logits = head.forward_training(maps.clone(), &mut dropout);
            logits.into_data().iter::<f32>().collect::<Vec<_>>()
        });
        assert!(found.all(|one| one == [0.0, 1.0] || one == [17.0, 171.0]));
    }

    #[test]
    fn hidden_layers_start_with_their_own_weights() {
        let config = HeadConfig {
            places: 2,
            hidden: vec![8, 8],
            ..HeadConfig::linear(16, 3, 1)
        };
        let layers = config.init(&Device::flex()).layers().unwrap();
        let sizes: Vec<_> = layers
            .iter()
            .map(|one| (one.weight.len(), one.bias.len()))
            .collect();
        assert_eq!(sizes, [(64, 8), (64, 8), (24, 3)]);
        assert_ne!(layers[0].weight, layers[1].weight);
        assert_eq!(layers[2].weight, glorot_uniform(8, 3, 1));
    }
}
