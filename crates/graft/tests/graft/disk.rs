//! A disk that is really full, and a folder that really cannot be written. Mounting needs root: without
//! it a test says that it was skipped, and in CI it fails.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::{FOR_TRAIN, Home, SMALL, VGG16, leftovers};
use crate::resume::{newest, result, resumed_after, unfinished};

/// A small file system of its own, gone with this value.
struct Mount {
    _folder: TempDir,
    at: PathBuf,
}

impl Mount {
    /// A tmpfs of `size`, or nothing where this user cannot mount, which CI must be able to.
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("disk");
        fs::create_dir(&at).unwrap();
        let options = format!("size={size}");
        let mounted = mount(&["-t", "tmpfs", "-o", &options, "graft-test"], &at);
        if !mounted {
            let ci = env::var_os("CI").is_some();
            assert!(
                !ci,
                "cannot mount a tmpfs, and CI is set: run the tests as root"
            );
            // Written past the test harness, which hides what a passing test prints.
            let _ = writeln!(
                io::stderr(),
                "skipped: this user cannot mount a tmpfs (needs root)"
            );
        }
        mounted.then_some(Self {
            _folder: folder,
            at,
        })
    }

    fn make_read_only(&self) -> bool {
        mount(&["-o", "remount,ro"], &self.at)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.at).status();
    }
}

fn mount(options: &[&str], at: &Path) -> bool {
    let status = Command::new("mount")
        .args(options)
        .arg(at)
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_full_disk_is_named_and_nothing_is_left() {
    let Some(disk) = Mount::new("200m") else {
        return;
    };
    let home = Home::at(&disk.at);
    home.take(&FOR_TRAIN);
    home.graft(&["extract", "--set", "data.limit=8"]).succeeds();
    // Features of block 1 are 64 KiB an image: the rest of the disk does not hold 2,000.
    let free = "data.limit=2000";
    home.graft(&[
        "train",
        "--set",
        free,
        "--set",
        "data.validation=100",
        "--set",
        "backbone.boundary=block1",
    ])
    .refuses(1, &["cache", "free for features", "GRAFT_HOME"]);
    assert_eq!(home.cached().len(), 1);
    assert!(home.runs().is_empty());
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_disk_too_small_for_the_weights_is_named() {
    let Some(disk) = Mount::new("90m") else {
        return;
    };
    let home = Home::at(&disk.at);
    home.take(&[VGG16]);
    home.graft(&["predict", "digit.png"])
        .refuses(1, &["no complete run"]);
    let folder = tempfile::tempdir().unwrap();
    let source = Home::at(folder.path());
    source.take(&FOR_TRAIN);
    let from = folder.path().join("models/mnist");
    let source = format!("data.source={}", from.display());
    home.graft(&[
        "train",
        "--set",
        &source,
        "--set",
        "data.limit=64",
        "--set",
        "data.validation=8",
    ])
    .refuses(1, &["vgg16", "No space left", "GRAFT_HOME"]);
    assert!(!home.model("vgg16/weights.json").exists());
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_disk_that_is_read_only_is_named() {
    let Some(disk) = Mount::new("300m") else {
        return;
    };
    let home = Home::at(&disk.at);
    home.take(&FOR_TRAIN);
    home.graft(&["extract", "--set", "data.limit=8"]).succeeds();
    assert!(disk.make_read_only());
    home.train(&[])
        .refuses(1, &["runs", "ead-only", "GRAFT_HOME"]);
    home.graft(&["extract", "--set", "data.limit=9"])
        .refuses(1, &["cache", "ead-only", "GRAFT_HOME"]);
}

#[cfg(unix)]
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_folder_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with(&FOR_TRAIN);
    let runs = home.root().join("runs");
    fs::create_dir(&runs).unwrap();
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(runs.join("root may"), "").is_ok() {
        let _ = writeln!(io::stderr(), "skipped: this user may write anywhere");
        return;
    }
    home.train(&[])
        .refuses(1, &["runs", "Permission denied", "GRAFT_HOME"]);
    assert!(home.cached().is_empty());
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_disk_that_fills_up_at_the_end_leaves_no_complete_run() {
    let Some(disk) = Mount::new("180m") else {
        return;
    };
    let home = Home::at(&disk.at);
    home.take(&FOR_TRAIN);
    home.train(&[]).json();
    fill(&disk.at);
    home.train(&[])
        .refuses(1, &["runs", "No space left", "GRAFT_HOME"]);
    let complete = home
        .runs()
        .iter()
        .filter(|run| run.join("manifest.json").exists())
        .count();
    assert_eq!(complete, 1);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_disk_that_fills_up_while_training_leaves_a_checkpoint_to_resume_from() {
    let Some(disk) = Mount::new("200m") else {
        return;
    };
    let home = Home::at(&disk.at);
    home.take(&FOR_TRAIN);
    // A checkpoint after every one of 3,500 steps.
    let more = ["training.epochs=500", "training.checkpoint_steps=1"];
    let more = more.map(|set| ["--set", set]).concat();
    let train = [&["train", "--json"], &SMALL[..], &more].concat();
    home.graft(&train).succeeds();
    let whole = result(&home.runs()[0]);
    let before = home.runs();
    let mut child = home.command(&train).spawn().unwrap();
    let run = loop {
        let run = unfinished(&home, &before);
        if let Some(run) = run.filter(|run| newest(run).is_some_and(|(epochs, _)| epochs > 1)) {
            break run;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended first");
        thread::sleep(Duration::from_millis(1));
    };
    // What a checkpoint gives back that is pruned is taken, too.
    while child.try_wait().unwrap().is_none() {
        fill(&disk.at);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [run.to_str().unwrap(), "No space left", "GRAFT_HOME"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert_eq!(leftovers(home.root()), Vec::<PathBuf>::new());
    let saved = newest(&run);
    fs::remove_file(disk.at.join("filler")).unwrap();
    let resumed = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
    resumed.succeeds();
    assert!(saved.is_some());
    assert_eq!(resumed_after(&resumed.err), saved);
    assert!(result(&run) == whole);
}

/// Takes what space is left.
fn fill(disk: &Path) {
    let mut options = fs::File::options();
    let mut file = options
        .create(true)
        .append(true)
        .open(disk.join("filler"))
        .unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}
