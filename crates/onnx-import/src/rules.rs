//! The attributes that the operators of a known network have, and no others.

use std::ops::RangeInclusive;

use onnx_protobuf::{AttributeProto, ModelProto, NodeProto};

use crate::Refusal;
use crate::place::{clip, node_name};

/// The versions of ONNX's operator set in which the operators mean what is checked here.
///
/// Before 7, Relu has an attribute that ties it to other values. 28 is the newest at the time of
/// writing; from 7 to 28 the operators gained types and optional attributes, and an attribute that is
/// not known is refused.
pub(crate) const KNOWN_OPSETS: RangeInclusive<i64> = 7..=28;

/// An attribute by its name, what it may be as text (anything where nothing is listed), and whether
/// it may be left out: then it means the first of these, or something else fixes it that is checked.
type Rule = (&'static str, &'static [&'static str], Presence);

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Optional,
    Required,
}

use Presence::{Optional, Required};

/// A convolution: 3x3, stride 1. Its kernel's size is also the weight's shape.
const CONVOLUTION: &[Rule] = &[
    ("kernel_shape", &["[3, 3]"], Optional),
    ("strides", &["[1, 1]"], Optional),
    ("dilations", &["[1, 1]"], Optional),
    ("group", &["1"], Optional),
];

/// A padding of 1 on each side.
const PADDED: &[Rule] = &[
    ("pads", &["[1, 1, 1, 1]"], Required),
    ("auto_pad", &["\"NOTSET\""], Optional),
];

/// The same stated as "as large an output as the input": for a 3x3 kernel and a stride of 1 that is 1
/// on each side, however it is rounded.
const AUTO_PADDED: &[Rule] = &[("auto_pad", &["\"SAME_UPPER\"", "\"SAME_LOWER\""], Required)];

/// Batch normalisation by statistics that are fixed.
const NORMALISATION: &[Rule] = &[
    ("epsilon", &[], Optional),
    ("momentum", &[], Optional),
    ("spatial", &["1"], Optional),
    ("training_mode", &["0"], Optional),
];

/// A pool: 2x2, stride 2, no padding; an odd last row or column is dropped.
const POOL: &[Rule] = &[
    ("kernel_shape", &["[2, 2]"], Required),
    ("strides", &["[2, 2]"], Required),
    ("dilations", &["[1, 1]"], Optional),
    ("pads", &["[0, 0, 0, 0]"], Optional),
    ("auto_pad", &["\"NOTSET\"", "\"VALID\""], Optional),
    ("ceil_mode", &["0"], Optional),
    ("storage_order", &["0"], Optional),
];

/// N, H, W, C => N, C, H, W
const TRANSPOSE: &[Rule] = &[("perm", &["[0, 3, 1, 2]"], Required)];

/// Checks the attributes of a node of the chain; one of another operator than these has none.
pub(crate) fn check(index: usize, node: &NodeProto) -> Result<(), Refusal> {
    let rules = match node.op_type.as_str() {
        "Conv" if is_auto_padded(node) => [CONVOLUTION, AUTO_PADDED],
        "Conv" => [CONVOLUTION, PADDED],
        "BatchNormalization" => [NORMALISATION, &[]],
        "MaxPool" => [POOL, &[]],
        "Transpose" => [TRANSPOSE, &[]],
        _ => [&[] as &[Rule], &[]],
    };
    let rules = rules.concat();
    let refuse = |attribute: &str, expected: &str, found: String| Refusal::Node {
        node: node_name(index, node),
        expected: format!("{} {expected}", clip(attribute).escape_debug()),
        found,
    };
    // In the order of the rules, so that the most telling difference is the one that is named.
    for (name, allowed, presence) in &rules {
        let given = node.attribute.iter().filter(|one| one.name == *name);
        let mut texts = given.map(AttributeProto::text).peekable();
        let missing = *presence == Required && texts.peek().is_none();
        let wrong = texts.find(|text| !allowed.is_empty() && !allowed.contains(&text.as_str()));
        if let Some(found) = wrong.or(missing.then(|| "none".into())) {
            return Err(refuse(name, &allowed.join(" or "), found));
        }
    }
    let is_known = |attribute: &&AttributeProto| rules.iter().any(|rule| rule.0 == attribute.name);
    match node.attribute.iter().find(|one| !is_known(one)) {
        Some(one) => Err(refuse(&one.name, "to be absent", "one of that name".into())),
        None => Ok(()),
    }
}

fn is_auto_padded(node: &NodeProto) -> bool {
    let mut attributes = node.attribute.iter();
    attributes.any(|one| one.name == "auto_pad" && one.text() != "\"NOTSET\"")
}

/// Checks that the operators are ONNX's, as this crate knows them.
pub(crate) fn check_operators(model: &ModelProto) -> Result<(), Refusal> {
    let sets = model.opset_import.iter().filter(|set| is_onnx(&set.domain));
    let versions: Vec<i64> = sets.map(|set| set.version).collect();
    if versions.is_empty() || !versions.iter().all(|one| KNOWN_OPSETS.contains(one)) {
        let found = format!("{:?}", &versions[..versions.len().min(10)]);
        return Err(Refusal::Opset { found });
    }
    match model.functions.iter().find(|one| is_onnx(&one.domain)) {
        Some(function) => Err(Refusal::Function {
            name: clip(&function.name),
        }),
        None => Ok(()),
    }
}

/// Whether operators of a domain are ONNX's own.
pub(crate) fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{constant, float, int, ints, string};
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
    fn what_the_family_has_is_accepted() {
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
            ("BatchNormalization", vec![]),
            (
                "BatchNormalization",
                vec![
                    float("epsilon", 1e-5),
                    float("momentum", 0.9),
                    int("training_mode", 0),
                ],
            ),
            ("Relu", vec![]),
        ];
        for (operator, attributes) in cases {
            assert_eq!(checked(operator, &attributes), Ok(()), "{attributes:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
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
                r#""SAME_UPPER" or "SAME_LOWER", found "VALID""#,
            ),
            (
                conv(string("auto_pad", "SAME_UPPER")),
                "expected pads to be absent, found one of that name",
            ),
            (conv(int("\u{1b}[2J", 1)), "to be absent"),
            (conv(int("strides", 1)), "expected strides [1, 1], found 1"),
            (
                conv(constant("strides", TensorProto::default())),
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
                r#""NOTSET" or "VALID", found "SAME_UPPER""#,
            ),
            (
                ("Transpose", vec![]),
                "expected perm [0, 3, 1, 2], found none",
            ),
            (
                ("Transpose", vec![ints("perm", &[0, 2, 3, 1])]),
                "found [0, 2, 3, 1]",
            ),
            (
                ("BatchNormalization", vec![int("training_mode", 1)]),
                "training_mode 0, found 1",
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
