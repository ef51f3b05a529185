//! From a graph to the network that it begins with, and that network's parameters.

use graft_network::{KERNEL, Network};
use onnx_protobuf::{FloatTensor, GraphProto, TensorProto};
use tracing::info;

use crate::fold::Normalisation;
use crate::graph::Graph;
use crate::place::Place;
use crate::rules::{self, is_onnx};
use crate::{Convolution, Refusal};

/// The known network that the graph begins with, and the convolutions of each of its stages.
///
/// The whole structure is checked first, then all shapes, then the weights: what is wrong with
/// another network is that it is another network, and not one of its numbers.
pub(crate) fn recognise(proto: &GraphProto) -> Result<(Network, Vec<Vec<Convolution>>), Refusal> {
    let graph = Graph::new(proto)?;
    let walk = Walk {
        graph: &graph,
        value: graph.images()?,
        walked: 0,
    };
    let (network, stages) = walk.follow()?;
    let mut constants = Vec::new();
    for (stage, nodes) in network.stages().zip(stages) {
        let pairs = stage.convolutions().zip(nodes);
        let found = pairs.map(|(channels, nodes)| nodes.constants(&graph, channels));
        constants.push(found.collect::<Result<Vec<_>, _>>()?);
    }
    let mut convolutions = Vec::new();
    for stage in constants {
        let read = stage.into_iter().map(|one| one.read(&graph));
        convolutions.push(read.collect::<Result<_, _>>()?);
    }
    Ok((network, convolutions))
}

/// The nodes of a convolution.
struct Nodes {
    convolution: usize,
    normalisation: Option<usize>,
}

/// A walk along the graph.
struct Walk<'a> {
    graph: &'a Graph<'a>,
    /// The value that the walk has come to.
    value: &'a str,
    /// How many nodes it has passed.
    walked: usize,
}

impl Walk<'_> {
    /// Walks for as long as a known network goes on in the same way.
    fn follow(mut self) -> Result<(Network, Vec<Vec<Nodes>>), Refusal> {
        self.step_over_transpose()?;
        let mut known = Network::ALL.to_vec();
        let mut stages: Vec<Vec<Nodes>> = Vec::new();
        while known
            .iter()
            .any(|network| network.end().number() > stages.len())
        {
            let mut convolutions = Vec::new();
            loop {
                let (block, count) = (stages.len(), convolutions.len());
                let place = Place {
                    block: block + 1,
                    convolutions: count,
                };
                let of = |network: &Network| {
                    let stage = network.stages().nth(block);
                    stage.map_or(0, |stage| stage.outputs.len())
                };
                let more = known.iter().any(|network| of(network) > count);
                let enough = count > 0 && known.iter().any(|network| of(network) == count);
                let (node, operator) = self.step(
                    place,
                    match (more, enough) {
                        (true, true) => &["Conv", "MaxPool"],
                        (true, false) => &["Conv"],
                        (false, _) => &["MaxPool"],
                    },
                )?;
                if operator == "MaxPool" {
                    known.retain(|network| of(network) == count);
                    break;
                }
                known.retain(|network| of(network) > count);
                convolutions.push(self.activated(
                    node,
                    Place {
                        convolutions: count + 1,
                        ..place
                    },
                )?);
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

    /// Goes past the normalisation, if there is one, and the `ReLU` of a convolution.
    fn activated(&mut self, convolution: usize, place: Place) -> Result<Nodes, Refusal> {
        let (node, operator) = self.step(place, &["BatchNormalization", "Relu"])?;
        let normalisation = (operator != "Relu").then_some(node);
        if normalisation.is_some() {
            self.step(place, &["Relu"])?;
        }
        Ok(Nodes {
            convolution,
            normalisation,
        })
    }

    /// Exports from TensorFlow take images with their channels last, and turn them first.
    fn step_over_transpose(&mut self) -> Result<(), Refusal> {
        let place = Place {
            block: 1,
            convolutions: 0,
        };
        if let Some(index) = self.next(place)?
            && self.graph.node(index).op_type == "Transpose"
        {
            self.take(index, place, &["Transpose"])?;
            info!("the file takes images with their channels last; the stages take them first");
        }
        Ok(())
    }

    /// Goes on to the next node, which must be one of some operators.
    fn step(
        &mut self,
        place: Place,
        expected: &'static [&'static str],
    ) -> Result<(usize, &'static str), Refusal> {
        let next = self.next(place)?;
        let index = next.ok_or_else(|| Refusal::Structure {
            place,
            expected: expected.join(" or "),
            found: "the end of the graph".into(),
        })?;
        Ok((index, self.take(index, place, expected)?))
    }

    /// The next node that is no Identity.
    fn next(&mut self, place: Place) -> Result<Option<usize>, Refusal> {
        loop {
            match self.graph.reader(self.value, place)? {
                Some(index) if self.graph.node(index).op_type == "Identity" => {
                    self.take(index, place, &["Identity"])?;
                }
                next => return Ok(next),
            }
        }
    }

    fn take(
        &mut self,
        index: usize,
        place: Place,
        expected: &'static [&'static str],
    ) -> Result<&'static str, Refusal> {
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
            _ => Err(Refusal::Structure {
                place,
                expected: expected.join(" or "),
                found: self.graph.name(index),
            }),
        }
    }
}

impl Nodes {
    /// Finds the constants of a convolution, and checks their shapes.
    fn constants<'a>(
        &self,
        graph: &'a Graph<'a>,
        [input, output]: [usize; 2],
    ) -> Result<Constants<'a>, Refusal> {
        let index = self.convolution;
        let weight = [output, input, KERNEL[0], KERNEL[1]];
        let has_bias = graph
            .node(index)
            .input
            .get(2)
            .is_some_and(|name| !name.is_empty());
        let normalisation = match self.normalisation {
            None => None,
            Some(index) => {
                let [scale, shift, mean, variance] = ["scale", "bias", "mean", "variance"];
                let constant = |position, role| graph.shaped(index, position, role, &[output]);
                Some((
                    index,
                    [
                        constant(1, scale)?,
                        constant(2, shift)?,
                        constant(3, mean)?,
                        constant(4, variance)?,
                    ],
                ))
            }
        };
        Ok(Constants {
            index,
            weight: graph.shaped(index, 1, "weight", &weight)?,
            bias: has_bias
                .then(|| graph.shaped(index, 2, "bias", &[output]))
                .transpose()?,
            normalisation,
        })
    }
}

/// The constants of a convolution, which are of the right shape.
struct Constants<'a> {
    index: usize,
    weight: &'a TensorProto,
    /// Left out when it is zero, as `PyTorch`'s exporter does.
    bias: Option<&'a TensorProto>,
    /// The node of a normalisation, with its scale, bias, mean and variance.
    normalisation: Option<(usize, [&'a TensorProto; 4])>,
}

impl Constants<'_> {
    fn read(self, graph: &Graph<'_>) -> Result<Convolution, Refusal> {
        let weight = graph.finite(self.index, "weight", self.weight)?;
        let bias = match self.bias {
            Some(bias) => graph.finite(self.index, "bias", bias)?,
            None => FloatTensor::zeros(weight.dims()[0]),
        };
        let convolution = Convolution { weight, bias };
        match self.normalisation {
            None => Ok(convolution),
            Some((index, tensors)) => Normalisation::read(graph, index, tensors)?.fold(convolution),
        }
    }
}

#[cfg(test)]
mod tests;
