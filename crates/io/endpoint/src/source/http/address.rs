//! Addresses: what a user typed or a server redirects to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use error::{Error, Result};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use ureq::http::Uri;
use ureq::http::uri::Authority;

/// What servers put into redirects though it does not belong there, and browsers put up with; so are
/// all bytes above 127.
const STRAY: &AsciiSet = &CONTROLS.add(b' ');

/// An absolute http or https address without userinfo, and the credentials that stood there.
#[derive(Clone)]
pub(super) struct Address {
    uri: Uri,
    login: Option<String>,
}

impl Address {
    /// Reads what a user typed.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when it is no address, or of another scheme than http and https.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let invalid = |why: String| Error::usage(format!("not a usable address: {why}"));
        let uri: Uri = text.parse().map_err(|e| invalid(format!("{e}")))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if !is_web(scheme) {
            return Err(invalid("only http:// and https:// are read".into()));
        }
        let authority = uri
            .authority()
            .ok_or_else(|| invalid("it has no host".into()))?;
        let (login, place) = match authority.as_str().rsplit_once('@') {
            Some((login, place)) => (Some(basic(login)), place),
            None => (None, authority.as_str()),
        };
        let place: Authority = place.parse().map_err(|e| invalid(format!("{e}")))?;
        if place.host().is_empty() {
            return Err(invalid("it has no host".into()));
        }
        if place.port().is_none() && port_text(&place).is_some_and(|port| !port.is_empty()) {
            return Err(invalid("its port is not a number below 65536".into()));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let uri = format!("{scheme}://{place}{path}");
        let uri = uri.parse().map_err(|e| invalid(format!("{e}")))?;
        Ok(Address { uri, login })
    }

    /// Where a redirect's `Location` leads from here (RFC 9110, section 10.2.2; RFC 3986, section 5).
    /// Credentials in it are dropped: a server has none to give.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for another scheme, and for http after https;
    /// [`error::Kind::Io`] when it is no address.
    pub(super) fn follow(&self, location: &[u8]) -> Result<Self> {
        let location = String::from_utf8_lossy(location);
        let location = location.split('#').next().unwrap_or_default();
        let location = utf8_percent_encode(location, STRAY).to_string();
        if let Some(scheme) = scheme(&location)
            && !is_web(scheme)
        {
            return Err(Error::refused(format!(
                "it redirects to a {}: address, only http and https are followed",
                scheme.to_ascii_lowercase()
            )));
        }
        let mut next = Address::parse(&self.join(&location)).map_err(|error| {
            Error::new(error::Kind::Io, "it redirects to an invalid address").cause(error.message())
        })?;
        next.login = None;
        if self.is_https() && !next.is_https() {
            return Err(Error::refused(format!(
                "it redirects from https to {}, which would drop the encryption",
                next.shown()
            )));
        }
        Ok(next)
    }

    /// The text of an absolute address, from one that may be relative to this one.
    fn join(&self, location: &str) -> String {
        let scheme_here = self.uri.scheme_str().unwrap_or_default();
        let place = self.place();
        if scheme(location).is_some() {
            resolved(location)
        } else if location.starts_with("//") {
            resolved(&format!("{scheme_here}:{location}"))
        } else if location.starts_with('?') {
            format!("{scheme_here}://{place}{}{location}", self.uri.path())
        } else if location.is_empty() {
            self.uri.to_string()
        } else {
            let (path, query) = location.split_at(location.find('?').unwrap_or(location.len()));
            let path = if path.starts_with('/') {
                path.to_owned()
            } else {
                let here = self.uri.path();
                format!("{}{path}", &here[..here.rfind('/').map_or(0, |at| at + 1)])
            };
            format!("{scheme_here}://{place}{}{query}", without_dots(&path))
        }
    }

    /// The address as the program requests it.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The address as a user may see it, without query.
    pub(super) fn shown(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        format!("{scheme}://{}{}", self.place(), self.uri.path())
    }

    /// The same with the other scheme on the same port, as a user may see it.
    pub(super) fn other_scheme(&self) -> String {
        let (scheme, own) = if self.is_https() {
            ("http", 80)
        } else {
            ("https", 443)
        };
        let host = self.uri.host().unwrap_or_default();
        match self.port() {
            port if port == own => format!("{scheme}://{host}{}", self.uri.path()),
            port => format!("{scheme}://{host}:{port}{}", self.uri.path()),
        }
    }

    /// The value of an `Authorization` header from the address's userinfo (RFC 7617).
    pub(super) fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// Host, and port where one is written.
    pub(super) fn place(&self) -> &str {
        self.uri
            .authority()
            .map_or("", |authority| authority.as_str())
    }

    /// The host without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
    }

    /// The port, the scheme's own where none is written.
    pub(super) fn port(&self) -> u16 {
        let own = if self.is_https() { 443 } else { 80 };
        self.uri.port_u16().unwrap_or(own)
    }

    /// Whether the way there is encrypted.
    pub(super) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether what a user sends to this address may be sent to `other`, too: the same server, or
    /// its encrypted side.
    pub(super) fn trusts(&self, other: &Address) -> bool {
        let same_port = self.is_https() == other.is_https() && self.port() == other.port();
        let upgraded = (self.port(), other.port()) == (80, 443) && other.is_https();
        self.host().eq_ignore_ascii_case(other.host()) && (same_port || upgraded)
    }
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// The value of a Basic `Authorization` header for `user:password`, percent-encoded as in an address.
pub(super) fn basic(login: &str) -> String {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    format!("Basic {}", STANDARD.encode(plain))
}

