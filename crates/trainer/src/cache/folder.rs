//! The cache folder: what is in it, and emptying it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{CacheError, Key};

/// Longest header that is looked at: ours are under 2 KiB.
const LONGEST_HEADER: u64 = 1 << 16;

/// An entry of the cache.
#[derive(Debug)]
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What it was made for.
    pub key: Key,
}

/// All entries, oldest name first. Files that are none of ours are passed over.
///
/// # Errors
/// When the folder is there but cannot be read.
pub fn list(cache: &Path) -> Result<Vec<Listed>, CacheError> {
    let entries = match fs::read_dir(cache) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(graft_durable::Error::on("read folder", cache))?,
    };
    let mut listed: Vec<_> = entries
        .flatten()
        .filter_map(|entry| look(&entry.path()))
        .collect();
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listed)
}

/// Deletes all entries, and nothing that is not one; returns what was deleted.
///
/// # Errors
/// When an entry cannot be deleted.
pub fn clear(cache: &Path) -> Result<Vec<Listed>, CacheError> {
    let listed = list(cache)?;
    for entry in &listed {
        fs::remove_file(&entry.path).map_err(graft_durable::Error::on("delete", &entry.path))?;
    }
    Ok(listed)
}

/// Reads an entry's header and nothing else; `None` for anything that has no key of ours.
fn look(path: &Path) -> Option<Listed> {
    let mut file = fs::File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length).min(LONGEST_HEADER);
    let header: Value = serde_json::from_reader(file.take(length)).ok()?;
    let key = serde_json::from_str(header["__metadata__"]["key"].as_str()?).ok()?;
    Some(Listed {
        path: path.to_owned(),
        bytes,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::cache::Writer;
    use graft_backbone::Boundary;
    use graft_dataset::{ImageSet, Preprocessing};

    #[test]
    fn lists_and_clears_entries_only() {
        let folder = tempfile::tempdir().unwrap();
        assert!(list(&folder.path().join("missing")).unwrap().is_empty());
        let set = ImageSet::new(1, 1, vec![0], vec![0], 10).unwrap();
        let key = Key::new(
            &set,
            &[],
            Preprocessing::default(),
            Boundary::Block1,
            Backend::Cpu,
        );
        let path = key.path(folder.path(), "train");
        let mut writer = Writer::create(&path, &key, [512, 16, 16]).unwrap();
        writer.append(&vec![1.0; 512 * 16 * 16]).unwrap();
        writer.finish().unwrap();
        fs::write(folder.path().join("notes.safetensors"), "mine").unwrap();
        let listed = list(folder.path()).unwrap();
        assert_eq!(
            listed
                .iter()
                .map(|entry| (&entry.path, &entry.key))
                .collect::<Vec<_>>(),
            [(&path, &key)]
        );
        clear(folder.path()).unwrap();
        assert!(!path.exists());
        assert!(folder.path().join("notes.safetensors").exists());
    }
}
