//! A server with scripted replies.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What came in.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Path and query.
    pub(super) target: String,
    /// All of the head.
    pub(super) head: String,
}

impl Request {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// What goes out.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Bytes(Vec<u8>),
    /// These, and then for ever something now and then.
    Drip(Vec<u8>),
    /// Nothing, for ever.
    Silence,
    /// So many bytes of a body, of which is counted what somebody took.
    Flood(usize, Arc<AtomicUsize>),
}

pub(super) fn with(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n");
    Answer::Bytes([head.as_bytes(), body].concat())
}

pub(super) fn ok(body: impl AsRef<[u8]>) -> Answer {
    with(200, "", body)
}

pub(super) fn status(code: u16) -> Answer {
    with(code, "", "s3cret of the server")
}

pub(super) fn redirect(to: &str) -> Answer {
    with(302, &format!("Location: {to}\r\n"), "")
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    pub(super) fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (noted, over, script) = (Arc::clone(&seen), Arc::clone(&is_over), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (noted, over, script) =
                    (Arc::clone(&noted), Arc::clone(&over), Arc::clone(&script));
                std::thread::spawn(move || serve(&mut stream.unwrap(), &noted, &over, &*script));
            }
        });
        Self { address, seen, is_over }
    }

    pub(super) fn url(&self, path: &str) -> super::Url {
        super::url(&format!("http://{}{path}", self.address))
    }

    pub(super) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.seen().iter().map(|request| request.path().to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: &mut TcpStream,
    seen: &Mutex<Vec<Request>>,
    is_over: &AtomicBool,
    script: &dyn Fn(&Request) -> Answer,
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let request = Request { target, head };
    seen.lock().unwrap().push(request.clone());
    match script(&request) {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
        }
        Answer::Drip(bytes) => {
            let _ = stream.write_all(&bytes);
            while !is_over.load(Ordering::SeqCst) && stream.write_all(b"x").is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        Answer::Silence => {
            while !is_over.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        Answer::Flood(length, taken) => {
            let head = format!("HTTP/1.1 200 X\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
            for part in vec![b' '; length].chunks(64 << 10) {
                if stream.write_all(part).is_err() {
                    return;
                }
                taken.fetch_add(part.len(), Ordering::SeqCst);
            }
        }
    }
}
