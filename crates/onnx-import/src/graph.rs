//! A graph by its values: who provides each, who reads it.

use std::collections::HashMap;

use onnx_protobuf::{GraphProto, NodeProto, TensorProto};

use crate::Refusal;
use crate::place::{Node, Place, clip};

/// The most inputs that a message names.
const SHOWN: usize = 10;

/// A graph in which each value is assigned once, and before it is read. So it has no cycles.
pub(crate) struct Graph<'a> {
    nodes: &'a [NodeProto],
    inputs: Vec<&'a str>,
    providers: HashMap<&'a str, Provider<'a>>,
    readers: HashMap<&'a str, Vec<usize>>,
}

/// What assigns a value.
#[derive(Clone, Copy)]
pub(crate) enum Provider<'a> {
    Input,
    Initializer(&'a TensorProto),
    Sparse,
    Node(usize),
}

impl<'a> Graph<'a> {
    /// Indexes the graph, and checks that values are assigned once and before they are read.
    pub(crate) fn new(proto: &'a GraphProto) -> Result<Self, Refusal> {
        let mut graph = Self {
            nodes: &proto.node,
            inputs: Vec::new(),
            providers: HashMap::new(),
            readers: HashMap::new(),
        };
        for tensor in &proto.initializer {
            graph.provide(&tensor.name, Provider::Initializer(tensor))?;
        }
        for sparse in &proto.sparse_initializer {
            if let Some(values) = &sparse.values {
                graph.provide(&values.name, Provider::Sparse)?;
            }
        }
        for input in &proto.input {
            // Old files list initialisers as inputs, too.
            if !graph.providers.contains_key(input.name.as_str()) {
                graph.provide(&input.name, Provider::Input)?;
                graph.inputs.push(&input.name);
            }
        }
        for (index, node) in proto.node.iter().enumerate() {
            for value in node.input.iter().filter(|name| !name.is_empty()) {
                if !graph.providers.contains_key(value.as_str()) {
                    return Err(Refusal::Unassigned {
                        node: Node::new(index, node),
                        value: clip(value),
                    });
                }
                graph.readers.entry(value).or_default().push(index);
            }
            for value in node.output.iter().filter(|name| !name.is_empty()) {
                graph.provide(value, Provider::Node(index))?;
            }
        }
        Ok(graph)
    }

    fn provide(&mut self, value: &'a str, provider: Provider<'a>) -> Result<(), Refusal> {
        match self.providers.insert(value, provider) {
            None => Ok(()),
            Some(_) => Err(Refusal::Reassigned { value: clip(value) }),
        }
    }

    /// The input that is no initialiser.
    pub(crate) fn images(&self) -> Result<&'a str, Refusal> {
        match self.inputs[..] {
            [images] => Ok(images),
            _ => Err(Refusal::Inputs {
                found: self
                    .inputs
                    .iter()
                    .take(SHOWN)
                    .map(|name| clip(name))
                    .collect(),
            }),
        }
    }

    /// The number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node at `index`, as messages name it.
    pub(crate) fn name(&self, index: usize) -> Node {
        Node::new(index, &self.nodes[index])
    }

    /// The node at `index`.
    pub(crate) fn node(&self, index: usize) -> &'a NodeProto {
        &self.nodes[index]
    }

    /// What assigns `value`.
    pub(crate) fn provider(&self, value: &str) -> Option<Provider<'a>> {
        self.providers.get(value).copied()
    }

    /// The one node that computes on with `value`, or `None` where the graph ends. Nodes that ask
    /// for its shape only do not count: exporters put them beside a chain to resize its head.
    pub(crate) fn reader(&self, value: &str, place: Place) -> Result<Option<usize>, Refusal> {
        let mut readers = self
            .readers
            .get(value)
            .into_iter()
            .flatten()
            .copied()
            .filter(|index| self.nodes[*index].op_type != "Shape");
        let first = readers.next();
        match (first, readers.find(|other| Some(*other) != first)) {
            (Some(first), Some(second)) => Err(Refusal::Branch {
                place,
                first: self.name(first),
                second: self.name(second),
            }),
            (first, _) => Ok(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{node, tensor};
    use onnx_protobuf::ValueInfoProto;

    /// Image input `x`, initialiser `w`, and the given nodes.
    fn graph(nodes: Vec<NodeProto>) -> GraphProto {
        GraphProto {
            node: nodes,
            initializer: vec![tensor("w", &[1])],
            input: vec![ValueInfoProto::floats("x", &[])],
            ..GraphProto::default()
        }
    }

    #[test]
    fn what_is_no_graph_of_values_is_refused() {
        let cases = [
            (
                vec![node("Relu", &["b"], "a"), node("Relu", &["a"], "b")],
                r#"node 0 "a" (Relu) reads "b", which no input"#,
            ),
            (
                vec![node("Relu", &["a"], "a")],
                r#"reads "a", which no input"#,
            ),
            (
                vec![node("Relu", &["gone"], "a")],
                r#"reads "gone", which no"#,
            ),
            (
                vec![node("Relu", &["x"], "x")],
                r#""x" is assigned more than once"#,
            ),
            (
                vec![node("Relu", &["x"], "w")],
                r#""w" is assigned more than once"#,
            ),
            (
                vec![node("Relu", &["x"], "a"), node("Relu", &["x"], "a")],
                r#""a" is assigned more than once"#,
            ),
        ];
        for (nodes, expected) in cases {
            let proto = graph(nodes);
            let error = Graph::new(&proto).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }

    #[test]
    fn there_is_one_input() {
        let mut proto = graph(vec![]);
        assert_eq!(Graph::new(&proto).unwrap().images().unwrap(), "x");
        proto.input.push(ValueInfoProto::floats("w", &[]));
        assert_eq!(Graph::new(&proto).unwrap().images().unwrap(), "x");
        proto.input.push(ValueInfoProto::floats("y", &[]));
        let error = Graph::new(&proto).unwrap().images().unwrap_err();
        assert!(error.to_string().contains(r#"found ["x", "y"]"#), "{error}");
        let many = (0..100_000).map(|n| ValueInfoProto::floats(&n.to_string(), &[]));
        proto.input.extend(many);
        let error = Graph::new(&proto).unwrap().images().unwrap_err();
        assert!(error.to_string().len() < 500, "{error}");
        proto.input.clear();
        let error = Graph::new(&proto).unwrap().images().unwrap_err();
        assert!(error.to_string().contains("found []"), "{error}");
    }
}
