//! The attributes that VGG16's operators have, and no others.

use onnx_protobuf::{AttributeProto, NodeProto};

use crate::Refusal;
use crate::place::{Node, clip};
use crate::setting::Setting;

/// An attribute by its name, what it must be, and whether it may be left out.
type Rule = (&'static str, Setting, Presence);

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    /// Left out, it means what it must be; or it is fixed by something else that is checked.
    Optional,
    /// Left out, it means something else.
    Required,
}

use Presence::{Optional, Required};
use Setting::{Int, Ints, OneOf};

/// A convolution: 3x3, stride 1, padding 1. Its kernel's size is also the weight's shape.
const CONVOLUTION: &[Rule] = &[
    ("kernel_shape", Ints(&[3, 3]), Optional),
    ("strides", Ints(&[1, 1]), Optional),
    ("dilations", Ints(&[1, 1]), Optional),
    ("group", Int(1), Optional),
    ("pads", Ints(&[1, 1, 1, 1]), Required),
    ("auto_pad", OneOf(&["NOTSET"]), Optional),
];

/// The same with its padding stated as "as large an output as the input". For a 3x3 kernel and a
/// stride of 1 that is 1 on each side, however it is rounded.
const CONVOLUTION_AUTO_PAD: &[Rule] = &[
    ("kernel_shape", Ints(&[3, 3]), Optional),
    ("strides", Ints(&[1, 1]), Optional),
    ("dilations", Ints(&[1, 1]), Optional),
    ("group", Int(1), Optional),
    ("auto_pad", OneOf(&["SAME_UPPER", "SAME_LOWER"]), Required),
];

/// A pool: 2x2, stride 2, no padding; an odd last row or column is dropped.
const POOL: &[Rule] = &[
    ("kernel_shape", Ints(&[2, 2]), Required),
    ("strides", Ints(&[2, 2]), Required),
    ("dilations", Ints(&[1, 1]), Optional),
    ("pads", Ints(&[0, 0, 0, 0]), Optional),
    ("auto_pad", OneOf(&["NOTSET", "VALID"]), Optional),
    ("ceil_mode", Int(0), Optional),
    ("storage_order", Int(0), Optional),
];

/// N, H, W, C => N, C, H, W
const TRANSPOSE: &[Rule] = &[("perm", Ints(&[0, 3, 1, 2]), Required)];

/// Checks the attributes of a node of the chain; one of an operator that VGG16 lacks has none.
pub(crate) fn check(index: usize, node: &NodeProto) -> Result<(), Refusal> {
    let rules = match node.op_type.as_str() {
        "Conv" if is_auto_padded(node) => CONVOLUTION_AUTO_PAD,
        "Conv" => CONVOLUTION,
        "MaxPool" => POOL,
        "Transpose" => TRANSPOSE,
        _ => &[],
    };
    let refuse = |attribute: &str, expected: String, found: String| Refusal::Attribute {
        node: Node::new(index, node),
        attribute: clip(attribute),
        expected,
        found,
    };
    // In the order of the rules, so that the most telling difference is the one that is named.
    for (name, setting, presence) in rules {
        let mut given = node.attribute.iter().filter(|one| one.name == *name);
        if *presence == Required && given.clone().next().is_none() {
            return Err(refuse(name, setting.to_string(), "none".into()));
        }
        given.try_for_each(|attribute| match setting.differs(attribute) {
            Ok(None) => Ok(()),
            Ok(Some(found)) => Err(refuse(name, setting.to_string(), found)),
            Err(source) => Err(Refusal::Content {
                node: Node::new(index, node),
                source,
            }),
        })?;
    }
    let is_known = |attribute: &&AttributeProto| rules.iter().any(|rule| rule.0 == attribute.name);
    match node.attribute.iter().find(|one| !is_known(one)) {
        Some(unknown) => Err(refuse(
            &unknown.name,
            "to be absent".into(),
            "one of that name".into(),
        )),
        None => Ok(()),
    }
}

