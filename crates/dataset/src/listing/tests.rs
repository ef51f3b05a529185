//! Folders and tables to lists.

use std::fs;

use super::*;

fn touch(folder: &Path, files: &[&str]) {
    for file in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
}

/// Paths below `folder`, with their labels and parts.
fn listed(listing: &Listing, folder: &Path) -> Vec<(String, u8, Part)> {
    let below = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    let pictures = listing.pictures.iter();
    pictures
        .map(|one| (below(&one.path), one.label, one.part))
        .collect()
}

fn at(path: &str, label: u8, part: Part) -> (String, u8, Part) {
    (path.to_owned(), label, part)
}

#[test]
fn a_folder_of_classes() {
    let folder = tempfile::tempdir().unwrap();
    touch(
        folder.path(),
        &[
            "b/2.png",
            "b/deep/3.png",
            "a/1.png",
            "a/.hidden",
            "a/Thumbs.db",
            ".git/x",
            "notes.txt",
        ],
    );
    let listing = Listing::read(folder.path(), &[]).unwrap();
    assert_eq!(listing.classes, ["a", "b"]);
    let expected = [
        at("a/1.png", 0, Part::Train),
        at("b/2.png", 1, Part::Train),
        at("b/deep/3.png", 1, Part::Train),
    ];
    assert_eq!(listed(&listing, folder.path()), expected);
}

#[test]
fn known_classes_keep_their_numbers_and_new_ones_come_behind() {
    let folder = tempfile::tempdir().unwrap();
    touch(
        folder.path(),
        &["11/a.png", "shoe/b.png", "3/c.png", "2/d.png"],
    );
    let known = ["3", "9"].map(str::to_owned);
    let listing = Listing::read(folder.path(), &known).unwrap();
    assert_eq!(listing.classes, ["3", "9", "11", "2", "shoe"]);
    let labels: Vec<u8> = listing.pictures.iter().map(|one| one.label).collect();
    assert_eq!(labels, [2, 4, 0, 3]);
    // One class is enough where others are known, and an empty folder is none.
    let one = tempfile::tempdir().unwrap();
    fs::create_dir(one.path().join("empty")).unwrap();
    touch(one.path(), &["10/a.png"]);
    assert_eq!(
        Listing::read(one.path(), &known).unwrap().classes,
        ["3", "9", "10"]
    );
    let none = tempfile::tempdir().unwrap();
    let error = Listing::read(none.path(), &known).unwrap_err().to_string();
    assert!(
        error.contains("found 0") && error.contains("pictures, those of each"),
        "{error}"
    );
}

#[test]
fn parts_above_classes_and_numbers_by_value() {
    let folder = tempfile::tempdir().unwrap();
    touch(
        folder.path(),
        &[
            "train/10/0.png",
            "train/9/1.png",
            "val/9/2.png",
            "test/10/3.png",
            "test/11/4.png",
        ],
    );
    let listing = Listing::read(folder.path(), &[]).unwrap();
    // A class that only the test has is one, too.
    assert_eq!(listing.classes, ["9", "10", "11"]);
    let expected = [
        at("train/10/0.png", 1, Part::Train),
        at("train/9/1.png", 0, Part::Train),
        at("val/9/2.png", 0, Part::Validation),
        at("test/10/3.png", 1, Part::Test),
        at("test/11/4.png", 2, Part::Test),
    ];
    assert_eq!(listed(&listing, folder.path()), expected);
    // Without `train`, the others are classes.
    let folder = tempfile::tempdir().unwrap();
    touch(folder.path(), &["test/1.png", "other/2.png"]);
    let listing = Listing::read(folder.path(), &[]).unwrap();
    assert_eq!(listing.classes, ["other", "test"]);
}

#[test]
fn tables() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "label,path,split\ncat,a/2.png,\n\"dog, big\", a/1.png ,test\ncat,3.png,val\n";
    let json = "{\"path\":\"a/2.png\",\"label\":\"cat\"}\n\n{\"path\":\"a/1.png\",\"label\":\"dog, big\",\
                \"split\":\"test\"}\n{\"path\":\"3.png\",\"label\":\"cat\",\"split\":\"val\",\"more\":1}\n";
    for (name, text) in [("t.csv", csv), ("t.jsonl", json)] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let listing = Listing::read(&path, &[]).unwrap();
        assert_eq!(listing.classes, ["cat", "dog, big"]);
        let expected = [
            at("a/1.png", 1, Part::Test),
            at("a/2.png", 0, Part::Train),
            at("3.png", 0, Part::Validation),
        ];
        assert_eq!(listed(&listing, folder.path()), expected, "{name}");
    }
    let path = folder.path().join("numbers.jsonl");
    fs::write(
        &path,
        "{\"path\":\"a\",\"label\":10}\n{\"path\":\"b\",\"label\":9}\n",
    )
    .unwrap();
    assert_eq!(Listing::read(&path, &[]).unwrap().classes, ["9", "10"]);
}

#[test]
fn what_lists_no_pictures_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("a.csv", "path,label\nx,a\ny\n", "row 2"),
        ("b.csv", "file,label\nx,a\n", "missing field `path`"),
        (
            "c.csv",
            "path,label,split\nx,a,tset\n",
            "the split \"tset\"",
        ),
        ("d.csv", "path,label\nx,a\n", "found 1"),
        ("e.jsonl", "{\"path\":1}\n", "row 1"),
        (
            "f.jsonl",
            "{\"path\":\"a\",\"label\":[1]}\n",
            "neither text nor number",
        ),
        ("g.txt", "", ".csv or .jsonl"),
    ];
    for (name, text, expected) in cases {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let error = Listing::read(&path, &[]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    }
    let error = Listing::read(folder.path(), &[]).unwrap_err().to_string();
    assert!(
        error.contains("found 0") && error.contains("subfolder"),
        "{error}"
    );
    assert!(Listing::read(&folder.path().join("absent"), &[]).is_err());
}
