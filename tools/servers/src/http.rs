//! A small HTTP/1.1 server that behaves as badly as a test wants, and a forward proxy.
//!
//! Standard library only, on 127.0.0.1 and a free port; every connection has a thread and serves one
//! request. Connections that a test leaves open end when their client goes away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request's header.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many requests the server had seen before this one.
    pub number: usize,
    /// Method, target and version.
    pub line: String,
    /// The header lines in lower case up to the colon, and their values.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// Reads a header; `None` when the client goes away first.
    pub fn read(stream: &mut impl BufRead, number: usize) -> Option<Request> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let headers = lines.iter().skip(1).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Request {
            number,
            headers: headers.collect(),
            line: lines.first()?.clone(),
        })
    }

    /// The target of the request line.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes asked for, first and last, if `etag` meets the condition.
    fn range(&self, etag: &str) -> Option<(usize, usize)> {
        let fits = self
            .header("if-range")
            .is_none_or(|condition| condition == etag);
        let range = self.header("range").filter(|_| fits)?;
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let last = match last {
            "" => usize::MAX - 1,
            last => last.parse().ok()?,
        };
        Some((first.parse().ok()?, last))
    }
}

/// What happens after the last byte that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Close,
    Hang,
}

/// An answer, right or wrong.
#[derive(Clone, Debug)]
pub struct Reply {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunk: Option<usize>,
    /// How much of the body, as it is on the wire, is sent.
    sent: usize,
    after: After,
    /// The time between two bytes of the header.
    drip: Option<Duration>,
    /// Instead of all of the above.
    raw: Option<Vec<u8>>,
}

impl Reply {
    /// An answer with this status line, such as `404 Not Found`, and no body.
    pub fn new(status: &str) -> Reply {
        Reply {
            status: status.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            chunk: None,
            sent: usize::MAX,
            after: After::Close,
            drip: None,
            raw: None,
        }
    }

    /// 200 with a body.
    pub fn ok(body: &[u8]) -> Reply {
        Reply::new("200 OK").body(body)
    }

    /// The answer of a proper file server: ranges, conditions, ETag.
    pub fn file(request: &Request, content: &[u8], etag: &str) -> Reply {
        let total = content.len();
        let reply = match request.range(etag) {
            None => Reply::ok(content),
            Some((first, _)) if first >= total => Reply::new("416 Range Not Satisfiable")
                .header("Content-Range", &format!("bytes */{total}")),
            Some((first, last)) => {
                let end = total.min(last + 1);
                Reply::new("206 Partial Content")
                    .header(
                        "Content-Range",
                        &format!("bytes {first}-{}/{total}", end - 1),
                    )
                    .body(&content[first..end])
            }
        };
        match etag {
            "" => reply,
            etag => reply.header("ETag", etag),
        }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Reply {
        Reply::new("302 Found").header("Location", location)
    }

    /// These bytes and nothing else.
    pub fn raw(bytes: &[u8]) -> Reply {
        Reply {
            raw: Some(bytes.to_vec()),
            ..Reply::new("")
        }
    }

    /// Adds a header line. A `Content-Length` given here replaces the true one.
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: &[u8]) -> Reply {
        self.body = body.to_vec();
        self
    }

    /// Sends the body in chunks of this many bytes.
    pub fn chunked(mut self, size: usize) -> Reply {
        self.chunk = Some(size);
        self
    }

    /// Sends only so many bytes of the body and closes.
    pub fn cut(mut self, sent: usize) -> Reply {
        self.sent = sent;
        self
    }

    /// Sends only so many bytes of the body and nothing more, without closing.
    pub fn hang(mut self, sent: usize) -> Reply {
        (self.sent, self.after) = (sent, After::Hang);
        self
    }

    /// Sends the header a byte at a time, and never finishes it.
    pub fn drip(mut self, pause: Duration) -> Reply {
        self.drip = Some(pause);
        self
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let own = self
            .headers
            .iter()
            .any(|(name, _)| name == "Content-Length");
        match self.chunk {
            Some(_) => head += "Transfer-Encoding: chunked\r\n",
            None if own => {}
            None => head += &format!("Content-Length: {}\r\n", self.body.len()),
        }
        head + "\r\n"
    }

