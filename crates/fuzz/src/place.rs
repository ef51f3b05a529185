//! Putting an input where a parser that takes a path finds it.

use std::fs;
use std::path::Path;

/// Makes `bytes` the content of `path`. The file is a new one each time, because file systems flush
/// one that is cut and written again, which costs milliseconds.
///
/// # Panics
/// When it cannot be written.
pub fn place(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}
