//! A file on an HTTP or HTTPS server as a source.
//!
//! The bytes are taken as they are: nothing is decompressed on the way, and the caller's buffer is
//! filled straight from the connection where it is not encrypted.
//!
//! When the connection is cut or falls silent, or the server has trouble of its own (5xx, 408, 429),
//! the program waits and asks for the rest with `Range` (RFC 9110, section 14), on condition of
//! `If-Range` with the strong ETag or, where there is no ETag, the date. Weak ETags must not be used
//! for that and some servers tell nothing but the length, so every answer's ETag, date and whole
//! length are compared with the first one's whatever the condition was: one that differs is an error,
//! and so is none that could be compared. The very first connection has to succeed, and to be of the
//! address's scheme, as it fails for nothing but a wrong address most of the time.
//!
//! An answer may end where the connection does, as XenServer's exports do. A cut looks the same then,
//! unless the connection is encrypted, so the source says that its end proves nothing.

mod address;
mod answer;
mod around;
mod body;
mod certificate;
mod exchange;
mod failure;
mod handshake;
mod heard;
mod options;
mod patience;
mod proxy;
mod ranges;
mod signed;
mod small;
mod tls;
mod trust;
mod verify;
mod wire;

use std::fmt;
use std::sync::Arc;

use error::{Error, Kind, Result};
use sparse::{Again, BlockRead, ByteSource, Fill, Opener};
use ureq::http::StatusCode;

pub use around::Around;
pub use options::{HttpOptions, Pause};
pub use proxy::Proxies;
pub use small::fetch_small;
pub use trust::{Authorities, Fingerprint, Pin};

pub use crate::secrets::shown;
use address::Address;
use answer::{
    Framing, Part, Version, accepts_ranges, check_encoding, content_type, unsatisfied_total,
};
use body::Body;
use exchange::{Answer, Client, Wanted};
use failure::{Failure, Retry, Site, status};
use patience::Patience;
use ranges::{Fetcher, Ranges};

/// A file on a server, being read.
pub struct Http {
    name: String,
    client: Arc<Client>,
    /// Where the file was found, after redirects.
    at: Address,
    patience: Patience,
    /// Whether a server has answered yet.
    reached: bool,
    /// The state of the file that is being read.
    version: Option<Version>,
    content_type: Option<String>,
    /// What the server says about asking for parts.
    accepts_ranges: Option<bool>,
    body: Option<Body>,
    /// Whether the end of the answer shows in nothing but the connection's.
    ends_by_closing: bool,
    position: u64,
    ended: bool,
}

impl Http {
    /// Asks for the file at `url` and reads the header of the answer. `user:password@` in front of
    /// the host becomes an `Authorization` header.
    ///
    /// # Errors
    /// [`Kind::Usage`] when `url` or an option makes no sense; [`Kind::Io`] when no server is reached
    /// or its answer is not the file; [`Kind::Refused`] for a redirect that is not followed;
    /// [`Kind::Unsupported`] when the server encodes the file. None of
    /// them names the address as it was given: that is [`shown`]'s to do.
    pub fn open(url: &str, options: &HttpOptions) -> Result<Self> {
        let client = Client::new(Address::parse(url)?, options.clone())?;
        Self::begin(shown(url), Arc::new(client), false)
    }

    /// Asks for the file from its beginning; `reached` tells whether the server has answered before.
    fn begin(name: String, client: Arc<Client>, reached: bool) -> Result<Self> {
        let mut http = Http {
            name,
            at: client.start.clone(),
            patience: Patience::new(client.options.retries),
            client,
            reached,
            version: None,
            content_type: None,
            accepts_ranges: None,
            body: None,
            ends_by_closing: false,
            position: 0,
            ended: false,
        };
        match http.attempt() {
            Ok(()) => {}
            Err(failure) => http.recover(failure)?,
        }
        Ok(http)
    }

    /// The media type that the server claims, such as `application/gzip`.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Tries until the file can be read on from `position`, or there is no more hope.
    fn recover(&mut self, mut failure: Failure) -> Result<()> {
        loop {
            let wait = self.patience.next(&failure, self.position, self.reached)?;
            (self.client.options.pause)(&failure.error, wait)?;
            match self.attempt() {
                Ok(()) => return Ok(()),
                Err(next) if next.retry == Retry::Never => {
                    return Err(next.error.cause(failure.error));
                }
                Err(next) => failure = next,
            }
        }
    }

