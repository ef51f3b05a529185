//! Against a store in memory; `scripts/check_shards.py` runs against a server.

use super::*;
use crate::read::AT_ONCE;
use object_store::memory::InMemory;

fn store() -> Store {
    Store {
        runtime: Builder::new_current_thread().build().unwrap(),
        objects: Box::new(InMemory::new()),
        root: Path::from("some/where"),
        shown: "s3://bucket/some/where".into(),
        host: "s3://bucket".into(),
    }
}

#[test]
fn files_come_back_whatever_their_size() {
    let (store, folder) = (store(), tempfile::tempdir().unwrap());
    assert_eq!(store.list("entry").unwrap(), []);
    for (name, size) in [("a", 0), ("b", 5), ("c", 2 * PART + 3)] {
        let bytes: Vec<u8> = (0..size)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let (from, to) = (folder.path().join(name), folder.path().join("to"));
        fs::write(&from, &bytes).unwrap();
        let path = format!("entry/{name}");
        store.put(&path, &from).unwrap();
        // Once more is the same.
        store.put(&path, &from).unwrap();
        store
            .get(&path, &to, &graft_durable::sha256(&bytes))
            .unwrap();
        assert!(fs::read(&to).unwrap() == bytes, "{name}");
        let wrong = store.get(&path, &to, "another").unwrap_err();
        assert!(
            wrong.to_string().contains("s3://bucket/some/where/entry/"),
            "{wrong}"
        );
        assert!(!wrong.may_pass());
    }
    // Parts of them, as long as they are the same.
    let b = graft_durable::sha256(&[0, 1, 2, 3, 4]);
    let version = store.check("entry/b", &b).unwrap();
    assert!(store.check("entry/b", "another").is_err());
    let span = |bytes, version| Span {
        name: "entry/b",
        version,
        bytes,
    };
    let spans = [span(1..3, &*version), span(0..5, &version)];
    let read = store.spans(&spans).unwrap();
    assert_eq!(read, [vec![1, 2], vec![0, 1, 2, 3, 4]]);
    let changed = store.spans(&[span(1..3, "old")]).unwrap_err();
    assert!(changed.to_string().contains("gather") && !changed.may_pass());
    let found = store.list("entry").unwrap();
    let found: Vec<_> = found.iter().map(|one| (&*one.name, one.bytes)).collect();
    assert_eq!(found, [("a", 0), ("b", 5), ("c", 2 * PART as u64 + 3)]);
    let missing = store
        .get("entry/d", &folder.path().join("to"), "")
        .unwrap_err();
    assert!(!missing.may_pass(), "{missing}");
}

#[test]
fn what_is_no_store_is_told_without_secrets() {
    for url in [
        "s3:/x",
        "ftp://host/x",
        "shards",
        "s3://key:secret@bucket/x",
        "az://c/x?sig=secret",
        "memory:///x",
    ] {
        let error = Store::open(url).err().unwrap().to_string();
        assert!(error.contains("s3://BUCKET/FOLDER"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn files_are_walked_and_read_with_their_versions() {
    let store = store();
    // More than are read at once, and some with names that URLs write differently.
    let mut names: Vec<String> = (0..2 * AT_ONCE).map(|n| format!("a/{n}/{n}.png")).collect();
    names.extend(["猫/é [1] 50%.png", "a#b/c?d*.png"].map(ToOwned::to_owned));
    for name in &names {
        let path = store.path("write", name).unwrap();
        let put = store.objects.put(&path, name.clone().into_bytes().into());
        store.runtime.block_on(put).unwrap();
    }
    let mut found = Vec::new();
    let take = |file| {
        found.push(file);
        true
    };
    store.walk(take).unwrap();
    let mut first = 0;
    store
        .walk(|_| {
            first += 1;
            false
        })
        .unwrap();
    assert_eq!(first, 1);
    found.sort();
    names.sort();
    let walked: Vec<_> = found.iter().map(|one| one.name.clone()).collect();
    assert_eq!(walked, names);
    assert_eq!(found[0].url, "s3://bucket/some/where/a#b/c?d*.png");
    let all: Vec<&str> = names.iter().map(|name| &**name).collect();
    for (file, (bytes, version)) in found.iter().zip(store.read(&all, 100).unwrap()) {
        assert_eq!(
            (&*bytes, version),
            (file.name.as_bytes(), file.version.clone())
        );
    }
    let large = store.read(&all[..1], 3).unwrap();
    assert_eq!(large[0].0, b"");
    let missing = store.read(&["a/0/0.png", "b"], 100).unwrap_err();
    assert!(
        missing.to_string().contains("where/b") && !missing.may_pass(),
        "{missing}"
    );
}
