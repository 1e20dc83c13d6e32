//! Ports that speak something else than the address's scheme says: told at once, and asked once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use endpoint::source::http::HttpOptions;
use servers::http::{Reply, Request, Server};
use support::client::{failure_of, quick};

/// What a user sees of the failure to read what `reply` serves, and the number of requests.
fn answer(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (String, usize) {
    let server = Server::start(reply);
    let text = failure_of(&server.url("/x"), &quick());
    let text = text.replace(&server.place(), "HOST");
    (text, server.requests().len())
}

/// A server that takes one connection at a time and says this, whatever it is asked; it counts them.
fn says(greeting: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut stream = stream.unwrap();
            // Once the client has said something.
            let _ = stream.read(&mut [0; 10_000]);
            let _ = stream.write_all(greeting);
        }
    });
    (place, count)
}

#[test]
fn the_wrong_scheme_is_told_at_once() {
    // It chooses TLS 1.0.
    const HELLO: &[u8] = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
        0123456789abcdef0123456789abcdef\x00\xc0\x13\x00";
    let nothing_tls = "closed the connection when it was asked for encryption\nhint: if an \
                       unencrypted connection will do, use http://HOST/x";
    let plain = "does not speak TLS on this port but plain HTTP, so it is not https\nhint: if an \
                 unencrypted connection will do, use http://HOST/x";
    let encrypted =
        "speaks TLS on this port, so it is https and not http\nhint: use https://HOST/x";
    for (scheme, greeting, said) in [
        ("https", &b""[..], format!("HOST {nothing_tls}")),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", format!("HOST {plain}")),
        ("https", b"<!DOCTYPE HTML><p>Error code: 400", format!("HOST {plain}")),
        (
            "https",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "HOST does not speak TLS on this port: it is an SSH server, which answers 'SSH-2.0-OpenSSH_9.2'".into(),
        ),
        (
            "https",
            b"\x00\x00\x00\x01 and so on",
            "HOST does not speak TLS on this port: it answers with the bytes 0000000120616e64".into(),
        ),
        (
            "https",
            HELLO,
            "HOST speaks TLS 1.0 only, TLS 1.2 or 1.3 is needed\nhint: fetch the file with another \
             program first, or bring the server up to date"
                .into(),
        ),
        (
            "https",
            b"\x16\x03\x03\x00\x2a\x02",
            "no encrypted connection to HOST can be made\n  because: unexpected end of file".into(),
        ),
        (
            "https",
            b"\x15\x03\x01\x00\x02\x02\x46",
            "HOST speaks TLS 1.0 only, TLS 1.2 or 1.3 is needed\nhint: fetch the file with another \
             program first, or bring the server up to date"
                .into(),
        ),
        (
            "https",
            b"\x15\x03\x03\x00\x02\x02\x28",
            "HOST has no way of encryption in common with this program\
             \n  because: it refused all that TLS 1.2 and 1.3 of this program offer: ECDHE with \
             AES-GCM or ChaCha20, RSA and ECDSA certificates\
             \nhint: fetch the file with another program first"
                .into(),
        ),
        (
            "http",
            b"",
            "the connection was cut before the server answered\nhint: if it speaks TLS on this \
             port, use https://HOST/x"
                .into(),
        ),
        ("http", b"\x15\x03\x03\x00\x02\x02\x32", format!("HOST {encrypted}")),
        (
            "http",
            b"220 mx.example.org ESMTP\r\n",
            "HOST does not speak HTTP on this port: it is a mail or FTP server, which answers '220 mx.example.org ESMTP'".into(),
        ),
        (
            "http",
            b"\x00\x01\x02",
            "HOST does not speak HTTP on this port: it answers with the bytes 000102".into(),
        ),
        (
            "http",
            b"<html>an old server's page</html>",
            "the server's answer is not proper HTTP\n  because: http parse fail: invalid HTTP version".into(),
        ),
    ] {
        let (place, count) = says(greeting);
        let options = HttpOptions {
            pause: Arc::new(|_, _| panic!("no wait")),
            ..quick()
        };
        let text = failure_of(&format!("{scheme}://{place}/x?secret"), &options);
        let expected = format!("error: {scheme}://HOST/x: {said}");
        assert_eq!(text.replace(&place, "HOST"), expected, "{greeting:?}");
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_page_that_asks_for_encryption_is_understood() {
    for page in [
        "<center>The plain HTTP request was sent to HTTPS port</center>",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        "Client sent an HTTP request to an HTTPS server.\n",
        "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
    ] {
        let answered = answer(move |_| Reply::new("400 Bad Request").body(page.as_bytes()));
        let text = "error: http://HOST/x: the server answers 400: HOST speaks TLS on this port, so it is \
                    https and not http\nhint: use https://HOST/x";
        assert_eq!(answered, (text.to_owned(), 1), "{page}");
    }
    let answered = answer(|_| Reply::new("400 Bad Request").body(b"see https://example.org/help"));
    let text = "error: http://HOST/x: the server answers 400 Bad Request";
    assert_eq!(answered, (text.to_owned(), 1));
}

#[test]
fn a_server_that_never_shakes_hands_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let options = HttpOptions {
        connect_timeout: Duration::from_millis(200),
        pause: Arc::new(|_, _| panic!("no wait")),
        ..quick()
    };
    assert_eq!(
        failure_of(&format!("https://{place}/x"), &options),
        format!(
            "error: https://{place}/x: {place} did not answer within 0.2 s when it was asked for encryption\
             \nhint: if an unencrypted connection will do, use http://{place}/x"
        )
    );
}
