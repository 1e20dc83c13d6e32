//! The way to a server: connections, statuses, redirects, headers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use endpoint::source::http::{Http, HttpOptions};
use servers::http::{Reply, Request, Server};
use sparse::{ByteSource, Fill};
use support::client::{failure_of, quick, read};

fn impatient() -> HttpOptions {
    HttpOptions {
        silence_timeout: Duration::from_millis(200),
        ..quick()
    }
}

fn with_headers(headers: &[(&str, &str)]) -> HttpOptions {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    HttpOptions {
        headers: headers.collect(),
        ..quick()
    }
}

/// What a user sees of the failure to read what `reply` serves, with the number of requests that were made.
fn failure(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (String, usize) {
    let server = Server::start(reply);
    let text = failure_of(&server.url("/x?token"), &quick());
    (
        text.replace(&server.place(), "HOST"),
        server.requests().len(),
    )
}

#[test]
fn a_refused_first_connection_fails_at_once() {
    // Nobody listens there, and no other test is given this port.
    let place = "127.0.0.1:1";
    let options = HttpOptions {
        pause: Arc::new(|_, _| panic!("no wait")),
        ..quick()
    };
    assert_eq!(
        failure_of(&format!("http://u:secret@{place}/x"), &options),
        format!(
            "error: http://{place}/x: cannot connect to {place}\n  because: Connection refused (os error 111)"
        )
    );
}

#[test]
fn a_name_that_does_not_exist_fails_at_once() {
    let options = HttpOptions {
        pause: Arc::new(|_, _| panic!("no wait")),
        ..quick()
    };
    let text = failure_of("http://no-such-host.invalid:81/x", &options);
    let expected = "error: http://no-such-host.invalid:81/x: cannot find the host of \
                    no-such-host.invalid:81\n  because: ";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_lost_server_is_waited_for() {
    // Once it has answered, a refused connection may be a restart.
    let server = Server::start(|request| Reply::file(request, &[7; 1000], "\"a\"").cut(300));
    let (url, place) = (server.url("/x"), server.place());
    let mut source = Http::open(&url, &quick()).unwrap();
    drop(server);
    while TcpListener::bind(&place).is_err() {
        std::thread::yield_now();
    }
    let mut buffer = vec![0; 1000];
    assert_eq!(source.fill(&mut buffer).unwrap(), Fill::Data(300));
    assert_eq!(
        source.fill(&mut buffer).unwrap_err().to_text(),
        format!(
            "error: cannot connect to {place}\n  because: Connection refused (os error 111)\
             \n  because: it failed again after 1 retry"
        )
    );
}

#[test]
fn statuses_are_told_and_some_are_tried_again() {
    let answers = |status: &'static str| failure(move |_| Reply::new(status));
    let again = "\n  because: it failed again after 1 retry";
    for (status, rest, requests) in [
        ("404 Not Found", "", 1),
        ("403 Forbidden", "", 1),
        ("410 Gone", "", 1),
        ("204 No Content", "", 1),
        ("206 Partial Content", "", 1),
        ("304 Not Modified", "", 1),
        ("501 Not Implemented", "", 1),
        ("408 Request Timeout", again, 2),
        ("429 Too Many Requests", again, 2),
        ("500 Internal Server Error", again, 2),
        ("503 Service Unavailable", again, 2),
    ] {
        let text = format!("error: http://HOST/x: the server answers {status}{rest}");
        assert_eq!(answers(status), (text, requests));
    }
    assert_eq!(
        answers("401 Unauthorized").0,
        "error: http://HOST/x: the server answers 401 Unauthorized\
         \nadvice: LogIn"
    );
    assert_eq!(
        answers("599 Odd").0,
        format!("error: http://HOST/x: the server answers 599{again}")
    );
}

#[test]
fn a_wait_that_is_too_long_is_not_waited() {
    assert_eq!(
        failure(|_| Reply::new("503 Service Unavailable").header("Retry-After", "86400")),
        (
            "error: http://HOST/x: the server answers 503 Service Unavailable\
             \n  because: the server asks to come back in 86400 s"
                .to_owned(),
            1
        )
    );
}

#[test]
fn servers_that_say_nothing_are_given_up() {
    let server = Server::start(|_| Reply::raw(b"").hang(0));
    assert_eq!(
        failure_of(&server.url("/"), &impatient()),
        format!(
            "error: {}: the server did not answer within 0.2 s\n  because: it failed again after 1 retry",
            server.url("/")
        )
    );
    let server = Server::start(|_| Reply::new("200 OK").drip(Duration::from_millis(5)));
    let text = failure_of(&server.url("/"), &impatient());
    assert!(
        text.contains("the server did not answer within 0.2 s"),
        "{text}"
    );
    let server = Server::start(|_| Reply::ok(&[7; 1000]).header("ETag", "\"a\"").hang(400));
    let options = HttpOptions {
        retries: 0,
        ..impatient()
    };
    assert_eq!(
        failure_of(&server.url("/"), &options),
        format!(
            "error: {}: the server sent nothing for 0.2 s after 400 of 1000 bytes",
            server.url("/")
        )
    );
}

#[test]
fn what_is_no_answer_is_an_error() {
    let garbage = |bytes: &'static [u8]| failure(move |_| Reply::raw(bytes)).0;
    assert_eq!(
        garbage(b""),
        "error: http://HOST/x: the connection was cut before the server answered\
         \nhint: if it speaks TLS on this port, use https://HOST/x"
    );
    assert_eq!(
        garbage(b"220 ftp ready\r\n\r\n"),
        "error: http://HOST/x: HOST does not speak HTTP on this port: it is a mail or FTP server, \
         which answers '220 ftp ready'"
    );
    assert_eq!(
        garbage(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        "error: http://HOST/x: the server's answer is not proper HTTP\
         \n  because: content-length header not a number"
    );
    assert_eq!(
        garbage(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXXXX\r\n"),
        "error: http://HOST/x: the server breaks the rules of HTTP after 0 bytes\
         \n  because: chunk expected crlf as next character"
    );
    assert_eq!(
        garbage(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello"),
        "error: http://HOST/x: the server breaks the rules of HTTP after 0 bytes\
         \n  because: chunk length cannot be read as a number"
    );
    assert_eq!(
        garbage(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello"),
        "error: http://HOST/x: the server does not report whether the file is still the same\
         \n  because: the connection was cut after 5 bytes"
    );
    assert_eq!(
        failure(|_| Reply::ok(b"").header("X-Long", &"x".repeat(70_000))).0,
        "error: http://HOST/x: the header of the server's answer is longer than 64 KiB"
    );
}

#[test]
fn redirects_are_followed() {
    let server = Server::start(|request| match request.target() {
        "/a/1" => Reply::redirect("2?q"),
        "/a/2?q" => Reply::redirect("../b"),
        "/b" => Reply::ok(b"here").header("ETag", "\"a\""),
        _ => Reply::new("404 Not Found"),
    });
    let mut source = Http::open(&server.url("/a/1"), &quick()).unwrap();
    assert_eq!(source.name(), server.url("/a/1"));
    let mut buffer = [0; 10];
    assert_eq!(source.fill(&mut buffer).unwrap(), Fill::Data(4));
}

#[test]
fn redirects_end_somewhere() {
    let (text, requests) =
        failure(|request| Reply::redirect(&format!("/{}?secret", request.number)));
    assert_eq!(
        text,
        "error: http://HOST/x: more than 10 redirects, the last one to http://HOST/10"
    );
    assert_eq!(requests, 11);
    assert_eq!(
        failure(|_| Reply::redirect("file:///etc/shadow")).0,
        "error: http://HOST/x: it redirects to a file: address, only http and https are followed"
    );
    assert_eq!(
        failure(|_| Reply::new("302 Found")).0,
        "error: http://HOST/x: the server answers 302 Found"
    );
    let (text, _) = failure(|request| match request.target() {
        "/x?token" => Reply::redirect("/y?secret"),
        _ => Reply::new("404 Not Found"),
    });
    assert_eq!(
        text,
        "error: http://HOST/x: http://HOST/y: the server answers 404 Not Found"
    );
}

#[test]
fn a_redirect_that_has_expired_is_asked_for_again() {
    let server = Server::start(|request| match request.number {
        0 => Reply::redirect("/signed-1"),
        1 => Reply::file(request, &[7; 1000], "\"a\"").cut(300),
        2 if request.target() == "/signed-1" => Reply::new("403 Forbidden"),
        3 => Reply::redirect("/signed-2"),
        _ => Reply::file(request, &[7; 1000], "\"a\""),
    });
    assert_eq!(read(&server.url("/x"), &quick()).unwrap(), [7; 1000]);
    let targets: Vec<_> = server
        .requests()
        .iter()
        .map(|r| r.target().to_owned())
        .collect();
    assert_eq!(targets, ["/x", "/signed-1", "/signed-1", "/x", "/signed-2"]);
}

#[test]
fn secrets_stay_with_their_server() {
    let other = Server::start(|_| Reply::ok(b"here"));
    let elsewhere = other.url("/there");
    let server = Server::start(move |request| match request.target() {
        "/1" => Reply::redirect("/2"),
        _ => Reply::redirect(&elsewhere),
    });
    let options = with_headers(&[
        ("Cookie", "a=b"),
        ("X-Token", "t"),
        ("User-Agent", "mine"),
        ("x-token", "u"),
    ]);
    let url = server.url("/1").replace("http://", "http://user:pass@");
    assert_eq!(read(&url, &options).unwrap(), b"here");
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some("Basic dXNlcjpwYXNz"));
        assert_eq!(request.header("cookie"), Some("a=b"));
        assert_eq!(request.header("user-agent"), Some("mine"));
        let tokens = request.headers.iter().filter(|(name, _)| name == "x-token");
        assert_eq!(tokens.count(), 2);
    }
    let request = &other.requests()[0];
    for name in ["authorization", "cookie", "x-token"] {
        assert_eq!(request.header(name), None);
    }
    assert!(
        request
            .header("user-agent")
            .unwrap()
            .starts_with("innkeeper/")
    );
}

#[test]
fn a_given_authorization_replaces_the_address_s() {
    let server = Server::start(|_| Reply::ok(b""));
    let url = server.url("/").replace("http://", "http://user:pass@");
    read(
        &url,
        &with_headers(&[("authorization", "Bearer t"), ("Host", "virtual")]),
    )
    .unwrap();
    assert_eq!(
        server.requests()[0].header("authorization"),
        Some("Bearer t")
    );
    assert_eq!(server.requests()[0].header("host"), Some("virtual"));
}

#[test]
fn headers_that_cannot_be_sent_are_usage_errors() {
    let open = |name, value| failure_of("http://h/", &with_headers(&[(name, value)]));
    let error = |why| format!("error: http://h/: the header {why}");
    assert_eq!(
        open("Range", "bytes=1-"),
        error("\"Range\" is the program's own to set")
    );
    assert_eq!(
        open("a b", "c"),
        error("\"a b\" has a name that HTTP does not allow")
    );
    assert_eq!(
        open("a", "secret\nX: y"),
        error("\"a\" has a value that HTTP does not allow")
    );
    let options = HttpOptions {
        user_agent: "a\nb".into(),
        ..quick()
    };
    assert_eq!(
        failure_of("http://h/", &options),
        "error: http://h/: the program's name has a character that HTTP does not allow"
    );
    assert_eq!(
        failure_of("ftp://u:secret@h/x", &quick()),
        "error: ftp://h/x: not a usable address: only http:// and https:// are read"
    );
    let shown = format!("{:?}", with_headers(&[("Authorization", "secret")]));
    assert!(
        shown.contains("Authorization") && !shown.contains("secret"),
        "{shown}"
    );
}
