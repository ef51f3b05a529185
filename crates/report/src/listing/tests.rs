//! Folders of every kind in a list.

use super::*;
use crate::record::fixture::{files, write};
use crate::record::{MANIFEST, Sums};

#[test]
fn figures_are_those_of_the_predictions() {
    let runs = tempfile::tempdir().unwrap();
    let folder = runs.path().join("a");
    let mut files = files();
    write(&folder, &files);
    let facts = |state| match state {
        State::Complete(facts) => facts.validation.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(facts(state(&folder)).share.correct, 1);
    let (_, manifest) = files.iter_mut().find(|file| file.0 == MANIFEST).unwrap();
    let text = String::from_utf8(manifest.clone()).unwrap();
    let better = text.replace("\"accuracy\":0.5", "\"accuracy\":1.0");
    assert_ne!(better, text);
    *manifest = better.into_bytes();
    write(&folder, &files);
    assert_eq!(facts(state(&folder)).share.correct, 1);
}

#[test]
fn folders_that_are_no_complete_runs_say_why() {
    let runs = tempfile::tempdir().unwrap();
    for (name, sums) in [("b", Some("nonsense\n")), ("c", None)] {
        let folder = runs.path().join(name);
        fs::create_dir(&folder).unwrap();
        match sums {
            Some(text) => fs::write(folder.join("SHA256SUMS"), text).unwrap(),
            None => drop(Sums::default().write(&folder).unwrap()),
        }
    }
    let newer = runs.path().join("d");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("manifest.json"), r#"{"format":99}"#).unwrap();
    let mut sums = Sums::default();
    sums.add("manifest.json", br#"{"format":99}"#);
    sums.write(&newer).unwrap();
    fs::create_dir(runs.path().join("a")).unwrap();
    fs::create_dir(runs.path().join("c/checkpoints")).unwrap();
    fs::write(runs.path().join("c/checkpoints/latest"), "").unwrap();
    fs::write(runs.path().join("file"), "").unwrap();
    let listed = list(runs.path()).unwrap();
    let text = listing(&listed);
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[0].starts_with("a    not complete: SHA256SUMS"),
        "{text}"
    );
    let (anew, on) = ("train again", "train --resume continues it");
    assert!(lines[0].trim_end().ends_with(anew), "{text}");
    assert!(lines[2].trim_end().ends_with(on), "{text}");
    assert!(
        lines[1].starts_with("b    damaged: ") && lines[1].contains("nonsense"),
        "{text}"
    );
    assert!(
        lines[2].starts_with("c    not complete: manifest.json"),
        "{text}"
    );
    assert!(lines[3].contains("newer graft"), "{text}");
    let json = serde_json::to_value(&listed).unwrap();
    assert_eq!(json[0]["state"], "incomplete");
    assert_eq!(json[1]["state"], "damaged");
    assert_eq!(json[3]["state"], "other-format");
}

#[test]
fn a_folder_that_is_not_there_has_no_runs() {
    let runs = tempfile::tempdir().unwrap();
    assert!(list(&runs.path().join("none")).unwrap().is_empty());
}

#[test]
fn a_list_has_a_line_a_run() {
    let figures =
        Figures::from(&crate::Evaluation::new(&[0, 0], &[1.0, 0.0, 0.0, 1.0], 2).unwrap());
    let facts = |set: &[&str], validation: Option<&Figures>, test: Option<&Figures>| {
        State::Complete(Box::new(Facts {
            recipe: "seed".into(),
            set: set.iter().map(|one| (*one).to_owned()).collect(),
            backend: "cpu".into(),
            started: Timestamp::UNIX_EPOCH,
            trained_on: 60_000,
            validation: validation.cloned(),
            test: test.cloned(),
            seconds: 31.25,
        }))
    };
    let listed = |name: &str, state| Listed {
        name: name.into(),
        folder: name.into(),
        state,
    };
    let text = listing(&[
        listed("a", facts(&["x=1", "y=2"], Some(&figures), None)),
        listed("long name", facts(&[], None, Some(&figures))),
        listed(
            "c",
            State::Damaged {
                reason: "a & b".into(),
            },
        ),
    ]);
    let expected = "\
run        recipe  set      backend  trained on  validation accuracy      test accuracy            seconds
a          seed    x=1 y=2  cpu      60000       50.00 % (9.45 to 90.55)  not evaluated            31.2
long name  seed             cpu      60000       none held out            50.00 % (9.45 to 90.55)  31.2
c          damaged: a & b";
    assert_eq!(text, expected);
}
