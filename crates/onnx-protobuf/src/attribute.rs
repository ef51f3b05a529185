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

    /// The value of an integer.
    ///
    /// # Errors
    /// When it is of another kind.
    pub fn as_int(&self) -> Result<i64, Error> {
        self.expect(AttributeType::Int, "an integer")?;
        Ok(self.i.unwrap_or_default())
    }

    /// The values of a list of integers.
    ///
    /// # Errors
    /// When it is of another kind.
    pub fn as_ints(&self) -> Result<&[i64], Error> {
        self.expect(AttributeType::Ints, "a list of integers")?;
        Ok(&self.ints)
    }

    /// The value of a string.
    ///
    /// # Errors
    /// When it is of another kind, or not UTF-8.
    pub fn as_str(&self) -> Result<&str, Error> {
        self.expect(AttributeType::String, "a string")?;
        str::from_utf8(self.s.as_deref().unwrap_or_default())
            .map_err(|_| self.refuse("a string", "bytes that are not UTF-8"))
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
        let attributes = [
            AttributeProto::int("a", 3),
            AttributeProto::ints("a", [3, 4]),
            AttributeProto::string("a", "SAME_UPPER"),
            AttributeProto::tensor("a", TensorProto::default()),
        ];
        for (index, attribute) in attributes.iter().enumerate() {
            let reads = [
                attribute.as_int().is_ok_and(|value| value == 3),
                attribute.as_ints().is_ok_and(|values| values == [3, 4]),
                attribute.as_str().is_ok_and(|value| value == "SAME_UPPER"),
                attribute.as_tensor().is_ok(),
            ];
            let only_its_own = std::array::from_fn(|kind| kind == index);
            assert_eq!(reads, only_its_own, "{attribute:?}");
        }
    }

    #[test]
    fn refusals_name_expected_and_found() {
        let referring = AttributeProto {
            ref_attr_name: "b".into(),
            ..AttributeProto::int("a", 1)
        };
        let subgraph = AttributeProto {
            r#type: AttributeType::Graph.into(),
            ..AttributeProto::int("a", 1)
        };
        let unknown = AttributeProto {
            r#type: 99,
            ..AttributeProto::int("a", 1)
        };
        let cases = [
            (referring, "found a reference"),
            (subgraph, "found GRAPH"),
            (unknown, "found an unknown kind"),
        ];
        for (attribute, expected) in cases {
            let error = attribute.as_int().unwrap_err().to_string();
            assert!(
                error.starts_with(r#"attribute "a": expected an integer"#),
                "{error}"
            );
            assert!(error.contains(expected), "{error}");
        }
    }
}