    /// Asks for what follows `position`.
    fn attempt(&mut self) -> Result<(), Failure> {
        let condition = self.version.as_ref().and_then(Version::if_range);
        let answer = self
            .client
            .ask(&self.at, Wanted::rest(self.position), condition)?;
        self.reached = true;
        if gone(answer.response.status()) && self.at.uri() != self.client.start.uri() {
            // What a server redirects to is often good for a short time only.
            self.at = self.client.start.clone();
            return self.attempt();
        }
        let (at, named) = (answer.at.clone(), self.client.named(&answer.at));
        self.accept(answer).map_err(|failure| Failure {
            error: named(failure.error),
            ..failure
        })?;
        self.at = at;
        Ok(())
    }

    /// Takes the answer if it is what was asked for.
    fn accept(&mut self, answer: Answer) -> Result<(), Failure> {
        let headers = answer.response.headers();
        let (version, framing) = match answer.response.status() {
            StatusCode::OK => {
                check_encoding(headers)?;
                whole(&answer)?
            }
            StatusCode::PARTIAL_CONTENT if self.position > 0 => {
                check_encoding(headers)?;
                self.rest(&answer)?
            }
            StatusCode::RANGE_NOT_SATISFIABLE if self.position > 0 => {
                let now = Version::new(headers, unsatisfied_total(headers));
                self.same(&now)?;
                return self.nothing_left(now, status(answer.response.status(), headers));
            }
            other => return Err(status(other, headers)),
        };
        self.same(&version)?;
        if self.position > 0 && answer.response.status() == StatusCode::OK {
            let text = "the server cannot resume: asked for the rest, it sends the whole file";
            let error = Error::new(Kind::Io, text);
            return Err(error
                .hint("fetch the file with another program first")
                .into());
        }
        if self.version.is_none() {
            self.content_type = content_type(headers);
            self.accepts_ranges = accepts_ranges(headers);
            self.version = Some(version);
        } else if let Some(known) = &mut self.version {
            known.total = known.total.or(version.total);
        }
        self.ends_by_closing |= matches!(framing, Framing::Close);
        self.body = Some(Body::new(
            answer,
            framing,
            self.client.options.silence_timeout,
        )?);
        Ok(())
    }

    /// After the answer that nothing follows `position`: the end, if only the last chunk was cut off.
    fn nothing_left(&mut self, now: Version, failure: Failure) -> Result<(), Failure> {
        match &mut self.version {
            Some(version) if version.total.is_none() && now.total == Some(self.position) => {
                version.total = now.total;
                Ok(())
            }
            _ => Err(failure),
        }
    }

    /// The answer's state and framing when it is what follows `position`.
    fn rest(&self, answer: &Answer) -> Result<(Version, Framing)> {
        let headers = answer.response.headers();
        let wrong = |what: String| {
            let asked = format!("asked for all that follows byte {}", self.position);
            Err(Error::new(
                Kind::Io,
                format!("the server sends the wrong part: {asked}, {what}"),
            ))
        };
        let Some(part) = Part::new(headers) else {
            return wrong("it does not say what it sends".into());
        };
        let version = Version::new(headers, part.total);
        self.same(&version)?;
        if !part.is_rest(self.position, self.total()) {
            let total = part.total.map_or("*".into(), |total| total.to_string());
            return wrong(format!(
                "it sends bytes {}-{} of {total}",
                part.first, part.last
            ));
        }
        let framing = Framing::new(&answer.response)?;
        let length = part.last - part.first + 1;
        match framing {
            Framing::Length(other) if other != length => {
                wrong(format!("it sends {other} bytes instead of {length}"))
            }
            framing => Ok((version, framing)),
        }
    }

    /// Whether `now` is the state of the file that is being read.
    fn same(&self, now: &Version) -> Result<()> {
        match &self.version {
            Some(version) if self.position > 0 || version.is_known() => version.compare(now),
            _ => Ok(()),
        }
    }

    fn total(&self) -> Option<u64> {
        self.version.as_ref()?.total
    }

