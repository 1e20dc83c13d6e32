//! What a server's answer says about the file.

use error::{Error, Kind};
use ureq::http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    HeaderName, LAST_MODIFIED, RETRY_AFTER, TRANSFER_ENCODING,
};
use ureq::http::{HeaderMap, Response, Version as Http};

/// The state of a file that an answer belongs to: two answers can only be joined when they agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    etag: Option<String>,
    modified: Option<String>,
    /// Whether the answer is younger than the modification, so that the date tells two states of
    /// the file apart (RFC 9110, section 8.8.2.2).
    settled: bool,
    /// The length of the whole file in bytes.
    pub(super) total: Option<u64>,
}

impl Version {
    /// The state named by the answer's header, with the file's whole length.
    pub(super) fn new(headers: &HeaderMap, total: Option<u64>) -> Self {
        let modified = text(headers, LAST_MODIFIED);
        let date = text(headers, DATE);
        Version {
            settled: date.is_some() && date != modified,
            etag: text(headers, ETAG),
            modified,
            total,
        }
    }

    /// What makes a server send the rest only of this very state: a strong ETag, or the date when
    /// there is no ETag at all (RFC 9110, section 13.1.5).
    pub(super) fn if_range(&self) -> Option<&str> {
        match &self.etag {
            Some(etag) => (!etag.starts_with("W/")).then_some(etag),
            None => self.modified.as_deref().filter(|_| self.settled),
        }
    }

    /// Whether there is anything to compare another state with.
    pub(super) fn is_known(&self) -> bool {
        self.etag.is_some() || self.modified.is_some() || self.total.is_some()
    }

    /// The error when `now` is another state of the file, or cannot be shown to be the same one.
    /// A length alone is enough to go on with; what both tell must agree.
    pub(super) fn compare(&self, now: &Version) -> Result<(), Error> {
        let was_is = |what: &str, was: &str, is: &str| {
            let text = "the file on the server changed while it was read";
            Err(Error::new(
                Kind::Io,
                format!("{text}: its {what} was {was}, is {is}"),
            ))
        };
        let total = (self.total.map(bytes), now.total.map(bytes));
        let pairs = [
            ("ETag", &self.etag, &now.etag),
            ("date", &self.modified, &now.modified),
            ("size", &total.0, &total.1),
        ];
        let mut agreed = false;
        for (what, was, is) in pairs {
            match (was, is) {
                (Some(was), Some(is)) if was != is => return was_is(what, was, is),
                (Some(_), Some(_)) => agreed = true,
                _ => {}
            }
        }
        if agreed {
            Ok(())
        } else {
            Err(Error::new(
                Kind::Io,
                "the server does not report whether the file is still the same",
            ))
        }
    }
}

fn bytes(count: u64) -> String {
    format!("{count} bytes")
}

/// The part of a file that a 206 answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) total: Option<u64>,
}

impl Part {
    /// Reads `bytes first-last/total`, where total may be `*` (RFC 9110, section 14.4).
    pub(super) fn new(headers: &HeaderMap) -> Option<Self> {
        let text = text(headers, CONTENT_RANGE)?;
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let part = Part {
            first: number(first)?,
            last: number(last)?,
            total: if total == "*" {
                None
            } else {
                Some(number(total)?)
            },
        };
        let sound = part.first <= part.last && part.total.is_none_or(|total| part.last < total);
        sound.then_some(part)
    }

    /// Whether the part is all that follows byte `from` of a file of `total` bytes.
    pub(super) fn is_rest(&self, from: u64, total: Option<u64>) -> bool {
        let end = self.total.or(total);
        self.first == from && end.is_some() && end == self.last.checked_add(1)
    }
}

/// The whole file's length that a 416 answer tells, `bytes */total`.
pub(super) fn unsatisfied_total(headers: &HeaderMap) -> Option<u64> {
    number(text(headers, CONTENT_RANGE)?.strip_prefix("bytes */")?)
}

/// How the end of an answer's body shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// By a last chunk.
    Chunked,
    /// When the connection closes, however that comes about.
    Close,
}

impl Framing {
    /// The framing by RFC 9112, section 6.3.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] for transfer codings that were not asked for.
    pub(super) fn new<T>(response: &Response<T>) -> Result<Self, Error> {
        let headers = response.headers();
        let modern = response.version() >= Http::HTTP_11;
        match text(headers, TRANSFER_ENCODING) {
            Some(coding) if modern && coding.eq_ignore_ascii_case("chunked") => {
                Ok(Framing::Chunked)
            }
            Some(coding) => Err(Error::unsupported(format!(
                "the server sends the file with the transfer coding {coding}"
            ))),
            None => {
                let length = text(headers, CONTENT_LENGTH).as_deref().and_then(number);
                Ok(length.map_or(Framing::Close, Framing::Length))
            }
        }
    }
}

