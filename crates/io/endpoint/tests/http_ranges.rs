//! Reading parts of a file over HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use endpoint::source::http::{Http, HttpOptions};
use error::{Error, Kind};
use proptest::prelude::*;
use servers::http::{Reply, Request, Server};
use sparse::{BlockRead, ByteSource, Fill};
use support::client::quick;

const A: &str = "\"a\"";
const MIB: u64 = 1 << 20;

/// Bytes that differ everywhere.
fn content(len: usize) -> Vec<u8> {
    (0..len as u32 / 4 + 1)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes())
        .take(len)
        .collect()
}

/// A file server for `len` bytes.
fn serve(len: usize) -> Server {
    let all = content(len);
    Server::start(move |request| Reply::file(request, &all, A))
}

/// The file on `server` to be read at any offset.
fn open(server: &Server) -> Arc<dyn BlockRead> {
    let source = Http::open(&server.url("/disk.img"), &quick()).unwrap();
    let ranges = source.at_any_offset().unwrap()().unwrap();
    ranges.expect("the server gives parts")
}

/// The ranges asked for so far, behind the first request for all.
fn asked(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let range = |request: &Request| request.header("range").unwrap_or("all").to_owned();
    requests.iter().skip(1).map(range).collect()
}

fn read(bytes: &dyn BlockRead, at: u64, len: usize) -> error::Result<Vec<u8>> {
    let mut buffer = vec![0; len];
    let n = bytes.read_at(at, &mut buffer)?;
    buffer.truncate(n);
    Ok(buffer)
}

