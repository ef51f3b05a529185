//! Parsers with faults: each becomes a finding, with its file kept.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use graft_fuzz::{Limits, MIB, Target, Verdict};

/// Runs `parse`, which fails at files with a `!`, and returns what is said and the kept files.
fn findings(test: &str, parse: fn(&[u8])) -> (String, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let corpus = [b"a valid file".to_vec()];
    let target = Target {
        name: "faulty",
        manifest: folder.path().to_str().unwrap(),
        test,
        limits: Limits {
            time: Duration::from_millis(300),
            memory: MIB,
        },
        corpus: &corpus,
        mutated: true,
        words: &[b"!"],
        numbers: &[],
        own: None,
    };
    let run = AssertUnwindSafe(|| {
        target.run(|bytes| {
            if bytes.contains(&b'!') {
                parse(bytes);
            }
            Verdict::Accepted
        });
    });
    let said = catch_unwind(run).err().unwrap();
    let kept = fs::read_dir(folder.path().join("tests/regression/faulty")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    for path in &kept {
        assert!(fs::read(path).unwrap().contains(&b'!'));
    }
    (said.downcast_ref::<String>().unwrap().clone(), kept)
}

#[track_caller]
fn check(test: &str, kind: &str, message: &str, parse: fn(&[u8])) {
    let (said, kept) = findings(test, parse);
    assert!(said.contains(&format!("{kind} by input ")), "{said}");
    assert!(said.contains("of seed "), "{said}");
    assert!(said.contains(message), "{said}");
    let [path] = &kept[..] else {
        panic!("{kept:?}");
    };
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&format!("{kind}-")), "{name}");
}

#[test]
fn a_panic_is_found() {
    check("a_panic_is_found", "crash", "at the mark", |_| {
        panic!("at the mark");
    });
}

#[test]
fn an_abort_is_found() {
    check("an_abort_is_found", "crash", "signal", |_| {
        std::process::abort();
    });
}

#[test]
fn a_hang_is_found() {
    check("a_hang_is_found", "hang", "more than 300ms", |_| {
        thread::sleep(Duration::from_secs(20));
    });
}

#[test]
fn a_large_allocation_is_found() {
    check("a_large_allocation_is_found", "oom", "bytes", |bytes| {
        drop(vec![bytes.len(); MIB]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_immense_allocation_is_refused_by_the_system() {
    check(
        "an_immense_allocation_is_refused_by_the_system",
        "crash",
        "memory allocation of",
        |bytes| drop(vec![bytes.len(); 100 * MIB]),
    );
}
