//! A node's settings, by kind.

use crate::attribute_proto::AttributeType;
use crate::{AttributeProto, Error, TensorProto};

impl AttributeProto {
    /// An integer, a list of integers or a string as text, such as `3`, `[3, 4]` or `"VALID"`; of
    /// anything else, what it is. No file makes it long.
    #[must_use]
    pub fn text(&self) -> String {
        if !self.ref_attr_name.is_empty() {
            return "a reference to an attribute of a function".to_owned();
        }
        let string = || String::from_utf8_lossy(self.s.as_deref().unwrap_or_default());
        match self.r#type() {
            AttributeType::Int => self.i.unwrap_or_default().to_string(),
            AttributeType::Ints => format!("{:?}", &self.ints[..self.ints.len().min(10)]),
            AttributeType::String => {
                format!("{:?}", string().chars().take(100).collect::<String>())
            }
            other => other.as_str_name().to_owned(),
        }
    }

    /// The value of a number.
    ///
    /// # Errors
    /// When it is of another kind.
    pub fn as_float(&self) -> Result<f32, Error> {
        // Some writers leave out a number that is 0.
        let value = self.f.or(Some(0.0));
        self.expect(AttributeType::Float, "a number", value)
    }

    /// The value of a tensor.
    ///
    /// # Errors
    /// When it is of another kind.
    pub fn as_tensor(&self) -> Result<&TensorProto, Error> {
        self.expect(AttributeType::Tensor, "a tensor", self.t.as_ref())
    }

    /// The value, where there is one of that kind.
    fn expect<T>(
        &self,
        kind: AttributeType,
        expected: &'static str,
        value: Option<T>,
    ) -> Result<T, Error> {
        let found = match AttributeType::try_from(self.r#type) {
            _ if !self.ref_attr_name.is_empty() => "a reference to an attribute of a function",
            Ok(found) if found != kind => found.as_str_name(),
            Ok(_) => "none",
            Err(_) => "an unknown kind",
        };
        value
            .filter(|_| found == "none")
            .ok_or_else(|| Error::Attribute {
                name: self.name.chars().take(100).collect(),
                expected,
                found,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attribute of that kind, without a value.
    fn of(kind: AttributeType) -> AttributeProto {
        AttributeProto {
            name: "a".into(),
            r#type: kind.into(),
            ..AttributeProto::default()
        }
    }

    fn int(i: i64) -> AttributeProto {
        AttributeProto {
            i: Some(i),
            ..of(AttributeType::Int)
        }
    }

    fn float(f: f32) -> AttributeProto {
        AttributeProto {
            f: Some(f),
            ..of(AttributeType::Float)
        }
    }

    fn ints(ints: &[i64]) -> AttributeProto {
        AttributeProto {
            ints: ints.into(),
            ..of(AttributeType::Ints)
        }
    }

    fn string(text: &str) -> AttributeProto {
        AttributeProto {
            s: Some(text.to_owned().into()),
            ..of(AttributeType::String)
        }
    }

    #[test]
    fn each_kind_reads_as_itself_alone() {
        let unknown = AttributeProto {
            r#type: 99,
            ..int(1)
        };
        let cases = [
            (int(3), "3"),
            (ints(&[3, 4]), "[3, 4]"),
            (ints(&[1; 1000]), "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"),
            // Not the integer.
            (string("3"), r#""3""#),
            (string("\u{1b}[2J"), r#""\u{1b}[2J""#),
            (float(3.0), "FLOAT"),
            (
                AttributeProto {
                    t: Some(TensorProto::default()),
                    ..of(AttributeType::Tensor)
                },
                "TENSOR",
            ),
            (unknown, "UNDEFINED"),
        ];
        for (attribute, expected) in &cases {
            assert_eq!(attribute.text(), *expected);
            assert_eq!(attribute.as_float().is_ok(), *expected == "FLOAT");
            assert_eq!(attribute.as_tensor().is_ok(), *expected == "TENSOR");
        }
        assert!(string(&"x".repeat(1000)).text().len() < 110);
    }

    #[test]
    fn refusals_name_expected_and_found() {
        let referring = AttributeProto {
            ref_attr_name: "b".into(),
            ..float(1.0)
        };
        assert!(referring.text().starts_with("a reference"));
        let subgraph = AttributeProto {
            r#type: AttributeType::Graph.into(),
            ..float(1.0)
        };
        let unknown = AttributeProto {
            r#type: 99,
            ..float(1.0)
        };
        let cases = [
            (referring, "found a reference"),
            (subgraph, "found GRAPH"),
            (unknown, "found an unknown kind"),
        ];
        for (attribute, expected) in cases {
            let error = attribute.as_float().unwrap_err().to_string();
            assert!(
                error.starts_with(r#"attribute "a": expected a number"#),
                "{error}"
            );
            assert!(error.contains(expected), "{error}");
        }
    }
}
