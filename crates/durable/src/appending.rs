//! A file that grows by whole records: an append that fails leaves what was there before.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::disk::Faulty;
use crate::{Error, disk, folder_of};

/// A file that grows by whole records.
pub struct Appending {
    file: Faulty<File>,
    path: PathBuf,
    /// How many bytes are whole.
    length: u64,
}

impl Appending {
    /// Makes the file `path`, and its folder where that is missing.
    ///
    /// # Errors
    /// When the file is there already, or cannot be created.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let folder = folder_of(path);
        disk::create_folder(folder)?;
        let file = disk::create_new(path).map_err(Error::on("create", path))?;
        disk::sync_folder(folder)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            length: 0,
        })
    }

    /// Appends `record`, all of it or nothing.
    ///
    /// # Errors
    /// When writing fails.
    pub fn append(&mut self, record: &[u8]) -> Result<(), Error> {
        if let Err(error) = self.file.write_all(record) {
            // The first error is the one to tell; a torn record stays where this fails, too.
            let _ = self.file.0.set_len(self.length);
            return Err(Error::on("write", &self.path)(error));
        }
        self.length += record.len() as u64;
        Ok(())
    }

    /// Flushes what was appended to the disk.
    ///
    /// # Errors
    /// When that fails.
    pub fn sync(&self) -> Result<(), Error> {
        disk::sync(&self.file.0).map_err(Error::on("write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn records_follow_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/lines");
        let mut lines = Appending::create(&path).unwrap();
        lines.append(b"one\n").unwrap();
        lines.append(b"two\n").unwrap();
        lines.sync().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
        let error = Appending::create(&path).err().unwrap().to_string();
        assert!(error.contains("cannot create"), "{error}");
        assert!(error.contains("lines"), "{error}");
    }
}
