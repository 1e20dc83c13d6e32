//! Whether a server has the key to the certificate that it shows: its signature on the handshake.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::{
    CertificateError, DigitallySignedStruct, Error as Tls, PeerMisbehaved, SignatureScheme,
};

use super::certificate::Certificate;

/// The ways of signing that can be verified.
pub(super) fn schemes(provider: &CryptoProvider) -> Vec<SignatureScheme> {
    provider
        .signature_verification_algorithms
        .supported_schemes()
}

/// The key in a certificate. The TLS library's own way to it reads X.509 version 3 only, and many
/// self-signed certificates are version 1.
fn key<'a>(certificate: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, Tls> {
    let (parsed, _) =
        Certificate::parse(certificate).ok_or(Tls::from(CertificateError::BadEncoding))?;
    Ok(parsed.key())
}

/// Checks the server's signature in TLS 1.3 (RFC 8446, section 4.4.3).
pub(super) fn signed_in_tls13(
    provider: &CryptoProvider,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Tls> {
    let algorithms = &provider.signature_verification_algorithms;
    verify_tls13_signature_with_raw_key(message, &key(certificate)?, signed, algorithms)
}

/// Checks the server's signature in TLS 1.2 (RFC 5246, section 7.4.3), where the name of a scheme
/// leaves open which curve is meant.
pub(super) fn signed_in_tls12(
    provider: &CryptoProvider,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Tls> {
    let algorithms = &provider.signature_verification_algorithms;
    let found = algorithms.mapping.iter();
    let found = found.filter(|(scheme, _)| *scheme == signed.scheme);
    let candidates: Vec<_> = found.flat_map(|(_, candidates)| *candidates).collect();
    if candidates.is_empty() {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    let key = key(certificate)?;
    let key = webpki::RawPublicKeyEntity::try_from(&key)
        .map_err(|_| Tls::from(CertificateError::BadEncoding))?;
    let mut candidates = candidates.into_iter();
    let valid = candidates.any(|candidate| {
        key.verify_signature(*candidate, message, signed.signature())
            .is_ok()
    });
    if valid {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}