#[test]
fn any_part_can_be_read() {
    let (server, all) = (serve(3_000_000), content(3_000_000));
    let bytes = open(&server);
    assert_eq!(bytes.size(), Some(3_000_000));
    assert_eq!(bytes.name(), server.url("/disk.img"));
    assert!(bytes.is_far());
    for (at, len) in [
        (0, 10),
        (2_999_990, 10),
        (2_999_990, 11),
        (1_000_000, 1_500_000),
        (0, 3_000_001),
        (131_071, 2),
        (3_000_000, 1),
        (u64::MAX, 1),
        (5, 0),
    ] {
        let start = all.len().min(at as usize);
        let end = all.len().min(start + len);
        assert!(read(&*bytes, at, len).unwrap() == all[start..end], "{at}");
    }
    for request in &server.requests()[1..] {
        assert_eq!(request.header("if-range"), Some(A));
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn what_is_there_is_not_fetched_again() {
    let server = serve(3_000_000);
    let bytes = open(&server);
    for at in [0, 100_000, 0, 2_000_000, 2_100_000, 2_000_005, 7] {
        read(&*bytes, at, 20_000).unwrap();
    }
    assert_eq!(asked(&server), ["bytes=0-131071", "bytes=2000000-2131071"]);
}

#[test]
fn parts_grow_while_reading_goes_forward() {
    let (server, all) = (serve(40_000_000), content(40_000_000));
    let bytes = open(&server);
    for at in (0..40_000_000).step_by(100_000) {
        assert!(read(&*bytes, at, 100_000).unwrap() == all[at as usize..][..100_000]);
    }
    let mut starts: Vec<u64> = asked(&server)
        .iter()
        .map(|range| range[6..range.find('-').unwrap()].parse().unwrap())
        .collect();
    starts.sort_unstable();
    starts.dedup();
    assert_eq!(starts.len(), asked(&server).len(), "a part came twice");
    let kib = 128 << 10;
    assert_eq!(starts[..4], [0, kib, 5 * kib, 21 * kib]);
    assert!(starts[4..].windows(2).all(|two| two[1] - two[0] == 4 * MIB));
}

#[test]
fn announced_tables_are_fetched_together() {
    let (server, all) = (serve(20_000_000), content(20_000_000));
    let bytes = open(&server);
    let table = |i: u64| 1_000_000 * i..1_000_000 * i + 4096;
    let near = 17_005_000..17_006_000;
    let tables: Vec<_> = (1..=17).map(table).chain([near]).collect();
    bytes.will_need(&tables);
    assert_eq!(
        asked(&server).len(),
        1,
        "nothing is fetched before it is read"
    );
    for table in &tables {
        let found = read(&*bytes, table.start, (table.end - table.start) as usize).unwrap();
        assert!(found == all[table.start as usize..table.end as usize]);
    }
    let mut found = asked(&server);
    found.sort_unstable();
    let mut expected: Vec<_> = (1..=16)
        .map(|i| format!("bytes={}-{}", i * 1_000_000, i * 1_000_000 + 4095))
        .collect();
    expected.extend(["bytes=0-131071".into(), "bytes=17000000-17005999".into()]);
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn announcements_may_be_nonsense() {
    let (server, all) = (serve(9_000_000), content(9_000_000));
    let bytes = open(&server);
    let backwards = std::ops::Range { start: 9, end: 5 };
    bytes.will_need(&[5..5, backwards, 8_999_999..u64::MAX, u64::MAX - 1..u64::MAX]);
    bytes.will_need(&[0..u64::MAX, 100..200, 150..3_000_000]);
    bytes.will_need(&(0..100_000).map(|i| i * 3..i * 3 + 2).collect::<Vec<_>>());
    assert!(read(&*bytes, 8_999_990, 100).unwrap() == all[8_999_990..]);
    assert!(read(&*bytes, 0, 9_000_000).unwrap() == all);
}

#[test]
fn servers_without_parts_are_told() {
    type Serve = fn(&Request) -> Reply;
    let cases: [(&str, Serve); 7] = [
        ("says no", |request| {
            Reply::file(request, &content(1000), A).header("Accept-Ranges", "none")
        }),
        ("sends all", |_| Reply::ok(&content(1000)).header("ETag", A)),
        ("lies", |_| {
            Reply::ok(&content(1000))
                .header("ETag", A)
                .header("Accept-Ranges", "bytes")
        }),
        ("refuses", |request| match request.header("range") {
            None => Reply::ok(&content(1000)),
            Some(_) => Reply::new("403 Forbidden"),
        }),
        ("sends another part", |request| {
            match request.header("range") {
                None => Reply::ok(&content(1000)),
                Some(_) => Reply::new("206 Partial Content")
                    .header("Content-Range", "bytes 1-999/1000")
                    .body(&content(999)),
            }
        }),
        ("another file by now", |request| {
            let etag = if request.number == 0 { A } else { "\"b\"" };
            Reply::file(request, &content(1000), etag)
        }),
        ("is empty", |request| Reply::file(request, b"", A)),
    ];
    for (what, serve) in cases {
        let server = Server::start(serve);
        let source = Http::open(&server.url("/"), &quick()).unwrap();
        let none = source
            .at_any_offset()
            .is_none_or(|open| open().unwrap().is_none());
        assert!(none, "{what}");
    }
}

#[test]
fn a_length_can_be_learnt_from_a_part() {
    let server = Server::start(|request| match request.header("range") {
        None => Reply::ok(&content(500_000)).header("ETag", A).chunked(7000),
        Some(_) => Reply::file(request, &content(500_000), A).chunked(1000),
    });
    let bytes = open(&server);
    assert_eq!(bytes.size(), Some(500_000));
    assert!(read(&*bytes, 0, 500_000).unwrap() == content(500_000));
}

#[test]
fn cuts_and_troubles_are_overcome() {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&waits);
    let options = HttpOptions {
        retries: 3,
        pause: Arc::new(move |error: &Error, _| {
            seen.lock().unwrap().push(error.to_string());
            Ok(())
        }),
        ..quick()
    };
    let server = Server::start(|request| {
        let reply = Reply::file(request, &content(1_000_000), A);
        match request.number {
            2 => reply.cut(100),
            3 => Reply::new("503 Service Unavailable"),
            _ => reply,
        }
    });
    let source = Http::open(&server.url("/"), &options).unwrap();
    let bytes = source.at_any_offset().unwrap()().unwrap().unwrap();
    assert!(read(&*bytes, 600_000, 1000).unwrap() == content(1_000_000)[600_000..601_000]);
    assert_eq!(
        asked(&server)[1..],
        [
            "bytes=600000-731071",
            "bytes=600100-731071",
            "bytes=600100-731071"
        ]
    );
    assert_eq!(
        *waits.lock().unwrap(),
        [
            "the connection was cut after 100 of 131072 bytes from byte 600000 on",
            "the server answers 503 Service Unavailable"
        ]
    );
}

/// The error that a read at 500000 ends with when the server answers it with what `reply` makes.
fn failure(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Error {
    let server = Server::start(move |request| match request.number {
        0 | 1 => Reply::file(request, &content(1_000_000), A),
        _ => reply(request),
    });
    let bytes = open(&server);
    let error = read(&*bytes, 500_000, 10).unwrap_err();
    assert_eq!(
        read(&*bytes, 800_000, 10),
        Err(error.clone()),
        "it is final"
    );
    assert_eq!(error.kind(), Kind::Io);
    error
}

#[test]
fn each_wrong_answer_has_its_error() {
    fn part(range: &str, len: usize) -> Reply {
        Reply::new("206 Partial Content")
            .header("Content-Range", range)
            .header("ETag", A)
            .body(&vec![0; len])
    }
    const RIGHT: &str = "bytes 500000-631071/1000000";
    const WRONG: &str = "the server sends the wrong part: asked for bytes 500000-631071,";
    const CHANGED: &str = "the file on the server changed while it was read:";
    type Serve = fn(&Request) -> Reply;
    let cases: [(Serve, String); 10] = [
        (
            |request| Reply::file(request, &content(1_000_000), "\"b\""),
            format!("{CHANGED} its ETag was \"a\", is \"b\""),
        ),
        (
            |_| part("bytes 500000-631071/1000001", 131_072),
            format!("{CHANGED} its size was 1000000 bytes, is 1000001 bytes"),
        ),
        (
            |_| part("bytes 499999-631070/1000000", 131_072),
            format!("{WRONG} it sends bytes 499999-631070 of 1000000"),
        ),
        (
            |_| part("bytes 500000-631070/1000000", 131_071),
            format!("{WRONG} it sends bytes 500000-631070 of 1000000"),
        ),
        (
            |_| part(RIGHT, 131_071),
            format!("{WRONG} it sends 131071 bytes instead of 131072"),
        ),
        (
            |_| part("bytes 500000-18446744073709551615/*", 9),
            format!("{WRONG} it sends bytes 500000-18446744073709551615 of *"),
        ),
        (
            |_| part("items 1-2/3", 1),
            format!("{WRONG} it does not say what it sends"),
        ),
        (
            |_| Reply::ok(&content(1_000_000)).header("ETag", A),
            "the server does not give parts after all: asked for bytes 500000-631071, \
             it sends the whole file"
                .into(),
        ),
        (
            |_| Reply::new("404 Not Found"),
            "the server answers 404 Not Found".into(),
        ),
        (
            |_| {
                Reply::new("416 Range Not Satisfiable")
                    .header("ETag", A)
                    .header("Content-Range", "bytes */400000")
            },
            format!("{CHANGED} its size was 1000000 bytes, is 400000 bytes"),
        ),
    ];
    for (serve, expected) in cases {
        assert_eq!(failure(serve).message(), expected);
    }
    let error = failure(|request| Reply::file(request, &content(1_000_000), A).cut(0));
    assert_eq!(
        error.to_text(),
        "error: the connection was cut after 0 of 131072 bytes from byte 500000 on\n  \
         because: it failed again after 1 retry"
    );
}

#[test]
fn an_interruption_ends_the_waiting() {
    let options = HttpOptions {
        retries: 9,
        pause: Arc::new(|_, _| Err(Error::new(Kind::Interrupted, "interrupted"))),
        ..quick()
    };
    let server = Server::start(|request| match request.number {
        0 => Reply::file(request, &content(1000), A).header("Accept-Ranges", "bytes"),
        _ => Reply::new("503 Service Unavailable"),
    });
    let source = Http::open(&server.url("/"), &options).unwrap();
    let error = source.at_any_offset().unwrap()().err().unwrap();
    assert_eq!(error.kind(), Kind::Interrupted);
}

#[test]
fn a_redirect_is_followed_once_and_again_when_it_is_stale() {
    let server = Server::start(|request| match (request.target(), request.number) {
        ("/disk.img", 0..=2) => Reply::redirect("/one"),
        ("/disk.img", _) => Reply::redirect("/two"),
        ("/one", 4..) => Reply::new("403 Forbidden"),
        _ => Reply::file(request, &content(3_000_000), A),
    });
    let bytes = open(&server);
    for at in [300_000, 1_000_000, 2_000_000] {
        assert!(read(&*bytes, at, 10).unwrap() == content(3_000_000)[at as usize..][..10]);
    }
    let requests = server.requests();
    let targets: Vec<_> = requests.iter().map(Request::target).collect();
    assert_eq!(
        targets,
        [
            "/disk.img",
            "/one",
            "/one",
            "/one",
            "/one",
            "/disk.img",
            "/two",
            "/two"
        ]
    );
}

#[test]
fn many_threads_read_at_once() {
    let served = Arc::new(AtomicUsize::new(0));
    let (all, count) = (content(6_000_000), Arc::clone(&served));
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &all, A);
        if request.number > 1 {
            count.fetch_add(1, Ordering::SeqCst);
        }
        reply
    });
    let (bytes, all) = (open(&server), content(6_000_000));
    thread::scope(|scope| {
        for first in 0..4u64 {
            let (bytes, all) = (&bytes, &all);
            scope.spawn(move || {
                for i in (first..60).step_by(4) {
                    let at = i as usize * 100_000;
                    let found = read(&**bytes, at as u64, 100_000).unwrap();
                    assert!(found == all[at..][..100_000], "{at}");
                }
            });
        }
    });
    assert!(served.load(Ordering::SeqCst) < 60, "each read is a request");
}

