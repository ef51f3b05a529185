//! Following a graph from the images to the fifth pool.

use std::collections::HashSet;

use tracing::{debug, info};

use crate::Refusal;
use crate::architecture::BLOCKS;
use crate::graph::Graph;
use crate::place::Place;
use crate::settings;

/// The indices of VGG16's convolutions, by block, when they and what belongs between them are what
/// the graph begins with.
pub(crate) fn follow(graph: &Graph<'_>) -> Result<Vec<Vec<usize>>, Refusal> {
    let chain = Chain {
        graph,
        value: graph.images()?,
        walked: HashSet::new(),
    };
    chain.follow()
}

/// A walk along the graph.
struct Chain<'a> {
    graph: &'a Graph<'a>,
    /// The value that the walk has come to.
    value: &'a str,
    walked: HashSet<usize>,
}

impl Chain<'_> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{chain, node, vgg16};
    use onnx_protobuf::{ModelProto, NodeProto};

    fn refusal(model: &ModelProto) -> String {
        let followed = Graph::new(model.graph.as_ref().unwrap()).and_then(|graph| follow(&graph));
        followed.unwrap_err().to_string()
    }

    #[test]
    fn other_networks_are_refused() {
        let (d, vgg19): (_, [&[usize]; 5]) = (
            BLOCKS,
            [&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512; 4]],
        );
        let cases: [(&[&[usize]], &str); 5] = [
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
        // Node 0 is the first convolution, node 4 the first pool.
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
                nodes(|n| n[2].output.clear()),
                "reads \"conv1\", which no input, initialiser or earlier node provides",
            ),
        ];
        for (model, expected) in cases {
            let error = refusal(&model);
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
