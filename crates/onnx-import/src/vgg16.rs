//! VGG16's convolutional base as it was read from a file.

use std::path::{Path, PathBuf};

use onnx_protobuf::{FloatTensor, ModelProto};

use crate::architecture::{BLOCKS, IMAGE_CHANNELS, KERNEL, KNOWN_OPSETS};
use crate::place::clip;
use crate::weights::{Manifest, Source};
use crate::{Error, Refusal, base, graphs, weights};

/// The convolutional base of VGG16: 13 convolutions in five blocks, and where it came from.
#[derive(Clone, Debug)]
pub struct Vgg16 {
    source: Source,
    blocks: [Vec<Convolution>; 5],
}

/// The parameters of one convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// `[out, in, 3, 3]`
    pub weight: FloatTensor,
    /// `[out]`
    pub bias: FloatTensor,
}

impl Vgg16 {
    /// Reads any ONNX file that begins with VGG16's convolutional base, whatever follows it.
    ///
    /// Known to be accepted are exports of Keras' model by tf2onnx and of torchvision's by `PyTorch`,
    /// with their heads.
    ///
    /// # Errors
    /// When the file cannot be read, is no ONNX, or is something else than VGG16: the error says
    /// where it differs.
    pub fn read(onnx: &Path) -> Result<Self, Error> {
        let bytes = onnx_protobuf::load(onnx)?;
        let sha256 = graft_durable::sha256(&bytes);
        let model =
            onnx_protobuf::decode(bytes).map_err(|source| onnx_protobuf::Error::Content {
                path: onnx.to_owned(),
                source: Box::new(source),
            })?;
        let name = onnx.file_name().unwrap_or_default().to_string_lossy();
        let source = Source {
            file: name.into_owned(),
            sha256,
            producer: clip(&model.producer_name),
            producer_version: clip(&model.producer_version),
        };
        Self::from_model(&model, source).map_err(|reason| Error::NotVgg16 {
            path: onnx.to_owned(),
            reason: Box::new(reason),
        })
    }

    /// VGG16 with weights of the caller's: `weights` is asked for each convolution's, with its input
    /// and output channels, and gives `[out, in, 3, 3]` row by row. Biases are 0.
    ///
    /// # Errors
    /// With the number of weights that were expected, when others are given.
    pub fn with_weights(
        source: Source,
        mut weights: impl FnMut([usize; 2]) -> Vec<f32>,
    ) -> Result<Self, usize> {
        let mut input = IMAGE_CHANNELS;
        let mut blocks = [const { Vec::new() }; 5];
        for (block, outputs) in blocks.iter_mut().zip(BLOCKS) {
            for output in outputs {
                let dims = vec![*output, input, KERNEL[0], KERNEL[1]];
                let expected: usize = dims.iter().product();
                let values = weights([input, *output]).into_iter();
                let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
                let weight = FloatTensor::new(dims, bytes.into()).ok_or(expected)?;
                let bias = FloatTensor::zeros(*output);
                block.push(Convolution { weight, bias });
                input = *output;
            }
        }
        Ok(Self { source, blocks })
    }

    pub(crate) fn from_model(model: &ModelProto, source: Source) -> Result<Self, Refusal> {
        check_operators(model)?;
        let graph = model
            .graph
            .as_ref()
            .ok_or(Refusal::Inputs { found: vec![] })?;
        Ok(Self {
            source,
            blocks: base::convolutions(graph)?,
        })
    }

    /// Where it came from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The convolutions, by block and in order.
    #[must_use]
    pub fn blocks(&self) -> &[Vec<Convolution>; 5] {
        &self.blocks
    }

    /// The number of weights and biases: 14,714,688.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let convolutions = self.blocks.iter().flatten();
        convolutions
            .map(|one| one.weight.values().len() + one.bias.values().len())
            .sum()
    }

    /// Writes `block1.safetensors` to `block5.safetensors`, and at last `weights.json`, into
    /// `folder`, which is made if need be. The same file gives the same bytes.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_weights(&self, folder: &Path) -> Result<Manifest, Error> {
        weights::write(self, folder)
    }

    /// Writes `block1.onnx` to `block5.onnx` into `folder`, which is made if need be: the five
    /// blocks as graphs of their own with their weights inside. The same file gives the same bytes.
    ///
    /// # Shapes
    /// `images` or `features` `[batch, channels, height, width]` to `pooled` `[batch, channels,
    /// height / 2, width / 2]`, of any batch, height and width.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_graphs(&self, folder: &Path) -> Result<[PathBuf; 5], Error> {
        graphs::write(self, folder)
    }
}

/// Checks that the operators are ONNX's, as this crate knows them.
fn check_operators(model: &ModelProto) -> Result<(), Refusal> {
    let is_onnx = |domain: &str| matches!(domain, "" | "ai.onnx");
    let versions: Vec<i64> = model
        .opset_import
        .iter()
        .filter(|set| is_onnx(&set.domain))
        .map(|set| set.version)
        .collect();
    if versions.is_empty() || !versions.iter().all(|one| KNOWN_OPSETS.contains(one)) {
        let found = format!("{:?}", &versions[..versions.len().min(10)]);
        return Err(Refusal::Opset { found });
    }
    match model.functions.iter().find(|one| is_onnx(&one.domain)) {
        Some(function) => Err(Refusal::Function {
            name: clip(&function.name),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{fill, from_tensorflow, in_the_old_way, vgg16};
    use onnx_protobuf::{FunctionProto, OperatorSetIdProto, decode, encode};
    use proptest::prelude::*;

    #[test]
    fn every_exporter_is_understood() {
        let models = [vgg16(), from_tensorflow(), in_the_old_way()];
        for model in models {
            let read = Vgg16::from_model(&fill(model), Source::default()).unwrap();
            assert_eq!(read.parameters(), 14_714_688);
        }
    }

    #[test]
    fn tensors_arrive_where_they_belong() {
        let model = fill(vgg16());
        let read = Vgg16::from_model(&model, Source::default()).unwrap();
        let convolutions = read.blocks().iter().flatten();
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
            let error = Vgg16::from_model(&model, Source::default()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}: {expected}");
        }
    }

    #[test]
    fn a_refused_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        let whole = encode(&vgg16());
        let cases: [(&[u8], &str); 4] = [
            (b"", "it holds no graph"),
            (b"PK\x03\x04", "is not a readable ONNX file"),
            (&whole[..whole.len() / 2], "longer than what is left"),
            (
                &whole,
                "is not VGG16: node 0 \"conv0\" (Conv): tensor \"w0\"",
            ),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            let error = Vgg16::read(&path).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_model_is_refused_in_peace(
            damage in prop::collection::vec((0_usize..8000, any::<u8>()), 1..4),
        ) {
            // It has no weights, so that it is refused even where the damage does not matter.
            let mut bytes = encode(&in_the_old_way());
            for (at, byte) in damage {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            if let Ok(model) = decode(bytes.into()) {
                let refusal = Vgg16::from_model(&model, Source::default()).unwrap_err();
                prop_assert!(refusal.to_string().len() < 2000);
            }
        }
    }
}
