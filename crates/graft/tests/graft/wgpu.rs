//! The whole job on `SwiftShader`, a Vulkan device in software, compared with the CPU. Run by
//! `scripts/swiftshader.sh`, which makes it the only device, with the path of a `graft` that was built
//! for the CPU in `GRAFT_CPU`.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use serde_json::Value;

use crate::features::{all, difference};
use crate::harness::{FOR_TRAIN, Home, SMALL, TEST_IMAGES, TEST_LABELS};
use crate::memory::with_less_memory;

const WGPU: [&str; 3] = ["--backend", "wgpu", "--allow-software"];

/// How far losses may be apart: features differ by a hundred-thousandth of the largest.
const LOSS: f64 = 1e-3;

#[test]
#[ignore = "needs SwiftShader; run by scripts/swiftshader.sh"]
fn refusals_are_said_at_once() {
    let home = Home::new();
    let train = |more: &[&str]| home.graft(&[&["train", "--backend", "wgpu"], more].concat());
    train(&[]).refuses(1, &["SwiftShader", "--allow-software"]);
    train(&["--allow-software", "--device", "7"])
        .refuses(1, &["expected --device", "0: SwiftShader", "found 7"]);
    train(&["--engine", "winograd"]).refuses(1, &["wgpu", "--engine burn"]);
    home.graft(&["train", "--backend", "cuda"])
        .refuses(1, &["without the cuda backend"]);
    let nothing = [
        ("VK_ICD_FILENAMES", "/no/driver.json"),
        ("VK_DRIVER_FILES", "/no/driver.json"),
        ("__EGL_VENDOR_LIBRARY_FILENAMES", "/no/vendor.json"),
    ];
    home.graft_with(&["train", "--backend", "wgpu"], &nothing)
        .refuses(1, &["no device for the wgpu backend", "vulkaninfo"]);
    assert!(home.runs().is_empty() && home.cached().is_empty());
    let doctor = ["doctor", "--device", "--backend", "wgpu"];
    for outcome in [home.graft(&doctor), home.graft_with(&doctor, &nothing)] {
        outcome.refuses(1, &["no device of the wgpu backend can be used"]);
    }
}

#[test]
#[ignore = "needs SwiftShader and the fetched assets; run by scripts/swiftshader.sh"]
fn trains_and_evaluates_as_the_cpu_does() {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    let cpu = PathBuf::from(env::var_os("GRAFT_CPU").expect("the path of a graft for the CPU"));
    let cpu = |arguments: &[&str]| home.other(&cpu, arguments).json();
    let train = [&["train", "--json"], &SMALL[..]].concat();
    let on_cpu = cpu(&train);
    let gpu = home.train(&WGPU).json();
    // Features of one are never taken for the other's, and both are kept.
    assert_eq!(
        (&on_cpu["cache"], &gpu["cache"]),
        (&"miss".into(), &"miss".into())
    );
    assert_eq!(cpu(&train)["cache"], "hit");
    assert_eq!(home.train(&WGPU).json()["cache"], "hit");
    assert_eq!(on_cpu["backbone"], gpu["backbone"]);
    for split in ["train", "validation"] {
        same(&on_cpu[split], &gpu[split]);
    }

    let folder = |run: &Value| run["run"].as_str().unwrap().to_owned();
    let on_cpu = cpu(&["eval", &folder(&on_cpu), "--json"]);
    let run = folder(&gpu);
    let eval = [&["eval", &run, "--json"], &WGPU[..]].concat();
    let gpu = home.graft(&eval).json();
    same(&on_cpu, &gpu);
    assert_eq!(on_cpu["confusion"], gpu["confusion"]);

    let difference = largest_difference(&home);
    eprintln!("the largest difference of features is {difference:.2e} of the largest feature");
    assert!(difference < 1e-4, "{difference}");

    let devices = home
        .graft(&["doctor", "--device", "--json", "--allow-software"])
        .json();
    let found = |backend: &str| {
        let mut all = devices.as_array().unwrap().iter();
        all.find(|device| device["backend"] == backend)
            .unwrap()
            .clone()
    };
    assert_eq!(found("wgpu")["usable"], true, "{devices}");
    assert!(
        found("wgpu")["check"]
            .as_str()
            .unwrap()
            .starts_with("passed"),
        "{devices}"
    );
    assert_eq!(found("wgpu")["adapter"]["kind"], "software");
    let sixteen = [&SMALL[..], &WGPU, &["--set", "backbone.precision=bf16"]].concat();
    let refused = home.graft(&[&["train"], &sixteen[..]].concat());
    refused.refuses(1, &["does not compute in bf16", "backbone.precision"]);
    assert!(!refused.err.contains("importing"), "{}", refused.err);
}

#[test]
#[ignore = "needs SwiftShader and the fetched assets; run by scripts/swiftshader.sh"]
fn a_full_device_gets_smaller_batches() {
    let home = Home::with(&FOR_TRAIN);
    let found = with_less_memory(&home, &WGPU);
    eprintln!(
        "the largest difference of features in smaller batches is {found:.2e} of the largest feature"
    );
    assert!(found < 1e-4, "{found}");
    // What the runtime itself refuses: a map of more than a gibibyte.
    let sizes = ["--sizes", "224", "--batches", "128"];
    let short = ["--no-blocks", "--no-train", "--seconds", "0"];
    let bench = [&["bench"], &WGPU[..], &sizes, &short].concat();
    home.graft(&bench).refuses(
        1,
        &[
            "too little memory even for the smallest batch: can't allocate",
            "--batches",
        ],
    );
}

/// Expects the same accuracy, and the same loss but for rounding.
#[track_caller]
fn same(on_cpu: &Value, gpu: &Value) {
    let loss = |scores: &Value| scores["loss"].as_f64().unwrap();
    eprintln!(
        "CPU {:.6}, GPU {:.6}, accuracy {}",
        loss(on_cpu),
        loss(gpu),
        gpu["accuracy"]
    );
    assert_eq!(on_cpu["accuracy"], gpu["accuracy"]);
    assert!((loss(on_cpu) - loss(gpu)).abs() < LOSS, "{on_cpu} {gpu}");
}

/// The largest difference between the features of the two backends, in shares of the largest
/// feature, over all images that both have seen.
fn largest_difference(home: &Home) -> f64 {
    let mut by_images: BTreeMap<String, Vec<Vec<f32>>> = BTreeMap::new();
    for (images, features) in all(home) {
        by_images.entry(images).or_default().push(features);
    }
    assert_eq!(by_images.len(), 2, "training and test images");
    let differences = by_images.values().map(|entries| {
        let [first, second] = &entries[..] else {
            panic!("{} entries", entries.len())
        };
        difference(first, second)
    });
    differences.fold(0.0, f64::max)
}
