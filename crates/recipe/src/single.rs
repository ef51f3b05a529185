//! Numbers that training computes with in single precision: one that would become another thing there
//! is refused as it was typed.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

/// Reads an f32. A number that is not 0, 1 or infinite must not be rounded to one of these.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let typed = f64::deserialize(deserializer)?;
    #[expect(clippy::cast_possible_truncation, reason = "what is lost is looked at")]
    let single = typed as f32;
    let becomes =
        |value: f32| single.total_cmp(&value).is_eq() && typed.total_cmp(&value.into()).is_ne();
    for (value, name) in [(0.0, "0"), (1.0, "1"), (f32::INFINITY, "infinite")] {
        if becomes(value) || becomes(-value) {
            let expected =
                format!("a number that does not become {name} in single precision (f32)");
            return Err(D::Error::invalid_value(
                Unexpected::Float(typed),
                &expected.as_str(),
            ));
        }
    }
    Ok(single)
}

/// Reads an f64 that is also an f32, but for its last digits.
pub(crate) fn checked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let typed = f64::deserialize(deserializer)?;
    deserialize(serde::de::value::F64Deserializer::new(typed)).map(|_| typed)
}
