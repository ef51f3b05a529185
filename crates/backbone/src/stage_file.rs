//! The weights file of a stage, every tensor accounted for: `conv2d1.weight` `[out, in, 3, 3]`,
//! `conv2d1.bias` `[out]`, `conv2d2.weight`, ... in 32-bit floats.

use std::fmt::Display;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use burn::tensor::TensorData;
use graft_durable::Hashing;
use graft_network::{Boundary, KERNEL, Network, Stage};
use graft_onnx_import::weights;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::Error;

/// How many values are turned into bytes at a time, to be hashed while they are in the CPU's cache.
const PIECE: usize = 1 << 12;

/// Weights and biases of one convolution.
pub struct Convolution {
    /// `[in, out]`
    pub channels: [usize; 2],
    /// `[out, in, 3, 3]`
    pub weight: Vec<f32>,
    /// `[out]`
    pub bias: Vec<f32>,
}

impl Convolution {
    /// Those of each stage up to `boundary`, first to last, from the weights `folder`.
    ///
    /// # Errors
    /// As [`Stages::load`](crate::Stages::load).
    pub fn read(
        folder: &Path,
        network: Network,
        boundary: Boundary,
    ) -> Result<Vec<(Boundary, Vec<Self>)>, Error> {
        let range = Boundary::IMAGES..boundary;
        let stages = network.between(range.clone());
        let read = read_folder(folder, network, range)?;
        let named = stages.zip(read);
        named
            .map(|(stage, read)| Ok((stage.boundary, read?)))
            .collect()
    }

    /// The SHA-256 of a stage of these convolutions: that of [`Stages::hashes`](crate::Stages::hashes).
    #[must_use]
    pub fn hash(stage: Boundary, convolutions: &[Self]) -> String {
        let all = convolutions.iter();
        hash_stage(
            stage,
            all.map(|one| (one.channels, &one.weight[..], one.bias.clone())),
        )
    }
}

/// The SHA-256 of a stage by channels, weights and biases of its convolutions.
pub(crate) fn hash_stage<'a>(
    stage: Boundary,
    convolutions: impl Iterator<Item = ([usize; 2], &'a [f32], Vec<f32>)>,
) -> String {
    let mut hashing = Hashing::default();
    for (index, (channels, weight, bias)) in convolutions.enumerate() {
        let tensors = tensors_of(index, channels);
        for ((name, shape), values) in tensors.iter().zip([weight, &bias]) {
            let bytes = values.chunks(PIECE).map(bytes);
            hash(&mut hashing, stage, name, "F32", shape, bytes);
        }
    }
    hashing.finish()
}

/// Values as little-endian bytes.
fn bytes(values: &[f32]) -> Vec<u8> {
    let words: Vec<[u8; 4]> = values.iter().map(|value| value.to_le_bytes()).collect();
    words.into_flattened()
}

/// The convolutions of the stages in `range`, one stage after the other, from a weights folder whose
/// files have the hashes that its manifest states.
pub(crate) fn read_folder(
    folder: &Path,
    network: Network,
    range: Range<Boundary>,
) -> Result<impl Iterator<Item = Result<Vec<Convolution>, Error>>, Error> {
    network.check(range.end)?;
    let manifest = weights::read_manifest(folder)?;
    Ok(network.between(range).map(move |stage| {
        let bytes = weights::read_block(folder, &manifest, stage.boundary.number())?;
        read(stage, &folder.join(name(stage.boundary)), &bytes)
    }))
}

/// The convolutions of the stages in `range` from the files of `folder`, whose bytes `bytes_of` gives.
pub(crate) fn read_files<E: From<Error>>(
    folder: &Path,
    network: Network,
    range: Range<Boundary>,
    mut bytes_of: impl FnMut(&Path) -> Result<Vec<u8>, E>,
) -> impl Iterator<Item = Result<Vec<Convolution>, E>> {
    network.between(range).map(move |stage| {
        let file = folder.join(name(stage.boundary));
        Ok(read(stage, &file, &bytes_of(&file)?)?)
    })
}

/// The name of a stage's file.
pub(crate) fn name(stage: Boundary) -> String {
    format!("{stage}.safetensors")
}

/// The convolutions of a stage from `bytes`, which were read from `path`: all that the stage has, no
/// other tensors, in f32, each of its own shape.
pub(crate) fn read(stage: Stage, path: &Path, bytes: &[u8]) -> Result<Vec<Convolution>, Error> {
    let refuse = |expected: &str, found: String| Error::StageFile {
        file: path.to_owned(),
        expected: expected.to_owned(),
        found,
    };
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|error| refuse("a safetensors file", format!("something else: {error}")))?;
    let mut names = Vec::new();
    let mut convolutions = Vec::new();
    for (index, channels) in stage.convolutions().enumerate() {
        let [weight, bias] = tensors_of(index, channels);
        let read = |(name, shape): &(String, Vec<usize>)| {
            values(&tensors, name, shape)
                .map_err(|found| refuse(&format!("a tensor `{name}`, F32 {shape:?}"), found))
        };
        convolutions.push(Convolution {
            channels,
            weight: read(&weight)?,
            bias: read(&bias)?,
        });
        names.extend([weight.0, bias.0]);
    }
    let mut found = tensors.names().into_iter();
    match found.find(|found| !names.iter().any(|name| name == found)) {
        Some(tensor) => Err(refuse(&format!("no tensor `{tensor}`"), "one".into())),
        None => Ok(convolutions),
    }
}

/// Names and shapes of weight and bias of a stage's convolution, which counts from 0 here.
pub(crate) fn tensors_of(index: usize, [input, output]: [usize; 2]) -> [(String, Vec<usize>); 2] {
    let name = |part| format!("conv2d{}.{part}", index + 1);
    [
        (name("weight"), vec![output, input, KERNEL[0], KERNEL[1]]),
        (name("bias"), vec![output]),
    ]
}

/// The file of a stage with these tensors.
pub(crate) fn write(tensors: &[(String, TensorData)]) -> Result<Vec<u8>, Error> {
    let mut views = Vec::new();
    for (name, data) in tensors {
        let shape = data.shape().as_slice().to_vec();
        views.push((name, TensorView::new(Dtype::F32, shape, data.as_bytes())?));
    }
    Ok(safetensors::serialize(views, None)?)
}

/// Hashes a parameter of a stage: its name, element type, shape and bytes, which come in pieces.
pub(crate) fn hash(
    hashing: &mut Hashing,
    stage: Boundary,
    name: &str,
    dtype: impl Display,
    shape: &[usize],
    bytes: impl Iterator<Item: AsRef<[u8]>>,
) {
    // Hashing what is in memory cannot fail.
    let _ = hashing.write_all(format!("{stage}.{name} {dtype} {shape:?}\n").as_bytes());
    for piece in bytes {
        let _ = hashing.write_all(piece.as_ref());
    }
}

/// The values of a tensor, in f32 and of this shape; or what was found in its place.
fn values(tensors: &SafeTensors, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let Ok(tensor) = tensors.tensor(name) else {
        let mut names = tensors.names();
        names.sort_unstable();
        return Err(match names.as_slice() {
            [] => "an empty file".to_owned(),
            names => format!("only `{}`", names.join("`, `")),
        });
    };
    if (tensor.dtype(), tensor.shape()) != (Dtype::F32, shape) {
        return Err(format!("{:?} {:?}", tensor.dtype(), tensor.shape()));
    }
    let (values, _) = tensor.data().as_chunks();
    Ok(values.iter().copied().map(f32::from_le_bytes).collect())
}

#[cfg(test)]
mod mutations;
