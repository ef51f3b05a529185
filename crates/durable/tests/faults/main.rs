//! Every operation that changes the disk fails once, in every way, at every place where it occurs:
//! what was there before is there still, nothing half-written is left, and the error names the file.
//!
//! Each scenario is run by a child process, because a fault is asked for by an environment variable.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by failing, and shows its figures"
)]

mod child;

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use child::{Ended, FOLDER};

use graft_durable::{Appending, Error, Pending, create_new_folder, sweep, write};

/// What the file holds before.
const OLD: &[u8] = b"old";
/// More operations than any scenario has.
const MOST: u64 = 100;

/// What a child does to `path`.
type Scenario = fn(&Path) -> Result<(), Error>;

/// How often a scenario creates, writes, flushes and renames.
type Counts = [(&'static str, usize); 4];

/// In a child: does `scenario` and says what came of it.
fn in_child(place: &str, scenario: Scenario) {
    let home = PathBuf::from(env::var_os(FOLDER).unwrap());
    if let Err(error) = scenario(&home.join(place)) {
        fs::write(home.join("said"), error.to_string()).unwrap();
    }
}

/// In a child: does `scenario`. In the parent: fails every operation, of which there must be as many
/// as `counts` says.
fn every_fault(
    test: &str,
    place: &str,
    (before, new): (Option<&[u8]>, &[u8]),
    counts: Counts,
    scenario: Scenario,
) {
    if env::var_os(FOLDER).is_some() {
        return in_child(place, scenario);
    }
    let mut children = 0;
    for (operation, places) in counts {
        for effect in ["EIO", "ENOSPC", "KILL"] {
            for lasting in ["", "+"] {
                let met = (1..MOST)
                    .map(|number| {
                        let fault = format!("{operation}:{number}{lasting}:{effect}");
                        Ended::run(test, &fault, place, before)
                    })
                    .take_while(|ended| {
                        children += 1;
                        failed(ended, before, new)
                    })
                    .count();
                assert_eq!(met, places, "{operation}{lasting}:{effect}");
            }
        }
        for number in 1..=places {
            for effect in ["EINTR", "SHORT"] {
                if operation == "write" {
                    let fault = format!("write:{number}:{effect}");
                    let ended = Ended::run(test, &fault, place, before);
                    children += 1;
                    assert!(!failed(&ended, before, new), "{}", ended.fault);
                }
            }
        }
        println!("{test}: {operation} failed at each of {places} places");
    }
    println!("{test}: {children} runs");
}

/// Whether the fault was met; checks what it left.
fn failed(ended: &Ended, before: Option<&[u8]>, new: &[u8]) -> bool {
    let fault = &ended.fault;
    let content = ended.content();
    let is_old = content.as_deref() == before;
    let is_new = content.as_deref() == Some(new);
    assert!(is_old || is_new, "{fault}: {content:?}");
    if fault.ends_with("KILL") && !ended.status.success() {
        let _ = ended.path.parent().map(sweep);
        assert!(ended.others().is_empty(), "{fault}: {:?}", ended.others());
        return true;
    }
    assert!(ended.status.success(), "{fault}: {}", ended.status);
    assert!(ended.others().is_empty(), "{fault}: {:?}", ended.others());
    let Some(error) = &ended.error else {
        assert!(is_new, "{fault}");
        return false;
    };
    // A folder that cannot be flushed has its new file, whole; all else leaves the old one.
    assert!(is_old || fault.starts_with("fsync"), "{fault}: {error}");
    let asked = if fault.ends_with("ENOSPC") {
        "No space left on device (asked for by GRAFT_FAULT); free some space"
    } else {
        "Input/output error (asked for by GRAFT_FAULT)"
    };
    assert!(error.contains(asked), "{fault}: {error}");
    let named = ended
        .path
        .ancestors()
        .any(|path| error.contains(&format!(" {}: ", path.display())));
    assert!(named, "{fault}: {error}");
    true
}

#[test]
fn replacing_a_small_file() {
    every_fault(
        "replacing_a_small_file",
        "file",
        (Some(OLD), b"new"),
        [("create", 1), ("write", 1), ("fsync", 2), ("rename", 1)],
        |path| write(path, b"new"),
    );
}

#[test]
fn writing_into_a_new_folder() {
    every_fault(
        "writing_into_a_new_folder",
        "a/b/file",
        (None, b"new"),
        [("create", 3), ("write", 1), ("fsync", 4), ("rename", 1)],
        |path| write(path, b"new"),
    );
}

/// Larger than what is gathered before it is written.
fn large() -> Vec<u8> {
    (0..5 << 19)
        .map(|byte: u32| byte.to_le_bytes()[1])
        .collect()
}

#[test]
fn replacing_a_large_file() {
    every_fault(
        "replacing_a_large_file",
        "file",
        (Some(OLD), &large()),
        [("create", 1), ("write", 3), ("fsync", 2), ("rename", 1)],
        |path| {
            let mut pending = Pending::create(path)?;
            let content = large();
            let mut pieces = content.chunks(1 << 17);
            pieces
                .try_for_each(|piece| pending.write_all(piece))
                .map_err(Error::on("write", path))?;
            pending.commit()
        },
    );
}

#[test]
fn appending_to_a_file() {
    // What was appended before stays, whatever fails; so the file may have one line, or none.
    let test = "appending_to_a_file";
    let append: Scenario = |path| {
        let mut lines = Appending::create(path)?;
        lines.append(b"one\n")?;
        lines.append(b"two\n")?;
        lines.sync()
    };
    if env::var_os(FOLDER).is_some() {
        return in_child("a/lines", append);
    }
    let mut failures = 0;
    for fault in [
        "create:1:EIO",
        "create:2:EIO",
        "write:1:ENOSPC",
        "write:2:ENOSPC",
        "write:2+:EIO",
        "write:1:SHORT",
        "write:2:EINTR",
        "fsync:3:EIO",
    ] {
        let ended = Ended::run(test, fault, "a/lines", None);
        let content = ended.content().unwrap_or_default();
        let whole: [&[u8]; 3] = [b"", b"one\n", b"one\ntwo\n"];
        assert!(whole.contains(&&content[..]), "{fault}: {content:?}");
        if let Some(error) = &ended.error {
            failures += 1;
            let folder = ended.path.parent().unwrap().display().to_string();
            assert!(error.contains(&folder), "{fault}: {error}");
        } else {
            assert_eq!(content, b"one\ntwo\n", "{fault}");
        }
    }
    assert_eq!(failures, 6);
}

#[test]
fn a_new_folder_that_cannot_be_flushed_is_not_there() {
    let test = "a_new_folder_that_cannot_be_flushed_is_not_there";
    if env::var_os(FOLDER).is_some() {
        return in_child("folder", create_new_folder);
    }
    for (fault, is_there) in [
        ("create:1:EIO", false),
        ("fsync:1:EIO", false),
        ("fsync:2:EIO", true),
    ] {
        let ended = Ended::run(test, fault, "folder", None);
        assert_eq!(ended.path.is_dir(), is_there, "{fault}");
        assert_eq!(
            ended.error.is_none(),
            is_there,
            "{fault}: {:?}",
            ended.error
        );
    }
}

#[test]
fn a_fault_that_is_none_is_named() {
    let test = "a_fault_that_is_none_is_named";
    if env::var_os(FOLDER).is_some() {
        return in_child("file", |path| write(path, b"new"));
    }
    let ended = Ended::run(test, "wrote:1:EIO", "file", None);
    let Some(error) = &ended.error else {
        panic!("a nonsensical fault was passed over");
    };
    assert!(error.contains("GRAFT_FAULT: expected"), "{error}");
}
