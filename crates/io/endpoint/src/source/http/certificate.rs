//! What a certificate says (X.509, RFC 5280), as far as messages and the trust in single
//! certificates need it. Chains are checked by webpki.

use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// Most names of a certificate that a message lists.
const NAMES: usize = 5;

/// A certificate that could be read.
pub(super) struct Certificate<'a> {
    x509: X509Certificate<'a>,
}

impl<'a> Certificate<'a> {
    /// Reads the certificate at the beginning of `der`, and gives what follows it.
    pub(super) fn parse(der: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (rest, x509) = X509Certificate::from_der(der).ok()?;
        Some((Certificate { x509 }, rest))
    }

    /// Its bytes.
    pub(super) fn der(&self) -> CertificateDer<'a> {
        CertificateDer::from(self.x509.as_raw())
    }

    /// Its public key, as the certificate holds it.
    pub(super) fn key(&self) -> SubjectPublicKeyInfoDer<'a> {
        SubjectPublicKeyInfoDer::from(self.x509.tbs_certificate.subject_pki.raw)
    }

    /// The length of its key in bits, if that is an RSA key.
    pub(super) fn rsa_bits(&self) -> Option<usize> {
        match self.x509.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => {
                let modulus = key.modulus.iter().skip_while(|&&byte| byte == 0);
                Some(modulus.count() * 8)
            }
            _ => None,
        }
    }

    /// Whether it names itself as its issuer.
    pub(super) fn is_self_signed(&self) -> bool {
        self.x509.issuer().as_raw() == self.x509.subject().as_raw()
    }

    /// The authority that signed it, by what it calls itself.
    pub(super) fn issuer(&self) -> String {
        called(self.x509.issuer())
    }

    /// What is wrong with its dates at `now`, in words.
    pub(super) fn date_trouble(&self, now: UnixTime) -> Option<String> {
        let validity = self.x509.validity();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now > validity.not_after.timestamp() {
            return Some(format!("it expired on {}", date(validity.not_after)));
        }
        let today = ASN1Time::from_timestamp(now).map(date);
        (now < validity.not_before.timestamp()).then(|| {
            let from = date(validity.not_before);
            let today = today.unwrap_or_default();
            format!("it is not valid before {from} (this machine's clock says {today})")
        })
    }

    /// What is wrong with its names for the server called `name`, in words.
    pub(super) fn name_trouble(&self, name: &ServerName<'_>) -> Option<String> {
        if self.is_for(name) {
            return None;
        }
        let (asked, names) = (name.to_str(), self.names());
        Some(match (&names[..], self.common_name()) {
            ([], Some(common)) => {
                format!(
                    "it has no names of servers (only a common name, {common}), so none is {asked}"
                )
            }
            ([], None) => format!("it has no names of servers, so none is {asked}"),
            (names, _) => {
                let more = match names.len().saturating_sub(NAMES) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let names = names.iter().take(NAMES).cloned().collect::<Vec<_>>();
                format!("it is for {}{more}, not for {asked}", names.join(", "))
            }
        })
    }

    /// Whether it names the server in its list of names (RFC 9525).
    fn is_for(&self, name: &ServerName<'_>) -> bool {
        let der = self.der();
        ParsedCertificate::try_from(&der)
            .is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
    }

    /// Whether it has no list of names, and the common name is the server's, as was customary before
    /// there were such lists (RFC 6125, section 6.4.4). That is enough for a certificate that a user
    /// trusts by itself, and for no other.
    pub(super) fn is_for_by_common_name(&self, name: &ServerName<'_>) -> bool {
        let common = self.common_name();
        self.names().is_empty()
            && common.is_some_and(|common| common.eq_ignore_ascii_case(&name.to_str()))
    }

    /// The servers that it names, as text.
    fn names(&self) -> Vec<String> {
        let Ok(Some(extension)) = self.x509.subject_alternative_name() else {
            return Vec::new();
        };
        let names = extension.value.general_names.iter();
        let shown = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => ip_address(bytes),
            _ => None,
        });
        shown.collect()
    }

    fn common_name(&self) -> Option<String> {
        common_name(self.x509.subject())
    }

    /// The algorithm that it is signed with, if that is too weak for authorities' signatures.
    pub(super) fn weak_signature(&self) -> Option<&'static str> {
        match self
            .x509
            .signature_algorithm
            .algorithm
            .to_id_string()
            .as_str()
        {
            "1.2.840.113549.1.1.4" => Some("MD5"),
            "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => Some("SHA-1"),
            _ => None,
        }
    }
}

/// A day of the calendar, in UTC.
fn date(time: ASN1Time) -> String {
    let time = time.to_datetime();
    let month = u8::from(time.month());
    format!("{:04}-{month:02}-{:02}", time.year(), time.day())
}

fn ip_address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).to_string())
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    let common = name.iter_common_name().last()?;
    common.as_str().ok().map(str::to_owned)
}

/// The common name, or the whole of a name that has none.
fn called(name: &X509Name<'_>) -> String {
    common_name(name).unwrap_or_else(|| name.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A certificate with names of both kinds.
    fn made() -> Vec<u8> {
        let names = ["a.example", "10.0.0.1", "fe80::1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        made.cert.der().to_vec()
    }

    #[test]
    fn a_certificate_tells_what_it_says() {
        let der = made();
        let (certificate, rest) = Certificate::parse(&der).unwrap();
        assert!(rest.is_empty() && certificate.is_self_signed());
        assert_eq!(certificate.names(), ["a.example", "10.0.0.1", "fe80::1"]);
        assert_eq!(certificate.issuer(), "rcgen self signed cert");
        assert_eq!(certificate.rsa_bits(), None);
        assert_eq!(certificate.weak_signature(), None);
        let name = |name: &str| ServerName::try_from(name.to_owned()).unwrap();
        for known in ["a.example", "A.EXAMPLE", "10.0.0.1", "fe80::1"] {
            assert_eq!(certificate.name_trouble(&name(known)), None);
        }
        let trouble = certificate.name_trouble(&name("b.example"));
        let expected = "it is for a.example, 10.0.0.1, fe80::1, not for b.example";
        assert_eq!(trouble.as_deref(), Some(expected));
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        assert_eq!(certificate.date_trouble(at(1_800_000_000)), None);
        let before = "it is not valid before 1975-01-01 (this machine's clock says 1970-01-01)";
        assert_eq!(certificate.date_trouble(at(0)).as_deref(), Some(before));
        let after = "it expired on 4096-01-01";
        assert_eq!(
            certificate.date_trouble(at(u64::MAX)).as_deref(),
            Some(after)
        );
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_is_read_or_not(
            damage in proptest::collection::vec((0usize..400, any::<u8>()), 1..6),
            end in 0usize..800,
        ) {
            let mut der = made();
            for (at, byte) in damage {
                if let Some(place) = der.get_mut(at) {
                    *place = byte;
                }
            }
            der.truncate(end);
            if let Some((certificate, _)) = Certificate::parse(&der) {
                let name = ServerName::try_from("a.example").unwrap();
                let _ = (certificate.name_trouble(&name), certificate.issuer(), certificate.rsa_bits());
                let _ = (certificate.is_for_by_common_name(&name), certificate.weak_signature());
                let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1));
                let _ = (certificate.date_trouble(now), certificate.key());
                prop_assert!(certificate.der().len() <= der.len());
            }
        }
    }
}
