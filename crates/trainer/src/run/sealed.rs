//! Small JSON files that carry the hash of what they say.

use graft_durable::sha256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::indented;
use crate::Error;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    content: Value,
    /// Of the content as compact JSON, its keys in order.
    sha256: String,
}

/// `value` as such a file.
pub(super) fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let content = serde_json::to_value(value).map_err(|error| Error::Output(error.to_string()))?;
    let sha256 = sha256(content.to_string().as_bytes());
    indented(&Sealed { content, sha256 })
}

/// Reads what [`to_bytes`] wrote; the error says what was found instead.
pub(super) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let sealed: Sealed = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let found = sha256(sealed.content.to_string().as_bytes());
    if found != sealed.sha256 {
        return Err(format!(
            "sha256 {found} of its content, not {}",
            sealed.sha256
        ));
    }
    serde_json::from_value(sealed.content).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flip_and_cut_is_found() {
        let value = vec![("name".to_owned(), 12_u32), ("other".to_owned(), 7)];
        let whole = to_bytes(&value).unwrap();
        let read = |bytes: &[u8]| from_bytes::<Vec<(String, u32)>>(bytes);
        assert_eq!(read(&whole), Ok(value));
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bytes).is_err(), "bit {bit}");
        }
        // The last byte is a line end.
        for length in 0..whole.len() - 1 {
            assert!(read(&whole[..length]).is_err(), "cut to {length}");
        }
    }
}
