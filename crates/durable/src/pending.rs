//! A file that appears under its name only when it is complete.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::disk::{self, Faulty};
use crate::{Error, folder_of};

/// A file being written. It has no name that anybody looks for until [`Pending::commit`]; dropped
/// before that, it is gone.
pub struct Pending {
    file: BufWriter<Faulty<NamedTempFile>>,
    path: PathBuf,
}

impl Pending {
    /// Starts writing what shall become `path`, making its folder where that is missing.
    ///
    /// # Errors
    /// When the folder or the temporary file in it cannot be created.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let folder = folder_of(path);
        disk::create_folder(folder)?;
        let temporary =
            disk::create_temporary(folder).map_err(Error::on("create a file in", folder))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, temporary),
            path: path.to_owned(),
        })
    }

    /// [`Pending::commit`] under another name in the same folder, which may depend on what was written.
    ///
    /// # Errors
    /// As [`Pending::commit`].
    pub fn commit_as(self, path: &Path) -> Result<(), Error> {
        let path = path.to_owned();
        Self { path, ..self }.commit()
    }

    /// Flushes the file to the disk and gives it its name, replacing what had it before.
    ///
    /// # Errors
    /// When flushing or renaming fails: the temporary file is gone then. When only the folder cannot
    /// be flushed, the file has its name, and a power cut may still undo that.
    pub fn commit(self) -> Result<(), Error> {
        let Self { file, path } = self;
        let written = file.into_inner().map_err(io::IntoInnerError::into_error);
        let Faulty(temporary) = written
            .and_then(|file| disk::sync(file.0.as_file()).map(|()| file))
            .map_err(Error::on("write", &path))?;
        disk::rename(temporary, &path).map_err(Error::on("rename a finished file to", &path))?;
        disk::sync_folder(folder_of(&path))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes `bytes` as the whole content of `path`.
///
/// # Errors
/// As [`Pending::create`] and [`Pending::commit`], and when writing fails.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut pending = Pending::create(path)?;
    pending.write_all(bytes).map_err(Error::on("write", path))?;
    pending.commit()
}

/// Makes `folder` where it is missing, and tries to write there: better now than after hours of work.
///
/// # Errors
/// When it cannot be made or written.
pub fn check_writable(folder: &Path) -> Result<(), Error> {
    disk::create_folder(folder)?;
    disk::create_temporary(folder)
        .map(drop)
        .map_err(Error::on("create a file in", folder))
}

/// The folder itself, or the one in which it would be made.
#[must_use]
pub fn nearest(folder: &Path) -> &Path {
    let mut around = folder.ancestors();
    around.find(|one| one.is_dir()).unwrap_or(folder)
}

/// Writes and flushes bytes to the disk of `folder`, in a file without a name that is gone afterwards: what tells how
/// long that takes. No folder is made.
///
/// # Errors
/// When the file system refuses.
pub fn write_unnamed(folder: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = nearest(folder);
    let written = tempfile::tempfile_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    written.map_err(Error::on("write to", folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_without_a_name_leaves_nothing_and_makes_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("a/b");
        assert_eq!(nearest(&missing), folder.path());
        assert_eq!(nearest(folder.path()), folder.path());
        write_unnamed(&missing, b"bytes").unwrap();
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_file_appears_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        let mut pending = Pending::create(&path).unwrap();
        pending.write_all(b"half").unwrap();
        assert!(!path.exists());
        pending.write_all(b", whole").unwrap();
        pending.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"half, whole");
        assert_eq!(names(path.parent().unwrap()), ["b.txt"]);
    }

    #[test]
    fn an_abandoned_file_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        write(&path, b"old").unwrap();
        let mut pending = Pending::create(&path).unwrap();
        pending.write_all(b"new").unwrap();
        drop(pending);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["kept"]);
    }

    #[test]
    fn a_file_where_a_folder_should_be_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write(&file, b"").unwrap();
        let error = write(&file.join("below"), b"").unwrap_err();
        assert!(error.to_string().contains("create folder"), "{error}");
        assert!(error.to_string().contains("file"), "{error}");
    }
}
