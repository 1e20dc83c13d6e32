//! Which https servers are trusted beside those that the system's authorities vouch for: what users
//! give as files of certificates and as fingerprints.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use error::{Error, Result, hex};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};

use super::address::Address;
use super::certificate::Certificate;

/// The SHA-256 of a certificate's bytes (DER), as browsers and `openssl x509 -fingerprint -sha256`
/// show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads 64 hexadecimal digits, with or without colons or spaces between them and `sha256:` (or
    /// what OpenSSL writes, `sha256 Fingerprint=`) before them, in capitals or not.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for anything else; other kinds of fingerprint are named.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |why: String| {
            Error::usage(format!("invalid fingerprint '{text}': {why}")).hint(
                "openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE shows the right one",
            )
        };
        let (label, rest) = split_label(text.trim());
        if text.contains("//") {
            return Err(invalid(
                "that is a public key's (a pin of curl), not a certificate's".into(),
            ));
        }
        let digits: String = rest.chars().filter(|c| !": ".contains(*c)).collect();
        let kind = match (label.as_str(), digits.len()) {
            ("sha1", _) | ("", 40) => "that is SHA-1, which is too weak",
            ("md5", _) | ("", 32) => "that is MD5, which is too weak",
            ("sha256" | "", 64) => "",
            ("sha256" | "", count) => {
                return Err(invalid(format!(
                    "it has {count} digits, a SHA-256 has 64 hexadecimal ones"
                )));
            }
            _ => "only SHA-256 is known",
        };
        if !kind.is_empty() {
            return Err(invalid(kind.into()));
        }
        unhex(&digits)
            .map(Fingerprint)
            .ok_or_else(|| invalid("a SHA-256 has hexadecimal digits only".into()))
    }

    /// The fingerprint of a certificate.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        Fingerprint(Sha256::digest(certificate).into())
    }
}

/// The name of the algorithm in front of a fingerprint, in small letters and digits, and the rest.
fn split_label(text: &str) -> (String, &str) {
    let end = text.find([':', '=']).unwrap_or(0);
    let (label, rest) = text.split_at(end);
    // The first two digits of AA:BB:… are no label.
    if !label.starts_with(['s', 'S', 'm', 'M']) {
        return (String::new(), text);
    }
    let label = label.to_ascii_lowercase();
    let name = label.split(' ').next().unwrap_or_default();
    (name.replace('-', ""), rest.get(1..).unwrap_or_default())
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        *byte = (digit(0)? * 16 + digit(1)?) as u8;
    }
    Some(bytes)
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The one certificate that a host is known by: it is trusted for that host, and no other one is,
/// regardless of who signed it, whatever its names and dates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    host: String,
    fingerprint: Fingerprint,
}

impl Pin {
    /// The certificate of the server that the https address `url` names, on all of its ports.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when `url` is not an https address.
    pub fn new(url: &str, fingerprint: Fingerprint) -> Result<Self> {
        let address = Address::parse(url)?;
        if !address.is_https() {
            let text = "a fingerprint is of an https server's certificate, http has none";
            return Err(Error::usage(text));
        }
        Ok(Pin {
            host: address.host().to_owned(),
            fingerprint,
        })
    }

    /// What `host` has to show, if it is the one.
    pub(super) fn of_host(&self, host: &str) -> Option<Fingerprint> {
        let same = self.host.eq_ignore_ascii_case(host);
        same.then_some(self.fingerprint)
    }
}

/// Certificates that are trusted beside the system's: of authorities, or of servers themselves.
#[derive(Clone, Default)]
pub struct Authorities(Arc<Vec<CertificateDer<'static>>>);

impl Authorities {
    /// Reads a file of certificates: PEM (RFC 7468), with anything between them, or one in DER.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when there is none in it, or one that cannot be read; what is there
    /// instead is named.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let certificates = match file.first() {
            None => return Err(Error::usage("is empty, it holds no certificate")),
            Some(0x30) => vec![binary(file)?],
            Some(_) => armoured(&encoding_rs::UTF_8.decode(file).0)?,
        };
        Ok(Authorities(Arc::new(certificates)))
    }

    /// These and `others`.
    #[must_use]
    pub fn and(&self, others: &Authorities) -> Self {
        Authorities(Arc::new([&self.0[..], &others.0[..]].concat()))
    }

    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} certificates", self.0.len())
    }
}

/// A file that is one certificate in DER.
fn binary(file: &[u8]) -> Result<CertificateDer<'static>> {
    match Certificate::parse(file) {
        Some((certificate, [])) => Ok(certificate.der().into_owned()),
        Some(_) => Err(Error::usage(
            "holds more than one certificate in DER, or something behind it",
        )
        .hint("put several certificates into a PEM file")),
        None => Err(Error::usage(
            "is neither PEM nor a certificate in DER: a key or a store of keys (PKCS #7, #8, #12) \
             perhaps",
        )
        .hint("openssl pkcs12 or openssl pkcs7 -print_certs writes the certificates as PEM")),
    }
}

/// The certificates of a PEM file.
fn armoured(text: &str) -> Result<Vec<CertificateDer<'static>>> {
    let (mut certificates, mut others) = (Vec::new(), Vec::new());
    for (label, body) in sections(text) {
        // Two old names; a trusted certificate has something behind it that is of no use here.
        if !["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"].contains(&label) {
            others.push(label);
            continue;
        }
        let number = certificates.len() + 1;
        let broken = || Error::usage(format!("certificate {number} in it cannot be read"));
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| broken())?;
        let (certificate, _) = Certificate::parse(&der).ok_or_else(broken)?;
        certificates.push(certificate.der().into_owned());
    }
    match (certificates.is_empty(), others.first()) {
        (false, _) => Ok(certificates),
        (true, Some(other)) => Err(Error::usage(format!(
            "holds no certificate, but this: {other}"
        ))),
        (true, None) => Err(Error::usage(
            "holds no certificate, in PEM or otherwise (no line -----BEGIN CERTIFICATE-----)",
        )),
    }
}

/// The sections of a PEM file: label, and what stands between its two lines.
fn sections(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, rest) = rest.split_once("-----END ").unwrap_or((rest, ""));
        text = rest;
        Some((label, body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_however_they_are_written() {
        let digits = "0123456789abcdef".repeat(4);
        let pairs: Vec<_> = digits
            .as_bytes()
            .chunks(2)
            .map(String::from_utf8_lossy)
            .collect();
        let colons = pairs.join(":").to_uppercase();
        let expected = format!("sha256:{digits}");
        for text in [
            digits.clone(),
            expected.clone(),
            expected.to_uppercase(),
            colons.clone(),
            format!("SHA256:{colons}"),
            format!("sha256 Fingerprint={colons}\n"),
            format!("SHA-256 fingerprint: {}", pairs.join(" ")),
        ] {
            assert_eq!(
                Fingerprint::parse(&text).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        for text in [
            "",
            "sha256:",
            "ä",
            "sha256:ä",
            &"ä".repeat(32),
            &digits[1..],
            &format!("{digits}0"),
        ] {
            let error = Fingerprint::parse(text).unwrap_err();
            assert_eq!(error.kind(), error::Kind::Usage, "{text}");
        }
    }

    #[test]
    fn a_pin_is_of_an_https_host() {
        let fingerprint = Fingerprint([1; 32]);
        let pin = Pin::new("https://me:secret@[::1]:8443/x?y", fingerprint).unwrap();
        assert_eq!(pin.of_host("::1"), Some(fingerprint));
        assert_eq!(pin.of_host("::2"), None);
        assert!(Pin::new("http://h/x", fingerprint).is_err());
        let shown = format!("{pin:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
