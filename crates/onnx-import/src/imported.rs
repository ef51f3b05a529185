//! A network as it was read from a file.

use std::path::Path;

use graft_network::{KERNEL, Network};
use onnx_protobuf::{FloatTensor, ModelProto};

use crate::place::clip;
use crate::recognise::recognise;
use crate::rules::check_operators;
use crate::weights::Source;
use crate::{Error, Refusal};

/// The convolutional base of a network, and where it came from.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Where it came from.
    pub source: Source,
    /// Which network it is.
    pub network: Network,
    /// The convolutions, by stage and in order.
    pub stages: Vec<Vec<Convolution>>,
}

/// The parameters of one convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// `[out, in, 3, 3]`
    pub weight: FloatTensor,
    /// `[out]`
    pub bias: FloatTensor,
}

impl Imported {
    /// Reads any ONNX file that begins with the convolutional base of a known network, whatever
    /// follows it. Batch normalisations are folded into the convolutions.
    ///
    /// Known to be accepted are exports of Keras' VGG16 by tf2onnx and of torchvision's networks by
    /// `PyTorch`, with their heads.
    ///
    /// # Errors
    /// When the file cannot be read, is no ONNX, or is another network: the error says where it
    /// differs.
    pub fn read(onnx: &Path) -> Result<Self, Error> {
        let (bytes, model) = onnx_protobuf::read(onnx)?;
        let name = onnx.file_name().unwrap_or_default().to_string_lossy();
        let source = Source {
            file: name.into_owned(),
            sha256: graft_durable::sha256(&bytes),
            producer: clip(&model.producer_name),
            producer_version: clip(&model.producer_version),
        };
        Self::from_model(&model, source).map_err(|reason| Error::Unknown {
            path: onnx.to_owned(),
            known: Network::ALL
                .iter()
                .map(|one| one.title)
                .collect::<Vec<_>>()
                .join(", "),
            reason: Box::new(reason),
        })
    }

    /// A network with weights of the caller's: `weights` is asked for each convolution's, with its
    /// input and output channels, and gives `[out, in, 3, 3]` row by row. Biases are 0.
    ///
    /// # Errors
    /// With the number of weights that were expected, when others are given.
    pub fn with_weights(
        network: Network,
        source: Source,
        mut weights: impl FnMut([usize; 2]) -> Vec<f32>,
    ) -> Result<Self, usize> {
        let mut stages = Vec::new();
        for stage in network.stages() {
            let mut convolutions = Vec::new();
            for [input, output] in stage.convolutions() {
                let dims = vec![output, input, KERNEL[0], KERNEL[1]];
                let expected: usize = dims.iter().product();
                let weight = FloatTensor::of(dims, weights([input, output])).ok_or(expected)?;
                let bias = FloatTensor::zeros(output);
                convolutions.push(Convolution { weight, bias });
            }
            stages.push(convolutions);
        }
        Ok(Self {
            source,
            network,
            stages,
        })
    }

    pub(crate) fn from_model(model: &ModelProto, source: Source) -> Result<Self, Refusal> {
        check_operators(model)?;
        let graph = model.graph.as_ref();
        let (network, stages) = recognise(graph.ok_or(Refusal::Inputs { found: vec![] })?)?;
        Ok(Self {
            source,
            network,
            stages,
        })
    }

    /// The number of weights and biases.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let convolutions = self.stages.iter().flatten();
        convolutions
            .map(|one| one.weight.values().len() + one.bias.values().len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{fill, from_tensorflow, in_the_old_way, vgg16};
    use onnx_protobuf::{FunctionProto, Message, OperatorSetIdProto};

    #[test]
    fn weights_of_the_caller_s_own() {
        let mut asked = Vec::new();
        let vgg16 = Imported::with_weights(Network::VGG16, Source::default(), |channels| {
            asked.push(channels);
            vec![0.5; channels[0] * channels[1] * 9]
        })
        .unwrap();
        assert_eq!(
            (asked.len(), asked[0], asked[12]),
            (13, [3, 64], [512, 512])
        );
        assert_eq!(vgg16.parameters(), 14_714_688);
        let layers = vgg16.stages.iter().map(Vec::len);
        assert_eq!(layers.collect::<Vec<_>>(), [2, 2, 3, 3, 3]);
        let last = &vgg16.stages[4][2];
        assert!(
            last.weight
                .values()
                .all(|value| value.to_bits() == 0.5_f32.to_bits())
        );
        assert!(last.bias.values().all(|value| value.to_bits() == 0));
        let refused = Imported::with_weights(Network::VGG16, Source::default(), |_| vec![0.0; 9]);
        assert_eq!(refused.unwrap_err(), 3 * 64 * 9);
    }

    #[test]
    fn every_exporter_is_understood() {
        let models = [vgg16(), from_tensorflow(), in_the_old_way()];
        for model in models {
            let read = Imported::from_model(&fill(model), Source::default()).unwrap();
            assert_eq!(read.parameters(), 14_714_688);
        }
    }

    #[test]
    fn tensors_arrive_where_they_belong() {
        let model = fill(vgg16());
        let read = Imported::from_model(&model, Source::default()).unwrap();
        let convolutions = read.stages.iter().flatten();
        let arrived = convolutions.flat_map(|one| [&one.weight, &one.bias]);
        let sent = &model.graph.as_ref().unwrap().initializer[..26];
        assert!(
            arrived.eq(&sent
                .iter()
                .map(|one| one.floats().unwrap())
                .collect::<Vec<_>>())
        );
    }

    #[test]
    fn unknown_operators_are_refused() {
        let sets = |sets: &[(&str, i64)]| {
            let mut model = vgg16();
            model.opset_import = sets
                .iter()
                .map(|&(domain, version)| OperatorSetIdProto {
                    domain: domain.into(),
                    version,
                })
                .collect();
            model
        };
        let mut with_function = vgg16();
        with_function.functions.push(FunctionProto {
            name: "Relu".into(),
            domain: String::new(),
        });
        let cases = [
            (sets(&[]), "of version 7 to 28, found []"),
            (sets(&[("ai.onnx.ml", 2)]), "found []"),
            (sets(&[("", 6)]), "found [6]"),
            (sets(&[("", 17), ("ai.onnx", 99)]), "found [17, 99]"),
            (with_function, "a function \"Relu\" of its own"),
        ];
        for (model, expected) in cases {
            let error = Imported::from_model(&model, Source::default()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}: {expected}");
        }
    }

    #[test]
    fn a_refused_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        let whole = vgg16().encode_to_vec();
        let cases: [(&[u8], &str); 4] = [
            (b"", "it holds no graph"),
            (b"PK\x03\x04", "is not a readable ONNX file"),
            (&whole[..whole.len() / 2], "longer than what is left"),
            (&whole, "): node 0 \"conv0\" (Conv): tensor \"w0\""),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            let error = Imported::read(&path).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
