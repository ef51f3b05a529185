//! Features in shards that several workers compute, and what is gathered from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, Outcome, SMALL, VGG16, files, times};

const OF: usize = 7;

/// Runs a verb with the options that all workers have; `to` is what precedes the folder.
fn verb(home: &Home, start: &[&str], end: &[&str]) -> Outcome {
    home.graft(&[start, &SMALL[..], end].concat())
}

fn extract(home: &Home, which: &str, to: &Path) -> Outcome {
    let to = to.to_str().unwrap();
    verb(home, &["extract", "--shard", which, "--to", to], &[])
}

fn gather(home: &Home, from: &Path) -> Outcome {
    verb(home, &["gather", from.to_str().unwrap()], &[])
}

/// All files of the only entry in a folder of shards, by name; not those that killed workers left half-written.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = files(folder);
    assert_eq!(entries.len(), 1, "{entries:?}");
    let files = files(&entries[0]).into_iter();
    files
        .filter(|file| file.extension().is_none_or(|extension| extension != "tmp"))
        .map(|file| (file.file_name().unwrap().into(), fs::read(file).unwrap()))
        .collect()
}

fn head(trained: &Value) -> Vec<u8> {
    fs::read(Path::new(trained["run"].as_str().unwrap()).join("head.safetensors")).unwrap()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn what_is_gathered_trains_the_same_head() {
    let home = Home::with(&FOR_TRAIN);
    let whole = home.train(&[]).json();
    home.graft(&["cache", "clear"]).succeeds();

    let folder = home.root().join("shards");
    gather(&home, &folder).refuses(1, &["no shards in", "extract --shard"]);
    let all = extract(&home, &format!("0..{OF}/{OF}"), &folder);
    all.succeeds();
    let lines = all
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines.len(), OF);
    let images = lines.iter().map(|line| line["images"].as_u64().unwrap());
    assert_eq!(images.sum::<u64>(), 256);
    assert!(lines.iter().all(|line| line["cache"] == "miss"));
    let before = content(&folder);
    assert_eq!(before.len(), OF + 1, "{:?}", before.keys());

    // One after another, by the number that Kubernetes or Slurm tells, they are the same bytes.
    let other = home.root().join("other");
    for number in 0..OF {
        let to = other.to_str().unwrap();
        let of = format!("/{OF}");
        let one = [&["extract", "--shard", &of, "--to", to], &SMALL[..]].concat();
        let name = ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"][number % 2];
        home.graft_with(&one, &[(name, &number.to_string())])
            .succeeds();
    }
    assert!(content(&other) == before);

    // What is there and whole is not computed again; what is damaged is, and is what it was.
    let damaged = files(&files(&folder)[0]).into_iter();
    let mut shards = damaged.filter(|file| !file.ends_with("key.json"));
    let (cut, gone) = (shards.next().unwrap(), shards.nth(2).unwrap());
    fs::write(&cut, &before[Path::new(cut.file_name().unwrap())][1..]).unwrap();
    fs::remove_file(&gone).unwrap();
    let missing = [
        "2 of 7 shards",
        "missing or damaged in",
        ": 0, 3;",
        "--shard 0/7",
    ];
    gather(&home, &folder).refuses(1, &missing);
    let all = format!("0..{OF}/{OF}");
    let to = folder.to_str().unwrap();
    let again = verb(
        &home,
        &["extract", "--shards", &all, "--to", to],
        &["--device", "all"],
    );
    let hits = again
        .out
        .lines()
        .filter(|line| line.contains(r#""cache":"hit""#));
    assert_eq!(hits.count(), OF - 2, "{}", again.out);
    assert!(content(&folder) == before);

    verb(&home, &["extract"], &["--device", "all"]).refuses(1, &["found --device all", "--shards"]);
    verb(&home, &["extract"], &["--device", "two"]).refuses(2, &["expected a number or all"]);

    // They stay where they are, and train finds them.
    let gathered = gather(&home, &folder);
    gathered.succeeds();
    assert!(
        gathered.out.contains("7 shards of 256 images"),
        "{}",
        gathered.out
    );
    let trained = home.train(&[]).json();
    assert_eq!(trained["cache"], "hit");
    assert!(head(&trained) == head(&whole));
    assert!(content(&folder) == before);

    // Out of reach, nothing is computed in silence.
    fs::rename(&folder, home.root().join("away")).unwrap();
    home.train(&[])
        .refuses(1, &["the gathered shard", "reachable again"]);
    gather(&home, &home.root().join("away")).succeeds();
    assert_eq!(home.train(&[]).json()["cache"], "hit");
}

/// A worker that is killed at any time leaves nothing that the next one trips over.
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn killed_workers_leave_the_same_bytes() {
    let home = Home::with(&FOR_TRAIN);
    let shared = tempfile::tempdir().unwrap();
    let expected = shared.path().join("expected");
    let started = Instant::now();
    let which = format!("0..{OF}/{OF}");
    extract(&home, &which, &expected).succeeds();
    let took = started.elapsed();
    let folder = shared.path().join("shards");
    let to = folder.to_str().unwrap();
    let arguments = [&["extract", "--shard", &which, "--to", to], &SMALL[..]].concat();
    let kills = 10 * times();
    for kill in 0..kills {
        let mut workers = [(); 2].map(|()| home.command(&arguments).spawn().unwrap());
        thread::sleep(took * kill / kills + Duration::from_millis(1));
        // The other goes on, on the same shards.
        workers[0].kill().unwrap();
        workers[0].wait().unwrap();
        assert!(workers[1].wait().unwrap().success());
        extract(&home, &which, &folder).succeeds();
        assert!(content(&folder) == content(&expected), "kill {kill}");
        gather(&home, &folder).succeeds();
        assert_eq!(files(&files(&folder)[0]).len(), OF + 1, "kill {kill}");
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn workers_are_told_whether_to_try_again() {
    let home = Home::with(&FOR_TRAIN);
    let folder = home.root().join("shards");
    extract(&home, "0/300", &folder).refuses(1, &["1 to 256 shards", "found 300"]);
    extract(&home, "7/7", &folder).refuses(2, &["0 to 6"]);
    verb(&home, &["extract", "--shard", "0/7"], &[]).refuses(2, &["--to"]);
    let to = folder.to_str().unwrap();
    let one = [&["extract", "--shard", "0/7", "--to", to], &SMALL[..]].concat();
    let full = home.graft_with(&one, &[("GRAFT_FAULT", "write:1:ENOSPC")]);
    full.refuses(75, &["No space"]);
    extract(&home, "0/7", &folder).succeeds();
}

/// A folder of forty pictures of two classes.
fn pictures(folder: &Path) {
    for (class, red) in [("warm", 200), ("cold", 40)] {
        fs::create_dir_all(folder.join(class)).unwrap();
        for number in 0..20_u8 {
            let picture = RgbImage::from_fn(40, 40, |x, y| {
                let shade = u8::try_from((x * y + u32::from(number) * 7) % 251).unwrap();
                Rgb([red, shade, number])
            });
            let name = format!("{class}/{number}.png");
            picture.save(folder.join(name)).unwrap();
        }
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn pictures_of_a_manifest_train_the_head_of_their_folder() {
    let home = Home::with(&[VGG16]);
    let (folder, table) = (home.root().join("pictures"), home.root().join("all.jsonl"));
    pictures(&folder);
    let run = |verb: &[&str], source: &Path| {
        let source = format!("data.source={}", source.display());
        let more = ["--set", &source, "--set", "training.epochs=2"];
        home.graft(&[verb, &more[..]].concat())
    };
    let whole = run(&["train", "--json"], &folder).json();

    let table_name = table.to_str().unwrap();
    let manifest = ["manifest", folder.to_str().unwrap(), "--to", table_name];
    let made = home.graft(&manifest);
    made.succeeds();
    assert!(
        made.out.contains("40 pictures of 2 classes"),
        "{}",
        made.out
    );
    home.graft(&manifest)
        .refuses(1, &["all.jsonl is there already"]);
    home.graft(&["manifest", folder.to_str().unwrap(), "--to", "all.csv"])
        .refuses(1, &["ends in .jsonl"]);

    let to = home.root().join("shards");
    let to = to.to_str().unwrap();
    run(&["extract", "--shards", "0..3/3", "--to", to], &table).succeeds();
    let gathered = run(&["gather", to], &table);
    gathered.succeeds();
    let next = format!("train --set data.source={table_name}");
    assert!(gathered.out.contains(&next), "{}", gathered.out);
    let trained = run(&["train", "--json"], &table).json();
    assert_eq!(trained["cache"], "hit");
    assert!(head(&trained) == head(&whole));
    home.graft(&["eval"]).succeeds();

    // A picture that was changed since is no matter of luck.
    home.graft(&["cache", "clear"]).succeeds();
    fs::copy(folder.join("warm/1.png"), folder.join("cold/1.png")).unwrap();
    let wrong = ["cold/1.png", "expected version", "as the manifest has it"];
    run(&["extract", "--shard", "0/1", "--to", to], &table).refuses(1, &wrong);
    let url = Path::new("s3://bucket/all.jsonl");
    run(&["extract", "--shard", "0/1", "--to", to], url)
        .refuses(1, &["cargo xtask build --stores"]);
}
