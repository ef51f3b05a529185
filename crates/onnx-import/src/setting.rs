//! What one attribute must be.

use std::fmt;

use onnx_protobuf::AttributeProto;

use crate::place::clip;

/// What an attribute must be.
#[derive(Clone, Copy)]
pub(crate) enum Setting {
    Int(i64),
    Ints(&'static [i64]),
    OneOf(&'static [&'static str]),
}

impl Setting {
    /// What the attribute is, where it is not what it must be.
    pub(crate) fn differs(
        self,
        attribute: &AttributeProto,
    ) -> Result<Option<String>, onnx_protobuf::Error> {
        Ok(match self {
            Self::Int(expected) => {
                let found = attribute.as_int()?;
                (found != expected).then(|| found.to_string())
            }
            Self::Ints(expected) => {
                let found = attribute.as_ints()?;
                // Clipped: the list may be long.
                (found != expected).then(|| clip(&format!("{:?}", &found[..found.len().min(10)])))
            }
            Self::OneOf(expected) => {
                let found = attribute.as_str()?;
                (!expected.contains(&found)).then(|| format!("{:?}", clip(found)))
            }
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(expected) => write!(formatter, "{expected}"),
            Self::Ints(expected) => write!(formatter, "{expected:?}"),
            Self::OneOf(expected) => write!(formatter, "{}", expected.join(" or ")),
        }
    }
}
