//! Every operation by which this crate changes the disk, in one place, so that a test can make any
//! of them fail; see the module `fault`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::fault::{Operation, Share, before};
use crate::{Error, folder_of};

/// How the names of temporary files begin and end.
pub(crate) const PREFIX: &str = ".graft-";
pub(crate) const SUFFIX: &str = ".tmp";

/// Makes a folder and those above it where they are missing, so that they survive a power cut.
///
/// # Errors
/// When one cannot be made.
pub fn create_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    if above != folder {
        create_folder(above)?;
    }
    let created = before(Operation::Create).and_then(|_| fs::create_dir(folder));
    match created {
        // By another process, just now.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(Error::on("create folder", folder)(error)),
        Ok(()) => sync_folder(above),
    }
}

/// Makes a folder that is not there, so that it survives a power cut.
///
/// # Errors
/// When it is there already, or cannot be made or flushed: then it is not there.
pub fn create_new_folder(folder: &Path) -> Result<(), Error> {
    let created = before(Operation::Create).and_then(|_| fs::create_dir(folder));
    created.map_err(Error::on("create folder", folder))?;
    // What cannot be deleted stays; the first error is the one to tell.
    sync_folder(folder_of(folder)).inspect_err(|_| drop(fs::remove_dir(folder)))
}

/// Makes a rename or a new file survive a power cut. Only Unix has and needs this.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        before(Operation::Fsync)
            .and_then(|_| File::open(folder)?.sync_all())
            .map_err(Error::on("flush folder", folder))?;
    }
    Ok(())
}

/// An open file, whose writes a test can make fail.
pub(crate) struct Faulty<F>(pub(crate) F);

impl<F: Write> Write for Faulty<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match before(Operation::Write)? {
            Share::Whole => self.0.write(bytes),
            Share::Half => self.0.write(&bytes[..bytes.len().div_ceil(2)]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A file that was not there, to be appended to.
pub(crate) fn create_new(path: &Path) -> io::Result<Faulty<File>> {
    before(Operation::Create)?;
    let file = File::options().create_new(true).append(true).open(path)?;
    Ok(Faulty(file))
}

/// A temporary file, gone when it is dropped. It is locked for as long as it is open, which tells
/// [`sweep`](crate::sweep) that somebody still writes it.
pub(crate) fn create_temporary(folder: &Path) -> io::Result<Faulty<NamedTempFile>> {
    before(Operation::Create)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        // Temporary files are private by default; what we keep is as readable as any other file.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    loop {
        let file = builder.tempfile_in(folder)?;
        // Where there are no locks, sweeping goes by age.
        let _ = file.as_file().lock();
        // Swept between the two calls, it is made again.
        if file.path().exists() {
            return Ok(Faulty(file));
        }
    }
}

/// Puts what was written to a file on the disk.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    before(Operation::Fsync)?;
    file.sync_all()
}

/// Gives a temporary file its name, which another file may have had.
pub(crate) fn rename(file: NamedTempFile, path: &Path) -> io::Result<()> {
    before(Operation::Rename)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
