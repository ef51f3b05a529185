//! What is there already: right or wrong files, a folder of the user's, no network, a folder that
//! cannot be written.

use std::fs;
use std::io::{self, Write};

use graft_assets::{Error, Options, Origin};

use crate::case::{Case, FILE, OFFLINE, ONLINE, content, gzip};
use crate::server::{Answer, Server};

/// A source that must not be asked.
fn never() -> (Server, Case) {
    let server = Server::start([("/a.gz", Answer::Body(gzip(&content())))]);
    let case = Case::new(&[server.url("/a.gz")]);
    (server, case)
}

#[test]
fn offline_names_what_is_missing_and_the_next_step() {
    let (server, case) = never();
    let message = case.ensure(&OFFLINE).unwrap_err().to_string();
    for part in [FILE, "--offline", "the verb fetch", "--from DIR"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(server.requests(), 0);
    assert_eq!(fs::read_dir(case.folder.path()).unwrap().count(), 0);
}

#[test]
fn offline_is_content_with_what_is_there() {
    let (server, case) = never();
    fs::create_dir(case.folder.path().join("mnist")).unwrap();
    fs::write(case.path(), content()).unwrap();
    assert_eq!(case.ensure(&OFFLINE).unwrap()[0].origin, Origin::Present);
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_wrong_file_is_deleted_and_fetched_anew_by_the_next_run() {
    let mut flipped = content();
    flipped[0] ^= 128;
    for (wrong, told) in [
        (flipped, "expected sha256"),
        (vec![1], "expected 1000 bytes, found 1"),
    ] {
        for first in [ONLINE, OFFLINE] {
            let (server, case) = never();
            fs::create_dir(case.folder.path().join("mnist")).unwrap();
            fs::write(case.path(), &wrong).unwrap();
            let message = case.ensure(&first).unwrap_err().to_string();
            for part in [told, "asset", "deleted", "same command again"] {
                assert!(message.contains(part), "{message}");
            }
            assert!(!case.path().exists());
            assert_eq!(server.requests(), 0);
            case.ensure(&ONLINE).unwrap();
            case.assert_right();
        }
    }
}

#[test]
fn a_folder_of_the_users_comes_first() {
    for (name, bytes) in [
        ("asset", content()),
        ("asset.gz", gzip(&content())),
        ("mnist/asset", content()),
        ("mnist/asset.gz", gzip(&content())),
    ] {
        for options in [ONLINE, OFFLINE] {
            let (server, case) = never();
            let own = tempfile::tempdir().unwrap();
            fs::create_dir(own.path().join("mnist")).unwrap();
            fs::write(own.path().join(name), &bytes).unwrap();
            let options = Options {
                from: Some(own.path()),
                ..options
            };
            let origin = case.ensure(&options).unwrap()[0].origin.clone();
            let told = own.path().join(name).display().to_string();
            assert_eq!(origin, Origin::Fetched(told));
            case.assert_right();
            assert_eq!(fs::read(own.path().join(name)).unwrap(), bytes);
            assert_eq!(server.requests(), 0);
        }
    }
}

#[test]
fn a_wrong_file_of_the_users_is_refused_and_kept() {
    let packed = gzip(&content());
    for (name, bytes, told) in [
        ("asset", b"wrong".to_vec(), "expected 1000 bytes, found 5"),
        ("asset", content().repeat(2), "found more"),
        (
            "asset.gz",
            packed[..packed.len() - 20].to_vec(),
            "ended early",
        ),
        ("asset.gz", gzip(&[3; 1000]), "expected sha256"),
    ] {
        let (server, case) = never();
        let own = tempfile::tempdir().unwrap();
        fs::write(own.path().join(name), &bytes).unwrap();
        let options = Options {
            from: Some(own.path()),
            ..ONLINE
        };
        let message = case.ensure(&options).unwrap_err().to_string();
        for part in [told, name, "left as it is"] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(fs::read(own.path().join(name)).unwrap(), bytes);
        case.assert_clean();
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn a_folder_of_the_users_may_lack_a_file_but_must_be_one() {
    let own = tempfile::tempdir().unwrap();
    let missing = own.path().join("missing");
    let with = |from, options| Options {
        from: Some(from),
        ..options
    };
    let (_server, case) = never();
    let error = case.ensure(&with(&missing, ONLINE)).unwrap_err();
    assert!(matches!(error, Error::NoFolder(_)), "{error}");
    let error = case.ensure(&with(own.path(), OFFLINE)).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }), "{error}");
    case.ensure(&with(own.path(), ONLINE)).unwrap();
    case.assert_right();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (server, case) = never();
    let file = case.folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let message = case
        .ensure_in(&file.join("models"), &ONLINE)
        .unwrap_err()
        .to_string();
    assert!(message.contains("file"), "{message}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_folder_where_the_file_should_be_is_named_and_kept() {
    let (_server, case) = never();
    fs::create_dir_all(case.path().join("precious")).unwrap();
    let message = case.ensure(&ONLINE).unwrap_err().to_string();
    assert!(message.contains("expected a file"), "{message}");
    assert!(case.path().join("precious").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let (server, case) = never();
    let folder = case.folder.path().join("models");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.join("probe"), b"").is_ok() {
        // Written past the test harness, which hides what a passing test prints.
        let _ = writeln!(io::stderr(), "skipped: this user may write to every folder");
        return;
    }
    let message = case.ensure_in(&folder, &ONLINE).unwrap_err().to_string();
    for part in ["models", "writable", "GRAFT_HOME"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(server.requests(), 0);
}