#[test]
fn the_same_file_can_be_read_again() {
    let server = serve(300_000);
    let mut source = Http::open(&server.url("/"), &quick()).unwrap();
    let mut buffer = vec![0; 10_000];
    assert!(matches!(source.fill(&mut buffer), Ok(Fill::Data(_))));
    let mut again = source.again().unwrap()().unwrap();
    assert_eq!((again.name(), again.size()), (source.name(), Some(300_000)));
    let mut all = Vec::new();
    while let Fill::Data(n) = again.fill(&mut buffer).unwrap() {
        all.extend_from_slice(&buffer[..n]);
    }
    assert!(all == content(300_000));
}

#[test]
fn another_file_is_not_read_again() {
    let server = Server::start(|request| {
        let etag = if request.number == 0 { A } else { "\"b\"" };
        Reply::file(request, &content(1000), etag)
    });
    let source = Http::open(&server.url("/"), &quick()).unwrap();
    assert_eq!(
        source.again().unwrap()().err().unwrap().message(),
        "the file on the server changed while it was read: its ETag was \"a\", is \"b\""
    );
    let server = Server::start(|_| Reply::ok(&content(1000)).chunked(100));
    let source = Http::open(&server.url("/"), &quick()).unwrap();
    assert!(source.again().is_none(), "nothing to compare");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn whatever_is_read_is_right(
        len in 1usize..30_000_000,
        reads in proptest::collection::vec((any::<u64>(), 1usize..6_000_000, 0u8..4), 1..20),
    ) {
        let all = content(len);
        let server = serve(len);
        let bytes = open(&server);
        let mut next = 0;
        for (place, n, how) in reads {
            let at = match how {
                0 | 1 => next,
                _ => place as usize % len,
            };
            let end = len.min(at + n);
            if how == 3 {
                bytes.will_need(std::slice::from_ref(&(at as u64..end as u64)));
            }
            prop_assert!(read(&*bytes, at as u64, n).unwrap() == all[at..end]);
            next = if end == len { 0 } else { end };
        }
    }
}
