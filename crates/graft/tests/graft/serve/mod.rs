//! `graft serve`: the page and the API with a real run, who may ask, and what is refused.

mod access;
mod client;
mod limits;

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{FOR_TRAIN, Home, TRAIN_IMAGES, TRAIN_LABELS, files};
use client::{Server, form};

/// A picture of the crate that reads them.
fn picture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dataset/tests");
    fs::read(folder.join(name)).unwrap()
}

/// A home with a small run.
fn trained() -> Home {
    let home = Home::with(&FOR_TRAIN);
    home.train(&[]).json();
    home
}

/// A prediction without the time that it took.
fn untimed(mut prediction: Value) -> Value {
    let time = prediction.as_object_mut().unwrap().remove("milliseconds");
    let time = time.and_then(|time| time.as_f64()).unwrap();
    assert!(time > 0.0 && time < 60_000.0, "{time}");
    prediction
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_picture_gets_the_bits_that_predict_gives_it_alone_and_among_others() {
    let home = trained();
    let three = picture("cases/three.png");
    fs::write(home.root().join("three.png"), &three).unwrap();
    let mut expected = home.graft(&["predict", "--json", "three.png"]).json();
    expected.as_object_mut().unwrap().remove("image");

    let server = Server::start(&home, &[]);
    assert_eq!(untimed(server.predict(&three).json()), expected);
    let (kind, body) = form(&[
        ("a.png", &three),
        ("blank.png", &picture("cases/blank.png")),
        ("notes.txt", b"no picture"),
        ("b.png", &three),
    ]);
    let answer = server.ask("POST /predict", &[&kind], &body);
    assert_eq!(answer.status, 200);
    let told = answer.json()["predictions"].as_array().unwrap().clone();
    let named = |index: usize| (&told[index]["file"], &told[index]["status"]);
    assert_eq!(named(1), (&json!("blank.png"), &json!(422)));
    assert_eq!(told[1]["reason"], "no-ink");
    assert_eq!(named(2), (&json!("notes.txt"), &json!(422)));
    assert_eq!(told[2]["reason"], "format");
    for (index, name) in [(0, "a.png"), (3, "b.png")] {
        assert_eq!(named(index), (&json!(name), &json!(200)));
        let mut one = told[index].clone();
        one.as_object_mut()
            .unwrap()
            .retain(|key, _| key != "file" && key != "status");
        assert_eq!(untimed(one), expected);
    }
    thread::scope(|scope| {
        let asked: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| untimed(server.predict(&three).json())))
            .collect();
        for answer in asked {
            assert_eq!(answer.join().unwrap(), expected);
        }
    });
    let blank = server.predict(&picture("cases/blank.png"));
    blank.refuses(422, "no-ink", "no ink found");
    let metrics = server.get("/metrics");
    for line in [
        "graft_pictures_total 27",
        "graft_pictures_refused_total{reason=\"no-ink\"} 2",
        "graft_requests_total{route=\"/predict\",status=\"422\"} 1",
        "graft_pictures_waiting 0",
    ] {
        assert!(metrics.text().contains(line), "{line}: {}", metrics.text());
    }
}

/// Every answer has what `openapi.json` says that it has.
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn the_api_is_as_it_describes_itself() {
    let home = trained();
    let other = home.train(&["--set", "training.seed=7"]).json();
    let other = Path::new(other["run"].as_str().unwrap()).to_owned();
    let first = home.runs()[0].clone();
    let name = |run: &Path| run.file_name().unwrap().to_str().unwrap().to_owned();
    let server = Server::start(&home, &[&name(&first)]);
    let api = server.get("/openapi.json").json();
    let described = |schema: &str, answer: &Value| {
        let required = &api["components"]["schemas"][schema]["required"];
        for key in required.as_array().unwrap() {
            let key = key.as_str().unwrap();
            assert!(answer.get(key).is_some(), "{key} is missing in {answer}");
        }
    };
    let model = server.get("/model").json();
    described("Model", &model);
    assert_eq!(model["run"], json!(name(&first)));
    assert_eq!(
        (&model["digits"], &model["classes"][9]),
        (&json!(true), &json!("9"))
    );
    let runs = server.get("/runs").json();
    described("Runs", &runs);
    let listed = runs["runs"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1]["name"], json!(name(&other)));
    let three = picture("cases/three.png");
    described("Prediction", &server.predict(&three).json());
    let nearest = server.ask("POST /neighbours", &["Content-Type: image/png"], &three);
    described("Neighbours", &nearest.json());
    described("Refusal", &server.get("/nothing").json());
    assert_eq!(server.get("/health").json(), json!({ "status": "ok" }));
    for (address, methods) in api["paths"].as_object().unwrap() {
        let has = |method: &str| methods.get(method).is_some();
        let got = server.get(address).status;
        assert_eq!(got == 405, !has("get"), "GET {address}: {got}");
        let posted = server.ask(&format!("POST {address}"), &[], &[]).status;
        assert_eq!(posted == 405, !has("post"), "POST {address}: {posted}");
    }

    // Another run answers otherwise, and only runs of the list can be named.
    let by = |run: &str| {
        let line = format!("POST /predict?run={run}");
        server.ask(&line, &["Content-Type: image/png"], &three)
    };
    let differs = untimed(by(&name(&other)).json());
    assert_ne!(differs, untimed(by(&name(&first)).json()));
    assert_eq!(differs, untimed(by(&name(&other)).json()));
    for unknown in [
        "nothing",
        "..",
        "%2E%2E%2Fruns",
        &other.display().to_string(),
    ] {
        by(unknown).refuses(404, "run", "GET /runs lists them");
    }
    server
        .get("/model?run=nothing")
        .refuses(404, "run", "no complete run nothing");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn the_most_alike_training_images_are_told_while_their_features_are_cached() {
    let home = trained();
    let server = Server::start(&home, &[]);
    let nearest = |server: &Server| {
        let three = picture("cases/three.png");
        server.ask("POST /neighbours", &["Content-Type: image/png"], &three)
    };
    let told = nearest(&server).json()["neighbours"].clone();
    assert_eq!(told, nearest(&server).json()["neighbours"]);
    let told = told.as_array().unwrap();
    let (images, labels) = (
        fs::read(home.model(TRAIN_IMAGES)).unwrap(),
        fs::read(home.model(TRAIN_LABELS)).unwrap(),
    );
    let mut last = 1.0;
    for one in told {
        let index = usize::try_from(one["index"].as_u64().unwrap()).unwrap();
        let pixels: Vec<Vec<u8>> = serde_json::from_value(one["pixels"].clone()).unwrap();
        assert_eq!(pixels.concat(), images[16 + 784 * index..][..784]);
        assert_eq!(one["class"], json!(labels[8 + index]));
        let similarity = one["similarity"].as_f64().unwrap();
        assert!(similarity > 0.3 && similarity <= last, "{told:?}");
        last = similarity;
    }
    let threes = told.iter().filter(|one| one["name"] == "3").count();
    assert!(told.len() == 5 && threes >= 3, "{told:?}");
    drop(server);

    home.graft(&["cache", "clear"]).succeeds();
    let server = Server::start(&home, &[]);
    nearest(&server).refuses(404, "training-set", "cleared or changed");
}

