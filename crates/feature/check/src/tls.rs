//! The certificates that servers show.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use error::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use crate::certificate::Certificate;

/// A server that shows a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name, or an address without brackets.
    pub host: String,
    /// The port at which it takes encrypted connections.
    pub port: u16,
}

impl FromStr for Server {
    type Err = Error;

    /// Reads `HOST:PORT`, with brackets around an address of IPv6.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for anything else.
    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.rsplit_once(':').and_then(|(host, port)| {
            let within = host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'));
            let host = within.unwrap_or(host);
            let is_name = !host.is_empty() && (within.is_some() || !host.contains(':'));
            let port = port.parse().ok().filter(|port| *port != 0);
            port.filter(|_| is_name).map(|port| (host, port))
        });
        let (host, port) = parsed.ok_or_else(|| {
            Error::usage(format!("invalid server '{text}'"))
                .hint("for example bmc.example.net:443 or [2001:db8::1]:443")
        })?;
        let host = host.to_owned();
        Ok(Server { host, port })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl Server {
    /// The certificates that the server shows, its own first, whoever signed them. Connecting and each answer may take
    /// `limit`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when no encrypted connection comes about, [`error::Kind::Corrupt`] when what it shows is no
    /// certificate.
    pub fn chain(&self, limit: Duration) -> Result<Vec<Certificate>> {
        let named = |error: Error| error.at(self);
        let shown = self
            .shown(limit)
            .map_err(|cause| named(Error::io("no encrypted connection", cause)))?;
        let parse = |der: &CertificateDer<'_>| Certificate::parse(der);
        let chain: Option<Vec<_>> = shown.iter().map(parse).collect();
        chain
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| named(Error::corrupt("shows no certificate that can be read")))
    }

    fn shown(&self, limit: Duration) -> io::Result<Vec<CertificateDer<'static>>> {
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let config = config().map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut stream = self.connect(limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        let mut ended = Ok(());
        while connection.is_handshaking() && ended.is_ok() {
            ended = connection.complete_io(&mut stream).map(drop);
        }
        // A server that wants a certificate of the client's ends the connection after it has shown its own.
        match connection.peer_certificates() {
            Some(shown) => Ok(shown.iter().map(|der| der.clone().into_owned()).collect()),
            None => ended.map(|()| Vec::new()),
        }
    }

    fn connect(&self, limit: Duration) -> io::Result<TcpStream> {
        let mut failed = io::Error::other("the name has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, limit) {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

fn config() -> std::result::Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Anything(Arc::clone(&provider)));
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// Takes every certificate: nothing is sent over these connections, and what is wrong with the certificate is what is
/// asked.
#[derive(Debug)]
struct Anything(Arc<CryptoProvider>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_with_their_port() {
        for text in ["bmc.example.net:443", "192.0.2.1:8443", "[2001:db8::1]:443"] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), text);
        }
        for bad in [
            "bmc",
            "bmc:",
            ":443",
            "bmc:0",
            "bmc:65536",
            "2001:db8::1:443",
            "[]:443",
        ] {
            let error = bad.parse::<Server>().unwrap_err();
            assert_eq!(error.kind(), error::Kind::Usage, "{bad}");
        }
    }
}