    fn body_on_the_wire(&self) -> Vec<u8> {
        let Some(size) = self.chunk else {
            return self.body.clone();
        };
        let mut wire = Vec::new();
        for chunk in self.body.chunks(size) {
            wire.extend(format!("{:x}\r\n", chunk.len()).bytes());
            wire.extend_from_slice(chunk);
            wire.extend(b"\r\n");
        }
        wire.extend(b"0\r\n\r\n");
        wire
    }

    /// Sends the answer. Errors are the client's going away, which is its right.
    pub fn send(&self, stream: &mut (impl Read + Write)) {
        if let Some(pause) = self.drip {
            let mut alive = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ").is_ok();
            while alive {
                thread::sleep(pause);
                alive = stream.write_all(b"x").is_ok();
            }
            return;
        }
        let mut all = match &self.raw {
            Some(raw) => raw.clone(),
            None => self.head().into_bytes(),
        };
        let body = self.body_on_the_wire();
        all.extend_from_slice(&body[..self.sent.min(body.len())]);
        let _ = stream.write_all(&all).and_then(|()| stream.flush());
        if self.after == After::Hang {
            // Until the client has had enough.
            let _ = stream.read(&mut [0]);
        }
    }
}

/// A listening socket and its log; it stops when it is dropped.
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Serves what `reply` says.
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        Server::listen("127.0.0.1:0", move |request, stream| {
            reply(request).send(stream)
        })
    }

    /// As [`Server::start`], on IPv6.
    pub fn start_v6(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        Server::listen("[::1]:0", move |request, stream| {
            reply(request).send(stream)
        })
    }

    /// A forward proxy: takes absolute targets and CONNECT, and never asks who one is.
    pub fn proxy() -> Server {
        Server::listen("127.0.0.1:0", forward)
    }

    fn listen(
        address: &str,
        serve: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind(address).expect("a free port");
        let server = Server {
            address: listener.local_addr().expect("an address"),
            log: Arc::default(),
            stop: Arc::default(),
        };
        let (log, stop) = (server.log.clone(), server.stop.clone());
        let (serve, count) = (Arc::new(serve), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(mut stream) = stream else { continue };
                let (serve, log, count) = (serve.clone(), log.clone(), count.clone());
                thread::spawn(move || {
                    let Ok(reading) = stream.try_clone() else {
                        return;
                    };
                    let number = count.fetch_add(1, Ordering::SeqCst);
                    let request = Request::read(&mut BufReader::new(reading), number);
                    if let Some(request) = request {
                        log.lock().expect("the log").push(request.clone());
                        serve(&request, &mut stream);
                    }
                });
            }
        });
        server
    }

    /// `http://host:port`, followed by a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `host:port`.
    pub fn place(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().expect("the log").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// What a proxy does with a request.
fn forward(request: &Request, client: &mut TcpStream) {
    let target = request.target();
    let tunnel = request.line.starts_with("CONNECT ");
    let (place, path) = match target.strip_prefix("http://") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => (target, ""),
    };
    let Ok(mut server) = TcpStream::connect(place) else {
        return Reply::new("502 Bad Gateway").send(client);
    };
    if tunnel {
        let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
    } else {
        let mut head = format!("GET {path} HTTP/1.1\r\nVia: 1.1 test\r\n");
        for (name, value) in &request.headers {
            if !name.starts_with("proxy-") {
                head += &format!("{name}: {value}\r\n");
            }
        }
        let _ = server.write_all(format!("{head}\r\n").as_bytes());
    }
    let (mut up_from, mut up_to) = match (client.try_clone(), server.try_clone()) {
        (Ok(client), Ok(server)) => (client, server),
        _ => return,
    };
    thread::spawn(move || {
        let _ = std::io::copy(&mut up_from, &mut up_to);
        let _ = up_to.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, client);
    let _ = client.shutdown(std::net::Shutdown::Both);
}
