//! Whether a server's certificate is trusted, and whether the server has its key.
//!
//! There are two ways to be trusted. For every host: a chain of signatures up to an authority, as
//! webpki checks it, or being one of the trusted certificates oneself, as self-signed certificates of
//! hypervisors and storage boxes are; names and dates are checked in both cases. For the host that a
//! user has pinned: the right fingerprint, and nothing else. The server's signature on the handshake,
//! which shows that it has the certificate's key, is checked always.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as Tls, OtherError, RootCertStore,
    SignatureScheme,
};

use super::certificate::Certificate;
use super::signed::{schemes, signed_in_tls12, signed_in_tls13};
use super::trust::{Authorities, Fingerprint, Pin};

/// The lengths of RSA keys whose signatures the TLS library verifies, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a certificate is not trusted.
#[derive(Debug)]
pub(super) struct Distrust {
    pub(super) why: Why,
    pub(super) fingerprint: Fingerprint,
}

/// What is wrong with a certificate.
#[derive(Debug)]
pub(super) enum Why {
    /// This, in words; its fingerprint would do, and where it need only be trusted by itself, that.
    Untrusted { why: String, alone: bool },
    /// This, in words; no option helps.
    Unusable(String),
    /// It is not the one with this fingerprint.
    Other(Fingerprint),
    /// There is no authority that could vouch for it; the trouble with reading the system's, if any.
    NoAuthorities(Option<String>),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate {} is not trusted", self.fingerprint)
    }
}

impl std::error::Error for Distrust {}

impl Why {
    /// As the TLS library hands it on.
    fn of(self, certificate: &CertificateDer<'_>) -> Tls {
        let fingerprint = Fingerprint::of(certificate);
        let distrust = Distrust {
            why: self,
            fingerprint,
        };
        CertificateError::Other(OtherError(Arc::new(distrust))).into()
    }
}

/// Whom to trust, as the TLS library needs it; made when it is first needed.
pub(super) struct Trust {
    authorities: Authorities,
    pin: Option<Pin>,
    vouched: OnceLock<Arc<ClientConfig>>,
    pinned: OnceLock<Arc<ClientConfig>>,
}

impl Trust {
    /// The system's authorities, these ones, and this certificate for its host.
    pub(super) fn new(authorities: Authorities, pin: Option<Pin>) -> Self {
        Trust {
            authorities,
            pin,
            vouched: OnceLock::new(),
            pinned: OnceLock::new(),
        }
    }

