//! One fetch at a time for a folder, and no litter of fetches that were killed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use graft_durable::Error;

/// Stays in the folder: to delete it would open a gap between two who wait for it.
const NAME: &str = ".fetch.lock";

/// A temporary file that nobody has written to for this long belongs to a process that was killed:
/// a source that stalls is given up within seconds.
const ABANDONED: Duration = Duration::from_hours(1);

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

/// Deletes temporary files of fetches that were killed. What cannot be deleted is no obstacle.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(".graft-") && name.ends_with(".tmp");
        if ours && age(&entry).is_some_and(|age| age > ABANDONED) {
            match fs::remove_file(entry.path()) {
                Ok(()) => tracing::debug!("deleted the abandoned {}", entry.path().display()),
                Err(error) => tracing::debug!("{} stays: {error}", entry.path().display()),
            }
        }
    }
}

/// How long ago a file was written to.
fn age(entry: &fs::DirEntry) -> Option<Duration> {
    let modified = entry.metadata().ok()?.modified().ok()?;
    SystemTime::now().duration_since(modified).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

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

    #[test]
    fn only_abandoned_temporary_files_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 2 * ABANDONED;
        for (name, modified) in [
            (".graft-old.tmp", old),
            (".graft-new.tmp", SystemTime::now()),
            ("kept.tmp", old),
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(modified).unwrap();
        }
        sweep(folder.path());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, [".graft-new.tmp", "kept.tmp"]);
    }
}