    /// Reads on; 0 at the end of the file.
    fn advance(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let left = self
            .total()
            .map(|total| total.saturating_sub(self.position));
        let read = match &mut self.body {
            Some(body) if left == Some(0) && body.has_more() => {
                let text = format!(
                    "the server sends more than the {} bytes it announced",
                    self.position
                );
                return Err(Error::new(Kind::Io, text).into());
            }
            _ if left == Some(0) => return Ok(0),
            Some(body) => body.read(buffer, left),
            None => Ok(0),
        };
        match read {
            Ok(0) if left.is_some() || self.body.is_none() => Err(self.site().cut()),
            Ok(n) => Ok(n),
            Err(error) => Err(self.site().failure(ureq::Error::from(error))),
        }
    }

    fn site(&self) -> Site<'_> {
        let progress = match self.total() {
            Some(total) => format!("{} of {total} bytes", self.position),
            None => format!("{} bytes", self.position),
        };
        Site {
            progress: Some(progress),
            ..self.client.site(&self.at, false)
        }
    }
}

/// The answer's state and framing when it is the whole file.
fn whole(answer: &Answer) -> Result<(Version, Framing)> {
    let framing = Framing::new(&answer.response)?;
    let total = match framing {
        Framing::Length(total) => Some(total),
        Framing::Chunked | Framing::Close => None,
    };
    Ok((Version::new(answer.response.headers(), total), framing))
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("name", &self.name)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Whether an address is not, or no longer, good for the file.
fn gone(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::GONE
    )
}

impl ByteSource for Http {
    /// Scheme, host, port and path: neither password nor query.
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        self.total()
    }

    fn unproven_end(&self) -> Option<Error> {
        let text = "the server does not report where the file ends, so a truncated file would go unnoticed";
        let hint = "fetch the file with another program first, and check that it is complete";
        let unproven = self.ends_by_closing && self.total().is_none();
        unproven.then(|| Error::unsupported(text).hint(hint))
    }

    /// A server may answer with a page where a file was asked for.
    fn hint(&self) -> Option<&'static str> {
        let page = ["text/html", "application/xhtml+xml"];
        let media = self.content_type.as_deref()?.split(';').next()?.trim();
        page.iter().any(|page| media.eq_ignore_ascii_case(page)).then_some(
            "the server sent a web page, perhaps to log in: open the address in a browser to see",
        )
    }

    fn found_at(&self) -> Option<String> {
        let redirected = self.at.uri() != self.client.start.uri();
        redirected.then(|| self.at.shown())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<Fill> {
        while !self.ended {
            match self.advance(buffer) {
                Ok(0) => {
                    self.ended = true;
                    self.body = None;
                }
                Ok(n) => {
                    self.position += n as u64;
                    return Ok(Fill::Data(n));
                }
                Err(failure) => {
                    self.body = None;
                    self.recover(failure)?;
                }
            }
        }
        Ok(Fill::End)
    }

    /// Parts of the file, if the server gives some for the asking.
    fn is_far(&self) -> bool {
        true
    }

    fn at_any_offset(&self) -> Option<Opener> {
        let version = self.version.clone().filter(Version::is_known)?;
        if self.accepts_ranges == Some(false) || version.total == Some(0) {
            return None;
        }
        let advertised = self.accepts_ranges == Some(true);
        let (name, client, at) = (self.name.clone(), Arc::clone(&self.client), self.at.clone());
        Some(Box::new(move || {
            let fetcher = Fetcher::new(Arc::clone(&client), at.clone(), version.clone());
            let ranges = Ranges::open(name.clone(), fetcher, advertised)?;
            Ok(ranges.map(|ranges| Arc::new(ranges) as Arc<dyn BlockRead>))
        }))
    }

    /// A new request, whose answer must be in the same state of the file as the first one.
    fn again(&self) -> Option<Again> {
        let version = self.version.clone().filter(Version::is_known)?;
        let (name, client) = (self.name.clone(), Arc::clone(&self.client));
        Some(Box::new(move || {
            let again = Self::begin(name.clone(), Arc::clone(&client), true)?;
            version.compare(again.version.as_ref().unwrap_or(&Version::default()))?;
            Ok(Box::new(again))
        }))
    }
}
