//! The encrypted connection below HTTPS.
//!
//! The HTTP library's own would do, but for two things: whom it trusts cannot be told it, and its
//! errors do not say what a server answered that does not speak TLS.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Error;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use super::heard::Heard;
use super::verify::Trust;

/// Encrypts connections to https addresses.
#[derive(Debug)]
pub(super) struct Encrypt {
    pub(super) trust: Arc<Trust>,
}

/// No encrypted connection came about.
#[derive(Debug)]
pub(super) struct NoTls {
    /// The host, and the port where one is written.
    pub(super) place: String,
    /// What the server said first.
    pub(super) heard: Heard,
    /// What the TLS library, or the operating system, says.
    pub(super) cause: io::Error,
}

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)
    }
}

impl std::error::Error for NoTls {}

impl NoTls {
    /// Whether the server did not answer in time.
    pub(super) fn is_timeout(&self) -> bool {
        let inner = self.cause.get_ref();
        let inner = inner.and_then(|inner| inner.downcast_ref());
        matches!(inner, Some(Error::Timeout(_)))
    }

    /// The TLS library's error.
    pub(super) fn tls(&self) -> Option<&rustls::Error> {
        self.cause.get_ref()?.downcast_ref()
    }
}

impl<In: Transport> Connector<In> for Encrypt {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let place = details.uri.authority().map_or("", |place| place.as_str());
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let failed = |heard: Heard, cause: io::Error| {
            Error::Other(Box::new(NoTls {
                place: place.rsplit('@').next().unwrap_or_default().to_owned(),
                heard,
                cause,
            }))
        };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|cause| failed(Heard::default(), io::Error::other(cause)))?;
        let config = self.trust.config(host);
        let config = config.map_err(|cause| failed(Heard::default(), io::Error::other(cause)))?;
        let mut adapter = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        adapter.set_timeout(left(details));
        let mut wire = Listening {
            adapter,
            heard: Heard::default(),
        };
        let connection = shake_hands(config, name, &mut wire);
        let connection = connection.map_err(|cause| failed(wire.heard.clone(), cause))?;
        let config = details.config;
        Ok(Some(Either::B(TlsTransport {
            stream: StreamOwned::new(connection, wire),
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
        })))
    }
}

/// A connection whose keys are agreed and whose server is trusted.
fn shake_hands(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    wire: &mut Listening,
) -> io::Result<ClientConnection> {
    let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(wire)?;
    }
    Ok(connection)
}

/// The time that connecting has left over.
fn left(details: &ConnectionDetails) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (Duration::Exact(limit), Instant::Exact(start), Instant::Exact(now)) =
        (timeout.after, details.now, (details.current_time)())
    {
        let spent = now.saturating_duration_since(start);
        timeout.after = Duration::Exact(limit.saturating_sub(spent));
    }
    timeout
}

/// A connection whose first bytes are remembered.
struct Listening {
    adapter: TransportAdapter,
    heard: Heard,
}

impl Read for Listening {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.adapter.read(buffer)?;
        self.heard.add(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl Write for Listening {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.adapter.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.adapter.flush()
    }
}

/// An encrypted connection as the HTTP library wants it.
pub(super) struct TlsTransport {
    stream: StreamOwned<ClientConnection, Listening>,
    buffers: LazyBuffers,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.adapter.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.adapter.set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        // Every request makes its own connection.
        false
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}
