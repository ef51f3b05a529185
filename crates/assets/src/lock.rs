//! One fetch at a time for a folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use graft_durable::Error;

/// Stays in the folder: to delete it would open a gap between two who wait for it.
const NAME: &str = ".fetch.lock";

/// Held while this process fetches into a folder. The operating system lets go of it when the
/// process ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Makes the folder where it is missing, and waits for others who fetch into it.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::on("create folder", folder))?;
        let path = folder.join(NAME);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::on("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                tracing::info!(
                    "another fetch into {} is under way; waiting",
                    folder.display()
                );
                file.lock().map_err(Error::on("lock", &path))?;
            }
            // Finished files are renamed into place, so that even two fetches at once do no harm.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tracing::debug!("{} cannot be locked: {error}", path.display());
            }
            Err(TryLockError::Error(error)) => return Err(Error::on("lock", &path)(error)),
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn the_second_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let second = Lock::take(folder.path());
                sender.send(()).unwrap();
                second.unwrap()
            });
            assert!(receiver.recv_timeout(Duration::from_millis(200)).is_err());
            drop(first);
            receiver.recv_timeout(Duration::from_secs(10)).unwrap();
        });
    }
}
