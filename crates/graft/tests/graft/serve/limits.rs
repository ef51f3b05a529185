//! Too much, too slow, too many, broken off, and told to stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use super::client::{Answer, Server};
use super::{form, picture, trained};

const MEBIBYTE: usize = 1 << 20;

fn head(server: &Server, length: &str) -> String {
    format!(
        "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: image/png\r\n{length}\r\n\r\n",
        server.port
    )
}

/// Whether a new connection is answered.
fn serves(server: &Server) -> bool {
    server.get("/health").status == 200
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn too_much_is_refused_by_name() {
    let home = trained();
    let server = Server::start(&home, &[]);
    // By its declared length, before any of it is read.
    let mut stream = server.connect();
    let declared = head(&server, "Connection: close\r\nContent-Length: 99999999999");
    stream.write_all(declared.as_bytes()).unwrap();
    Answer::read(stream).refuses(413, "size", "at most 20 MiB");
    // By what comes, where no length is declared.
    let mut stream = server.connect();
    let chunked = head(&server, "Connection: close\r\nTransfer-Encoding: chunked");
    stream.write_all(chunked.as_bytes()).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let answer = std::thread::spawn(move || {
        let mut first = [0; 12];
        reader.read_exact(&mut first).map(|()| first)
    });
    let piece = [b"100000\r\n", &vec![0; MEBIBYTE][..], b"\r\n"].concat();
    let sent = (0..64)
        .take_while(|_| stream.write_all(&piece).is_ok())
        .count();
    assert!(sent < 64, "{sent} MiB");
    // The connection may be gone before the answer is read.
    if let Ok(first) = answer.join().unwrap() {
        assert_eq!(&first, b"HTTP/1.1 413");
    }

    server
        .predict(b"")
        .refuses(422, "empty", "the file is empty");
    let bomb = png_of(60_000, 60_000);
    server.predict(&bomb).refuses(422, "size", "60000x60000");
    let text = server.ask("POST /predict", &["Content-Type: text/plain"], b"3");
    text.refuses(415, "content-type", "found `text/plain`");
    let three = picture("cases/three.png");
    let files: Vec<(&str, &[u8])> = vec![("a.png", &three); 65];
    let (kind, body) = form(&files);
    server
        .ask("POST /predict", &[&kind], &body)
        .refuses(413, "size", "found 65");
    let (kind, _) = form(&[]);
    let broken = server.ask("POST /predict", &[&kind], b"--edge\r\nContent-Disp");
    assert_eq!(broken.status, 400);
    assert!(serves(&server));
}

/// The head of a PNG that says it is so large.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    header.extend([8, 0, 0, 0, 0]);
    let checked = |chunk: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(chunk);
        let length = u32::try_from(chunk.len() - 4).unwrap().to_be_bytes();
        [&length, chunk, &crc.sum().to_be_bytes()].concat()
    };
    let data = checked(b"IDAT\x78\x9c\x63\x00\x00\x00\x01\x00\x01");
    [
        b"\x89PNG\r\n\x1a\n",
        &checked(&header)[..],
        &data,
        &checked(b"IEND"),
    ]
    .concat()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn who_is_slow_or_gone_holds_nothing_up() {
    let home = trained();
    let server = Server::start(&home, &[]);
    let three = picture("cases/three.png");
    let whole = head(&server, &format!("Content-Length: {}", three.len()));
    let started = Instant::now();
    let send = |bytes: &[u8]| -> TcpStream {
        let mut stream = server.connect();
        stream.write_all(bytes).unwrap();
        stream
    };
    let half_head = send(&whole.as_bytes()[..20]);
    let half_body = send(&[whole.as_bytes(), &three[..100]].concat());
    for _ in 0..50 {
        drop(send(&whole.as_bytes()[..20]));
        drop(send(&[whole.as_bytes(), &three[..100]].concat()));
        // Gone before it is answered.
        drop(send(&[whole.as_bytes(), &three].concat()));
    }
    assert_eq!(server.predict(&three).status, 200);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    let mut half_body = half_body;
    let mut told = [0; 12];
    half_body.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 408");
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "{:?}",
        started.elapsed()
    );
    let mut rest = Vec::new();
    let mut half_head = half_head;
    half_head.read_to_end(&mut rest).unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(13),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(server.predict(&three).status, 200);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn more_connections_than_there_is_room_for_are_told_so() {
    let home = trained();
    let server = Server::start(&home, &[]);
    let idle: Vec<_> = (0..200).map(|_| server.connect()).collect();
    assert_eq!(server.predict(&picture("cases/three.png")).status, 200);
    let more: Vec<_> = (0..56).map(|_| server.connect()).collect();
    server
        .get("/health")
        .refuses(503, "busy", "too many connections");
    drop((idle, more));
    let started = Instant::now();
    while server.get("/health").status != 200 {
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn it_stops_within_two_seconds_of_a_signal() {
    let home = trained();
    for signal in ["INT", "TERM"] {
        let mut server = Server::start(&home, &[]);
        let idle = server.connect();
        let mut half = server.connect();
        half.write_all(head(&server, "Content-Length: 1000").as_bytes())
            .unwrap();
        assert!(serves(&server));
        let pid = server.child.id().to_string();
        let started = Instant::now();
        Command::new("kill")
            .args(["-s", signal, &pid])
            .status()
            .unwrap();
        let code = server.child.wait().unwrap().code();
        assert!(
            started.elapsed() < Duration::from_secs(2),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(code, Some(0));
        drop((idle, half));
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn what_cannot_be_served_is_said() {
    let home = trained();
    let server = Server::start(&home, &[]);
    let port = server.port.to_string();
    home.graft(&["serve", "--port", &port]).refuses(
        1,
        &[
            &format!("127.0.0.1:{port}"),
            "choose another port with --port",
        ],
    );
    home.graft(&["serve", "--host", "192.0.2.1"])
        .refuses(1, &["192.0.2.1:8000", "--host"]);
    home.graft(&["serve", "nothing"]).refuses(1, &["nothing"]);
    home.graft(&["serve", "--host", "example.org"])
        .refuses(2, &["--host"]);
}
