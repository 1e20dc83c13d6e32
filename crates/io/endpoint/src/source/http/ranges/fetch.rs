//! Fetching one part of a file.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use error::{Error, Kind, Result};
use ureq::http::StatusCode;

use super::super::address::Address;
use super::super::answer::{Framing, Part, Version, check_encoding, unsatisfied_total};
use super::super::body::Body;
use super::super::exchange::{Answer, Client, Wanted};
use super::super::failure::{Failure, Retry, Site, status};
use super::super::gone;
use super::super::patience::Patience;

/// Fetches parts of one state of a file.
pub(in super::super) struct Fetcher {
    client: Arc<Client>,
    /// Where the file was found last, after redirects.
    at: Mutex<Address>,
    version: Version,
    closed: AtomicBool,
}

/// What a server gives for the asking.
enum Given {
    /// The part, whose last byte is here, of a file of so many bytes.
    Part {
        body: Body,
        last: u64,
        total: Option<u64>,
    },
    /// The whole file, in the right state.
    Whole,
}

/// A part, as far as it has come.
struct Filling {
    start: u64,
    data: Vec<u8>,
    filled: usize,
}

impl Filling {
    /// Nothing of `part` has come. Parts are small.
    fn new(part: &Range<u64>) -> Self {
        Filling {
            start: part.start,
            data: vec![0; (part.end - part.start) as usize],
            filled: 0,
        }
    }

    fn missing(&self) -> Range<u64> {
        self.start + self.filled as u64..self.start + self.data.len() as u64
    }
}

impl Fetcher {
    /// For the state `version` of the file that was found at `at`.
    pub(in super::super) fn new(client: Arc<Client>, at: Address, version: Version) -> Self {
        Fetcher {
            client,
            at: Mutex::new(at),
            version,
            closed: AtomicBool::new(false),
        }
    }

    /// What is still being fetched is not waited for.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// The first bytes, at most `len`, and the file's length; `None` when the server does not give
    /// parts, whatever it does instead. With `patience` it may be asked more than once.
    ///
    /// # Errors
    /// What [`super::super::HttpOptions::pause`] says.
    pub(super) fn probe(&self, len: u64, patience: bool) -> Result<Option<(Vec<u8>, u64)>> {
        let found = if patience {
            self.patiently(|_| self.head(len))
        } else {
            self.head(len).map_err(|failure| failure.error)
        };
        match found {
            Err(error) if error.kind() == Kind::Interrupted => Err(error),
            found => Ok(found.ok().flatten()),
        }
    }

    fn head(&self, len: u64) -> Result<Option<(Vec<u8>, u64)>, Failure> {
        let end = self.version.total.map_or(len, |total| total.min(len));
        let Given::Part {
            mut body,
            last,
            total: Some(total),
        } = self.ask(&(0..end))?
        else {
            return Ok(None);
        };
        let mut filling = Filling::new(&(0..last + 1));
        self.read(&mut body, &mut filling)?;
        Ok(Some((filling.data, total)))
    }

    /// The bytes `part`.
    ///
    /// # Errors
    /// [`Kind::Io`] when they do not come, however often asked for, or are of another state of the file;
    /// what [`super::super::HttpOptions::pause`] says.
    pub(super) fn fetch(&self, part: &Range<u64>) -> Result<Vec<u8>> {
        let mut filling = Filling::new(part);
        self.fill(&mut filling)?;
        Ok(filling.data)
    }

    /// The bytes `part`, asked for once.
    pub(super) fn fetch_once(&self, part: &Range<u64>) -> Result<Vec<u8>, Failure> {
        let mut filling = Filling::new(part);
        self.fill_once(&mut filling)?;
        Ok(filling.data)
    }

    fn fill(&self, filling: &mut Filling) -> Result<()> {
        self.patiently(|position| {
            let result = self.fill_once(filling);
            *position = filling.filled as u64;
            result
        })
    }

    /// Tries until it works or there is no more hope; `attempt` says how many bytes have come.
    fn patiently<T>(&self, mut attempt: impl FnMut(&mut u64) -> Result<T, Failure>) -> Result<T> {
        let options = &self.client.options;
        let mut patience = Patience::new(options.retries);
        let (mut position, mut before) = (0, None::<Error>);
        loop {
            match (attempt(&mut position), before) {
                (Ok(found), _) => return Ok(found),
                (Err(failure), Some(before)) if failure.retry == Retry::Never => {
                    return Err(failure.error.cause(before));
                }
                (Err(failure), _) => {
                    // The server has answered: there was a first answer.
                    let wait = patience.next(&failure, position, true)?;
                    (options.pause)(&failure.error, wait)?;
                    before = Some(failure.error);
                }
            }
        }
    }

