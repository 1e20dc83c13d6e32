//! What a certificate says (X.509, RFC 5280).

use std::net::{Ipv4Addr, Ipv6Addr};

use time::{Date, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

/// How long before its end a certificate is worth a word, in days.
const SOON: i64 = 30;

/// Bits that an RSA key must have: what TLS libraries ask for by default today.
const SHORTEST_RSA: usize = 2048;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is, by all of the name.
    pub subject: String,
    /// What signed it, by all of the name.
    pub issuer: String,
    /// The common name, or else the first name in its list, or else all of the name.
    pub name: String,
    /// The servers that it is for, by DNS or as addresses.
    pub servers: Vec<String>,
    /// The first second in which it holds, since 1970.
    pub not_before: i64,
    /// The last second in which it holds, since 1970.
    pub not_after: i64,
    /// The bits of its key, if that is an RSA key.
    pub rsa_bits: Option<usize>,
}

/// What is wrong with a certificate's dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// Nothing.
    Valid,
    /// It ends on this day, in so many days.
    EndsSoon(Date, i64),
    /// It ended on this day.
    Expired(Date),
    /// It starts on this day.
    NotYet(Date),
}

impl Certificate {
    /// Reads the certificate at the beginning of `der`; `None` for anything else.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(der).ok()?;
        let servers = servers(&x509);
        let subject = x509.subject().to_string();
        let name = common_name(x509.subject()).or_else(|| servers.first().cloned());
        Some(Certificate {
            issuer: x509.issuer().to_string(),
            name: name.unwrap_or_else(|| subject.clone()),
            subject,
            servers,
            not_before: x509.validity().not_before.timestamp(),
            not_after: x509.validity().not_after.timestamp(),
            rsa_bits: rsa_bits(&x509),
        })
    }

    /// Whether it names itself as its issuer.
    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// How its dates are at `now`, in seconds since 1970.
    pub fn dates(&self, now: u64) -> Dates {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        if now > self.not_after {
            return Dates::Expired(day(self.not_after));
        }
        if now < self.not_before {
            return Dates::NotYet(day(self.not_before));
        }
        let left = (self.not_after - now) / (24 * 60 * 60);
        if left < SOON {
            return Dates::EndsSoon(day(self.not_after), left);
        }
        Dates::Valid
    }

    /// The bits of an RSA key that is too short.
    pub fn short_rsa(&self) -> Option<usize> {
        self.rsa_bits.filter(|bits| *bits < SHORTEST_RSA)
    }

    /// Whether it is for the server `host`: a name, where `*` stands for one part, or an address. The common name counts
    /// only where there is no list of names (RFC 6125).
    pub fn is_for(&self, host: &str) -> bool {
        let matches = |name: &str| {
            let with_star = name.strip_prefix("*.").is_some_and(|rest| {
                let parent = host.split_once('.').map(|(_, parent)| parent);
                parent.is_some_and(|parent| parent.eq_ignore_ascii_case(rest))
            });
            with_star || name.eq_ignore_ascii_case(host)
        };
        match self.servers.as_slice() {
            [] => matches(&self.name),
            servers => servers.iter().any(|name| matches(name)),
        }
    }
}

/// The day of a second since 1970, in UTC.
fn day(second: i64) -> Date {
    OffsetDateTime::from_unix_timestamp(second).map_or(Date::MAX, OffsetDateTime::date)
}

fn rsa_bits(x509: &X509Certificate<'_>) -> Option<usize> {
    let Ok(PublicKey::RSA(key)) = x509.public_key().parsed() else {
        return None;
    };
    let mut modulus = key.modulus.iter().skip_while(|byte| **byte == 0);
    let first = modulus.next()?;
    Some(8 * modulus.count() + 8 - first.leading_zeros() as usize)
}

fn servers(x509: &X509Certificate<'_>) -> Vec<String> {
    let mut servers = Vec::new();
    for extension in x509.extensions() {
        if let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() {
            servers.extend(names.general_names.iter().filter_map(server));
        }
    }
    servers
}

fn server(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            let v6 = <[u8; 16]>::try_from(*bytes).map(|bytes| Ipv6Addr::from(bytes).to_string());
            v4.or(v6).ok()
        }
        _ => None,
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    let common = name.iter_common_name().last()?;
    common.as_str().ok().map(str::to_owned)
}
