//! Servers that encrypt, and their certificates, made for each test.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::http::{Reply, Request};

/// Algorithms of signatures, as certificates name them.
const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const RSA_SHA1: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";

/// A certificate and its key.
pub struct Identity {
    /// In DER.
    pub certificate: CertificateDer<'static>,
    /// The private key.
    pub key: KeyPair,
}

impl Identity {
    /// A self-signed certificate for `names` (none: the common name alone), changed by `change`.
    pub fn alone(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut params, key) = (params(names), KeyPair::generate().unwrap());
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Identity { certificate, key }
    }

    /// A self-signed certificate as ESXi, XCP-ng and many storage boxes make it: CA:TRUE.
    pub fn appliance(names: &[&str]) -> Self {
        Self::alone(names, |params| params.is_ca = authority())
    }

    /// A certificate, changed by `change`, that `authority`, which is called so, has signed.
    pub fn signed_by(
        authority: &Identity,
        called: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let (mut params, key) = (params(&[]), KeyPair::generate().unwrap());
        change(&mut params);
        let mut issuer = CertificateParams::default();
        issuer.distinguished_name = name(called);
        let issuer = Issuer::from_params(&issuer, &authority.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key,
        }
    }

    /// An authority of this name.
    pub fn authority(called: &str) -> Self {
        Self::alone(&[], |params| {
            params.distinguished_name = name(called);
            params.is_ca = authority();
        })
    }

    /// The self-signed certificate of version 1 that `openssl x509 -req` of old makes, or one of a
    /// key that is only said to be the server's.
    pub fn version_1(public_key: Option<&[u8]>) -> Self {
        Self::by_hand("localhost", ECDSA_SHA256, public_key, None)
    }

    /// A certificate of version 3 for `localhost` that `issuer` is said to have signed with RSA and
    /// SHA-1.
    pub fn with_sha1(issuer: &str) -> Self {
        let names = tlv(0x30, &[&tlv(0x82, &[b"localhost"])]);
        let names = tlv(0x30, &[b"\x06\x03\x55\x1d\x11", &tlv(0x04, &[&names])]);
        let extensions = tlv(0xa3, &[&tlv(0x30, &[&names])]);
        Self::by_hand(issuer, RSA_SHA1, None, Some(&extensions))
    }

    /// A certificate that nobody has signed.
    fn by_hand(
        issuer: &str,
        algorithm: &[u8],
        public_key: Option<&[u8]>,
        extensions: Option<&[u8]>,
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let own = key.subject_public_key_info();
        let version = extensions.map_or(&b""[..], |_| b"\xa0\x03\x02\x01\x02");
        let signed = tlv(
            0x30,
            &[
                version,
                b"\x02\x01\x01",
                algorithm,
                &common_name(issuer),
                &tlv(0x30, &[b"\x17\x0d200101000000Z", b"\x17\x0d490101000000Z"]),
                &common_name("localhost"),
                public_key.unwrap_or(&own),
                extensions.unwrap_or_default(),
            ],
        );
        let certificate = tlv(0x30, &[&signed, algorithm, b"\x03\x02\x00\x00"]);
        Identity {
            certificate: certificate.into(),
            key,
        }
    }

    /// The certificate as a PEM file.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// The fingerprint, `sha256:…`.
    pub fn fingerprint(&self) -> String {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(&self.certificate);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{digits}")
    }

    /// Serves what `reply` says on 127.0.0.1.
    pub fn serve(&self, reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Encrypted {
        self.serve_in(rustls::ALL_VERSIONS, reply)
    }

    /// The same in one version of TLS.
    pub fn serve_in(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Encrypted {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = provider.key_provider.load_private_key(key).unwrap();
        // Without a look at whether they belong together, or are any good.
        let certified = CertifiedKey::new(vec![self.certificate.clone()], key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        Encrypted::start(Arc::new(config), reply)
    }
}

/// A server, and how often it was asked for a connection.
pub struct Encrypted {
    /// Where it listens on this machine.
    pub port: u16,
    connections: Arc<AtomicUsize>,
}

impl Encrypted {
    /// Its thread ends with its process.
    fn start(
        config: Arc<ServerConfig>,
        reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, reply) = (Arc::clone(&connections), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (config, reply) = (Arc::clone(&config), Arc::clone(&reply));
                thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
                    if let Some(request) = Request::read(&mut stream, number) {
                        let stream = stream.get_mut();
                        reply(&request).send(stream);
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                    }
                });
            }
        });
        Encrypted { port, connections }
    }

    /// `https://host:port`, followed by a path.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    /// The connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A section of a PEM file.
pub fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).collect();
    let body: String = lines
        .iter()
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect();
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

/// An RSA key of so many bits, as certificates hold it; nobody has the other half.
pub fn rsa_key(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xc5; bits / 8 + 1];
    modulus[0] = 0;
    let key = tlv(0x30, &[&tlv(0x02, &[&modulus]), b"\x02\x03\x01\x00\x01"]);
    let rsa = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    tlv(0x30, &[rsa, &tlv(0x03, &[b"\0", &key])])
}

/// A name of X.500 that is a common name alone.
fn common_name(called: &str) -> Vec<u8> {
    let called = tlv(0x0c, &[called.as_bytes()]);
    let attribute = tlv(0x30, &[b"\x06\x03\x55\x04\x03", &called]);
    tlv(0x30, &[&tlv(0x31, &[&attribute])])
}

/// A value of ASN.1 in DER.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let len = (value.len() as u32).to_be_bytes();
    let len = match value.len() {
        0..0x80 => vec![len[3]],
        0x80..0x100 => vec![0x81, len[3]],
        _ => vec![0x82, len[2], len[3]],
    };
    [&[tag][..], &len, &value].concat()
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = name("localhost");
    params
}

fn name(called: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, called);
    name
}

fn authority() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}