fn is_auto_padded(node: &NodeProto) -> bool {
    node.attribute
        .iter()
        .filter(|attribute| attribute.name == "auto_pad")
        .any(|attribute| attribute.s.as_deref().is_some_and(|pad| pad != b"NOTSET"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_protobuf::TensorProto;

    fn checked(operator: &str, attributes: &[AttributeProto]) -> Result<(), String> {
        let node = NodeProto {
            op_type: operator.into(),
            attribute: attributes.to_vec(),
            ..NodeProto::default()
        };
        check(7, &node).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn what_vgg16_has_is_accepted() {
        let int = AttributeProto::int;
        let ints = |name, values: &[i64]| AttributeProto::ints(name, values);
        let string = AttributeProto::string;
        let cases = [
            ("Conv", vec![ints("pads", &[1, 1, 1, 1])]),
            ("Conv", vec![string("auto_pad", "SAME_LOWER")]),
            (
                "Conv",
                vec![
                    string("auto_pad", "NOTSET"),
                    ints("pads", &[1, 1, 1, 1]),
                    int("group", 1),
                ],
            ),
            (
                "MaxPool",
                vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])],
            ),
            (
                "MaxPool",
                vec![
                    ints("strides", &[2, 2]),
                    ints("kernel_shape", &[2, 2]),
                    string("auto_pad", "VALID"),
                    int("storage_order", 0),
                ],
            ),
            ("Transpose", vec![ints("perm", &[0, 3, 1, 2])]),
            ("Relu", vec![]),
        ];
        for (operator, attributes) in cases {
            assert_eq!(checked(operator, &attributes), Ok(()), "{attributes:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let int = AttributeProto::int;
        let ints = |name, values: &[i64]| AttributeProto::ints(name, values);
        let string = AttributeProto::string;
        let pads = [ints("pads", &[1, 1, 1, 1])];
        let pool = [ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
        let with = |base: &[AttributeProto], more| [base, &[more]].concat();
        let conv = |more| ("Conv", with(&pads, more));
        let max_pool = |more| ("MaxPool", with(&pool, more));
        let cases = [
            (("Conv", vec![]), "expected pads [1, 1, 1, 1], found none"),
            (("Conv", vec![ints("pads", &[1, 1])]), "found [1, 1]"),
            (conv(ints("pads", &[0, 0, 0, 0])), "found [0, 0, 0, 0]"),
            (
                conv(ints("kernel_shape", &[7, 7])),
                "kernel_shape [3, 3], found [7, 7]",
            ),
            (
                conv(ints("strides", &[2, 2])),
                "strides [1, 1], found [2, 2]",
            ),
            (
                conv(ints("dilations", &[2, 2])),
                "dilations [1, 1], found [2, 2]",
            ),
            (conv(int("group", 64)), "group 1, found 64"),
            (
                conv(string("auto_pad", "VALID")),
                "SAME_UPPER or SAME_LOWER, found \"VALID\"",
            ),
            (
                conv(string("auto_pad", "SAME_UPPER")),
                "expected pads to be absent, found one of that name",
            ),
            (conv(int("\u{1b}[2J", 1)), "to be absent"),
            (
                conv(int("strides", 1)),
                "attribute \"strides\": expected a list of integers, found INT",
            ),
            (
                conv(AttributeProto::tensor("strides", TensorProto::default())),
                "found TENSOR",
            ),
            (
                ("MaxPool", pool[..1].to_vec()),
                "expected strides [2, 2], found none",
            ),
            (
                ("MaxPool", pool[1..].to_vec()),
                "expected kernel_shape [2, 2], found none",
            ),
            (max_pool(ints("pads", &[0, 0, 1, 1])), "found [0, 0, 1, 1]"),
            (max_pool(int("ceil_mode", 1)), "ceil_mode 0, found 1"),
            (
                max_pool(string("auto_pad", "SAME_UPPER")),
                "NOTSET or VALID",
            ),
            (
                ("Transpose", vec![]),
                "expected perm [0, 3, 1, 2], found none",
            ),
            (
                ("Transpose", vec![ints("perm", &[0, 2, 3, 1])]),
                "found [0, 2, 3, 1]",
            ),
            (("Relu", vec![int("consumed_inputs", 1)]), "to be absent"),
        ];
        for ((operator, attributes), expected) in cases {
            let error = checked(operator, &attributes).unwrap_err();
            assert!(
                error.starts_with(&format!("node 7 ({operator}): ")),
                "{error}"
            );
            assert!(error.contains(expected), "{error}: {expected}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }
}
