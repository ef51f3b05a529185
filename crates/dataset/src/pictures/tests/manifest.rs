//! Manifests, and the pictures that are read by them when they are needed.

use super::*;
use crate::{is_url, write_manifest};

fn manifest(source: &Path, to: &Path) -> crate::Listed {
    write_manifest(source, to, false, |_, _| Ok::<_, Error>(())).unwrap()
}

/// The files of the cache.
fn prepared(cache: &Path) -> usize {
    let sets = fs::read_dir(cache).unwrap().flatten();
    sets.map(|set| fs::read_dir(set.path()).unwrap().count())
        .sum()
}

#[test]
fn a_manifest_gives_the_images_of_its_folder_and_reads_them_when_they_are_needed() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let plain = read(source.path(), request(cache.path())).unwrap();
    let table = source.path().join("all.jsonl");
    let listed = manifest(source.path(), &table);
    assert_eq!(
        (listed.pictures, listed.classes),
        (32, vec!["a".into(), "b".into()])
    );
    let other = tempfile::tempdir().unwrap();
    let set = read(&table, request(other.path())).unwrap();
    assert_eq!(
        (set.labels(), set.form(ResizeMode::Pad)),
        (plain.labels(), plain.form(ResizeMode::Pad))
    );
    assert_eq!(prepared(other.path()), 0);
    assert_eq!(set.border(), None);
    // Apart from others by its version, and not by pixels that nobody has read.
    assert_ne!(set.content(0), plain.content(0));
    assert_ne!(set.content(0), set.content(1));
    assert_eq!(prepared(other.path()), 0);
    let batch = |set: &ImageSet| request(cache.path()).preprocessing.batch(set, 3..5);
    assert_eq!(batch(&set).unwrap(), batch(&plain).unwrap());
    assert_eq!(prepared(other.path()), 1);
    assert!(set.images().eq(plain.images()));
    assert_eq!(set.origin().copies, plain.origin().copies);
    assert_eq!(set.file(0), plain.file(0));
}

#[test]
fn shards_of_a_manifest_are_made_one_by_one() {
    let (source, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    grey(source.path(), "a/0.png", 8, 10);
    grey(source.path(), "b/0.png", 8, 20);
    let table = source.path().join("all.jsonl");
    manifest(source.path(), &table);
    let two = fs::read_to_string(&table).unwrap();
    let rows: Vec<_> = two.lines().cycle().take(600).collect();
    fs::write(&table, rows.join("\n")).unwrap();
    let all = PictureRequest {
        test_share: 0.0,
        ..request(cache.path())
    };
    let set = read(&table, all).unwrap();
    set.prepare(&[599]).unwrap();
    assert_eq!(prepared(cache.path()), 1);
    set.prepare(&[0, 255, 599]).unwrap();
    assert_eq!(prepared(cache.path()), 2);
    set.prepare_all().unwrap();
    assert_eq!(prepared(cache.path()), 3);
}

#[test]
fn another_fit_is_other_content() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let table = source.path().join("all.jsonl");
    manifest(source.path(), &table);
    let content = |fit| {
        let preprocessing = Preprocessing {
            fit,
            ..request(cache.path()).preprocessing
        };
        let set = PictureRequest {
            preprocessing,
            ..request(cache.path())
        };
        read(&table, set).unwrap().content(0).into_owned()
    };
    assert_ne!(content(ResizeMode::Pad), content(ResizeMode::Resize));
}

#[test]
fn other_tables_may_have_columns_of_these_names() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let table = source.path().join("all.csv");
    let rows = "path,label,version,width,colour\na/0.png,a,v2,8.5,red\nb/20.png,b,,,\n";
    fs::write(&table, rows).unwrap();
    let all = PictureRequest {
        test_share: 0.0,
        ..request(cache.path())
    };
    assert_eq!(shades(&read(&table, all).unwrap()), [0, 20]);
}

#[test]
fn a_picture_that_is_not_the_one_of_the_manifest_is_refused() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let table = source.path().join("all.jsonl");
    manifest(source.path(), &table);
    let all = PictureRequest {
        test_share: 0.0,
        ..request(cache.path())
    };
    let set = read(&table, all).unwrap();
    grey(source.path(), "a/3.png", 8, 200);
    let error = set.prepare(&[0]).unwrap_err().to_string();
    assert!(error.contains("a/3.png: expected version "), "{error}");
    fs::remove_file(source.path().join("a/3.png")).unwrap();
    let error = set.prepare(&[0]).unwrap_err().to_string();
    assert!(error.contains("cannot open"), "{error}");
    assert_eq!(prepared(cache.path()), 0);
}

#[test]
fn a_table_is_a_manifest_as_a_whole_or_not_at_all() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let table = source.path().join("all.jsonl");
    manifest(source.path(), &table);
    let text = fs::read_to_string(&table).unwrap();
    let of = |rows: String| {
        fs::write(&table, rows).unwrap();
        read(&table, request(cache.path())).unwrap_err().to_string()
    };
    let error = of(text.clone() + r#"{"path": "a/1.png", "label": "a"}"#);
    assert!(error.contains("one in row 1, none in row 33"), "{error}");
    let error = of(r#"{"path": "s3://bucket/a/1.png", "label": "a"}"#.to_owned());
    assert!(
        error.contains("make a manifest with graft manifest"),
        "{error}"
    );
    assert!(is_url(Path::new("s3://bucket/a")) && !is_url(&table));
    let error = read(Path::new("s3://bucket/a"), request(cache.path()));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("make one with graft manifest"), "{error}");
    for url in ["s3://key:secret@bucket/a", "s3://key:secret@bucket/a.jsonl"] {
        let error = read(Path::new(url), request(cache.path())).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let error = read(&source.path().join("nowhere"), request(cache.path()));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("cannot open"), "{error}");
}

#[test]
fn pictures_that_cannot_be_read_are_in_no_manifest() {
    let (source, to) = (folder(8), tempfile::tempdir().unwrap());
    fs::write(source.path().join("a/bad.png"), b"no picture").unwrap();
    let to = to.path().join("all.jsonl");
    let write = |skip_bad| write_manifest(source.path(), &to, skip_bad, |_, _| Ok::<_, Error>(()));
    let error = write(false).unwrap_err().to_string();
    assert!(error.contains("bad.png") && !to.exists(), "{error}");
    let listed = write(true).unwrap();
    assert_eq!((listed.pictures, listed.left_out.len()), (32, 1));
    // Nor in one that is made of a manifest of then.
    fs::write(source.path().join("a/2.png"), b"no picture").unwrap();
    let again = to.with_file_name("again.jsonl");
    let listed = write_manifest(&to, &again, true, |_, _| Ok::<_, Error>(())).unwrap();
    assert_eq!((listed.pictures, listed.left_out.len()), (31, 1));
    // It lies elsewhere, so that paths are whole.
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(read(&to, request(cache.path())).unwrap().len(), 24);
}
