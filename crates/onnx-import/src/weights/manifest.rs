//! What `weights.json` says.

use serde::{Deserialize, Serialize};

/// The manifest's name within the folder. It is written last: where it is, the rest is.
pub const MANIFEST: &str = "weights.json";

/// The version of the folder's layout.
pub const FORMAT: u32 = 1;

/// What is in a weights folder, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the layout: [`FORMAT`].
    pub format: u32,
    /// The file that the weights were read from.
    pub source: Source,
    /// The files of the five blocks, in order.
    pub blocks: Vec<BlockFile>,
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

/// The name of the file of a block, 1 to 5.
pub(crate) fn block_file(block: usize) -> String {
    format!("block{block}.safetensors")
}
