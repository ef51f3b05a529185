//! A graph by its values: who provides each, who reads it.

use std::collections::HashMap;

use onnx_protobuf::{FloatTensor, GraphProto, NodeProto, TensorProto};

use crate::Refusal;
use crate::place::{Place, clip, node_name};

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
enum Provider<'a> {
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
                        node: node_name(index, node),
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
        if let [images] = self.inputs[..] {
            return Ok(images);
        }
        let found = self.inputs.iter().take(SHOWN);
        Err(Refusal::Inputs {
            found: found.map(|name| clip(name)).collect(),
        })
    }

    /// The number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node at `index`, as messages name it.
    pub(crate) fn name(&self, index: usize) -> String {
        node_name(index, &self.nodes[index])
    }

    /// The node at `index`.
    pub(crate) fn node(&self, index: usize) -> &'a NodeProto {
        &self.nodes[index]
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
            (Some(first), Some(second)) => Err(Refusal::Structure {
                place,
                expected: "one node that reads its output".into(),
                found: format!("{} and {}", self.name(first), self.name(second)),
            }),
            (first, _) => Ok(first),
        }
    }

    /// The constant that argument `position` of the node at `index` is.
    pub(crate) fn constant(
        &self,
        index: usize,
        position: usize,
        role: &str,
    ) -> Result<&'a TensorProto, Refusal> {
        let node = self.node(index);
        let mut value = node.input.get(position).map_or("", String::as_str);
        let found = loop {
            match self.providers.get(value) {
                Some(Provider::Initializer(tensor)) => return Ok(tensor),
                Some(Provider::Sparse) => {
                    break format!("the sparse initialiser {:?}", clip(value));
                }
                Some(Provider::Input) => break format!("the input {:?}", clip(value)),
                None => break "nothing".into(),
                Some(Provider::Node(provider)) => {
                    let node = self.node(*provider);
                    match (node.op_type.as_str(), &node.attribute[..], &node.input[..]) {
                        ("Constant", [attribute], _) if attribute.name == "value" => {
                            return self.content(*provider, attribute.as_tensor());
                        }
                        // An earlier node each time, so that this comes to an end.
                        ("Identity", _, [source]) => value = source,
                        _ => break self.name(*provider),
                    }
                }
            }
        };
        Err(Refusal::Node {
            node: self.name(index),
            expected: format!("its {role} to be an initialiser or a Constant"),
            found,
        })
    }

    /// The elements of that constant, if it is of that shape and all are finite.
    pub(crate) fn floats(
        &self,
        index: usize,
        position: usize,
        role: &str,
        expected: &[usize],
    ) -> Result<FloatTensor, Refusal> {
        let tensor = self.constant(index, position, role)?;
        let found = self.content(index, tensor.shape())?;
        if found != expected {
            return Err(Refusal::Node {
                node: self.name(index),
                expected: format!("a {role} of shape {expected:?}"),
                found: format!("{found:?}"),
            });
        }
        let tensor = self.content(index, tensor.floats())?;
        is_finite(tensor, &self.name(index), role)
    }

    /// What was read for the node at `index`.
    pub(crate) fn content<T>(
        &self,
        index: usize,
        read: Result<T, onnx_protobuf::Error>,
    ) -> Result<T, Refusal> {
        read.map_err(|source| Refusal::Content {
            node: self.name(index),
            source,
        })
    }
}

/// The tensor, if all its elements are finite.
pub(crate) fn is_finite(
    tensor: FloatTensor,
    node: &str,
    role: &str,
) -> Result<FloatTensor, Refusal> {
    let bad = tensor.values().enumerate().find(|(_, x)| !x.is_finite());
    match bad {
        None => Ok(tensor),
        Some((index, value)) => Err(Refusal::Node {
            node: node.to_owned(),
            expected: "finite numbers".into(),
            found: format!("{value} at index {index} of its {role}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, input, node, tensor};
    use onnx_protobuf::SparseTensorProto;

    /// Image input `x`, initialiser `w`, and the given nodes.
    fn graph(nodes: Vec<NodeProto>) -> GraphProto {
        GraphProto {
            node: nodes,
            initializer: vec![tensor("w", &[1])],
            input: vec![input("x", &[])],
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
        proto.input.push(input("w", &[]));
        assert_eq!(Graph::new(&proto).unwrap().images().unwrap(), "x");
        proto.input.push(input("y", &[]));
        let error = Graph::new(&proto).unwrap().images().unwrap_err();
        assert!(error.to_string().contains(r#"found ["x", "y"]"#), "{error}");
        let many = (0..100_000).map(|n| input(&n.to_string(), &[]));
        proto.input.extend(many);
        let error = Graph::new(&proto).unwrap().images().unwrap_err();
        assert!(error.to_string().len() < 500, "{error}");
        proto.input.clear();
        let error = Graph::new(&proto).unwrap().images().unwrap_err();
        assert!(error.to_string().contains("found []"), "{error}");
    }

    #[test]
    fn a_constant_is_found_behind_identities_and_nothing_else() {
        let mut constant = node("Constant", &[], "c");
        constant.attribute = vec![fixture::constant("value", tensor("t", &[1]))];
        let nodes = vec![
            constant,
            node("Identity", &["c"], "i"),
            node("Identity", &["i"], "j"),
            node("Relu", &["w"], "r"),
            node("Concat", &["w", "j", "x", "s", "r", ""], "all"),
        ];
        let proto = GraphProto {
            node: nodes,
            initializer: vec![tensor("w", &[1])],
            input: vec![input("x", &[])],
            sparse_initializer: vec![SparseTensorProto {
                values: Some(tensor("s", &[1])),
            }],
            ..GraphProto::default()
        };
        let graph = Graph::new(&proto).unwrap();
        let found = |position| graph.constant(4, position, "weight");
        assert_eq!(found(0).unwrap().name, "w");
        assert_eq!(found(1).unwrap().name, "t");
        let refusals = [
            (2, r#"found the input "x""#),
            (3, r#"found the sparse initialiser "s""#),
            (4, r#"found node 3 "r" (Relu)"#),
            (5, "found nothing"),
            (6, "found nothing"),
        ];
        for (position, expected) in refusals {
            let error = found(position).unwrap_err().to_string();
            assert!(error.contains("expected its weight to be"), "{error}");
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
