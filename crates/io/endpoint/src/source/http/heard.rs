//! What a server speaks, by the first bytes that it sends: a port is easily mistaken for another.

use error::hex;

/// As many bytes are enough to tell.
const ENOUGH: usize = 64;

/// The first bytes that came from a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard(Vec<u8>);

/// What a server speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// It sent nothing at all.
    Nothing,
    /// TLS (RFC 8446, section 5.1).
    Tls,
    /// HTTP, or a web page without its header, as some servers answer what they cannot read.
    Http,
    /// Something else, in words.
    Other(String),
}

impl Heard {
    /// More has come.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = ENOUGH.saturating_sub(self.0.len()).min(bytes.len());
        self.0
            .extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    /// What it amounts to.
    pub(super) fn speech(&self) -> Speech {
        let bytes = &self.0[..];
        match bytes {
            [] => Speech::Nothing,
            // A record: its type, and the version's first half.
            [0x14..=0x17, 3, ..] => Speech::Tls,
            _ if bytes.starts_with(b"HTTP/") || is_page(bytes) => Speech::Http,
            _ => Speech::Other(described(bytes)),
        }
    }

    /// The version of TLS that a server has chosen in its hello, if that is an old one (RFC 5246,
    /// section 7.4.1.3), or in which it refuses.
    pub(super) fn old_tls(&self) -> Option<&'static str> {
        let version = match self.0[..] {
            // Record header, handshake header, version.
            [0x16, 3, _, _, _, 2, _, _, _, 3, version, ..] => version,
            [0x15, 3, version, ..] => version,
            _ => return None,
        };
        match version {
            0 => Some("SSL 3.0"),
            1 => Some("TLS 1.0"),
            2 => Some("TLS 1.1"),
            _ => None,
        }
    }
}

fn is_page(bytes: &[u8]) -> bool {
    let page = bytes.trim_ascii_start();
    let begins = |with: &[u8]| {
        let beginning = page.get(..with.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(with))
    };
    begins(b"<!DOCTYPE") || begins(b"<html") || begins(b"<head") || begins(b"<?xml")
}

/// The first line where it is text, and which program says such a thing.
fn described(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| b"\r\n\0".contains(byte)).next();
    let line = line.unwrap_or_default();
    let text = std::str::from_utf8(line).unwrap_or_default().trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        let begin = bytes.get(..8).unwrap_or(bytes);
        return format!("it answers with the bytes {}", hex(begin));
    }
    let known = [
        ("SSH-", "an SSH server"),
        ("220", "a mail or FTP server"),
        ("* OK", "a mail server"),
        ("+OK", "a mail server"),
        ("RFB ", "a VNC server"),
        ("NBDMAGIC", "an NBD server"),
    ];
    let known = known.iter().find(|(begin, _)| text.starts_with(begin));
    match known {
        Some((_, server)) => format!("it is {server}, which answers '{text}'"),
        None => format!("it answers '{text}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(bytes: &[u8]) -> Heard {
        let mut heard = Heard::default();
        // However it comes.
        bytes.chunks(3).for_each(|bytes| heard.add(bytes));
        heard
    }

    #[test]
    fn protocols_are_told_by_their_first_bytes() {
        let other = |text: &str| Speech::Other(text.into());
        for (bytes, speech) in [
            (&b""[..], Speech::Nothing),
            (b"\x15\x03\x01\x00\x02\x02\x46", Speech::Tls),
            (b"\x16\x03\x03\x00\x7a\x02", Speech::Tls),
            (b"HTTP/1.1 400 Bad Request\r\n", Speech::Http),
            (b"\r\n<!doctype html>", Speech::Http),
            (b"<HTML>", Speech::Http),
            (
                b"SSH-2.0-OpenSSH_9.2p1\r\n",
                other("it is an SSH server, which answers 'SSH-2.0-OpenSSH_9.2p1'"),
            ),
            (
                b"220 mx ESMTP\r\n",
                other("it is a mail or FTP server, which answers '220 mx ESMTP'"),
            ),
            (
                b"NBDMAGICIHAVEOPT\0\x03",
                other("it is an NBD server, which answers 'NBDMAGICIHAVEOPT'"),
            ),
            (b"-ERR what\n", other("it answers '-ERR what'")),
            (b"\x00\x01\xff", other("it answers with the bytes 0001ff")),
            (b"\x1b[2J\n", other("it answers with the bytes 1b5b324a0a")),
        ] {
            assert_eq!(heard(bytes).speech(), speech);
        }
    }

    #[test]
    fn old_versions_are_told() {
        let hello = |version| [0x16, 3, 1, 0, 70, 2, 0, 0, 66, 3, version];
        assert_eq!(heard(&hello(1)).old_tls(), Some("TLS 1.0"));
        assert_eq!(heard(&hello(2)).old_tls(), Some("TLS 1.1"));
        assert_eq!(heard(&hello(3)).old_tls(), None);
        assert_eq!(heard(&[0x15, 3, 0, 0, 2, 2, 70]).old_tls(), Some("SSL 3.0"));
        assert_eq!(heard(b"HTTP/1.1 400").old_tls(), None);
    }
}
