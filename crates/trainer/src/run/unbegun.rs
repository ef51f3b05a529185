//! Folders of runs that were never begun: what a process leaves that dies between making the folder
//! and writing what the run starts with. There is nothing in them to go on with.

use std::fs;
use std::path::Path;

use graft_report::record::RECIPE;

use super::{LOCK, checkpoints, lock, sweep};

/// Deletes the folders in `runs` in which no run was begun; not one that another process is filling,
/// nor one with a file that no run of ours has before it is begun.
pub(super) fn delete_all(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let folder = entry.path();
        sweep(&folder);
        if delete(&folder) {
            tracing::info!("deleted the run {}, never begun", folder.display());
        }
    }
}

/// Deletes `folder` if no run was begun in it; whether it did.
pub(super) fn delete(folder: &Path) -> bool {
    let list = folder.join(checkpoints::FOLDER);
    let is_unbegun = holds_only(folder, &[LOCK, RECIPE, checkpoints::FOLDER])
        && (!list.exists() || holds_only(&list, &[checkpoints::MANIFEST]));
    if !is_unbegun {
        return false;
    }
    // Freed at once, for it is one of the files to delete; whoever makes runs waits for the next.
    match lock(folder) {
        Ok(lock) => drop(lock),
        Err(_) => return false,
    }
    for file in [
        list.join(checkpoints::MANIFEST),
        folder.join(RECIPE),
        folder.join(LOCK),
    ] {
        drop(fs::remove_file(file));
    }
    drop(fs::remove_dir(list));
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
    fn only_what_was_never_begun_goes() {
        let runs = tempfile::tempdir().unwrap();
        let list = "checkpoints/manifest.json";
        let gone: [(&str, &[&str]); 5] = [
            ("empty", &[]),
            ("locked once", &[LOCK]),
            ("with its recipe", &[LOCK, RECIPE]),
            ("half-written", &[LOCK, RECIPE, ".graft-dead.tmp"]),
            (
                "with its list",
                &[LOCK, RECIPE, list, "checkpoints/.graft-dead.tmp"],
            ),
        ];
        let kept: [(&str, &[&str]); 5] = [
            ("begun", &[LOCK, RECIPE, list, "start.json"]),
            ("complete", &[RECIPE, "SHA256SUMS"]),
            (
                "with checkpoints",
                &[LOCK, RECIPE, list, "checkpoints/epoch"],
            ),
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
