//! Reading a file over HTTP: whole, in chunks, and on after a cut.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use endpoint::source::http::{Http, HttpOptions, fetch_small};
use servers::http::{Reply, Request, Server};
use sparse::{ByteSource, Fill};
use support::client::{read, read_on};

const A: &str = "\"a\"";

/// Bytes that differ everywhere.
fn content(len: usize) -> Vec<u8> {
    (0..len as u32)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes())
        .take(len)
        .collect()
}

/// Options with two more attempts.
fn quick() -> HttpOptions {
    HttpOptions {
        retries: 2,
        ..support::client::quick()
    }
}

fn impatient() -> HttpOptions {
    HttpOptions {
        retries: 0,
        silence_timeout: Duration::from_millis(200),
        ..quick()
    }
}

/// What a user sees of the failure to read what `reply` serves.
fn failure(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> String {
    let server = Server::start(reply);
    let error = read(&server.url("/disk.img"), &quick()).unwrap_err();
    error.to_text().replace(&server.place(), "HOST")
}

/// Serves `content` cut after 300 bytes, then what `second` makes of the second request.
fn cut_then(second: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> String {
    failure(move |request| match request.number {
        0 => Reply::file(request, &content(1000), A).cut(300),
        _ => second(request),
    })
}

#[test]
fn a_file_is_read_whole() {
    for len in [0, 1, 1000, 3_000_000] {
        let server = Server::start(move |request| Reply::file(request, &content(len), A));
        let mut source = Http::open(&server.url("/a/disk.img?token=x"), &quick()).unwrap();
        assert_eq!(source.name(), server.url("/a/disk.img"));
        assert_eq!(source.size(), Some(len as u64));
        assert!(read_on(&mut source).unwrap() == content(len));
        assert_eq!(source.fill(&mut [0]).unwrap(), Fill::End);
        assert_eq!(server.requests()[0].target(), "/a/disk.img?token=x");
        assert_eq!(
            server.requests()[0].header("accept-encoding"),
            Some("identity")
        );
    }
}

#[test]
fn chunks_have_no_size_but_an_end() {
    for (len, chunk) in [(0, 1), (100, 1), (500_000, 7000)] {
        let server = Server::start(move |_| Reply::ok(&content(len)).chunked(chunk));
        let mut source = Http::open(&server.url("/"), &quick()).unwrap();
        assert_eq!(source.size(), None);
        assert!(read_on(&mut source).unwrap() == content(len));
    }
}

#[test]
fn ipv6_hosts_work() {
    let server = Server::start_v6(|request| Reply::file(request, &content(1000), A));
    assert!(server.url("/").starts_with("http://[::1]:"));
    assert_eq!(read(&server.url("/"), &quick()).unwrap(), content(1000));
}

#[test]
fn reading_goes_on_after_cuts() {
    let server = Server::start(|request| {
        let rest = 1_000_000 - request.number * 100_000;
        Reply::file(request, &content(1_000_000), A).cut(rest.min(100_000))
    });
    let mut options = quick();
    options.retries = 9;
    assert!(read(&server.url("/"), &options).unwrap() == content(1_000_000));
    let requests = server.requests();
    assert_eq!(requests.len(), 10);
    assert_eq!(requests[0].header("range"), None);
    assert_eq!(requests[3].header("range"), Some("bytes=300000-"));
    assert_eq!(requests[3].header("if-range"), Some(A));
}

#[test]
fn a_silent_server_is_asked_again() {
    let server = Server::start(|request| {
        let reply = Reply::file(request, &content(1000), A);
        if request.number == 0 {
            reply.hang(300)
        } else {
            reply
        }
    });
    let options = HttpOptions {
        retries: 1,
        ..impatient()
    };
    assert_eq!(read(&server.url("/"), &options).unwrap(), content(1000));
}

#[test]
fn chunks_are_resumed_when_an_etag_tells_they_are_the_same() {
    // With their frames, chunks of 10, 10 and 5 bytes and the last one take 15, 15, 10 and 5.
    for sent in 0..=45 {
        let server = Server::start(move |request| {
            let reply = Reply::file(request, &content(25), A).chunked(10);
            if request.number == 0 {
                reply.cut(sent)
            } else {
                reply
            }
        });
        assert_eq!(
            read(&server.url("/"), &quick()).unwrap(),
            content(25),
            "{sent}"
        );
    }
}

#[test]
fn without_a_strong_etag_the_answers_are_compared() {
    const WEAK: &str = "W/\"a\"";
    for etag in ["", WEAK] {
        let server = Server::start(move |request| {
            let reply = Reply::file(request, &content(1000), etag);
            if request.number == 0 {
                reply.cut(300)
            } else {
                reply
            }
        });
        assert_eq!(read(&server.url("/"), &quick()).unwrap(), content(1000));
        assert_eq!(server.requests()[1].header("if-range"), None);
    }
    let date = "Mon, 06 Jul 2026 10:00:00 GMT";
    let server = Server::start(move |request| {
        let reply = match request.number {
            0 => Reply::ok(&content(1000)).cut(300),
            _ => Reply::new("206 Partial Content")
                .header("Content-Range", "bytes 300-999/1000")
                .body(&content(1000)[300..]),
        };
        reply
            .header("Last-Modified", date)
            .header("Date", "Mon, 06 Jul 2026 11:00:00 GMT")
    });
    assert_eq!(read(&server.url("/"), &quick()).unwrap(), content(1000));
    assert_eq!(server.requests()[1].header("if-range"), Some(date));
}

#[test]
fn a_server_without_ranges_works_until_it_is_cut() {
    assert_eq!(
        cut_then(|_| Reply::ok(&content(1000)).header("ETag", A)),
        "error: the server cannot resume: asked for the rest, it sends the whole file\
         \n  because: the connection was cut after 300 of 1000 bytes\
         \nhint: fetch the file with another program first"
    );
}

#[test]
fn nothing_read_needs_no_range() {
    let server = Server::start(|request| {
        let reply = Reply::ok(&content(1000));
        if request.number == 0 {
            reply.cut(0)
        } else {
            reply
        }
    });
    assert_eq!(read(&server.url("/"), &quick()).unwrap(), content(1000));
    assert_eq!(server.requests()[1].header("range"), None);
}

#[test]
fn a_changed_file_is_an_error() {
    let changed = |what: &str| {
        format!(
            "error: the file on the server changed while it was read: {what}\
             \n  because: the connection was cut after 300 of 1000 bytes"
        )
    };
    let etag = changed("its ETag was \"a\", is \"b\"");
    assert_eq!(
        cut_then(|request| Reply::file(request, &content(1000), "\"b\"")),
        etag
    );
    let part = |range: &str, etag: &str| {
        let reply = Reply::new("206 Partial Content").body(&content(1000)[300..]);
        reply.header("Content-Range", range).header("ETag", etag)
    };
    assert_eq!(cut_then(move |_| part("bytes 300-999/1000", "\"b\"")), etag);
    let size = |size| changed(&format!("its size was 1000 bytes, is {size} bytes"));
    assert_eq!(
        cut_then(move |_| part("bytes 300-1099/1100", A)),
        size(1100)
    );
    assert_eq!(
        cut_then(|_| Reply::ok(&content(900)).header("ETag", A)),
        size(900)
    );
    assert_eq!(
        cut_then(|request| Reply::file(request, &content(200), A)),
        size(200)
    );
}

#[test]
fn a_change_is_seen_even_before_the_first_byte() {
    assert_eq!(
        failure(|request| {
            let etag = if request.number == 0 { A } else { "\"b\"" };
            Reply::file(request, &content(1000), etag).cut(0)
        }),
        "error: the file on the server changed while it was read: its ETag was \"a\", is \"b\"\
         \n  because: the connection was cut after 0 of 1000 bytes"
    );
}

#[test]
fn the_wrong_part_is_an_error() {
    let wrong = |what: &str| {
        format!(
            "error: the server sends the wrong part: asked for all that follows byte 300, {what}\
             \n  because: the connection was cut after 300 of 1000 bytes"
        )
    };
    let part = |range: Option<&str>| {
        let reply = Reply::new("206 Partial Content")
            .body(&content(1000)[300..])
            .header("ETag", A);
        match range {
            Some(range) => reply.header("Content-Range", range),
            None => reply,
        }
    };
    for (range, what) in [
        (Some("bytes 299-999/1000"), "it sends bytes 299-999 of 1000"),
        (Some("bytes 300-998/1000"), "it sends bytes 300-998 of 1000"),
        (Some("bytes 300-998/*"), "it sends bytes 300-998 of *"),
        (Some("bytes 300-1000/1000"), "it does not say what it sends"),
        (Some("300-999/1000"), "it does not say what it sends"),
        (None, "it does not say what it sends"),
    ] {
        assert_eq!(cut_then(move |_| part(range)), wrong(what));
    }
    let other = move |_: &Request| part(Some("bytes 300-999/1000")).body(&content(1000)[301..]);
    assert_eq!(cut_then(other), wrong("it sends 699 bytes instead of 700"));
}

#[test]
fn what_cannot_be_compared_is_not_resumed() {
    assert_eq!(
        failure(|request| Reply::file(request, &content(1000), "")
            .chunked(100)
            .cut(350)),
        "error: the server does not report whether the file is still the same\
         \n  because: the connection was cut after 328 bytes"
    );
}

#[test]
fn a_short_body_is_never_the_end() {
    // Says 1000 bytes, has 800, and that again for every range.
    assert_eq!(
        failure(|request| {
            let reply = Reply::file(request, &content(1000), A);
            let held = if request.number == 0 { 800 } else { 0 };
            reply.cut(held)
        }),
        "error: the connection was cut after 800 of 1000 bytes\n  because: it failed again after 2 retries"
    );
}

#[test]
fn a_long_body_is_an_error() {
    assert_eq!(
        failure(|_| Reply::ok(&content(1500)).header("Content-Length", "1000")),
        "error: the server sends more than the 1000 bytes it announced"
    );
}

#[test]
fn an_end_that_looks_like_a_cut_proves_nothing() {
    let server = Server::start(|_| Reply::raw(b"HTTP/1.1 200 OK\r\n\r\nhello"));
    let http = Http::open(&server.url("/"), &quick()).unwrap();
    assert_eq!(
        http.unproven_end().unwrap().to_string(),
        "the server does not report where the file ends, so a truncated file would go unnoticed"
    );
    assert_eq!(read(&server.url("/"), &quick()).unwrap(), b"hello");
    let server = Server::start(|request| Reply::file(request, &content(1000), A));
    let http = Http::open(&server.url("/"), &quick()).unwrap();
    assert_eq!(http.unproven_end().map(|error| error.to_string()), None);
}

#[test]
fn an_encoded_file_is_not_taken() {
    assert_eq!(
        failure(|_| Reply::ok(b"\x1f\x8b").header("Content-Encoding", "br")),
        "error: the server says that what it sends is the file in br coding (Content-Encoding), \
         though it was asked for the file as it is\
         \nhint: fetch it with another program, such as curl, and give the file or pipe it in"
    );
    assert_eq!(
        failure(|_| Reply::ok(b"x").header("Transfer-Encoding", "gzip, chunked")),
        "error: the server sends the file with the transfer coding gzip, chunked"
    );
    let server = Server::start(|_| Reply::ok(b"x").header("Content-Encoding", "identity"));
    assert_eq!(read(&server.url("/"), &quick()).unwrap(), b"x");
}

#[test]
fn a_web_page_is_explained() {
    let open = |kind: &'static str| {
        let server = Server::start(move |_| Reply::ok(b"<html>").header("Content-Type", kind));
        Http::open(&server.url("/"), &quick()).unwrap()
    };
    let page = open("text/HTML; charset=utf-8");
    assert_eq!(page.content_type(), Some("text/HTML; charset=utf-8"));
    assert_eq!(
        page.hint(),
        Some("the server sent a web page, perhaps to log in: open the address in a browser to see")
    );
    assert_eq!(open("application/gzip").hint(), None);
}

#[test]
fn waits_are_told_and_can_be_ended() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let mut options = quick();
    options.pause = Arc::new(move |error, wait| {
        log.lock()
            .unwrap()
            .push(format!("{error}, {}", wait.as_secs()));
        match log.lock().unwrap().len() {
            2 => Err(error::Error::new(error::Kind::Interrupted, "interrupted")),
            _ => Ok(()),
        }
    });
    let server =
        Server::start(|_| Reply::new("503 Service Unavailable").header("Retry-After", "17"));
    let error = read(&server.url("/"), &options).unwrap_err();
    assert_eq!(error.to_text(), "error: interrupted");
    let expected = "the server answers 503 Service Unavailable, 17";
    assert_eq!(*told.lock().unwrap(), [expected, expected]);
}

#[test]
fn small_files_are_fetched_whole_or_not_at_all() {
    let server = Server::start(|request| {
        let reply = Reply::ok(&content(1000));
        if request.target() == "/chunked" {
            reply.chunked(64)
        } else {
            reply
        }
    });
    for path in ["/", "/chunked"] {
        let url = server.url(path);
        assert_eq!(fetch_small(&url, &quick(), 1000).unwrap(), content(1000));
        let error = fetch_small(&url, &quick(), 999).unwrap_err();
        assert_eq!(error.to_text(), "error: the file is longer than 999 bytes");
    }
}
