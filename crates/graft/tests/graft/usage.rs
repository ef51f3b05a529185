//! What a user can get wrong without any file being wrong.

use crate::harness::{FOR_TRAIN, Home, TRAIN_LABELS};

#[test]
fn wrong_usage_ends_in_2() {
    let home = Home::new();
    for arguments in [
        &["train", "--recip", "seed"][..],
        &["fly"],
        &["predict"],
        &["train", "--backend", "tpu"],
        &["export", "--format", "gguf"],
        &["export", "--runtime", "openvino"],
    ] {
        home.graft(arguments)
            .refuses(2, &["For more information, try '--help'"]);
    }
}

#[test]
fn benchmarks_that_make_no_sense_end_in_2() {
    let home = Home::new();
    for option in [
        "--sizes=0",
        "--sizes=16",
        "--batches=0",
        "--batches=99999999999",
        "--seconds=nan",
        "--seconds=-1",
        "--seconds=inf",
    ] {
        home.graft(&["bench", option])
            .refuses(2, &["expected a number from"]);
    }
}

#[test]
fn recipes_and_overrides_that_do_not_exist() {
    let home = Home::new();
    let train = |set: &str| home.graft(&["train", "--set", set]);
    train("training.learning_rat=1")
        .refuses(1, &["unknown key", "did you mean `training.learning_rate`"]);
    train("backbone.boundary=block6").refuses(1, &["block6", "block5", "backbone"]);
    train("training.epochs=0").refuses(1, &["training.epochs", "at least 1", "0"]);
    train("training.adam.beta_1=0.99999999999").refuses(1, &["beta_1", "0.99999999999"]);
    train("data.source=/no/such/folder").refuses(1, &["/no/such/folder"]);
    home.graft(&["train", "--recipe", "sead"])
        .refuses(1, &["sead", "seed"]);
    home.graft(&["train", "--recipe", "no/such.toml"])
        .refuses(1, &["no/such.toml"]);
    assert!(home.runs().is_empty() && home.cached().is_empty());
}

#[test]
fn a_recipe_whose_name_no_folder_can_have_is_refused_before_work_begins() {
    let home = Home::new();
    let name = format!("{}.toml", "n".repeat(240));
    std::fs::write(home.root().join(&name), "").unwrap();
    home.graft(&["train", "--recipe", &name])
        .refuses(1, &["240 bytes", "rename"]);
    assert!(home.runs().is_empty() && home.cached().is_empty());
}

#[test]
fn threads_are_limited_to_a_small_multiple_of_the_cores() {
    let home = Home::new();
    let told = home.graft_with(&["doctor"], &[("RAYON_NUM_THREADS", "4000")]);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(told.err.contains("RAYON_NUM_THREADS=4000"), "{}", told.err);
    let expected = format!("; {} threads", 4 * cores);
    assert!(told.out.contains(&expected), "{}", told.out);
    let plain = home.graft_with(&["doctor"], &[("RAYON_NUM_THREADS", "1")]);
    assert!(plain.out.contains("; 1 threads"), "{}", plain.out);
    assert!(!plain.err.contains("RAYON_NUM_THREADS"), "{}", plain.err);
}

#[test]
fn runs_that_do_not_exist() {
    let home = Home::new();
    home.graft(&["eval"])
        .refuses(1, &["no complete run", "train"]);
    home.graft(&["eval", "2020-01-01T00-00-00-seed"])
        .refuses(1, &["2020-01-01T00-00-00-seed", "runs"]);
    home.graft(&["predict", "digit.png"])
        .refuses(1, &["no complete run", "train"]);
}

#[test]
fn missing_files_are_named_offline() {
    let home = Home::new();
    home.graft(&["train"]).refuses(
        1,
        &[
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "fetch",
        ],
    );
    home.graft(&["fetch"])
        .refuses(1, &["t10k-images-idx3-ubyte", "vgg16.onnx"]);
    assert!(home.runs().is_empty() && home.cached().is_empty());
}

#[test]
fn help_and_version() {
    let home = Home::new();
    for (arguments, expected) in [
        (&["--help"][..], "Start with `graft train`"),
        (&["train", "--help"], "--set <KEY=VALUE>"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
    ] {
        let outcome = home.graft(arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        assert!(outcome.out.contains(expected), "{}", outcome.out);
    }
}

#[test]
fn an_empty_cache_can_be_listed_and_cleared() {
    let home = Home::new();
    for verb in ["list", "clear"] {
        let outcome = home.graft(&["cache", verb]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        assert!(outcome.out.contains("0 entries"), "{}", outcome.out);
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn the_doctor_names_what_is_wrong_and_what_to_do() {
    let home = Home::with(&FOR_TRAIN);
    home.train(&[]).succeeds();
    let doctor = |more: &[&str]| home.graft(&[&["doctor"], more].concat());
    doctor(&[]).succeeds();
    let findings = doctor(&["--json"]).json();
    let found = |what: &str| {
        let mut all = findings.as_array().unwrap().iter();
        all.find(|finding| finding["what"] == what).unwrap()["found"].clone()
    };
    assert_eq!(found("cache").as_str().unwrap()[..9], *"1 entries");
    assert_eq!(found("runs"), "1 runs, 1 of them complete");

    std::fs::write(home.cached()[0].join("entry.json"), "damaged").unwrap();
    std::fs::write(home.model(TRAIN_LABELS), "damaged").unwrap();
    std::fs::write(home.model("vgg16/block2.safetensors"), "damaged").unwrap();
    std::fs::write(home.runs()[0].join("recipe.toml"), "damaged").unwrap();
    let unwell = doctor(&[]);
    unwell.refuses(1, &["4 problems found"]);
    for part in [
        "train-labels-idx1-ubyte: expected sha256",
        "block2.safetensors",
        "cache clear",
        "recipe.toml: expected sha256",
    ] {
        assert!(unwell.out.contains(part), "{part}: {}", unwell.out);
    }
    // Weights that are damaged are imported again.
    let device = ["--device", "--backend", "cpu"];
    doctor(&device).succeeds();
    std::fs::remove_file(home.model("vgg16.onnx")).unwrap();
    std::fs::write(home.model("vgg16/block2.safetensors"), "damaged").unwrap();
    let unusable = doctor(&device);
    unusable.refuses(1, &["no device of the cpu backend can be used"]);
    assert!(unusable.out.contains("vgg16.onnx"), "{}", unusable.out);
}
