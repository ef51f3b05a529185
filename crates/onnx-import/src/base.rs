//! From a graph to the parameters of VGG16's convolutional base.

use onnx_protobuf::{FloatTensor, GraphProto, TensorProto};

use crate::Refusal;
use crate::architecture::{BLOCKS, KERNEL, input_channels};
use crate::chain::follow;
use crate::graph::Graph;
use crate::vgg16::Convolution;

/// The convolutions of each block, when the graph begins with VGG16's convolutional base.
///
/// The whole structure is checked first, then all shapes, then the weights: what is wrong with
/// another network is that it is another network, and not one of its numbers.
pub(crate) fn convolutions(proto: &GraphProto) -> Result<[Vec<Convolution>; 5], Refusal> {
    let graph = Graph::new(proto)?;
    let nodes = follow(&graph)?;
    let mut blocks = [const { Vec::new() }; 5];
    for (block, constants) in blocks.iter_mut().zip(constants(&graph, &nodes)?) {
        for pair in constants {
            block.push(pair.read(&graph)?);
        }
    }
    Ok(blocks)
}

/// A convolution whose weight and bias are of the right shape.
struct Constants<'a> {
    index: usize,
    weight: &'a TensorProto,
    /// Left out when it is zero, as `PyTorch`'s exporter does.
    bias: Option<&'a TensorProto>,
}

/// Finds the weights and biases of all convolutions, and checks their shapes.
fn constants<'a>(
    graph: &'a Graph<'a>,
    blocks: &[Vec<usize>],
) -> Result<Vec<Vec<Constants<'a>>>, Refusal> {
    let mut found = Vec::new();
    for ((number, block), outputs) in (1..).zip(blocks).zip(BLOCKS) {
        let mut channels = input_channels(number);
        let mut convolutions = Vec::new();
        for (index, output) in block.iter().zip(outputs) {
            let constant = |position, role, expected: &[usize]| {
                let tensor = graph.constant(*index, position, role)?;
                let shape = tensor.shape().map_err(|source| Refusal::Content {
                    node: graph.name(*index),
                    source,
                })?;
                if shape == expected {
                    Ok(tensor)
                } else {
                    Err(Refusal::Shape {
                        node: graph.name(*index),
                        role,
                        expected: expected.to_vec(),
                        found: shape,
                    })
                }
            };
            let weight = constant(1, "weight", &[*output, channels, KERNEL[0], KERNEL[1]])?;
            let bias = match graph.node(*index).input.get(2) {
                Some(name) if !name.is_empty() => Some(constant(2, "bias", &[*output])?),
                _ => None,
            };
            convolutions.push(Constants {
                index: *index,
                weight,
                bias,
            });
            channels = *output;
        }
        found.push(convolutions);
    }
    Ok(found)
}

impl Constants<'_> {
    fn read(self, graph: &Graph<'_>) -> Result<Convolution, Refusal> {
        let finite = |tensor: &TensorProto, role| -> Result<FloatTensor, Refusal> {
            let tensor = tensor.floats().map_err(|source| Refusal::Content {
                node: graph.name(self.index),
                source,
            })?;
            let bad = tensor.values().enumerate().find(|(_, x)| !x.is_finite());
            match bad {
                None => Ok(tensor),
                Some((index, value)) => Err(Refusal::NotFinite {
                    node: graph.name(self.index),
                    role,
                    index,
                    value,
                }),
            }
        };
        let weight = finite(self.weight, "weight")?;
        let bias = match self.bias {
            Some(bias) => finite(bias, "bias")?,
            None => FloatTensor::zeros(weight.dims()[0]),
        };
        Ok(Convolution { weight, bias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{chain, fill, tensor, vgg16};

    #[test]
    fn a_bias_that_is_left_out_is_zero() {
        let mut graph = fill(vgg16()).graph.unwrap();
        graph.node[0].input.truncate(2);
        graph.node[2].input[2].clear();
        let blocks = convolutions(&graph).unwrap();
        for convolution in &blocks[0] {
            assert_eq!(convolution.bias, FloatTensor::zeros(64));
        }
        assert_ne!(blocks[1][0].bias, FloatTensor::zeros(128));
    }

    #[test]
    fn every_wrong_constant_is_placed() {
        let graph = |change: fn(&mut GraphProto)| {
            let mut graph = fill(vgg16()).graph.unwrap();
            change(&mut graph);
            graph
        };
        let narrow = chain(&[&[64; 2], &[128, 64], &[256; 3], &[512; 3], &[512; 3]]);
        // Node 0 is the first convolution; it reads the initialisers 0 and 1.
        let cases = [
            (
                narrow.graph.unwrap(),
                "expected a weight of shape [128, 128, 3, 3], found [64, 128, 3, 3]",
            ),
            (
                graph(|g| g.node[0].input.truncate(1)),
                "expected its weight to be an initialiser or a Constant, found nothing",
            ),
            (
                graph(|g| g.node[0].input[1] = "images".into()),
                "expected its weight to be an initialiser or a Constant, found the input \"images\"",
            ),
            (
                graph(|g| drop(g.initializer.remove(1))),
                "node 0 \"conv0\" (Conv) reads \"b0\", which no input",
            ),
            (
                graph(|g| g.initializer[1].dims = vec![1, 64]),
                "node 0 \"conv0\" (Conv): expected a bias of shape [64], found [1, 64]",
            ),
            (
                graph(|g| g.initializer[0].dims = vec![64, 3, -3, -3]),
                "a shape of [64, 3, -3, -3]",
            ),
            (
                graph(|g| g.initializer[25].raw_data = None),
                "node 28 \"conv16\" (Conv): tensor \"b16\": expected the elements of shape [512]",
            ),
            (
                graph(|g| g.initializer[0].data_type = 10),
                "tensor \"w0\": expected elements of type FLOAT, found FLOAT16",
            ),
            (
                graph(|g| g.initializer[3].data_location = 1),
                "tensor \"b1\": its elements are in another file",
            ),
            (
                graph(|g| {
                    g.initializer[1] = TensorProto {
                        float_data: (0..64_u8).map(|i| 1.0 / f32::from(63 - i)).collect(),
                        ..tensor("b0", &[64])
                    }
                }),
                "node 0 \"conv0\" (Conv): expected finite numbers, found inf at index 63 of its bias",
            ),
        ];
        for (graph, expected) in cases {
            let error = convolutions(&graph).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
