//! Following a graph from the images to the fifth pool.

use std::collections::HashSet;

use onnx_protobuf::{FloatTensor, GraphProto, TensorProto};
use tracing::{debug, info};

use crate::architecture::{BLOCKS, KERNEL, input_channels};
use crate::graph::Graph;
use crate::refusal::{Place, Refusal};
use crate::settings;
use crate::vgg16::Convolution;

/// The convolutions of each block, when the graph begins with VGG16's convolutional base.
///
/// The whole structure is checked first, then all shapes, then the weights: what is wrong with
/// another network is that it is another network, and not one of its numbers.
pub(crate) fn convolutions(proto: &GraphProto) -> Result<[Vec<Convolution>; 5], Refusal> {
    let graph = Graph::new(proto)?;
    let nodes = Chain::new(&graph)?.follow()?;
    let mut blocks = [const { Vec::new() }; 5];
    for (block, constants) in blocks.iter_mut().zip(constants(&graph, &nodes)?) {
        for pair in constants {
            block.push(pair.read(&graph)?);
        }
    }
    Ok(blocks)
}

/// A walk along the graph.
struct Chain<'a> {
    graph: &'a Graph<'a>,
    /// The value that the walk has come to.
    value: &'a str,
    walked: HashSet<usize>,
}

impl<'a> Chain<'a> {
    fn new(graph: &'a Graph<'a>) -> Result<Self, Refusal> {
        Ok(Self {
            graph,
            value: graph.images()?,
            walked: HashSet::new(),
        })
    }

    /// The indices of the convolutions, by block.
    fn follow(mut self) -> Result<Vec<Vec<usize>>, Refusal> {
        self.step_over_transpose()?;
        let mut blocks = Vec::new();
        for (block, channels) in (1..).zip(BLOCKS) {
            let mut convolutions = Vec::new();
            for number in 1..=channels.len() {
                convolutions.push(self.step(Place::Convolution { block, number }, "Conv")?);
                self.step(Place::Activation { block, number }, "Relu")?;
            }
            self.step(Place::Pool { block }, "MaxPool")?;
            blocks.push(convolutions);
        }
        self.report_rest();
        Ok(blocks)
    }

    /// Exports from TensorFlow take images with their channels last, and turn them first.
    fn step_over_transpose(&mut self) -> Result<(), Refusal> {
        let place = Place::Convolution {
            block: 1,
            number: 1,
        };
        if let Some(index) = self.next(place)?
            && self.graph.node(index).op_type == "Transpose"
        {
            self.take(index, place, "Transpose")?;
            info!("the file takes images with their channels last; the blocks take them first");
        }
        Ok(())
    }

    /// Goes on to the next node, which must be an `operator`.
    fn step(&mut self, place: Place, operator: &'static str) -> Result<usize, Refusal> {
        let index = self.next(place)?.ok_or(Refusal::End {
            place,
            expected: operator,
        })?;
        self.take(index, place, operator)?;
        Ok(index)
    }

    /// The next node that is no Identity.
    fn next(&mut self, place: Place) -> Result<Option<usize>, Refusal> {
        loop {
            let next = self.graph.reader(self.value, place)?;
            match next {
                Some(index) if self.graph.node(index).op_type == "Identity" => {
                    self.take(index, place, "Identity")?;
                }
                _ => return Ok(next),
            }
        }
    }

    fn take(&mut self, index: usize, place: Place, operator: &'static str) -> Result<(), Refusal> {
        let node = self.graph.node(index);
        let found = self.graph.name(index);
        let is_operator = node.op_type == operator && matches!(&*node.domain, "" | "ai.onnx");
        match (place, is_operator, &node.input[..], &node.output[..]) {
            (Place::Pool { block }, false, ..) if node.op_type == "Conv" => {
                Err(Refusal::ExtraConvolution { block, found })
            }
            // What it reads first is what the chain yields; what else it reads is checked later.
            (_, true, [features, ..], [output, ..]) if features == self.value => {
                settings::check(index, node)?;
                self.value = output;
                self.walked.insert(index);
                Ok(())
            }
            _ => Err(Refusal::Operator {
                place,
                expected: operator,
                found,
            }),
        }
    }

    /// Says what is left out: the head, and what prepares it.
    fn report_rest(&self) {
        let rest = (0..self.graph.len()).filter(|index| !self.walked.contains(index));
        let mut nodes = 0;
        for index in rest {
            nodes += 1;
            debug!("left out: {}", self.graph.name(index));
        }
        info!(nodes, "left out all that is not VGG16's convolutional base");
    }
}

