//! A complete record with damage of every kind: no flipped bit and no truncation goes unnoticed, and
//! files that were made up, hashes and all, are read or refused within the limits.

use std::fs;

use graft_fuzz::{Damage, Limits, MIB, MUTATIONS, Target, Verdict, place};

use super::fixture::{files, record, write};
use super::*;
use crate::compare::Comparison;
use crate::{Language, page};

#[test]
fn every_damage_is_found() {
    let folder = record();
    let names = files().into_iter().map(|(name, _)| name).chain([SUMS]);
    for name in names {
        let path = folder.path().join(name);
        let good = fs::read(&path).unwrap();
        for damage in Damage::sample(good.len()) {
            place(&path, &damage.of(&good));
            let read = Record::read(folder.path());
            assert!(read.is_err(), "{name}: {damage:?} went unnoticed");
        }
        place(&path, &good);
    }
    Record::read(folder.path()).unwrap();
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let folder = record();
    let path = folder.path().join(SUMS);
    let good = fs::read_to_string(&path).unwrap();
    for name in ["/dev/zero", "../x", "predictions/../../x", ""] {
        let changed = good.replace(EVALUATION, name);
        assert_ne!(changed, good);
        place(&path, changed.as_bytes());
        let error = Record::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("SHA256SUMS: expected 64 hex"), "{error}");
    }
}

/// Whatever a report would take from a record.
fn use_up(record: &Record) {
    let tests = record.test.iter().map(|test| &test.predictions);
    for predictions in tests.chain([&record.train]).chain(&record.validation) {
        let _ = predictions.evaluate();
        let _ = predictions.mistakes();
    }
    let options = page::Options::default();
    for language in Language::ALL {
        let html = page::html(record, &[], language, &options).unwrap();
        assert!(!html.contains("<script"), "a script got into the page");
        let _ = page::markdown(record, &[], language, &options);
    }
    let _ = Comparison::new(&[record.clone(), record.clone()]);
}

#[test]
fn records_that_were_made_up_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = files();
    // The file's number, then its content.
    let numbered = (0_u8..).zip(&files);
    let corpus: Vec<_> = numbered
        .map(|(number, (_, content))| [&[number], &content[..]].concat())
        .collect();
    let target = Target {
        name: "record",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "record::damage::records_that_were_made_up_are_read_or_refused",
        limits: Limits::declaring(0),
        corpus: &corpus,
        mutations: MUTATIONS,
        words: &[
            b"\"",
            b"{",
            b"[",
            b"null",
            b"\n",
            b",",
            b"1e999",
            b"\"epoch\"",
            b"AAAA",
            b"<script>",
        ],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        let Some((number, content)) = bytes.split_first() else {
            return Verdict::Refused;
        };
        let mut changed = files.clone();
        let index = usize::from(*number) % changed.len();
        changed[index].1 = content.to_vec();
        write(folder.path(), &changed);
        match Record::read(folder.path()) {
            Ok(record) => {
                use_up(&record);
                Verdict::Accepted
            }
            Err(error) => {
                let message = error.to_string();
                assert!(
                    message.contains(&*folder.path().to_string_lossy()),
                    "{message}"
                );
                assert!(message.len() < MIB / 64, "{message}");
                Verdict::Refused
            }
        }
    });
}
