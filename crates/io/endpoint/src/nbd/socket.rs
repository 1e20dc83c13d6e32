//! The socket under a connection.

use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;

use super::address::Way;

/// How long a host may take to take a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// When a silent host is asked whether it is there still, and how often before it is given up.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 6);

/// A connected socket; clones are the same one, and one may read while another writes.
#[derive(Clone, Debug)]
pub(super) struct Socket(Arc<Stream>);

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    pub(super) fn connect(way: &Way) -> io::Result<Self> {
        let stream = match way {
            Way::Tcp(host, port) => Stream::Tcp(connect_tcp(host, *port)?),
            Way::Unix(path) => Stream::Unix(connect_unix(path)?),
        };
        Ok(Socket(Arc::new(stream)))
    }

    /// How long a read or write may wait; `None` for as long as it takes.
    pub(super) fn set_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match &*self.0 {
            Stream::Tcp(stream) => {
                stream.set_read_timeout(limit)?;
                stream.set_write_timeout(limit)
            }
            Stream::Unix(stream) => {
                stream.set_read_timeout(limit)?;
                stream.set_write_timeout(limit)
            }
        }
    }

    /// Writes `head` and then `payload`, all of both.
    pub(super) fn send(&mut self, head: &[u8], payload: &[u8]) -> io::Result<()> {
        let (mut head, mut payload) = (head, payload);
        while !head.is_empty() && !payload.is_empty() {
            match self.write_vectored(&[IoSlice::new(head), IoSlice::new(payload)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    let of_head = n.min(head.len());
                    head = &head[of_head..];
                    payload = &payload[(n - of_head).min(payload.len())..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.write_all(head)?;
        self.write_all(payload)
    }
}

fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                // Requests are small and a reader waits for each.
                stream.set_nodelay(true)?;
                let (idle, interval, count) = KEEPALIVE;
                sockopt::set_socket_keepalive(&stream, true)?;
                sockopt::set_tcp_keepidle(&stream, idle)?;
                sockopt::set_tcp_keepintvl(&stream, interval)?;
                sockopt::set_tcp_keepcnt(&stream, count)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    match path.as_os_str().as_bytes().strip_prefix(b"\0") {
        Some(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        None => UnixStream::connect(path),
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &*self.0 {
            Stream::Tcp(stream) => (&*stream).read(buffer),
            Stream::Unix(stream) => (&*stream).read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &*self.0 {
            Stream::Tcp(stream) => (&*stream).write(data),
            Stream::Unix(stream) => (&*stream).write(data),
        }
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        match &*self.0 {
            Stream::Tcp(stream) => (&*stream).write_vectored(data),
            Stream::Unix(stream) => (&*stream).write_vectored(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
