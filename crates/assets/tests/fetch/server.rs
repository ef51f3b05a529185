//! A web server on this machine that behaves as badly as it is told to.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a path of the server answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// These bytes, properly.
    Body(Vec<u8>),
    /// These bytes, after a while.
    Late(Vec<u8>, Duration),
    /// The first half of these bytes, after announcing them all; then the connection closes.
    Truncated(Vec<u8>),
    /// The first half of these bytes; then nothing, with the connection open.
    Stalling(Vec<u8>),
    /// One byte now and then.
    Dripping(Vec<u8>),
    /// Another status than 200.
    Status(u16),
    /// Nothing at all, with the connection open.
    Silent,
    /// Bytes without end.
    Endless,
    /// On to another address.
    Redirect(String),
}

/// Lives until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `answers` by their paths, such as `/a.gz`.
    pub(crate) fn start(answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Arc<HashMap<_, _>> = Arc::new(answers.into_iter().collect());
        let requests = Arc::new(AtomicUsize::new(0));
        let stopped = Arc::new(AtomicBool::new(false));
        let accepting = thread::spawn({
            let (requests, stopped) = (requests.clone(), stopped.clone());
            move || {
                for stream in listener.incoming().flatten() {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let (answers, requests) = (answers.clone(), requests.clone());
                    thread::spawn(move || serve(stream, &answers, &requests));
                }
            }
        });
        Self {
            address,
            requests,
            stopped,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        self.accepting.take().map(JoinHandle::join);
    }
}

/// A client that hangs up is expected here, so that failing to write ends the answer, no more.
fn serve(stream: TcpStream, answers: &HashMap<&'static str, Answer>, requests: &AtomicUsize) {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    requests.fetch_add(1, Ordering::SeqCst);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let answer = answers.get(path).cloned().unwrap_or(Answer::Status(404));
    let mut stream = reader.into_inner();
    let _ = reply(&mut stream, answer);
}

fn reply(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    let ok = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    match answer {
        Answer::Body(body) => {
            stream.write_all(ok(body.len()).as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Late(body, after) => {
            thread::sleep(after);
            reply(stream, Answer::Body(body))
        }
        Answer::Truncated(body) => {
            stream.write_all(ok(body.len()).as_bytes())?;
            stream.write_all(&body[..body.len() / 2])
        }
        Answer::Stalling(body) => {
            reply(stream, Answer::Truncated(body))?;
            wait_for_hang_up(stream)
        }
        Answer::Dripping(body) => {
            stream.write_all(ok(body.len()).as_bytes())?;
            for byte in body {
                stream.write_all(&[byte])?;
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        Answer::Status(status) => {
            let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())
        }
        Answer::Silent => wait_for_hang_up(stream),
        Answer::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[7; 1 << 12])?;
            }
        }
        Answer::Redirect(to) => {
            let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())
        }
    }
}

fn wait_for_hang_up(stream: &mut TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 64])? > 0 {}
    Ok(())
}