/// A class activation map and the mean features are of one place only where nothing is left of the maps.
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn an_answer_says_where_it_looked_and_whether_it_is_any_class() {
    let home = Home::with(&FOR_TRAIN);
    home.train(&["--set", "backbone.boundary=block3"]).json();
    let server = Server::start(&home, &[]);
    let three = server.predict(&picture("cases/three.png")).json();
    let values: Vec<Vec<f64>> = serde_json::from_value(three["cam"]["values"].clone()).unwrap();
    assert_eq!((values.len(), values[0].len()), (4, 4));
    assert_eq!(three["cam"]["area"], json!([-2.0, -2.0, 32.0, 32.0]));
    let similarity = three["familiarity"]["similarity"].as_f64().unwrap();
    let threshold = three["familiarity"]["threshold"].as_f64().unwrap();
    assert!(similarity > 0.0 && threshold > 0.0 && threshold < 1.0);
    let none = &three["familiarity"]["none_of_these"];
    assert_eq!(none, &json!(similarity < threshold));
    drop(server);

    home.train(&["--set", "data.validation=0"]).json();
    let server = Server::start(&home, &[]);
    let three = server.predict(&picture("cases/three.png")).json();
    assert!(three.get("cam").is_none() && three.get("familiarity").is_none());
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn corrections_are_a_set_to_train_on() {
    let home = trained();
    let server = Server::start(&home, &[]);
    let correct = |name: &str, class: usize| {
        let line = format!("POST /corrections?class={class}");
        server.ask(&line, &["Content-Type: image/png"], &picture(name))
    };
    let folder = home.root().join("corrections/mnist");
    let kept = correct("cases/three.png", 5);
    assert_eq!((kept.status, &kept.json()["name"]), (201, &json!("5")));
    let file = home
        .root()
        .join("corrections")
        .join(kept.json()["file"].as_str().unwrap());
    assert!(file.starts_with(folder.join("5")), "{}", file.display());
    // What the model saw.
    let seen = image::open(&file).unwrap().to_luma8().into_raw();
    let told = server.predict(&picture("cases/three.png")).json();
    let rows: Vec<Vec<u8>> = serde_json::from_value(told["pixels"].clone()).unwrap();
    assert_eq!(rows.concat(), seen);
    // The last word counts.
    assert_eq!(correct("cases/three.png", 3).status, 201);
    assert_eq!(correct("cases/three.png", 3).status, 201);
    assert_eq!(
        (
            files(&folder.join("5")).len(),
            files(&folder.join("3")).len()
        ),
        (0, 1)
    );
    correct("cases/three.png", 10).refuses(422, "class", "from 0 to 9");
    let unnamed = server.ask("POST /corrections", &["Content-Type: image/png"], b"?");
    unnamed.refuses(422, "class", "as in ?class=0, found none");
    correct("cases/blank.png", 3).refuses(422, "no-ink", "no ink found");
    for name in ["three_frame.png", "three_on_desk.png", "three_vignette.png"] {
        assert_eq!(correct(&format!("cases/{name}"), 3).status, 201);
    }
    drop(server);

    let source = format!("data.source={}", folder.display());
    let again = [
        "train",
        "--json",
        "--set",
        &source,
        "--set",
        "data.validation=0",
    ];
    let run = home.graft(&again).json();
    let manifest = Path::new(run["run"].as_str().unwrap()).join("manifest.json");
    let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    let data = &manifest["data"];
    assert_eq!(
        (&data["classes"], &data["rows"], &data["channels"]),
        (&json!(10), &json!(28), &json!(1))
    );
}