    fn fill_once(&self, filling: &mut Filling) -> Result<(), Failure> {
        let missing = filling.missing();
        match self.ask(&missing)? {
            Given::Part { mut body, .. } => self.read(&mut body, filling),
            Given::Whole => {
                let (first, last) = (missing.start, missing.end - 1);
                let text = format!(
                    "the server does not give parts after all: asked for bytes {first}-{last}, \
                     it sends the whole file"
                );
                let error = Error::new(Kind::Io, text);
                Err(error
                    .hint("fetch the file with another program first")
                    .into())
            }
        }
    }

    /// Takes what is missing from `body`.
    fn read(&self, body: &mut Body, filling: &mut Filling) -> Result<(), Failure> {
        while let Some(room) = filling.data.get_mut(filling.filled..)
            && !room.is_empty()
        {
            let left = room.len() as u64;
            match body.read(room, Some(left)) {
                _ if self.closed.load(Ordering::Relaxed) => return Err(stopped()),
                Ok(0) => return Err(self.site(filling, |site| site.cut())),
                Ok(n) => filling.filled += n,
                Err(error) => {
                    let failure = |site: &Site<'_>| site.failure(ureq::Error::from(error));
                    return Err(self.site(filling, failure));
                }
            }
        }
        Ok(())
    }

    /// What `failure` makes of what is known where reading stands.
    fn site(&self, filling: &Filling, failure: impl FnOnce(&Site<'_>) -> Failure) -> Failure {
        let (filled, len) = (filling.filled, filling.data.len());
        let progress = format!("{filled} of {len} bytes from byte {} on", filling.start);
        let at = self.at();
        failure(&Site {
            progress: Some(progress),
            ..self.client.site(&at, false)
        })
    }

    fn at(&self) -> Address {
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.clone()
    }

    /// Asks for `part` and looks at the answer.
    fn ask(&self, part: &Range<u64>) -> Result<Given, Failure> {
        let (at, start) = (self.at(), &self.client.start);
        let mut answer = self.request(&at, part)?;
        if gone(answer.response.status()) && at.uri() != start.uri() {
            // What a server redirects to is often good for a short time only.
            answer = self.request(start, part)?;
        }
        let (found, named) = (answer.at.clone(), self.client.named(&answer.at));
        let given = self.accept(answer, part).map_err(|failure| Failure {
            error: named(failure.error),
            ..failure
        })?;
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(given)
    }

    fn request(&self, at: &Address, part: &Range<u64>) -> Result<Answer, Failure> {
        let wanted = Wanted {
            first: part.start,
            last: part.end.checked_sub(1),
        };
        self.client.ask(at, wanted, self.version.if_range())
    }

    fn accept(&self, answer: Answer, part: &Range<u64>) -> Result<Given, Failure> {
        let headers = answer.response.headers();
        match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => {
                check_encoding(headers)?;
                self.part(answer, part)
            }
            StatusCode::OK => {
                let total = match Framing::new(&answer.response)? {
                    Framing::Length(total) => Some(total),
                    Framing::Chunked | Framing::Close => None,
                };
                self.version.compare(&Version::new(headers, total))?;
                Ok(Given::Whole)
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let now = Version::new(headers, unsatisfied_total(headers));
                self.version.compare(&now)?;
                Err(status(answer.response.status(), headers))
            }
            other => Err(status(other, headers)),
        }
    }

    /// The answer's content when it is `wanted`, or all there is of it.
    fn part(&self, answer: Answer, wanted: &Range<u64>) -> Result<Given, Failure> {
        let headers = answer.response.headers();
        let wrong = |what: String| {
            let (first, last) = (wanted.start, wanted.end.saturating_sub(1));
            let asked = format!("asked for bytes {first}-{last}");
            let text = format!("the server sends the wrong part: {asked}, {what}");
            Err(Error::new(Kind::Io, text).into())
        };
        let Some(part) = Part::new(headers) else {
            return wrong("it does not say what it sends".into());
        };
        self.version.compare(&Version::new(headers, part.total))?;
        let total = part.total.or(self.version.total);
        let end = total.map_or(wanted.end, |total| total.min(wanted.end));
        if part.first != wanted.start || part.last.checked_add(1) != Some(end) {
            let total = part.total.map_or("*".into(), |total| total.to_string());
            let (first, last) = (part.first, part.last);
            return wrong(format!("it sends bytes {first}-{last} of {total}"));
        }
        let (framing, length) = (Framing::new(&answer.response)?, end - part.first);
        if let Framing::Length(other) = framing
            && other != length
        {
            return wrong(format!("it sends {other} bytes instead of {length}"));
        }
        let silence = self.client.options.silence_timeout;
        Ok(Given::Part {
            body: Body::new(answer, framing, silence)?,
            last: part.last,
            total,
        })
    }
}

fn stopped() -> Failure {
    Error::new(Kind::Interrupted, "nothing waits for it").into()
}