/// The error when the body is not the file's own bytes.
///
/// Many servers label a `.tar.gz` as gzip-coded although it is the file itself that is compressed.
/// What is meant cannot be told, and need not be: the content shows what it is.
pub(super) fn check_encoding(headers: &HeaderMap) -> Result<(), Error> {
    let encoding = text(headers, CONTENT_ENCODING).unwrap_or_default();
    let as_it_is = ["", "identity", "gzip", "x-gzip"];
    if as_it_is
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    let error = Error::unsupported(format!(
        "the server says that what it sends is the file in {encoding} coding (Content-Encoding), \
         though it was asked for the file as it is"
    ));
    Err(error.hint("fetch it with another program, such as curl, and give the file or pipe it in"))
}

/// Whether the server takes `Range`, where it says so (RFC 9110, section 14.3).
pub(super) fn accepts_ranges(headers: &HeaderMap) -> Option<bool> {
    let units = text(headers, ACCEPT_RANGES)?.to_ascii_lowercase();
    let says = |unit: &str| units.split(',').any(|said| said.trim() == unit);
    if says("bytes") {
        Some(true)
    } else {
        says("none").then_some(false)
    }
}

/// The media type, if the server tells one.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    text(headers, CONTENT_TYPE)
}

/// The seconds that a server asks to wait; a date is not looked at (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    text(headers, RETRY_AFTER).as_deref().and_then(number)
}

/// A header's value, cut to what fits into a message and can be compared.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(
        value
            .to_str()
            .map_or_else(|_| format!("{value:?}"), |text| text.trim().to_owned()),
    )
}

/// A number of digits alone: no sign, no space.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        lines.iter().map(pair).collect()
    }

    #[test]
    fn only_strong_validators_go_into_if_range() {
        const MONDAY: &str = "Mon, 06 Jul 2026 10:00:00 GMT";
        const LATER: &str = "Mon, 06 Jul 2026 10:00:01 GMT";
        for (lines, expected) in [
            (&[("etag", "\"a\"")][..], Some("\"a\"")),
            (&[("etag", "W/\"a\"")], None),
            (&[("last-modified", MONDAY)], None),
            (&[("last-modified", MONDAY), ("date", MONDAY)], None),
            (&[("last-modified", MONDAY), ("date", LATER)], Some(MONDAY)),
            (
                &[
                    ("etag", "W/\"a\""),
                    ("last-modified", MONDAY),
                    ("date", LATER),
                ],
                None,
            ),
            (&[], None),
        ] {
            assert_eq!(
                Version::new(&headers(lines), None).if_range(),
                expected,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn any_disagreement_is_a_change() {
        let version = |etag: &str, total| {
            let lines = [("etag", etag)];
            Version::new(&headers(if etag.is_empty() { &[] } else { &lines }), total)
        };
        let compare = |a: Version, b: Version| a.compare(&b).map_err(|error| error.to_text());
        assert_eq!(
            compare(version("W/\"a\"", None), version("W/\"a\"", Some(5))),
            Ok(())
        );
        assert_eq!(
            compare(version("", Some(5)), version("\"a\"", Some(5))),
            Ok(())
        );
        assert_eq!(
            compare(version("\"a\"", Some(5)), version("\"b\"", Some(5))).unwrap_err(),
            "error: the file on the server changed while it was read: its ETag was \"a\", is \"b\""
        );
        assert_eq!(
            compare(version("\"a\"", Some(5)), version("\"a\"", Some(6))).unwrap_err(),
            "error: the file on the server changed while it was read: its size was 5 bytes, is 6 bytes"
        );
        assert_eq!(
            compare(version("\"a\"", None), version("", Some(6))).unwrap_err(),
            "error: the server does not report whether the file is still the same"
        );
    }

    #[test]
    fn parts_are_read_strictly() {
        for (text, expected) in [
            ("bytes 5-9/10", Some((5, 9, Some(10)))),
            ("bytes 5-9/*", Some((5, 9, None))),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes +5-9/10", None),
            ("bytes 5-99999999999999999999/*", None),
            ("bytes */10", None),
            ("items 5-9/10", None),
        ] {
            let part = Part::new(&headers(&[("content-range", text)]));
            assert_eq!(
                part.map(|part| (part.first, part.last, part.total)),
                expected,
                "{text}"
            );
        }
        let part = Part {
            first: 5,
            last: u64::MAX,
            total: None,
        };
        assert!(!part.is_rest(5, None));
        assert_eq!(
            unsatisfied_total(&headers(&[("content-range", "bytes */7")])),
            Some(7)
        );
    }
}
