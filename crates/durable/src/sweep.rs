//! No litter of processes that were killed.

use std::fs::{self, DirEntry, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::disk::{PREFIX, SUFFIX};

/// Where the file system has no locks, a temporary file that nobody has written to for this long
/// belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_hours(1);

/// Deletes the temporary files in `folder` that killed processes left, and returns which. What
/// cannot be deleted, or looked at, is no obstacle and stays.
#[must_use = "the deleted files may be worth a line in the log"]
pub fn sweep(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(ours)
        .filter_map(|entry| delete_abandoned(&entry))
        .collect()
}

fn ours(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Deletes a temporary file unless somebody writes it; returns its path where it did.
fn delete_abandoned(entry: &DirEntry) -> Option<PathBuf> {
    let path = entry.path();
    let file = File::options().read(true).write(true).open(&path).ok()?;
    // Whoever writes it has a lock on it, of which death relieves.
    let abandoned = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            age(entry)? > ABANDONED
        }
        Err(_) => false,
    };
    (abandoned && fs::remove_file(&path).is_ok()).then_some(path)
}

/// How long ago a file was written to.
fn age(entry: &DirEntry) -> Option<Duration> {
    let modified = entry.metadata().ok()?.modified().ok()?;
    SystemTime::now().duration_since(modified).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pending;

    #[test]
    fn only_abandoned_temporary_files_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".graft-dead.tmp", "kept.tmp"] {
            File::create(folder.path().join(name)).unwrap();
        }
        let written = Pending::create(&folder.path().join("written")).unwrap();
        let dead = folder.path().join(".graft-dead.tmp");
        assert_eq!(sweep(folder.path()), [dead]);
        written.commit().unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["kept.tmp", "written"]);
    }

    #[test]
    fn sweeping_is_no_danger_to_writers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("written");
        std::thread::scope(|scope| {
            let writers = [0, 1].map(|_| {
                scope.spawn(|| (0..100).for_each(|_| crate::write(&path, b"whole").unwrap()))
            });
            while writers.iter().any(|writer| !writer.is_finished()) {
                let _ = sweep(folder.path());
            }
        });
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }
}
