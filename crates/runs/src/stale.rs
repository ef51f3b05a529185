//! What a process leaves that dies between making a run's folder and writing its first checkpoint.
//! There is nothing in it to resume.

use std::fs;
use std::path::Path;

use graft_report::record::RECIPE;

use crate::{LOCK, checkpoint, lock, sweep};

/// Deletes the folders in `runs` without a checkpoint; not one that another process is filling, nor
/// one with a file that no run of ours has before its first.
pub(crate) fn delete_all(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let folder = entry.path();
        sweep(&folder);
        if delete(&folder) {
            tracing::info!(
                "deleted the run {}, which had no checkpoint",
                folder.display()
            );
        }
    }
}

/// Deletes `folder` if it is that of a run without a checkpoint; whether it did.
pub(crate) fn delete(folder: &Path) -> bool {
    let checkpoints = folder.join(checkpoint::FOLDER);
    let is_stale = holds_only(folder, &[LOCK, RECIPE, checkpoint::FOLDER])
        && (!checkpoints.exists() || holds_only(&checkpoints, &[]));
    // The lock is freed at once, for it is one of the files to delete; whoever makes runs waits for
    // the next.
    if !is_stale || lock(folder).map(drop).is_err() {
        return false;
    }
    for file in [RECIPE, LOCK] {
        drop(fs::remove_file(folder.join(file)));
    }
    drop(fs::remove_dir(checkpoints));
    fs::remove_dir(folder).is_ok()
}

/// Whether `folder` is one, and has no other files than `names`.
fn holds_only(folder: &Path, names: &[&str]) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let mut entries = entries.flatten();
    entries.all(|entry| names.iter().any(|name| entry.file_name() == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(runs: &Path, name: &str, files: &[&str]) {
        let folder = runs.join(name);
        fs::create_dir(&folder).unwrap();
        for file in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }

    #[test]
    fn only_what_has_no_checkpoint_goes() {
        let runs = tempfile::tempdir().unwrap();
        let latest = "checkpoints/latest";
        let gone: [(&str, &[&str]); 5] = [
            ("empty", &[]),
            ("locked once", &[LOCK]),
            ("with its recipe", &[LOCK, RECIPE]),
            ("half-written", &[LOCK, RECIPE, ".graft-dead.tmp"]),
            (
                "before its checkpoint",
                &[LOCK, RECIPE, "checkpoints/.graft-dead.tmp"],
            ),
        ];
        let kept: [(&str, &[&str]); 5] = [
            ("begun", &[LOCK, RECIPE, latest]),
            ("complete", &[RECIPE, "SHA256SUMS"]),
            ("of another version", &[LOCK, RECIPE, "checkpoints/epoch"]),
            ("somebody's", &[RECIPE, "notes.txt"]),
            ("being filled", &[LOCK, RECIPE]),
        ];
        for (name, files) in gone.iter().chain(&kept) {
            folder(runs.path(), name, files);
        }
        fs::write(runs.path().join("file"), "").unwrap();
        let filling = lock(&runs.path().join("being filled")).unwrap();
        delete_all(runs.path());
        let left = fs::read_dir(runs.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let mut expected = kept.map(|(name, _)| name).to_vec();
        expected.push("file");
        expected.sort_unstable();
        assert_eq!(left, expected);
        drop(filling);
        delete_all(runs.path());
        assert!(!runs.path().join("being filled").exists());
    }
}
