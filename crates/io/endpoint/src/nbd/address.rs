//! Where a server is and what it is asked for, as a user writes it (doc/uri.md).

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use error::{Error, Result};
use percent_encoding::percent_decode_str;

use crate::secrets::shown;

/// The port that IANA has assigned.
const PORT: u16 = 10809;

/// The longest export name the protocol allows, in bytes.
const LONGEST_NAME: usize = 4096;

const HINT: &str = "give nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH";

/// An export of an NBD server: `nbd://HOST[:PORT]/EXPORT` or `nbd+unix:///EXPORT?socket=PATH`. Two
/// addresses are equal when they lead to the same export in the same way, however they are written.
#[derive(Clone, Debug)]
pub struct Address {
    /// As it was given.
    shown: String,
    way: Way,
    export: String,
}

/// The way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A host by its name, in small letters, or its address without brackets; and the port.
    Tcp(String, u16),
    /// A Unix socket's path; the abstract name after it where it begins with a NUL.
    Unix(PathBuf),
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.way == other.way && self.export == other.export
    }
}

impl Eq for Address {}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Whether the scheme of a URI is one of NBD's, also of those that [`Address::parse`] refuses.
    pub fn is_scheme(scheme: &[u8]) -> bool {
        let name = scheme.to_ascii_lowercase();
        let (name, way) = match name.iter().position(|&byte| byte == b'+') {
            Some(plus) => name.split_at(plus),
            None => (&name[..], &b""[..]),
        };
        let ways: [&[u8]; 4] = [b"", b"+unix", b"+vsock", b"+ssh"];
        (name == b"nbd" || name == b"nbds") && ways.contains(&way)
    }

    /// Understands `nbd://` and `nbd+unix://`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for everything else; they name the address.
    pub fn parse(uri: &str) -> Result<Self> {
        parse(uri).map_err(|error| {
            // A user and a password are no part of such an address, and are not shown.
            let error = if uri.contains('@') {
                error.at(shown(uri))
            } else {
                error.at(uri)
            };
            match error.hint_text() {
                None => error.hint(HINT),
                Some(_) => error,
            }
        })
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    /// The name of the export; empty for the server's default one.
    pub(super) fn export(&self) -> &str {
        &self.export
    }

    /// Whether both lead to the same export, the socket by whatever path.
    pub(crate) fn is_same(&self, other: &Address) -> bool {
        let same_socket = || match (&self.way, &other.way) {
            (Way::Unix(one), Way::Unix(other)) => Some(file(one)? == file(other)?),
            _ => None,
        };
        self == other || (self.export == other.export && same_socket().unwrap_or(false))
    }
}

fn file(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn parse(uri: &str) -> Result<Address> {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return Err(Error::usage("has no scheme"));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let socket = socket_of(query)?;
    let way = match scheme.to_ascii_lowercase().as_str() {
        "nbd" if socket.is_some() => {
            return Err(Error::usage("socket= belongs to nbd+unix://"));
        }
        "nbd" => host_and_port(authority)?,
        "nbd+unix" if !authority.is_empty() => {
            let text = "nbd+unix:// takes no host, a third slash comes before the export";
            return Err(Error::usage(text));
        }
        "nbd+unix" => match socket {
            Some(socket) => Way::Unix(socket),
            None => return Err(Error::usage("does not name its socket")),
        },
        other if other.starts_with("nbds") => {
            return Err(Error::usage("NBD over TLS is not supported"));
        }
        other => return Err(Error::usage(format!("{other}:// is not supported"))),
    };
    Ok(Address {
        shown: uri.to_owned(),
        way,
        export: export(path)?,
    })
}

fn export(path: &str) -> Result<String> {
    let name = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| Error::usage("the export's name has to be UTF-8"))?;
    if name.contains('\0') {
        return Err(Error::usage("the export's name holds a NUL"));
    }
    if name.len() > LONGEST_NAME {
        let message = format!("the export's name is longer than {LONGEST_NAME} bytes");
        return Err(Error::usage(message));
    }
    Ok(name.into_owned())
}

fn socket_of(query: &str) -> Result<Option<PathBuf>> {
    let mut socket = None;
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("socket", path)) if !path.is_empty() => {
                let path: Vec<u8> = percent_decode_str(path).collect();
                socket = Some(PathBuf::from(OsString::from_vec(path)));
            }
            Some(("socket", _)) => return Err(Error::usage("socket= names no path")),
            _ => {
                let name = part.split('=').next().unwrap_or(part);
                return Err(Error::usage(format!("parameter {name} is not known")));
            }
        }
    }
    Ok(socket)
}

