//! What can go wrong on the way, and whether trying again makes sense.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use error::{Error, Kind};
use ureq::Timeout;
use ureq::http::{HeaderMap, StatusCode};

use super::address::Address;
use super::answer::retry_after;
use super::heard::Heard;
use super::tls::NoTls;
use super::wire::NoConnection;
use crate::advice::Advice;

/// An error, and whether another attempt may help.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) retry: Retry,
}

/// Whether another attempt may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// It would end the same way.
    Never,
    /// Only if the server has answered before: else the address is wrong, and an answer at once is better.
    IfReached,
    /// It may.
    Soon,
    /// It may, when the server has had this much rest.
    After(Duration),
}

/// The largest header of an answer, in bytes.
pub(super) const HEADER_LIMIT: usize = 64 * 1024;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            error,
            retry: Retry::Never,
        }
    }
}

/// What is known where an error comes up.
pub(super) struct Site<'a> {
    /// The address that was asked.
    pub(super) at: &'a Address,
    /// Whether it is on the server that the user named.
    pub(super) at_start: bool,
    /// Whether a proxy stands in between.
    pub(super) proxied: bool,
    /// What came on a plain connection to the server itself, before the body, where it is asked for
    /// the beginning of a file.
    pub(super) heard: Option<Heard>,
    /// The longest time for a connection.
    pub(super) connect: Duration,
    /// The longest time without a byte.
    pub(super) silence: Duration,
    /// How much of the body has come, in words; `None` before the body.
    pub(super) progress: Option<String>,
}

impl Site<'_> {
    /// The failure behind an error of the HTTP library.
    pub(super) fn failure(&self, error: ureq::Error) -> Failure {
        use ureq::Error as E;
        let kind = |text: String| Error::new(Kind::Io, text);
        match error {
            E::Io(error) => self.broken(error),
            E::Timeout(Timeout::Connect | Timeout::Resolve) => {
                let (host, time) = (self.place(self.at.place()), seconds(self.connect));
                let error = kind(format!("no connection to {host} within {time}"));
                Failure {
                    error,
                    retry: Retry::IfReached,
                }
            }
            E::Timeout(_) => self.silent(),
            E::Other(error) => self.other(&*error),
            // The library's name for an end in the middle of a chunk's frame.
            E::BodyStalled => self.cut(),
            E::LargeResponseHeader(..) => {
                let limit = HEADER_LIMIT / 1024;
                kind(format!(
                    "the header of the server's answer is longer than {limit} KiB"
                ))
                .into()
            }
            E::ConnectProxyFailed(cause) => {
                let text = format!("the proxy does not open a tunnel to {}", self.at.place());
                Failure {
                    error: Error::io(text, cause),
                    retry: Retry::IfReached,
                }
            }
            E::Protocol(cause) => self.improper(cause),
            other => Error::io("the request failed", other).into(),
        }
    }

    /// What this program's own parts of the connection say.
    fn other(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Failure {
        if let Some(error) = error.downcast_ref::<NoConnection>() {
            return self.unconnected(error);
        }
        match error.downcast_ref::<NoTls>() {
            Some(error) => self.unencrypted(error),
            None => Error::io("the connection failed", error).into(),
        }
    }

    /// An answer that breaks the rules of HTTP.
    fn improper(&self, cause: impl fmt::Display) -> Failure {
        if let Some(progress) = &self.progress {
            let text = format!("the server breaks the rules of HTTP after {progress}");
            return Error::io(text, cause).into();
        }
        self.not_http()
            .unwrap_or_else(|| Error::io("the server's answer is not proper HTTP", cause).into())
    }

    fn place(&self, place: &str) -> String {
        if self.proxied {
            format!("the proxy {place}")
        } else {
            place.to_owned()
        }
    }

    fn unconnected(&self, error: &NoConnection) -> Failure {
        let place = self.place(&error.place);
        let text = if error.found {
            format!("cannot connect to {place}")
        } else {
            format!("cannot find the host of {place}")
        };
        Failure {
            error: Error::io(text, &error.cause),
            retry: Retry::IfReached,
        }
    }

    /// A read or write that the operating system ended.
    pub(super) fn broken(&self, error: io::Error) -> Failure {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return self.tls(tls).into();
        }
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.silent(),
            ErrorKind::UnexpectedEof => self.cut(),
            _ => {
                let mut failure = self.cut();
                failure.error = failure.error.cause(error);
                failure
            }
        }
    }

    /// The connection ended before the body did.
    pub(super) fn cut(&self) -> Failure {
        if let Some(failure) = self.not_http() {
            return failure;
        }
        let text = match &self.progress {
            Some(progress) => format!("the connection was cut after {progress}"),
            None => "the connection was cut before the server answered".to_owned(),
        };
        Failure {
            error: Error::new(Kind::Io, text),
            retry: Retry::Soon,
        }
    }

    fn silent(&self) -> Failure {
        let time = seconds(self.silence);
        let text = match &self.progress {
            Some(progress) => format!("the server sent nothing for {time} after {progress}"),
            None => format!("the server did not answer within {time}"),
        };
        Failure {
            error: Error::new(Kind::Io, text),
            retry: Retry::Soon,
        }
    }
}

/// What the server says instead of sending the file, in words.
fn answer(status: StatusCode) -> String {
    let reason = status
        .canonical_reason()
        .map(|reason| format!(" {reason}"))
        .unwrap_or_default();
    format!("the server answers {}{reason}", status.as_u16())
}

/// Whether `error` is the server's word that there is no such file.
pub(super) fn is_missing(error: &Error) -> bool {
    let missing = [StatusCode::NOT_FOUND, StatusCode::GONE];
    missing
        .into_iter()
        .any(|status| error.message() == answer(status))
}

/// The failure that an answer's status stands for.
pub(super) fn status(status: StatusCode, headers: &HeaderMap) -> Failure {
    let error = Error::new(Kind::Io, answer(status));
    let wait = retry_after(headers).map(Duration::from_secs);
    let retry = match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Retry::Soon,
        // What the server, or the network before it, will not do the next time either.
        StatusCode::NOT_IMPLEMENTED
        | StatusCode::HTTP_VERSION_NOT_SUPPORTED
        | StatusCode::VARIANT_ALSO_NEGOTIATES
        | StatusCode::LOOP_DETECTED
        | StatusCode::NOT_EXTENDED
        | StatusCode::NETWORK_AUTHENTICATION_REQUIRED => Retry::Never,
        status if status.is_server_error() => Retry::Soon,
        _ => Retry::Never,
    };
    let retry = match (retry, wait) {
        (Retry::Soon, Some(wait)) => Retry::After(wait),
        (retry, _) => retry,
    };
    let error = match status {
        StatusCode::UNAUTHORIZED => error.advise(Advice::LogIn),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            error.hint("put user:password@ into the proxy's address")
        }
        _ => error,
    };
    Failure { error, retry }
}

/// A time as a user reads it.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
