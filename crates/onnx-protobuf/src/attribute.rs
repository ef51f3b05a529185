//! A node's settings, by kind.

use crate::attribute_proto::AttributeType;
use crate::{AttributeProto, Error, TensorProto};

impl AttributeProto {
    /// An integer.
    #[must_use]
    pub fn int(name: &str, value: i64) -> Self {
        Self {
            i: Some(value),
            ..Self::of(name, AttributeType::Int)
        }
    }

    /// A number.
    #[must_use]
    pub fn float(name: &str, value: f32) -> Self {
        Self {
            f: Some(value),
            ..Self::of(name, AttributeType::Float)
        }
    }

    /// A list of integers.
    #[must_use]
    pub fn ints(name: &str, values: impl Into<Vec<i64>>) -> Self {
        Self {
            ints: values.into(),
            ..Self::of(name, AttributeType::Ints)
        }
    }

    /// A string.
    #[must_use]
    pub fn string(name: &str, value: &str) -> Self {
        Self {
            s: Some(value.into()),
            ..Self::of(name, AttributeType::String)
        }
    }

    /// A tensor.
    #[must_use]
    pub fn tensor(name: &str, value: TensorProto) -> Self {
        Self {
            t: Some(value),
            ..Self::of(name, AttributeType::Tensor)
        }
    }

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
        self.expect(AttributeType::Float, "a number")?;
        Ok(self.f.unwrap_or_default())
    }

    /// The value of a tensor.
    ///
    /// # Errors
    /// When it is of another kind.
    pub fn as_tensor(&self) -> Result<&TensorProto, Error> {
        self.expect(AttributeType::Tensor, "a tensor")?;
        self.t
            .as_ref()
            .ok_or_else(|| self.refuse("a tensor", "none"))
    }

    fn of(name: &str, kind: AttributeType) -> Self {
        Self {
            name: name.to_owned(),
            r#type: kind.into(),
            ..Self::default()
        }
    }

    fn expect(&self, kind: AttributeType, expected: &'static str) -> Result<(), Error> {
        if !self.ref_attr_name.is_empty() {
            return Err(self.refuse(expected, "a reference to an attribute of a function"));
        }
        match AttributeType::try_from(self.r#type) {
            Ok(found) if found == kind => Ok(()),
            Ok(found) => Err(self.refuse(expected, found.as_str_name())),
            Err(_) => Err(self.refuse(expected, "an unknown kind")),
        }
    }

    fn refuse(&self, expected: &'static str, found: &str) -> Error {
        Error::Attribute {
            name: self.name.chars().take(100).collect(),
            expected,
            found: found.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_reads_as_itself_alone() {
        let unknown = AttributeProto {
            r#type: 99,
            ..AttributeProto::int("a", 1)
        };
        let cases = [
            (AttributeProto::int("a", 3), "3"),
            (AttributeProto::ints("a", [3, 4]), "[3, 4]"),
            (
                AttributeProto::ints("a", [1; 1000]),
                "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
            ),
            // Not the integer.
            (AttributeProto::string("a", "3"), r#""3""#),
            (AttributeProto::string("a", "\u{1b}[2J"), r#""\u{1b}[2J""#),
            (AttributeProto::float("a", 3.0), "FLOAT"),
            (
                AttributeProto::tensor("a", TensorProto::default()),
                "TENSOR",
            ),
            (unknown, "UNDEFINED"),
        ];
        for (attribute, expected) in &cases {
            assert_eq!(attribute.text(), *expected);
            assert_eq!(attribute.as_float().is_ok(), *expected == "FLOAT");
            assert_eq!(attribute.as_tensor().is_ok(), *expected == "TENSOR");
        }
        assert!(AttributeProto::string("a", &"x".repeat(1000)).text().len() < 110);
    }

    #[test]
    fn refusals_name_expected_and_found() {
        let referring = AttributeProto {
            ref_attr_name: "b".into(),
            ..AttributeProto::float("a", 1.0)
        };
        assert!(referring.text().starts_with("a reference"));
        let subgraph = AttributeProto {
            r#type: AttributeType::Graph.into(),
            ..AttributeProto::float("a", 1.0)
        };
        let unknown = AttributeProto {
            r#type: 99,
            ..AttributeProto::float("a", 1.0)
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
