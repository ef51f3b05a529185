//! No litter of processes that were killed.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::pending::{PREFIX, SUFFIX};

/// A temporary file that nobody has written to for this long belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_hours(1);

/// Deletes the temporary files in `folder` that killed processes left, and returns which. What
/// cannot be deleted, or looked at, is no obstacle and stays.
#[must_use = "the deleted files may be worth a line in the log"]
pub fn sweep(folder: &Path) -> Vec<PathBuf> {
    delete(folder, |entry| {
        age(entry).is_some_and(|age| age > ABANDONED)
    })
}

/// Deletes all temporary files in `folder`, in which nobody else writes now, and returns which.
#[must_use = "the deleted files may be worth a line in the log"]
pub fn sweep_own(folder: &Path) -> Vec<PathBuf> {
    delete(folder, |_| true)
}

fn delete(folder: &Path, abandoned: impl Fn(&DirEntry) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let abandoned = entries.filter(|entry| ours(entry) && abandoned(entry));
    abandoned
        .map(|entry| entry.path())
        .filter(|path| fs::remove_file(path).is_ok())
        .collect()
}

fn ours(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// How long ago a file was written to.
fn age(entry: &DirEntry) -> Option<Duration> {
    let modified = entry.metadata().ok()?.modified().ok()?;
    SystemTime::now().duration_since(modified).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

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
        assert_eq!(sweep(folder.path()), [folder.path().join(".graft-old.tmp")]);
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, [".graft-new.tmp", "kept.tmp"]);
    }
}
