//! What `weights.json` says.

use serde::{Deserialize, Serialize};

/// The manifest's name within the folder. It is written last: where it is, the rest is.
pub const MANIFEST: &str = "weights.json";

/// The version of the folder's layout.
pub const FORMAT: u32 = 2;

/// What is in a weights folder, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the layout: [`FORMAT`].
    pub format: u32,
    /// The file that the weights were read from.
    pub source: Source,
    /// The files of the blocks, in order.
    pub blocks: Vec<BlockFile>,
}

impl Manifest {
    /// The manifest's file: indented JSON with its own hash. Equal manifests give equal bytes.
    ///
    /// # Errors
    /// When serialising fails, which it does for no manifest.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let content = serde_json::to_vec(self)?;
        let sealed = Sealed {
            manifest: self.clone(),
            sha256: graft_durable::sha256(&content),
        };
        let mut json = serde_json::to_vec_pretty(&sealed)?;
        json.push(b'\n');
        Ok(json)
    }

    /// Reads what [`Manifest::to_json`] wrote, and nothing that differs from that by a single bit.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, String> {
        let sealed: Sealed = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        match sealed.manifest.to_json() {
            Ok(written) if written == json => Ok(sealed.manifest),
            _ => Err("one that was changed after it was written".into()),
        }
    }
}

/// A manifest with its hash, that of its compact JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    manifest: Manifest,
    sha256: String,
}

/// The file that weights were read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name, without its folder.
    pub file: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The tool that wrote it, by its own account.
    pub producer: String,
    /// That tool's version.
    pub producer_version: String,
}

/// The file of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockFile {
    /// Its name within the folder.
    pub file: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// The name of the file of a block, counted from 1.
pub(crate) fn block_file(block: usize) -> String {
    format!("block{block}.safetensors")
}
