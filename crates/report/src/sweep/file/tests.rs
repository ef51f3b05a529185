//! A result's file comes back as it was written, or not at all.

use super::*;
use crate::sweep::fixture::results;

#[test]
fn comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let labs = folder.path();
    assert!(Results::read(labs, "learning-rate").unwrap().is_none());
    let path = results().write(labs).unwrap();
    assert_eq!(path, labs.join("learning-rate.json"));
    let hash = sha256(&fs::read(&path).unwrap());
    let read = Results::read(labs, "learning-rate").unwrap();
    assert_eq!(read, Some((results(), hash)));
    // It is JSON, for whoever wants to look.
    let text = fs::read_to_string(&path).unwrap();
    let value: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(value["sweep"]["axis"][0]["values"][3], 512);
    assert_eq!(value["passes"][0]["images"], 60_000);
}

#[test]
fn what_an_older_graft_measured_counts_as_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = results().write(folder.path()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let older = text.replacen("\"format\":2", "\"format\":1", 1);
    fs::write(&path, older).unwrap();
    assert_eq!(Results::read(folder.path(), "learning-rate").unwrap(), None);
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = results().write(folder.path()).unwrap();
    let good = fs::read(&path).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let error = Results::read(folder.path(), "learning-rate").expect_err(what);
        let error = error.to_string();
        assert!(error.contains("learning-rate.json"), "{what}: {error}");
        assert!(error.contains("expected"), "{what}: {error}");
    };
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        refused(&bad, &format!("bit at {place}"));
    }
    for length in (0..good.len()).step_by(7) {
        refused(&good[..length], &format!("{length} bytes"));
    }
}

#[test]
fn another_lab_and_a_newer_version_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let labs = folder.path();
    let path = results().write(labs).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let refusal = |name: &str, text: &str| {
        fs::write(labs.join(format!("{name}.json")), text).unwrap();
        Results::read(labs, name).unwrap_err().to_string()
    };
    let error = refusal("boundary", &text);
    assert!(error.contains("that of the lab learning-rate"), "{error}");
    let newer = text.replacen("\"format\":2", "\"format\":3", 1);
    let error = refusal("learning-rate", &newer);
    assert!(error.contains("newer graft wrote; update graft"), "{error}");
    let edited = text.replacen("10000", "10001", 1);
    let error = refusal("learning-rate", &edited);
    assert!(error.contains("expected sha256"), "{error}");
    assert!(error.contains("run this lab again"), "{error}");
}

#[test]
fn the_command_repeats_it() {
    assert_eq!(
        results().command(),
        "cargo xtask lab learning-rate --set data.limit=600"
    );
    assert_eq!(results().passed_images(), 60_000);
}
