//! A loopback server that keeps everything it was asked, and can behave as badly as a server can.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longest head of a request.
const HEAD_MAX: usize = 64 << 10;
/// How often a slow answer looks whether the test is over.
const TICK: Duration = Duration::from_millis(20);

/// What came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    /// As it was sent; empty where there is none.
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Some(Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
        })
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (found, value) = pair.split_once('=')?;
            let value = percent_encoding::percent_decode_str(value);
            (found == name).then(|| value.decode_utf8_lossy().into_owned())
        })
    }

    /// Everything of it as one text, to be searched for what must not be there.
    pub(crate) fn text(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        format!("{} {}?{}\n{}", self.method, self.path, self.query, headers.collect::<String>())
    }
}

/// How a reply is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    /// Nothing comes, and the connection stays open.
    Never,
    /// Byte by byte, the status line first.
    Drip,
    /// The head at once, and then byte by byte.
    DripBody,
}

/// What goes out.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
    pace: Pace,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: String::new(), body: body.into(), pace: Pace::AtOnce }
    }

    /// 200, as JSON.
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::new(200, value.to_string()).with("Content-Type", "application/json")
    }

    /// A status with a body that must be seen nowhere.
    pub(crate) fn status(status: u16) -> Self {
        Self::new(status, "{\"message\":\"words of the server\"}")
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::new(302, "").with("Location", to)
    }

    /// 200 with so many bytes, which begin as JSON would.
    pub(crate) fn large(bytes: usize) -> Self {
        let mut body = b"{\"keys\":[".to_vec();
        body.resize(bytes, b' ');
        Self::new(200, body)
    }

    pub(crate) fn hang() -> Self {
        Self::new(200, "").at(Pace::Never)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    pub(crate) const fn at(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    fn send(&self, stream: &mut TcpStream, is_over: &AtomicBool) {
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n",
            self.status,
            self.body.len(),
            self.headers
        );
        let (at_once, slowly) = match self.pace {
            Pace::AtOnce => ([head.as_bytes(), &self.body].concat(), Vec::new()),
            Pace::Never => (Vec::new(), Vec::new()),
            Pace::Drip => (Vec::new(), [head.as_bytes(), &self.body].concat()),
            Pace::DripBody => (head.into_bytes(), self.body.clone()),
        };
        // Whoever asked may have gone: that is the point of some tests.
        if stream.write_all(&at_once).is_err() || self.pace == Pace::AtOnce {
            return;
        }
        let mut slowly = slowly.iter().cycle();
        while !is_over.load(Ordering::SeqCst) {
            let next = slowly.next();
            if next.is_some_and(|byte| stream.write_all(&[*byte]).is_err()) {
                return;
            }
            std::thread::sleep(TICK);
        }
    }
}

/// It ends with the value.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    /// `script` says what each request gets; requests come several at a time.
    pub(crate) fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
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
                let Ok(mut stream) = stream else { continue };
                let (noted, over, script) =
                    (Arc::clone(&noted), Arc::clone(&over), Arc::clone(&script));
                std::thread::spawn(move || {
                    let Some(request) = receive(&mut stream) else { return };
                    noted.lock().unwrap().push(request.clone());
                    script(&request).send(&mut stream, &over);
                });
            }
        });
        Self { address, seen, is_over }
    }

    /// One that nobody is to ask: whatever comes gets what a careless client would be content with.
    pub(crate) fn elsewhere() -> Self {
        Self::start(|_| Reply::new(200, "{}"))
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request until now, in the order of arrival.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Paths of every request until now.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|request| request.path).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // The thread that listens wakes up.
        let _ = TcpStream::connect(self.address);
    }
}

fn receive(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_MAX {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Request::parse(&String::from_utf8_lossy(&head))
}