    /// What makes connections to `host`.
    ///
    /// # Errors
    /// Those of the TLS library; none are known.
    pub(super) fn config(&self, host: &str) -> Result<Arc<ClientConfig>, Tls> {
        let provider = Arc::new(ring::default_provider());
        let pin = self.pin.as_ref().and_then(|pin| pin.of_host(host));
        let kept = match pin {
            Some(_) => &self.pinned,
            None => &self.vouched,
        };
        if let Some(config) = kept.get() {
            return Ok(Arc::clone(config));
        }
        let verifier: Arc<dyn ServerCertVerifier> = match pin {
            Some(wanted) => Arc::new(Pinned {
                wanted,
                provider: Arc::clone(&provider),
            }),
            None => Arc::new(Vouched::new(&self.authorities, &provider)),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Arc::clone(kept.get_or_init(|| Arc::new(config))))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("authorities", &self.authorities)
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

/// Trusts the one certificate with the right fingerprint.
#[derive(Debug)]
struct Pinned {
    wanted: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Tls> {
        if Fingerprint::of(certificate) != self.wanted {
            return Err(Why::Other(self.wanted).of(certificate));
        }
        usable(certificate)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        signed_in_tls12(&self.provider, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        signed_in_tls13(&self.provider, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes(&self.provider)
    }
}

/// Trusts what an authority vouches for, and the trusted certificates themselves.
#[derive(Debug)]
struct Vouched {
    /// `None` where there is no authority.
    chains: Option<Arc<WebPkiServerVerifier>>,
    trusted: Vec<CertificateDer<'static>>,
    /// What went wrong with reading the system's certificates.
    trouble: Option<String>,
    provider: Arc<CryptoProvider>,
}

impl Vouched {
    /// The system's authorities and `own`.
    fn new(own: &Authorities, provider: &Arc<CryptoProvider>) -> Self {
        let system = rustls_native_certs::load_native_certs();
        let trusted = [&system.certs[..], own.certificates()].concat();
        let mut roots = RootCertStore::empty();
        // What webpki cannot use as an authority may still be a server's own.
        roots.add_parsable_certificates(trusted.iter().cloned());
        let provider = Arc::clone(provider);
        let chains =
            WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        Vouched {
            chains: chains.build().ok(),
            trusted,
            trouble: system.errors.first().map(ToString::to_string),
            provider,
        }
    }

    /// Checks names and dates of a certificate that is trusted by itself.
    fn itself(
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Tls> {
        let parsed = usable(certificate)?;
        let troubles = alone(&parsed, name, now);
        if troubles.is_empty() {
            Ok(())
        } else {
            let (why, alone) = (troubles.join(", "), false);
            Err(Why::Untrusted { why, alone }.of(certificate))
        }
    }
}

impl ServerCertVerifier for Vouched {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Tls> {
        if self.trusted.iter().any(|trusted| trusted == certificate) {
            Self::itself(certificate, name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = usable(certificate)?;
        let Some(chains) = &self.chains else {
            return Err(Why::NoAuthorities(self.trouble.clone()).of(certificate));
        };
        let verified = chains.verify_server_cert(certificate, intermediates, name, ocsp, now);
        verified.map_err(|error| {
            let why = in_words(&error, &parsed, name, now);
            let alone = alone(&parsed, name, now).is_empty();
            Why::Untrusted { why, alone }.of(certificate)
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        signed_in_tls12(&self.provider, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        signed_in_tls13(&self.provider, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes(&self.provider)
    }
}

/// The certificate, if it can be read and a signature of its key can be verified.
fn usable<'a>(certificate: &'a CertificateDer<'_>) -> Result<Certificate<'a>, Tls> {
    let unusable = |why: String| Why::Unusable(why).of(certificate);
    let Some((parsed, [])) = Certificate::parse(certificate) else {
        return Err(unusable("it is not a proper X.509 certificate".into()));
    };
    match parsed.rsa_bits() {
        Some(bits) if !RSA_BITS.contains(&bits) => {
            let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
            let why = format!("its RSA key has {bits} bits, only {least} to {most} are supported");
            Err(unusable(why))
        }
        _ => Ok(parsed),
    }
}

/// What is wrong with a certificate that is trusted by itself.
fn alone(certificate: &Certificate<'_>, name: &ServerName<'_>, now: UnixTime) -> Vec<String> {
    let named = certificate
        .name_trouble(name)
        .filter(|_| !certificate.is_for_by_common_name(name));
    let dated = certificate.date_trouble(now);
    dated.into_iter().chain(named).collect()
}

/// All that is wrong with a certificate, for which webpki has found the first reason.
fn in_words(
    error: &Tls,
    certificate: &Certificate<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> String {
    use CertificateError as E;
    let from = match error {
        _ if certificate.is_self_signed() => Some("it is self-signed".to_owned()),
        Tls::InvalidCertificate(E::UnknownIssuer) => Some(format!(
            "it is from an authority that this machine does not trust ({})",
            certificate.issuer()
        )),
        Tls::InvalidCertificate(
            E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => Some(match certificate.weak_signature() {
            Some(weak) => format!("it is signed with {weak}, which is too weak"),
            None => "it, or one above it, is signed with an algorithm that is not supported".into(),
        }),
        _ => None,
    };
    let date = certificate.date_trouble(now);
    let troubles = [from, date, certificate.name_trouble(name)];
    let troubles: Vec<_> = troubles.into_iter().flatten().collect();
    match (troubles.is_empty(), error) {
        (false, _) => troubles.join(", "),
        (true, Tls::InvalidCertificate(E::ExpiredContext { .. } | E::Expired)) => {
            "the certificate of an authority above it has expired".into()
        }
        (true, Tls::InvalidCertificate(E::InvalidPurposeContext { .. } | E::InvalidPurpose)) => {
            "it is not meant for servers (extended key usage)".into()
        }
        (true, Tls::InvalidCertificate(E::BadSignature)) => {
            "the signature on it, or on one above it, is wrong".into()
        }
        (true, Tls::InvalidCertificate(E::Other(OtherError(why)))) => {
            match why.downcast_ref::<webpki::Error>() {
                Some(webpki::Error::CaUsedAsEndEntity) => {
                    "it is an authority's own (CA:TRUE), not a server's".into()
                }
                Some(webpki::Error::UnsupportedCertVersion) => {
                    "it is of an old version of X.509".into()
                }
                _ => why.to_string(),
            }
        }
        (true, Tls::InvalidCertificate(why)) => why.to_string(),
        (true, other) => other.to_string(),
    }
}
