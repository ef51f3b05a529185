//! A running `graft serve`, and requests as they are on the wire: tests also send what no library would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::Duration;

use serde_json::Value;

use crate::harness::Home;

/// A running server, killed when it goes out of scope.
pub(super) struct Server {
    pub(super) child: Child,
    pub(super) port: u16,
    /// The address that it printed.
    pub(super) url: String,
}

impl Server {
    /// Starts `graft serve` on any free port.
    pub(super) fn start(home: &Home, more: &[&str]) -> Self {
        let arguments = [&["serve", "--port", "0"], more].concat();
        let mut child = home.command(&arguments).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let Some((_, url)) = line.trim().split_once(" at ") else {
            let mut error = String::new();
            let mut errors = child.stderr.take().unwrap();
            errors.read_to_string(&mut error).unwrap();
            panic!("{line:?} {error}");
        };
        let (_, port) = url
            .split_once("http://")
            .unwrap()
            .1
            .split_once(':')
            .unwrap();
        Self {
            child,
            port: port.split('/').next().unwrap().parse().unwrap(),
            url: url.to_owned(),
        }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        stream
    }

    /// Sends a request with a right `Host`, and reads the answer.
    pub(super) fn ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        let host = format!("Host: 127.0.0.1:{}", self.port);
        self.ask_host(line, &[&[&*host], headers].concat(), body)
    }

    /// Sends a request with these headers alone.
    pub(super) fn ask_host(&self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let length = format!("Content-Length: {}", body.len());
        let close = "Connection: close";
        let head = [&[line], headers, &[&length, close]].concat().join("\r\n");
        let head = head.replacen("\r\n", " HTTP/1.1\r\n", 1);
        stream
            .write_all(format!("{head}\r\n\r\n").as_bytes())
            .unwrap();
        // One that refuses early need not read it all.
        let _ = stream.write_all(body);
        Answer::read(stream)
    }

    pub(super) fn get(&self, address: &str) -> Answer {
        self.ask(&format!("GET {address}"), &[], &[])
    }

    pub(super) fn predict(&self, picture: &[u8]) -> Answer {
        self.ask("POST /predict", &["Content-Type: image/png"], picture)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The head, in lower case.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Reads until the connection is closed.
    pub(super) fn read(mut stream: impl Read) -> Self {
        let mut bytes = Vec::new();
        // A server that closes early may take back what it has not sent.
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)));
        let body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).unwrap().to_lowercase();
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body,
        }
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Expects a refusal whose message has `part`.
    #[track_caller]
    pub(super) fn refuses(&self, status: u16, reason: &str, part: &str) {
        let told = self.json();
        assert_eq!(
            (self.status, told["reason"].as_str()),
            (status, Some(reason)),
            "{told}"
        );
        let error = told["error"].as_str().unwrap();
        assert!(error.contains(part), "{part:?} is missing in {error:?}");
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

/// A form with files, as browsers and curl send it; and its type.
pub(super) fn form(files: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let kind = "Content-Type: multipart/form-data; boundary=edge";
    (kind.to_owned(), body)
}
