//! Labs on a few real digits: what they record, how they share the cache, and what they refuse.

use std::fs;

use graft_report::Language;
use graft_report::lab::{Input, Lab, NAMES, Outcome};

use crate::features::finished_shards;
use crate::harness::{FOR_TRAIN, Home, SMALL, TEST_IMAGES, TEST_LABELS};

fn home() -> Home {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    home
}

/// Where labs on other data than their own are kept, apart from those that reports cite.
const OTHER: &str = "labs/other";

fn read(home: &Home, name: &str) -> Lab {
    let lab = Lab::read(&home.root().join(OTHER), name).unwrap();
    lab.unwrap_or_else(|| panic!("{name} left nothing"))
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn all_five_measure_and_remember() {
    let home = home();
    let ran = home.graft(&[&["lab", "--json"], &SMALL[..]].concat());
    ran.succeeds();
    assert_eq!(ran.out.lines().count(), NAMES.len());
    for name in NAMES {
        let lab = read(&home, name);
        let line = ran
            .out
            .lines()
            .find(|line| line.contains(&format!("\"lab\":\"{name}\"")));
        let printed: Lab = serde_json::from_str(line.unwrap()).unwrap();
        assert_eq!(printed, lab);
        assert_eq!((lab.train_images, lab.test_images), (256, 256), "{name}");
        let command = "--set data.limit=256 --set data.validation=32";
        assert_eq!(lab.command(), format!("cargo xtask lab {name} {command}"));
        let picture = fs::read_to_string(home.root().join(format!("{OTHER}/{name}.svg"))).unwrap();
        assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        for language in Language::ALL {
            assert!(
                lab.finding(language).contains("256"),
                "{}",
                lab.finding(language)
            );
            assert!(!lab.charts(language)[0].series[0].points.is_empty());
        }
        for row in lab.rows(Language::En) {
            let accuracy = row.accuracy;
            assert!(accuracy.low <= accuracy.mean && accuracy.mean <= accuracy.high);
            assert!(row.tested_on == 256 && row.loss.is_finite(), "{row:?}");
        }
    }
    check_small_data(&read(&home, "small-data"));
    let Outcome::Boundary(boundary) = read(&home, "boundary").outcome else {
        panic!("another lab's outcome");
    };
    let values: Vec<usize> = boundary
        .chosen
        .iter()
        .map(|chosen| boundary.cells[chosen.cell].setting.values)
        .collect();
    assert_eq!(values, [16_384, 8192, 4096, 2048, 512]);

    // Features come from the cache and numbers come out the same.
    let again = home.graft(&[&["lab", "boundary"], &SMALL[..]].concat());
    again.succeeds();
    for said in ["features after block 5", "with the same images cite it"] {
        assert!(again.out.contains(said), "{}", again.out);
    }
    assert!(!home.root().join("labs/boundary.json").exists());
    let second = read(&home, "boundary");
    assert_eq!(second.outcome, Outcome::Boundary(boundary));
    assert!(second.passes.iter().all(|pass| pass.cached.name() == "hit"));
    // The one pass left entries that `train` takes for its own.
    let block3 = [
        "--set",
        "backbone.boundary=block3",
        "--set",
        "backbone.dtype=f16",
    ];
    assert_eq!(home.train(&block3).json()["cache"], "hit");
    assert_eq!(home.train(&[]).json()["cache"], "hit");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_lab_that_was_killed_goes_on_with_the_features_that_it_had() {
    let home = home();
    // Features after block 1 are 32 KiB an image, a shard 512 of them; other blocks have none yet.
    let lab = ["lab", "boundary", "--set", "data.limit=600"];
    let lab = [&lab[..], &["--set", "data.validation=32"]].concat();
    // Weights are imported first, by renames of their own; what is left of those is deleted, too.
    for place in 1.. {
        let mut command = home.command(&lab);
        command.env("GRAFT_FAULT", format!("rename:{place}:KILL"));
        assert!(!command.output().unwrap().status.success());
        if !finished_shards(&home).is_empty() {
            break;
        }
    }
    home.graft(&lab).succeeds();
    assert!(finished_shards(&home).is_empty());
    let gone_on = read(&home, "boundary").outcome;
    home.graft(&["cache", "clear"]).succeeds();
    home.graft(&lab).succeeds();
    assert_eq!(read(&home, "boundary").outcome, gone_on);
}

/// Real features beat pixels, and everything beats guessing.
fn check_small_data(lab: &Lab) {
    let Outcome::SmallData(small_data) = &lab.outcome else {
        panic!("another lab's outcome");
    };
    let cell = |input, per_class| {
        let mut cells = small_data.cells.iter();
        cells
            .find(|cell| cell.setting.input == input && cell.setting.per_class == per_class)
            .unwrap()
    };
    for input in Input::ALL {
        assert!(cell(input, 10).accuracy.mean > 0.4, "{input:?}");
        assert!(cell(input, 10).training.steps >= 1000);
        assert_eq!(cell(input, 10).trained_on, 100);
        assert_eq!(cell(input, 1).measured.len(), 10);
    }
    let passed: usize = lab.passes.iter().map(|pass| pass.images).sum();
    assert_eq!(passed, 4 * 256);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn labs_refuse_what_they_cannot_use() {
    let home = home();
    let lab = |more: &[&str]| home.graft(&[&["lab"], more].concat());
    lab(&["boundery"]).refuses(2, &["boundery", "boundary"]);
    lab(&["boundary", "--set", "training.epochs=3"]).refuses(1, &["data.* and training.seed"]);
    lab(&[
        "validation",
        "--set",
        "data.limit=64",
        "--set",
        "data.validation=0",
    ])
    .refuses(1, &["data.validation", "held-out"]);
    assert!(!home.root().join("labs/validation.json").exists());
    assert!(!home.root().join(OTHER).join("validation.json").exists());
    fs::remove_file(home.model(TEST_IMAGES)).unwrap();
    lab(&["boundary"]).refuses(1, &[TEST_IMAGES, "fetch"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_report_cites_labs_on_its_own_images_only() {
    let home = home();
    let lab = home.graft(&[&["lab", "learning-rate"], &SMALL[..]].concat());
    lab.succeeds();
    let finding = read(&home, "learning-rate").finding(Language::En);
    // Brackets hold p, whose sign Markdown writes in its own way.
    let finding = finding.split('(').next().unwrap();
    let report = |more: &[&str]| {
        let run = home.train(more).json()["run"].as_str().unwrap().to_owned();
        home.graft(&["eval", &run]).succeeds();
        let said = home.graft(&["report", &run, "--format", "md"]);
        said.succeeds();
        let text = fs::read_to_string(format!("{run}/report.md")).unwrap();
        (text, said.out)
    };
    let (own, said) = report(&[]);
    assert!(own.contains(finding), "{own}");
    assert!(said.contains("4 of its lessons"), "{said}");
    let (other, said) = report(&["--set", "data.limit=300"]);
    let named = "`labs/other/learning-rate.json` was measured on other images";
    assert!(!other.contains(finding) && other.contains(named), "{other}");
    assert!(said.contains("5 of its lessons"), "{said}");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_damaged_result_is_replaced_by_running_again() {
    let home = home();
    let run = || home.graft(&[&["lab", "learning-rate"], &SMALL[..]].concat());
    run().succeeds();
    let path = home.root().join(OTHER).join("learning-rate.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("256", "257", 1)).unwrap();
    let error = Lab::read(path.parent().unwrap(), "learning-rate").unwrap_err();
    assert!(error.to_string().contains("run this lab again"), "{error}");
    run().succeeds();
    assert_eq!(read(&home, "learning-rate").train_images, 256);
}
