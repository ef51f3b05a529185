//! Stages of a network as a Burn module.

use std::ops::Range;
use std::path::Path;

use burn::module::{Module, Param, ParamId, list_param_ids};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use graft_durable::Hashing;
use graft_network::{Boundary, KERNEL, Network};

use crate::Error;
use crate::stage_file::{self, Convolution};

/// The stages of a network between two boundaries.
///
/// Whether they learn is the device's and the caller's matter: on a device with gradients every
/// weight asks for them, unless `no_grad` is called.
#[derive(Module, Debug)]
pub struct Stages {
    /// The convolutions, by stage.
    convolutions: Vec<Vec<Conv2d>>,
    /// What ends every stage.
    pool: MaxPool2d,
    #[module(skip)]
    network: Network,
    /// The boundary before the first of them.
    #[module(skip)]
    start: Boundary,
}

impl Stages {
    /// Reads the stages between two boundaries from a weights folder, and puts them on `device`.
    ///
    /// # Errors
    /// When the network has no such boundary; when the folder, its manifest or a file is missing, does
    /// not have the hash that the manifest states, or does not hold exactly the tensors of its stage.
    pub fn load(
        folder: &Path,
        network: Network,
        range: Range<Boundary>,
        device: &Device,
    ) -> Result<Self, Error> {
        let start = range.start;
        let stages = stage_file::read_folder(folder, network, range)?;
        Self::of(network, start, stages, device)
    }

    /// The stages between two boundaries from the bytes of their files, which
    /// [`Stages::to_files`] wrote. `read` gives the bytes of a stage's file; `folder` is where they
    /// lie, for messages.
    ///
    /// # Errors
    /// Those of `read`, and when a file does not hold exactly the tensors of its stage.
    pub fn from_files<E: From<Error>>(
        folder: &Path,
        network: Network,
        range: Range<Boundary>,
        device: &Device,
        read: impl FnMut(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let start = range.start;
        let stages = stage_file::read_files(folder, network, range, read);
        Self::of(network, start, stages, device)
    }

    fn of<E>(
        network: Network,
        start: Boundary,
        read: impl Iterator<Item = Result<Vec<Convolution>, E>>,
        device: &Device,
    ) -> Result<Self, E> {
        let mut stages = Vec::new();
        for stage in read {
            let convolutions = stage?.into_iter().enumerate();
            let convolutions = convolutions.map(|(at, one)| convolution(at, one, device));
            stages.push(convolutions.collect());
        }
        Ok(Self {
            convolutions: stages,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            network,
            start,
        })
    }

    /// The network that they are stages of.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The boundaries before the first and after the last stage.
    #[must_use]
    pub fn range(&self) -> Range<Boundary> {
        let end = self.boundaries().last().unwrap_or(self.start);
        self.start..end
    }

    /// The boundary after each stage.
    fn boundaries(&self) -> impl Iterator<Item = Boundary> {
        let behind = self.network.boundaries().skip(self.start.number());
        behind.take(self.convolutions.len())
    }

    /// The parameters of each stage, first to last.
    #[must_use]
    pub fn parameters(&self) -> Vec<Vec<ParamId>> {
        let stages = self.convolutions.iter();
        stages
            .map(|stage| stage.iter().flat_map(list_param_ids).collect())
            .collect()
    }

    /// What the last stage makes of the maps at the first boundary.
    ///
    /// # Shapes
    /// - maps: `[batch, channels, height, width]`
    /// - what comes back: the same with the last stage's channels, height and width halved by each stage
    #[must_use]
    pub fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.convolutions
            .iter()
            .fold(maps, |maps, stage| self.stage(stage, maps))
    }

    /// What every stage makes of the maps at the first boundary, first to last.
    #[must_use]
    pub fn outputs(&self, maps: Tensor<4>) -> Vec<Tensor<4>> {
        let stages = self.convolutions.iter().scan(maps, |maps, stage| {
            *maps = self.stage(stage, maps.clone());
            Some(maps.clone())
        });
        stages.collect()
    }

    fn stage(&self, convolutions: &[Conv2d], maps: Tensor<4>) -> Tensor<4> {
        let maps = convolutions
            .iter()
            .fold(maps, |maps, one| relu(one.forward(maps)));
        self.pool.forward(maps)
    }

    /// The weights file of every stage, by its name, with the values that are in memory now.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn to_files(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut files = Vec::new();
        for (boundary, stage) in self.boundaries().zip(&self.convolutions) {
            let bytes = stage_file::write(&parameters(stage)?)?;
            files.push((stage_file::name(boundary), bytes));
        }
        Ok(files)
    }

    /// Each stage with the SHA-256 over name, shape and bytes of its parameters, as they are in memory
    /// now.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn hashes(&self) -> Result<Vec<(Boundary, String)>, Error> {
        let stages = self.boundaries().zip(&self.convolutions);
        let hash = |(boundary, stage): (Boundary, &Vec<Conv2d>)| {
            let mut hashing = Hashing::default();
            for (name, data) in parameters(stage)? {
                let shape = data.shape();
                let dtype = format!("{:?}", data.dtype());
                stage_file::hash(
                    &mut hashing,
                    boundary,
                    &name,
                    dtype,
                    shape.as_slice(),
                    [data.as_bytes()].into_iter(),
                );
            }
            Ok((boundary, hashing.finish()))
        };
        stages.map(hash).collect()
    }
}

/// A convolution with its weights on `device`.
fn convolution(index: usize, one: Convolution, device: &Device) -> Conv2d {
    let [(_, weight), (_, bias)] = stage_file::tensors_of(index, one.channels);
    let mut convolution = Conv2dConfig::new(one.channels, KERNEL)
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init(device);
    convolution.weight = Param::from_data(TensorData::new(one.weight, weight), device);
    convolution.bias = Some(Param::from_data(TensorData::new(one.bias, bias), device));
    convolution
}

/// Name and values of every parameter of a stage.
fn parameters(stage: &[Conv2d]) -> Result<Vec<(String, TensorData)>, Error> {
    let mut parameters = Vec::new();
    for (index, convolution) in stage.iter().enumerate() {
        let [out, input, ..] = convolution.weight.dims();
        let [(weight, _), (bias, _)] = stage_file::tensors_of(index, [input, out]);
        let values = convolution.bias.as_ref();
        let values = values.map(|values| (bias, values.val().try_into_data()));
        let weight = (weight, convolution.weight.val().try_into_data());
        for (tensor, data) in std::iter::once(weight).chain(values) {
            let data = data.map_err(|error| Error::Device {
                tensor: tensor.clone(),
                message: error.to_string(),
            })?;
            parameters.push((tensor, data));
        }
    }
    Ok(parameters)
}
