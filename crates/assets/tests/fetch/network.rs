//! Servers, good and bad.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use graft_assets::{Error, Failure, Group, Manifest, Mismatch, Options, Origin, ensure};

use crate::case::{Case, FILE, ONLINE, content, gzip};
use crate::server::{Answer, Server};

/// The failures of all sources in turn.
fn failures(error: Error) -> Vec<Failure> {
    match error {
        Error::NoSource { attempts, .. } => {
            attempts.into_iter().map(|(_, reason)| reason).collect()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_good_server_provides_the_file_once() {
    let good = gzip(&content());
    for answer in [Answer::Body(good), Answer::Body(content())] {
        let server = Server::start([("/a.gz", answer)]);
        let case = Case::new(&[server.url("/a.gz")]);
        let provided = case.ensure(&ONLINE).unwrap();
        assert_eq!(provided[0].origin, Origin::Fetched(server.url("/a.gz")));
        assert_eq!(provided[0].path, case.path());
        case.assert_right();
        assert_eq!(case.ensure(&ONLINE).unwrap()[0].origin, Origin::Present);
        assert_eq!(server.requests(), 1);
    }
}

#[test]
fn a_bad_server_is_given_up_for_the_next() {
    let good = gzip(&content());
    let mut flipped = content();
    flipped[500] ^= 1;
    let bomb = gzip(&vec![0; 10_000_000]);
    let cases = [
        (
            "a wrong byte",
            Answer::Body(gzip(&flipped)),
            "expected sha256",
        ),
        (
            "a short file",
            Answer::Body(gzip(&content()[1..])),
            "found 999",
        ),
        (
            "a truncated gzip",
            Answer::Body(good[..good.len() / 2].to_vec()),
            "ended early",
        ),
        (
            "a broken connection",
            Answer::Truncated(good.clone()),
            "ended early",
        ),
        (
            "a login page",
            Answer::Body(b"<!DOCTYPE html>".to_vec()),
            "<!DOCTYPE html>",
        ),
        ("an empty answer", Answer::Body(Vec::new()), "found 0"),
        ("a missing page", Answer::Status(404), "404"),
        ("a server in trouble", Answer::Status(503), "503"),
        ("no answer", Answer::Silent, "gave up waiting"),
        (
            "half an answer",
            Answer::Stalling(good.clone()),
            "gave up waiting",
        ),
        (
            "a dripping answer",
            Answer::Dripping(good.clone()),
            "gave up waiting",
        ),
        ("no end", Answer::Endless, "found more"),
        ("a bomb", Answer::Body(bomb), "found more"),
    ];
    for (name, answer, told) in cases {
        let server = Server::start([("/bad", answer)]);
        let begun = Instant::now();
        let case = Case::new(&[server.url("/bad")]);
        let error = case.ensure(&ONLINE).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}");
        case.assert_clean();
        let message = error.to_string();
        for part in [told, FILE, "/bad", "--from DIR"] {
            assert!(message.contains(part), "{name}: {message}");
        }

        let second = Server::start([("/good", Answer::Body(good.clone()))]);
        let case = Case::new(&[server.url("/bad"), second.url("/good")]);
        let provided = case.ensure(&ONLINE).unwrap();
        assert_eq!(provided[0].origin, Origin::Fetched(second.url("/good")));
        case.assert_right();
    }
}

#[test]
fn a_redirect_is_followed() {
    let target = Server::start([("/a.gz", Answer::Body(gzip(&content())))]);
    let server = Server::start([("/old", Answer::Redirect(target.url("/a.gz")))]);
    let case = Case::new(&[server.url("/old")]);
    case.ensure(&ONLINE).unwrap();
    case.assert_right();
}

#[test]
fn every_source_is_listed_with_its_reason() {
    let server = Server::start([("/wrong", Answer::Body(gzip(b"no")))]);
    // Nobody listens on a port that was given back.
    let gone = Server::start([]).url("/gone");
    let case = Case::new(&[gone, server.url("/absent"), server.url("/wrong")]);
    let reasons = failures(case.ensure(&ONLINE).unwrap_err());
    assert!(matches!(reasons[0], Failure::Unreachable(_)));
    assert!(matches!(reasons[1], Failure::Status(404)));
    let expected = Mismatch::Size {
        expected: 1000,
        found: 2,
    };
    match &reasons[2] {
        Failure::Wrong { mismatch, start } => {
            assert_eq!((mismatch, start.as_deref()), (&expected, Some("no")));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_silent_host_is_not_asked_for_the_next_file() {
    let silent = Server::start([("/1", Answer::Silent), ("/2", Answer::Silent)]);
    let good = Server::start([("/a", Answer::Body(gzip(&content())))]);
    let case = Case::of_two(
        &[silent.url("/1"), good.url("/a")],
        &[silent.url("/2"), good.url("/a")],
    );
    assert_eq!(case.ensure(&ONLINE).unwrap().len(), 2);
    assert_eq!((silent.requests(), good.requests()), (1, 2));
}

#[test]
fn two_at_once_download_once() {
    let late = Answer::Late(gzip(&content()), Duration::from_millis(150));
    let server = Server::start([("/a.gz", late)]);
    let case = Case::new(&[server.url("/a.gz")]);
    let origins: Vec<_> = thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| case.ensure(&ONLINE)));
        both.map(|one| one.join().unwrap().unwrap()[0].origin.clone())
            .into()
    });
    case.assert_right();
    assert_eq!(server.requests(), 1);
    assert!(origins.contains(&Origin::Present), "{origins:?}");
}

#[test]
fn what_a_killed_fetch_left_is_no_obstacle() {
    let server = Server::start([("/a.gz", Answer::Body(gzip(&content())))]);
    let case = Case::new(&[server.url("/a.gz")]);
    fs::create_dir(case.folder.path().join("mnist")).unwrap();
    let left = case.folder.path().join("mnist/.graft-killed.tmp");
    fs::write(&left, b"half").unwrap();
    fs::write(case.folder.path().join(".fetch.lock"), b"").unwrap();
    case.ensure(&ONLINE).unwrap();
    case.assert_right();
}

#[test]
#[ignore = "needs the network, npm and pip; run by cargo xtask test"]
fn everything_can_be_fetched_for_real() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = Manifest::bundled().unwrap();
    let options = Options::default();
    let fetched = ensure(&manifest, &Group::ALL, folder.path(), &options).unwrap();
    assert_eq!(fetched.len(), 5);
    for one in &fetched {
        println!("{}: {:?}", one.path.display(), one.origin);
        assert_ne!(one.origin, Origin::Present);
    }
    let offline = Options {
        offline: true,
        ..options
    };
    let again = ensure(&manifest, &Group::ALL, folder.path(), &offline).unwrap();
    assert!(again.iter().all(|one| one.origin == Origin::Present));
}
