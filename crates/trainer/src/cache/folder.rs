//! The cache folder: what is in it, and emptying it.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;

use super::{CacheError, Key};

/// Longest header that is looked at: ours are under 2 KiB.
const LONGEST_HEADER: usize = 1 << 16;

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

/// Reads an entry's header; `None` for anything that has no key of ours.
fn look(path: &Path) -> Option<Listed> {
    use std::io::Read;
    let mut start = Vec::new();
    let file = fs::File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    file.take(LONGEST_HEADER as u64)
        .read_to_end(&mut start)
        .ok()?;
    let (_, header) = SafeTensors::read_metadata(&start).ok()?;
    let key = serde_json::from_str(header.metadata().as_ref()?.get("key")?).ok()?;
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
        let mut writer = Writer::create(&path, &key, [1, 1, 1]).unwrap();
        writer.append(&[1.0]).unwrap();
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