/// A convolution whose weight and bias are of the right shape.
struct Constants<'a> {
    index: usize,
    weight: &'a TensorProto,
    bias: &'a TensorProto,
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
            convolutions.push(Constants {
                index: *index,
                weight: constant(1, "weight", &[*output, channels, KERNEL[0], KERNEL[1]])?,
                bias: constant(2, "bias", &[*output])?,
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
        Ok(Convolution {
            weight: finite(self.weight, "weight")?,
            bias: finite(self.bias, "bias")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{chain, fill, node, tensor, vgg16};
    use onnx_protobuf::{ModelProto, NodeProto};

    fn refusal(model: &ModelProto) -> String {
        let refusal = convolutions(model.graph.as_ref().unwrap()).unwrap_err();
        refusal.to_string()
    }

    #[test]
    fn other_networks_are_refused_by_their_structure() {
        let (d, vgg19): (_, [&[usize]; 5]) = (
            BLOCKS,
            [&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512; 4]],
        );
        let cases: [(&[&[usize]], &str); 6] = [
            (
                &vgg19,
                "block 3 has convolution number 4 (node 16 \"conv9\" (Conv)) where VGG16 has 3; \
                 VGG19 has four",
            ),
            // VGG11 and VGG13.
            (
                &[&[64], &[128], &[256; 2], &[512; 2], &[512; 2]],
                "block 1, convolution 2: expected Conv, found node 2 \"pool1\" (MaxPool)",
            ),
            (
                &[d[0], d[1], &[256; 2], &[512; 2], &[512; 2]],
                "block 3, convolution 3: expected Conv, found node 14",
            ),
            (
                &[&[64; 3], d[1], d[2], d[3], d[4]],
                "block 1 has convolution number 3",
            ),
            // Half a network, which ends in a head.
            (
                &d[..4],
                "block 5, convolution 1: expected Conv, found node 25 \"average\" (GlobalAveragePool)",
            ),
            (
                &[d[0], &[128, 64], d[2], d[3], d[4]],
                "expected a weight of shape [128, 128, 3, 3], found [64, 128, 3, 3]",
            ),
        ];
        for (blocks, expected) in cases {
            let error = refusal(&chain(blocks));
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }

    #[test]
    fn every_difference_is_placed() {
        let nodes = |change: fn(&mut Vec<NodeProto>)| {
            let mut model = vgg16();
            change(&mut model.graph.as_mut().unwrap().node);
            model
        };
        let tensors = |change: fn(&mut Vec<TensorProto>)| {
            let mut model = fill(vgg16());
            change(&mut model.graph.as_mut().unwrap().initializer);
            model
        };
        // Node 0 is the first convolution, with the tensors 0 and 1; node 4 the first pool.
        let cases = [
            (
                nodes(|n| n.truncate(4)),
                "block 1, at its end: expected MaxPool, found the end of the graph",
            ),
            (
                nodes(|n| n[1].op_type = "LeakyRelu".into()),
                "block 1, after convolution 1: expected Relu, found node 1 \"relu0\" (LeakyRelu)",
            ),
            (
                nodes(|n| n[1].domain = "com.example".into()),
                "block 1, after convolution 1: expected Relu, found node 1",
            ),
            (
                nodes(|n| n[4].op_type = "AveragePool".into()),
                "block 1, at its end: expected MaxPool, found node 4 \"pool2\" (AveragePool)",
            ),
            (
                nodes(|n| n.push(node("Add", &["relu0", "relu0"], "skip"))),
                "block 1, convolution 2: expected one node that goes on, found node 2 \"conv1\" (Conv) \
                 and node 35 \"skip\" (Add)",
            ),
            (
                nodes(|n| n[2].input.swap(0, 1)),
                "block 1, convolution 2: expected Conv, found node 2",
            ),
            (
                nodes(|n| n[0].input.truncate(2)),
                "expected its bias to be an initialiser or a Constant, found nothing",
            ),
            (
                nodes(|n| n[0].input[1] = "images".into()),
                "expected its weight to be an initialiser or a Constant, found the input \"images\"",
            ),
            (
                nodes(|n| n[2].output.clear()),
                "reads \"conv1\", which no input, initialiser or earlier node provides",
            ),
            (
                tensors(|t| drop(t.remove(1))),
                "node 0 \"conv0\" (Conv) reads \"b0\", which no input",
            ),
            (
                tensors(|t| t[1].dims = vec![1, 64]),
                "node 0 \"conv0\" (Conv): expected a bias of shape [64], found [1, 64]",
            ),
            (
                tensors(|t| t[0].dims = vec![64, 3, -3, -3]),
                "a shape of [64, 3, -3, -3]",
            ),
            (
                tensors(|t| t[25].raw_data = None),
                "node 28 \"conv16\" (Conv): tensor \"b16\": expected the elements of shape [512]",
            ),
            (
                tensors(|t| t[0].data_type = 10),
                "tensor \"w0\": expected elements of type FLOAT, found FLOAT16",
            ),
            (
                tensors(|t| t[3].data_location = 1),
                "tensor \"b1\": its elements are in another file",
            ),
            (
                tensors(|t| {
                    t[1] = TensorProto {
                        float_data: (0..64_u8).map(|i| 1.0 / f32::from(63 - i)).collect(),
                        ..tensor("b0", &[64])
                    }
                }),
                "node 0 \"conv0\" (Conv): expected finite numbers, found inf at index 63 of its bias",
            ),
        ];
        for (model, expected) in cases {
            let error = refusal(&model);
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
