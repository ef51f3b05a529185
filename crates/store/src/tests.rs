//! Against a store in memory; `scripts/check_shards.py` runs against a server.

use super::*;
use object_store::memory::InMemory;

fn store() -> Store {
    Store {
        runtime: Builder::new_current_thread().build().unwrap(),
        objects: Box::new(InMemory::new()),
        root: Path::from("some/where"),
        shown: "s3://bucket/some/where".into(),
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
    let (store, folder) = (store(), tempfile::tempdir().unwrap());
    let from = folder.path().join("from");
    // More than are read at once.
    let names: Vec<String> = (0..2 * AT_ONCE).map(|n| format!("a/{n}/{n}.png")).collect();
    for name in &names {
        fs::write(&from, name).unwrap();
        store.put(name, &from).unwrap();
    }
    let mut found = Vec::new();
    store
        .walk(|name, version| {
            found.push((name, version));
            Ok::<_, Error>(())
        })
        .unwrap();
    found.sort();
    let mut sorted = names.clone();
    sorted.sort();
    let walked: Vec<_> = found.iter().map(|one| one.0.clone()).collect();
    assert_eq!(walked, sorted);
    let read = store.read(&names.iter().map(|name| &**name).collect::<Vec<_>>());
    for (name, (bytes, version)) in names.iter().zip(read.unwrap()) {
        assert_eq!(bytes, name.as_bytes());
        assert!(found.contains(&(name.clone(), version)));
    }
    let missing = store.read(&["a/0/0.png", "b"]).unwrap_err();
    assert!(
        missing.to_string().contains("where/b") && !missing.may_pass(),
        "{missing}"
    );
}