fn host_and_port(authority: &str) -> Result<Way> {
    if authority.contains('@') {
        return Err(Error::usage(
            "a user's name needs TLS, which is not supported",
        ));
    }
    let bad = || Error::usage(format!("{authority:?} is not a host and a port"));
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(bad)?,
        None => match authority.find(':') {
            Some(colon) => authority.split_at(colon),
            None => (authority, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => PORT,
        Some("") => PORT,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            port.parse().map_err(|_| bad())?
        }
        _ => return Err(bad()),
    };
    let host = match host {
        "" => "localhost".into(),
        host => percent_decode_str(host)
            .decode_utf8()
            .map_err(|_| bad())?
            .to_ascii_lowercase(),
    };
    Ok(Way::Tcp(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16, export: &str) -> (Way, String) {
        (Way::Tcp(host.into(), port), export.into())
    }

    fn unix(path: &str, export: &str) -> (Way, String) {
        (Way::Unix(path.into()), export.into())
    }

    #[test]
    fn addresses_are_understood() {
        let cases = [
            ("nbd://example.com/disk", tcp("example.com", 10809, "disk")),
            ("nbd://Example.com:99/", tcp("example.com", 99, "")),
            ("nbd://example.com", tcp("example.com", 10809, "")),
            (
                "nbd://example.com//disk",
                tcp("example.com", 10809, "/disk"),
            ),
            ("nbd://h:/hello%20world", tcp("h", 10809, "hello world")),
            ("NBD://[::1]:10810/a/b", tcp("::1", 10810, "a/b")),
            ("nbd:///disk", tcp("localhost", 10809, "disk")),
            ("nbd+unix:///disk?socket=sock", unix("sock", "disk")),
            ("nbd+unix://?socket=/a%3Fb", unix("/a?b", "")),
            ("nbd+unix:///?socket=%00/abstract", unix("\0/abstract", "")),
        ];
        for (uri, (way, export)) in cases {
            let address = Address::parse(uri).unwrap();
            assert_eq!((&address.way, &*address.export), (&way, &*export), "{uri}");
            assert_eq!(address.to_string(), uri);
        }
    }

    #[test]
    fn what_is_no_address_is_wrong_usage() {
        let cases = [
            ("nbds://h/x", "NBD over TLS is not supported"),
            ("nbds+unix:///x?socket=s", "NBD over TLS is not supported"),
            ("nbd+vsock://2/x", "nbd+vsock:// is not supported"),
            ("nbd+unix:///x", "does not name its socket"),
            ("nbd+unix:///x?socket=", "socket= names no path"),
            (
                "nbd+unix://x?socket=s",
                "nbd+unix:// takes no host, a third slash comes before the export",
            ),
            ("nbd://h/x?socket=s", "socket= belongs to nbd+unix://"),
            ("nbd://h/x?tls-type=psk", "parameter tls-type is not known"),
            ("nbd://h:x/", "\"h:x\" is not a host and a port"),
            ("nbd://h:65536/", "\"h:65536\" is not a host and a port"),
            ("nbd://[::1/", "\"[::1\" is not a host and a port"),
            ("nbd://h/%00", "the export's name holds a NUL"),
            ("nbd://h/%ff", "the export's name has to be UTF-8"),
        ];
        for (uri, message) in cases {
            let error = Address::parse(uri).unwrap_err();
            assert_eq!(error.kind(), error::Kind::Usage);
            assert_eq!(error.to_string(), format!("{uri}: {message}"));
            assert_eq!(error.hint_text(), Some(HINT));
        }
        let error = Address::parse("nbd://me:secret@h/x").unwrap_err();
        let message = "nbd://h/x: a user's name needs TLS, which is not supported";
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn the_same_export_is_the_same_however_it_is_written() {
        let same = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|uri| Address::parse(uri).unwrap());
            one.is_same(&other)
        };
        assert!(same("nbd://Host/x", "nbd://host:10809/%78"));
        assert!(!same("nbd://host/x", "nbd://host/y"));
        assert!(!same("nbd://host/x", "nbd://host:1/x"));
        let room = tempfile::tempdir().unwrap();
        let at = |name: &str| room.path().join(name).display().to_string();
        let _socket = std::os::unix::net::UnixListener::bind(at("a")).unwrap();
        std::os::unix::fs::symlink("a", at("b")).unwrap();
        let uri = |export, name| format!("nbd+unix:///{export}?socket={}", at(name));
        assert!(same(&uri("x", "a"), &uri("x", "b")));
        assert!(!same(&uri("x", "a"), &uri("y", "b")));
    }
}