/// What stands behind the colon after the host, if there is a colon.
fn port_text(authority: &Authority) -> Option<&str> {
    authority
        .as_str()
        .strip_prefix(authority.host())?
        .strip_prefix(':')
}

/// The scheme of an absolute reference (RFC 3986, section 3.1).
fn scheme(reference: &str) -> Option<&str> {
    let (scheme, _) = reference.split_once(':')?;
    let mut letters = scheme.chars();
    let valid = letters.next()?.is_ascii_alphabetic()
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    valid.then_some(scheme)
}

/// An absolute address with its path without dots (RFC 3986, section 5.2.2); what is none stays as it is.
fn resolved(address: &str) -> String {
    let Some(authority) = address.find("://").map(|at| at + 3) else {
        return address.to_owned();
    };
    let end = |from: usize, stop: &[char]| {
        let rest = &address[from..];
        from + rest.find(stop).unwrap_or(rest.len())
    };
    let path = end(authority, &['/', '?']);
    let query = end(path, &['?']);
    if path < query {
        let (before, after) = (&address[..path], &address[query..]);
        format!("{before}{}{after}", without_dots(&address[path..query]))
    } else {
        address.to_owned()
    }
}

/// An absolute path without `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments = path.split('/').skip(1);
    for segment in segments.clone() {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if matches!(segments.last(), Some("." | "..")) {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn userinfo_becomes_a_login() {
        let address = parse("http://us%40er:p%3Aw@host/x?y");
        assert_eq!(address.uri().to_string(), "http://host/x?y");
        assert_eq!(address.login(), Some("Basic dXNAZXI6cDp3"));
        assert_eq!(parse("http://host").login(), None);
        assert_eq!(basic("only"), "Basic b25seTo=");
    }

    #[test]
    fn hosts_and_ports() {
        let address = parse("http://[::1]:8080/x");
        assert_eq!((address.host(), address.port()), ("::1", 8080));
        assert_eq!(parse("https://h/").port(), 443);
        assert_eq!(parse("http://h:/").port(), 80);
        for (bad, why) in [
            ("http://h:99999/", "its port is not a number below 65536"),
            ("ftp://h/", "only http:// and https:// are read"),
            ("/etc/passwd", "only http:// and https:// are read"),
            ("http://h/a b", "invalid uri character"),
        ] {
            let error = Address::parse(bad).err().unwrap();
            assert_eq!(
                error.to_text(),
                format!("error: not a usable address: {why}")
            );
        }
    }

    #[test]
    fn locations_are_resolved() {
        let base = parse("http://u:p@h:81/a/b/c?q");
        for (location, expected) in [
            ("https://other/x", "https://other/x"),
            ("HTTP://other", "http://other/"),
            ("//other/y", "http://other/y"),
            ("//other/..", "http://other/"),
            ("http://other/a/../b?c=/../d", "http://other/b?c=/../d"),
            ("http://other?/../d", "http://other/?/../d"),
            ("/z?w#part", "http://h:81/z?w"),
            ("d", "http://h:81/a/b/d"),
            ("../d/./e?f=../g", "http://h:81/a/d/e?f=../g"),
            ("../../../..", "http://h:81/"),
            ("?n", "http://h:81/a/b/c?n"),
            ("", "http://h:81/a/b/c?q"),
            ("/with space/é", "http://h:81/with%20space/%C3%A9"),
            ("http://x:y@other/", "http://other/"),
        ] {
            let next = base.follow(location.as_bytes()).unwrap();
            assert_eq!(next.uri().to_string(), expected, "{location}");
            assert_eq!(next.login(), None);
        }
    }

    #[test]
    fn bad_locations_are_refused() {
        let base = parse("https://h/x");
        let refusal = |location: &[u8]| base.follow(location).err().unwrap().to_text();
        assert_eq!(
            refusal(b"file:///etc/passwd"),
            "error: it redirects to a file: address, only http and https are followed"
        );
        assert_eq!(
            refusal(b"http://h/y?secret"),
            "error: it redirects from https to http://h/y, which would drop the encryption"
        );
        assert_eq!(
            refusal(b"https:///y"),
            "error: it redirects to an invalid address\n  because: not a usable address: invalid format"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_location_is_an_address_or_an_error(location: Vec<u8>, path in "[a-z./?]{0,12}") {
            let base = parse("http://h:81/a/b");
            for location in [location.as_slice(), path.as_bytes()] {
                if let Ok(next) = base.follow(location) {
                    let inside = next.uri().path().split('/').all(|part| part != "..");
                    prop_assert!(inside && next.uri().path().starts_with('/'), "{}", next.uri());
                }
            }
        }
    }

    #[test]
    fn trust_stays_with_the_server() {
        for (from, to, trusted) in [
            ("http://h/a", "http://H/b", true),
            ("http://h/a", "https://h/b", true),
            ("http://h:80/a", "http://h/b", true),
            ("http://h:81/a", "http://h:82/b", false),
            ("http://h:81/a", "https://h/b", false),
            ("http://h/a", "http://sub.h/b", false),
            ("https://h/a", "http://h:443/b", false),
        ] {
            assert_eq!(parse(from).trusts(&parse(to)), trusted, "{from} {to}");
        }
    }
}
