//! What it means when no encrypted connection comes about, or a connection turns out not to be
//! what the address's scheme says.

use error::{Error, Kind};
use rustls::{AlertDescription as Alert, CertificateError, Error as Tls, OtherError};

use ureq::http::StatusCode;

use super::failure::{Failure, Retry, Site, seconds};
use super::heard::{Heard, Speech};
use super::tls::NoTls;
use super::verify::{Distrust, Why};
use crate::advice::{Advice, Trust};

impl Site<'_> {
    /// No encrypted connection came about.
    pub(super) fn unencrypted(&self, failed: &NoTls) -> Failure {
        let tls = failed.tls();
        if let Some(distrust) = tls.and_then(distrust) {
            return self.untrusted(&failed.place, distrust).into();
        }
        let place = &failed.place;
        let error = match (failed.heard.speech(), tls) {
            _ if failed.is_timeout() => {
                let time = seconds(self.connect);
                let text = format!(
                    "{place} did not answer within {time} when it was asked for encryption"
                );
                self.other_scheme(text)
            }
            (Speech::Http, _) => self.other_scheme(format!(
                "{place} does not speak TLS on this port but plain HTTP, so it is not https"
            )),
            (Speech::Other(what), _) => Error::new(
                Kind::Io,
                format!("{place} does not speak TLS on this port: {what}"),
            ),
            (Speech::Nothing, None) => self.other_scheme(format!(
                "{place} closed the connection when it was asked for encryption"
            )),
            (_, Some(tls)) => disagreement(place, tls, &failed.heard),
            (_, None) => Error::io(nothing_came_about(place), &failed.cause),
        };
        Failure {
            error,
            retry: Retry::IfReached,
        }
    }

    /// An error of TLS on a connection that had come about.
    pub(super) fn tls(&self, error: &Tls) -> Error {
        disagreement(self.at.place(), error, &Heard::default())
    }

    /// A plain connection on which no HTTP came: what came instead, if that is known to be
    /// something else.
    pub(super) fn not_http(&self) -> Option<Failure> {
        let place = self.at.place();
        let error = match self.heard.as_ref()?.speech() {
            Speech::Http => return None,
            Speech::Nothing => {
                let text = "the connection was cut before the server answered";
                let hint = format!(
                    "if it speaks TLS on this port, use {}",
                    self.at.other_scheme()
                );
                Error::new(Kind::Io, text).hint(hint)
            }
            Speech::Tls => self.other_scheme(format!(
                "{place} speaks TLS on this port, so it is https and not http"
            )),
            Speech::Other(what) => Error::new(
                Kind::Io,
                format!("{place} does not speak HTTP on this port: {what}"),
            ),
        };
        Some(Failure {
            error,
            retry: Retry::IfReached,
        })
    }

    /// A server's answer by which it asks for encryption.
    pub(super) fn wants_encryption(&self, status: StatusCode) -> Error {
        let (place, status) = (self.at.place(), status.as_u16());
        self.other_scheme(format!(
            "the server answers {status}: {place} speaks TLS on this port, so it is https and not http"
        ))
    }

    /// An error that the other scheme may not meet.
    fn other_scheme(&self, text: String) -> Error {
        let hint = if self.at.is_https() {
            "if an unencrypted connection will do, use"
        } else {
            "use"
        };
        Error::new(Kind::Io, text).hint(format!("{hint} {}", self.at.other_scheme()))
    }

    /// A certificate that is not trusted.
    fn untrusted(&self, place: &str, distrust: &Distrust) -> Error {
        let found = distrust.fingerprint;
        let told = |why: &str| {
            let text = format!("the certificate of {place} cannot be trusted: {why}");
            Error::new(Kind::Io, text)
        };
        match &distrust.why {
            Why::Untrusted { why, alone } => told(why).advise(Advice::TrustCertificate {
                found: found.to_string(),
                by: self.trust(*alone),
            }),
            Why::Unusable(why) => told(why)
                .cause(format!("its fingerprint is {found}"))
                .hint("fetch the file with another program, or give the server a new certificate"),
            Why::Other(wanted) => Error::new(
                Kind::Io,
                format!("the certificate of {place} has the fingerprint {found}, not {wanted}"),
            )
            .hint("the server has a new certificate, or this is another server: ask who runs it"),
            Why::NoAuthorities(trouble) => {
                let text = "this machine has no certificates of authorities, so no https server \
                            can be checked";
                let error = trouble
                    .iter()
                    .fold(Error::new(Kind::Io, text), Error::cause);
                error.advise(Advice::FindAuthorities {
                    found: found.to_string(),
                    by: self.trust(false),
                })
            }
        }
    }

    /// How to trust the server's certificate; `alone` says whether it is enough to trust it by itself.
    fn trust(&self, alone: bool) -> Trust {
        match (self.at_start, alone) {
            (true, true) => Trust::FingerprintOrCertificate,
            (true, false) => Trust::Fingerprint,
            (false, true) => Trust::Certificate,
            (false, false) => Trust::FingerprintOfSource {
                server: self.at.place().to_owned(),
            },
        }
    }
}

fn distrust(error: &Tls) -> Option<&Distrust> {
    match error {
        Tls::InvalidCertificate(CertificateError::Other(OtherError(why))) => why.downcast_ref(),
        _ => None,
    }
}

fn nothing_came_about(place: &str) -> String {
    format!("no encrypted connection to {place} can be made")
}

/// Why `place` and the program do not agree on an encryption.
fn disagreement(place: &str, error: &Tls, heard: &Heard) -> Error {
    let old = match error {
        Tls::PeerIncompatible(_) | Tls::AlertReceived(Alert::ProtocolVersion) => {
            Some(heard.old_tls().unwrap_or("an older version"))
        }
        _ => None,
    };
    match (error, old) {
        (Tls::PeerIncompatible(_), Some(old)) if heard.old_tls().is_some() => outdated(place, old),
        (Tls::AlertReceived(Alert::ProtocolVersion), Some(old)) => outdated(place, old),
        (Tls::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity), _) => {
            Error::io(
                format!("{place} has no way of encryption in common with this program"),
                "it refused all that TLS 1.2 and 1.3 of this program offer: ECDHE with AES-GCM or \
                 ChaCha20, RSA and ECDSA certificates",
            )
            .hint("fetch the file with another program first")
        }
        (Tls::AlertReceived(Alert::CertificateRequired | Alert::BadCertificate), _) => {
            Error::unsupported(format!(
                "{place} wants a certificate from its clients, which this program cannot give"
            ))
        }
        (Tls::AlertReceived(Alert::UnrecognisedName), _) => Error::new(
            Kind::Io,
            format!("{place} does not know itself by this name"),
        ),
        (Tls::InvalidCertificate(CertificateError::BadSignature), _) => Error::new(
            Kind::Io,
            format!("{place} does not show that it has the key to its certificate"),
        ),
        (other, _) => Error::io(nothing_came_about(place), other),
    }
}

fn outdated(place: &str, old: &str) -> Error {
    let text = format!("{place} speaks {old} only, TLS 1.2 or 1.3 is needed");
    Error::new(Kind::Io, text)
        .hint("fetch the file with another program first, or bring the server up to date")
}
