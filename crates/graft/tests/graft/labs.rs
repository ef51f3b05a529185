//! Labs on a few real digits: what they record, how they share the cache, and what they refuse.

use std::fs;

use graft_report::Language;
use graft_report::sweep::{BUNDLED, Results};

use crate::features::finished_shards;
use crate::harness::{FOR_TRAIN, Home, SMALL, TEST_IMAGES, TEST_LABELS};

fn home() -> Home {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    home
}

/// Where labs on other data than their own are kept, apart from those that reports cite.
const OTHER: &str = "labs/other";

fn read(home: &Home, name: &str) -> Results {
    let results = Results::read(&home.root().join(OTHER), name).unwrap();
    let (results, _) = results.unwrap_or_else(|| panic!("{name} left nothing"));
    results
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn all_five_measure_and_remember() {
    let home = home();
    let ran = home.graft(&[&["lab", "--json"], &SMALL[..]].concat());
    ran.succeeds();
    assert_eq!(ran.out.lines().count(), BUNDLED.len());
    for (line, (name, _)) in ran.out.lines().zip(BUNDLED) {
        let results = read(&home, name);
        let printed: Results = serde_json::from_str(line).unwrap();
        assert_eq!(printed, results);
        let test = results.test.as_ref().unwrap();
        assert_eq!((results.train.count, test.count), (256, 256), "{name}");
        let command = "--set data.limit=256 --set data.validation=32";
        assert_eq!(
            results.command(),
            format!("cargo xtask lab {name} {command}")
        );
        let picture = fs::read_to_string(home.root().join(format!("{OTHER}/{name}.svg"))).unwrap();
        assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        for language in Language::ALL {
            let finding = results.finding(language);
            assert!(
                finding.contains("256") && !finding.contains('{'),
                "{finding}"
            );
            assert!(!results.chart(language).series[0].points.is_empty());
        }
        for cell in &results.outcome.cells {
            let accuracy = cell.accuracy;
            assert!(accuracy.low <= accuracy.mean && accuracy.mean <= accuracy.high);
            assert!(
                cell.measured_on == 256 && cell.loss().is_finite(),
                "{cell:?}"
            );
        }
    }
    check_small_data(&read(&home, "small-data"));
    let boundary = read(&home, "boundary").outcome;
    let values: Vec<usize> = boundary.cells.iter().map(|cell| cell.values).collect();
    assert_eq!(values[..4], [16_384; 4]);
    let blocks: Vec<usize> = values.into_iter().step_by(4).collect();
    assert_eq!(blocks, [16_384, 8192, 4096, 2048, 512]);

    // Features come from the cache and numbers come out the same.
    let again = home.graft(&[&["lab", "boundary"], &SMALL[..]].concat());
    again.succeeds();
    for said in ["features after block 5", "with the same images cite it"] {
        assert!(again.out.contains(said), "{}", again.out);
    }
    assert!(!home.root().join("labs/boundary.json").exists());
    let second = read(&home, "boundary");
    assert_eq!(second.outcome, boundary);
    assert!(second.passes.iter().all(|pass| pass.cached.name() == "hit"));
    // They are entries that `train` takes for its own.
    let third = [
        "--set",
        "backbone.boundary=block3",
        "--set",
        "backbone.dtype=f16",
    ];
    assert_eq!(home.train(&third).json()["cache"], "hit");
    assert_eq!(home.train(&[]).json()["cache"], "hit");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_sweep_of_one_s_own_is_measured_without_the_test_images_and_reported() {
    let home = Home::with(&FOR_TRAIN);
    let guide = include_str!("../../../../docs/labs.md");
    let (_, sweep) = guide.split_once("```toml\n").unwrap();
    let (sweep, _) = sweep.split_once("```").unwrap();
    let labs = home.root().join("recipes/labs");
    fs::create_dir_all(&labs).unwrap();
    fs::write(labs.join("dtype.toml"), sweep).unwrap();
    home.graft(&[&["lab", "dtype"], &SMALL[..]].concat())
        .succeeds();
    let results = read(&home, "dtype");
    assert_eq!(
        (results.test.as_ref(), results.outcome.cells.len()),
        (None, 6)
    );
    for cell in &results.outcome.cells {
        let (validation, measured) = (cell.validation().unwrap(), cell.accuracy);
        assert!((validation.accuracy - measured.mean).abs() < 1e-12);
        assert_eq!((cell.measured_on, cell.trainings.len()), (32, 5));
    }
    // The first training is the one that `train` does with this recipe.
    let trained = home.train(&["--set", "backbone.dtype=f16"]).json();
    let half = &results.outcome.cells[results.outcome.picks["half"]];
    let loss = half.trainings[0].scores.loss;
    assert!(
        (trained["validation"]["loss"].as_f64().unwrap() - loss).abs() < 1e-12,
        "{trained}"
    );
    let finding = results.finding(Language::En);
    assert!(
        finding.starts_with("With 16 bits the accuracy is "),
        "{finding}"
    );
    let run = trained["run"].as_str().unwrap();
    home.graft(&["report", run, "--format", "md"]).succeeds();
    let report = fs::read_to_string(format!("{run}/report.md")).unwrap();
    for part in [
        "Does it cost accuracy",
        "With 16 bits the accuracy is ",
        "cargo xtask lab dtype",
    ] {
        assert!(report.contains(part), "{part} is missing in {report}");
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_lab_that_was_killed_uses_the_features_that_it_had() {
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
fn check_small_data(results: &Results) {
    let cell = |features: usize, images: usize| {
        let mut cells = results.outcome.cells.iter();
        cells.find(|cell| cell.at == [features, images]).unwrap()
    };
    // 1, 2, 5 and 10 images of each class; there are too few for 50.
    assert_eq!(results.outcome.cells.len(), 12);
    for features in 0..3 {
        let ten = cell(features, 3);
        assert!(ten.accuracy.mean > 0.4, "{features}");
        // 4 batches an epoch.
        assert!(ten.training.epochs == 75);
        assert_eq!(ten.trained_on, 100);
        assert_eq!(cell(features, 0).trainings.len(), 20);
    }
    assert_eq!(results.passed_images(), 4 * 256);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn labs_refuse_what_they_cannot_use() {
    let home = home();
    let lab = |more: &[&str]| home.graft(&[&["lab"], more].concat());
    lab(&["boundery"]).refuses(1, &["boundery", "boundary"]);
    lab(&["boundary", "--set", "training.epochs=3"]).refuses(1, &["data.* and training.seed"]);
    lab(&[
        "validation",
        "--set",
        "data.limit=64",
        "--set",
        "data.validation=0",
    ])
    .refuses(1, &["data.validation", "validation images"]);
    // 5,000 are held out by default; nothing is computed before that is told.
    lab(&["boundary", "--set", "data.limit=64"]).refuses(1, &["data.validation", "64"]);
    assert!(home.cached().is_empty());
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
    let error = Results::read(path.parent().unwrap(), "learning-rate").unwrap_err();
    assert!(error.to_string().contains("run this lab again"), "{error}");
    run().succeeds();
    assert_eq!(read(&home, "learning-rate").train.count, 256);
}
