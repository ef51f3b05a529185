//! From a graph to the network that it begins with, and that network's parameters.

use graft_network::{KERNEL, Network};
use onnx_protobuf::{FloatTensor, GraphProto};
use tracing::{info, warn};

use crate::fold::fold;
use crate::graph::Graph;
use crate::place::Place;
use crate::rules::{self, is_onnx};
use crate::{Convolution, Refusal};

/// What may stand between the images and the first convolution, and is left out.
const PREPARATION: [&str; 12] = [
    "Add",
    "Cast",
    "Concat",
    "Div",
    "Gather",
    "MatMul",
    "Mul",
    "Pad",
    "Resize",
    "Sub",
    "Transpose",
    "Unsqueeze",
];

/// The known network that the graph begins with, and the convolutions of each of its stages.
///
/// The whole structure is checked before the weights: what is wrong with another network is that it is
/// another network, and not one of its numbers.
pub(crate) fn recognise(proto: &GraphProto) -> Result<(Network, Vec<Vec<Convolution>>), Refusal> {
    let graph = Graph::new(proto)?;
    let walk = Walk {
        graph: &graph,
        value: graph.images()?,
        walked: 0,
        place: Place {
            block: 1,
            convolutions: 0,
        },
    };
    let (network, stages) = walk.follow()?;
    let mut convolutions = Vec::new();
    for (stage, nodes) in network.stages().zip(stages) {
        let pairs = stage.convolutions().zip(nodes);
        let read = pairs.map(|(channels, nodes)| nodes.read(&graph, channels));
        convolutions.push(read.collect::<Result<_, _>>()?);
    }
    Ok((network, convolutions))
}

/// The nodes of a convolution.
struct Nodes {
    convolution: usize,
    normalisation: Option<usize>,
}

impl Nodes {
    /// The parameters of a convolution of `[in, out]` channels, with its normalisation folded in.
    fn read(&self, graph: &Graph<'_>, [input, output]: [usize; 2]) -> Result<Convolution, Refusal> {
        let index = self.convolution;
        let shape = [output, input, KERNEL[0], KERNEL[1]];
        let convolution = Convolution {
            weight: graph.floats(index, 1, "weight", &shape)?,
            bias: match graph.node(index).input.get(2) {
                Some(name) if !name.is_empty() => graph.floats(index, 2, "bias", &[output])?,
                // Left out when it is zero, as `PyTorch`'s exporter does.
                _ => FloatTensor::zeros(output),
            },
        };
        match self.normalisation {
            None => Ok(convolution),
            Some(index) => fold(graph, index, &convolution),
        }
    }
}

/// A walk along the graph.
struct Walk<'a> {
    graph: &'a Graph<'a>,
    /// The value that the walk has come to.
    value: &'a str,
    /// How many nodes it has passed.
    walked: usize,
    /// Where in the network it is.
    place: Place,
}

impl Walk<'_> {
    /// Walks for as long as a known network goes on in the same way.
    fn follow(mut self) -> Result<(Network, Vec<Vec<Nodes>>), Refusal> {
        self.skip_preparation()?;
        let mut known = Network::ALL.to_vec();
        let mut stages = Vec::new();
        while known.iter().any(|one| one.stages.len() > stages.len()) {
            let at = stages.len();
            let count_of = |network: &Network| network.stages.get(at).map_or(0, |one| one.len());
            self.place = Place {
                block: at + 1,
                convolutions: 0,
            };
            let mut convolutions = Vec::new();
            loop {
                let count = convolutions.len();
                let more = known.iter().any(|one| count_of(one) > count);
                let enough = count > 0 && known.iter().any(|one| count_of(one) == count);
                let (node, operator) = self.step(match (more, enough) {
                    (true, true) => &["Conv", "MaxPool"],
                    (true, false) => &["Conv"],
                    (false, _) => &["MaxPool"],
                })?;
                if operator == "MaxPool" {
                    known.retain(|one| count_of(one) == count);
                    break;
                }
                known.retain(|one| count_of(one) > count);
                self.place.convolutions += 1;
                convolutions.push(self.activated(node)?);
            }
            stages.push(convolutions);
        }
        let network = known.first().copied().unwrap_or_default();
        // The head, and what prepares it.
        let nodes = self.graph.len() - self.walked;
        info!(
            nodes,
            "left out all that is not {}'s convolutional base", network.title
        );
        Ok((network, stages))
    }

    /// Goes past what prepares the images: it works on them with constants alone.
    fn skip_preparation(&mut self) -> Result<(), Refusal> {
        let mut operators = Vec::new();
        while let Some(index) = self.next()? {
            let node = self.graph.node(index);
            let operator = PREPARATION.iter().find(|one| node.op_type == **one);
            let (Some(operator), [output, ..], true) =
                (operator, &node.output[..], is_onnx(&node.domain))
            else {
                break;
            };
            if *operator == "Transpose" {
                rules::check(index, node)?;
            }
            let constants = node.input.iter().enumerate();
            let constants = constants.filter(|(_, name)| !name.is_empty() && *name != self.value);
            for (position, _) in constants {
                self.graph.constant(index, position, "second value")?;
            }
            self.value = output;
            self.walked += 1;
            operators.push(*operator);
        }
        // Channels that come last and are turned first change nothing that matters here.
        if operators.iter().any(|operator| *operator != "Transpose") {
            warn!(
                "left out what the file does to images before the first convolution ({}): \
                 the recipe's preprocessing decides that",
                operators.join(", ")
            );
        }
        Ok(())
    }

    /// Goes past the normalisation, if there is one, and the `ReLU` of a convolution.
    fn activated(&mut self, convolution: usize) -> Result<Nodes, Refusal> {
        let (node, operator) = self.step(&["BatchNormalization", "Relu"])?;
        let normalisation = (operator != "Relu").then_some(node);
        if normalisation.is_some() {
            self.step(&["Relu"])?;
        }
        Ok(Nodes {
            convolution,
            normalisation,
        })
    }

    /// Goes on to the next node, which must be one of some operators.
    fn step(&mut self, expected: &[&'static str]) -> Result<(usize, &'static str), Refusal> {
        match self.next()? {
            Some(index) => Ok((index, self.take(index, expected)?)),
            None => Err(self.refuse(expected, "the end of the graph".into())),
        }
    }

    /// The next node that is no Identity.
    fn next(&mut self) -> Result<Option<usize>, Refusal> {
        loop {
            match self.graph.reader(self.value, self.place)? {
                Some(index) if self.graph.node(index).op_type == "Identity" => {
                    self.take(index, &["Identity"])?;
                }
                next => return Ok(next),
            }
        }
    }

    fn take(&mut self, index: usize, expected: &[&'static str]) -> Result<&'static str, Refusal> {
        let node = self.graph.node(index);
        let operator = expected.iter().find(|operator| node.op_type == **operator);
        match (operator, &node.input[..], &node.output[..]) {
            // What it reads first is what the chain yields; what else it reads is checked later.
            (Some(operator), [maps, ..], [output, ..])
                if maps == self.value && is_onnx(&node.domain) =>
            {
                rules::check(index, node)?;
                self.value = output;
                self.walked += 1;
                Ok(operator)
            }
            _ => Err(self.refuse(expected, self.graph.name(index))),
        }
    }

    fn refuse(&self, expected: &[&str], found: String) -> Refusal {
        Refusal::Structure {
            place: self.place,
            expected: expected.join(" or "),
            found,
        }
    }
}

#[cfg(test)]
mod tests;
