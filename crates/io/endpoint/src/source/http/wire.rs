//! The plain TCP connection below HTTP, and names.
//!
//! The HTTP library's own would do, but for three things: its bytes make a detour through a buffer
//! before they reach the caller's; it asks even a plain proxy for tunnels, which many open to
//! encrypted ports only; and its errors do not tell a name that does not exist from a cut line.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

use super::heard::Heard;

/// No connection came about.
#[derive(Debug)]
pub(super) struct NoConnection {
    /// The host, and the port where one is written, that was asked for.
    pub(super) place: String,
    /// Whether the host's name could be looked up.
    pub(super) found: bool,
    /// What the operating system said.
    pub(super) cause: String,
}

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)
    }
}

impl std::error::Error for NoConnection {}

impl NoConnection {
    fn error(uri: &Uri, found: bool, cause: impl fmt::Display) -> Error {
        let place = uri.authority().map_or("", |authority| authority.as_str());
        let place = place.rsplit('@').next().unwrap_or_default();
        Error::Other(Box::new(NoConnection {
            place: place.to_owned(),
            found,
            cause: cause.to_string(),
        }))
    }
}

/// A window on a connection, for reading past the HTTP library's buffer.
#[derive(Debug, Default)]
pub(super) struct Tap {
    stream: Mutex<Option<Arc<TcpStream>>>,
    buffered: AtomicUsize,
    heard: Mutex<Heard>,
}

impl Tap {
    /// The connection made last.
    pub(super) fn stream(&self) -> Option<Arc<TcpStream>> {
        self.stream
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn hear(&self, bytes: &[u8]) {
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).add(bytes);
    }

    /// The first bytes that came on it.
    pub(super) fn heard(&self) -> Heard {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clone()
    }

    /// The number of bytes that have been received and not yet been read from the library.
    pub(super) fn buffered(&self) -> usize {
        self.buffered.load(Ordering::Relaxed)
    }
}

/// Looks names up: the proxy's, where one forwards for us, else the one asked for.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) proxy: Option<Uri>,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let uri = self.proxy.as_ref().unwrap_or(uri);
        let found = DefaultResolver::default().resolve(uri, config, timeout);
        found.map_err(|error| match error {
            Error::Io(cause) => NoConnection::error(uri, false, cause),
            Error::HostNotFound => NoConnection::error(uri, false, "it has no address"),
            other => other,
        })
    }
}

/// Opens TCP connections.
#[derive(Debug)]
pub(super) struct Wire {
    /// The plain proxy that forwards for us.
    pub(super) proxy: Option<Uri>,
    /// The time for one connection, all of its addresses together.
    pub(super) timeout: Duration,
    pub(super) tap: Arc<Tap>,
}

impl<In: Transport> Connector<In> for Wire {
    type Out = Either<In, WireTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if let Some(chained) = chained {
            return Ok(Some(Either::A(chained)));
        }
        let uri = self.proxy.as_ref().unwrap_or(details.uri);
        let stream = self
            .open(details)
            .map_err(|cause| NoConnection::error(uri, true, cause))?;
        stream.set_nodelay(true)?;
        let stream = Arc::new(stream);
        *self
            .tap
            .stream
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(stream.clone());
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Either::B(WireTransport {
            stream,
            buffers: Counted {
                inner: buffers,
                tap: self.tap.clone(),
            },
            origin: self.proxy.is_some().then(|| origin(details.uri)),
        })))
    }
}

impl Wire {
    /// Tries each address in turn; every one gets its share of the time.
    fn open(&self, details: &ConnectionDetails) -> io::Result<TcpStream> {
        let share = self.timeout / u32::try_from(details.addrs.len().max(1)).unwrap_or(1);
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in details.addrs.iter() {
            match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

/// What stands before the path where a proxy is asked: scheme, host and port.
fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    format!(
        "{scheme}://{}",
        uri.authority().map_or("", |authority| authority.as_str())
    )
}

/// A TCP connection as the HTTP library wants it.
#[derive(Debug)]
pub(super) struct WireTransport {
    stream: Arc<TcpStream>,
    buffers: Counted,
    /// What the next request's path is prefixed with.
    origin: Option<String>,
}

impl Transport for WireTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = still_time(timeout.for_write())?;
        self.stream
            .set_write_timeout(timeout.not_zero().map(|after| *after))?;
        let output = self
            .buffers
            .inner
            .output()
            .get(..amount)
            .unwrap_or_default();
        // The library writes "GET /path HTTP/1.1", a proxy wants "GET http://host/path HTTP/1.1".
        let absolute = self
            .origin
            .take()
            .zip(output.strip_prefix(b"GET "))
            .map(|(origin, rest)| [b"GET ", origin.as_bytes(), rest].concat());
        let written = (&*self.stream).write_all(absolute.as_deref().unwrap_or(output));
        written.map_err(|error| timed_out(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = still_time(timeout.for_read())?;
        self.stream
            .set_read_timeout(timeout.not_zero().map(|after| *after))?;
        let input = self.buffers.inner.input_append_buf();
        let amount = read_once(&self.stream, input).map_err(|error| timed_out(error, timeout))?;
        self.buffers
            .tap
            .hear(input.get(..amount).unwrap_or_default());
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        // Every request makes its own connection.
        false
    }
}

/// Reads what is there, however often a signal interrupts.
pub(super) fn read_once(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn still_time(timeout: NextTimeout) -> Result<NextTimeout, Error> {
    if timeout.after.is_zero() {
        Err(Error::Timeout(timeout.reason))
    } else {
        Ok(timeout)
    }
}

fn timed_out(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    }
}

/// Buffers that tell the tap how much they hold.
#[derive(Debug)]
struct Counted {
    inner: LazyBuffers,
    tap: Arc<Tap>,
}

impl Counted {
    fn tell(&self) {
        self.tap
            .buffered
            .store(self.inner.input().len(), Ordering::Relaxed);
    }
}

impl Buffers for Counted {
    fn output(&mut self) -> &mut [u8] {
        self.inner.output()
    }

    fn input(&self) -> &[u8] {
        self.inner.input()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.inner.input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.inner.input_appended(amount);
        self.tell();
    }

    fn input_consume(&mut self, amount: usize) {
        self.inner.input_consume(amount);
        self.tell();
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.inner.tmp_and_output()
    }

    fn can_use_input(&self) -> bool {
        self.inner.can_use_input()
    }
}
