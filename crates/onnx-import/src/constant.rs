//! Finding the constants that nodes read.

use onnx_protobuf::{AttributeProto, TensorProto};

use crate::Refusal;
use crate::graph::{Graph, Provider};
use crate::place::clip;

impl<'a> Graph<'a> {
    /// The constant that argument `position` of the convolution at `index` is.
    pub(crate) fn constant(
        &self,
        index: usize,
        position: usize,
        role: &'static str,
    ) -> Result<&'a TensorProto, Refusal> {
        let not_constant = |found: String| Refusal::NotConstant {
            node: self.name(index),
            role,
            found,
        };
        let mut value = self
            .node(index)
            .input
            .get(position)
            .map_or("", String::as_str);
        loop {
            match self.provider(value) {
                Some(Provider::Initializer(tensor)) => return Ok(tensor),
                Some(Provider::Sparse) => {
                    return Err(not_constant(format!(
                        "the sparse initialiser {:?}",
                        clip(value)
                    )));
                }
                Some(Provider::Input) => {
                    return Err(not_constant(format!("the input {:?}", clip(value))));
                }
                None => return Err(not_constant("nothing".into())),
                Some(Provider::Node(provider)) => {
                    let node = self.node(provider);
                    match (node.op_type.as_str(), &node.attribute[..], &node.input[..]) {
                        ("Constant", [attribute], _) if attribute.name == "value" => {
                            return self.tensor(provider, attribute);
                        }
                        // An earlier node each time, so that this comes to an end.
                        ("Identity", _, [source]) => value = source,
                        _ => return Err(not_constant(self.name(provider).to_string())),
                    }
                }
            }
        }
    }

    fn tensor(&self, index: usize, value: &'a AttributeProto) -> Result<&'a TensorProto, Refusal> {
        value.as_tensor().map_err(|source| Refusal::Content {
            node: self.name(index),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{node, tensor};
    use onnx_protobuf::{GraphProto, SparseTensorProto, ValueInfoProto};

    #[test]
    fn a_constant_is_found_behind_identities_and_nothing_else() {
        let mut constant = node("Constant", &[], "c");
        constant.attribute = vec![AttributeProto::tensor("value", tensor("t", &[1]))];
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
            input: vec![ValueInfoProto::floats("x", &[])],
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
