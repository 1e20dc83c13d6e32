//! Servers that break the protocol.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use error::{Error, Kind};
use proptest::prelude::*;
use servers::nbd::{Peer, Request, fake};
use support::nbd::{open, read_on};

/// What becomes of reading 4 KiB from a server that does as `script` says.
#[track_caller]
fn failure(script: impl Fn(&mut Peer) + Send + 'static) -> Error {
    let (_room, uri) = fake(script);
    let result = open(&uri).and_then(|mut source| read_on(&mut *source, 4096));
    let error = result.expect_err("the server was believed");
    assert!(matches!(error.kind(), Kind::Io | Kind::Unsupported));
    error
}

/// The cause, behind what it always begins with.
fn breach(error: &Error) -> String {
    let cause = error.causes().first().cloned().unwrap_or_default();
    let start = "the server breaks the protocol: ";
    cause
        .strip_prefix(start)
        .map_or(format!("?? {cause}"), str::to_owned)
}

/// A server of 4 KiB, with structured replies, that answers reads as `answer` says, and says that
/// all is data when asked.
fn reads(answer: impl Fn(&mut Peer, &Request) + Send + 'static) -> String {
    breach(&failure(move |peer| {
        peer.serve(4096, 0, true);
        while let Some(request) = peer.request() {
            match request.command {
                7 => {
                    let extent = [4096u32.to_be_bytes(), [0; 4]].concat();
                    peer.chunk(request.cookie, 1, 5, &[&7u32.to_be_bytes(), &extent]);
                }
                _ => answer(peer, &request),
            }
        }
    }))
}

fn at(offset: u64) -> [u8; 8] {
    offset.to_be_bytes()
}

#[test]
fn chunks_have_to_fit_the_request() {
    let data = |offset: u64, len: usize| {
        reads(move |peer, request| {
            peer.chunk(request.cookie, 1, 1, &[&at(offset), &vec![1; len]]);
        })
    };
    let of = "in the reply for 4096 bytes at byte 0";
    for (offset, len) in [(0, 4097), (4096, 1), (u64::MAX, 4096), (1 << 32, 4096)] {
        let message = format!("a chunk of {len} bytes at byte {offset} does not fit {of}");
        assert_eq!(data(offset, len), message);
    }
    assert_eq!(
        data(0, 4095),
        "the reply leaves gaps in the 4096 bytes at byte 0"
    );
    assert_eq!(
        data(0, 0),
        "a chunk of type 1 with 8 bytes answers a Read request"
    );
    let hole = |offset: u64, len: u32| {
        reads(move |peer, request| {
            peer.chunk(request.cookie, 1, 2, &[&at(offset), &len.to_be_bytes()]);
        })
    };
    assert_eq!(
        hole(1, u32::MAX),
        format!("a chunk of 4294967295 bytes at byte 1 does not fit {of}")
    );
    assert_eq!(
        hole(0, 0),
        format!("a chunk of 0 bytes at byte 0 overlaps another {of}")
    );
}

#[test]
fn chunks_must_not_overlap() {
    let message = reads(|peer, request| {
        peer.chunk(request.cookie, 0, 1, &[&at(0), &[1; 2048]]);
        peer.chunk(request.cookie, 1, 2, &[&at(2047), &2049u32.to_be_bytes()]);
    });
    assert_eq!(
        message,
        "a chunk of 2049 bytes at byte 2047 overlaps another in the reply for 4096 bytes at byte 0"
    );
}

#[test]
fn replies_have_to_be_due() {
    assert_eq!(
        reads(|peer, _| peer.chunk(99, 1, 0, &[])),
        "a reply to request 99, which is not open"
    );
    assert_eq!(
        reads(|peer, request| peer.reply(request.cookie, 0, &[0; 4096])),
        "a simple reply comes where chunks are due"
    );
    assert_eq!(
        reads(|peer, request| peer.chunk(request.cookie, 0, 0, &[])),
        "a chunk of nothing is not the last one"
    );
    assert_eq!(
        reads(|peer, request| peer.chunk(request.cookie, 1, 0, &[])),
        "the reply leaves gaps in the 4096 bytes at byte 0"
    );
    assert_eq!(
        reads(|peer, request| peer.chunk(request.cookie, 1, 77, &[&[0; 9]])),
        "a chunk of type 77 with 9 bytes answers a Read request"
    );
    assert_eq!(
        reads(|peer, _| peer.say(&[&[0xff; 64]])),
        "a reply begins with 0xffffffff"
    );
    let error = failure(|peer| {
        peer.serve(4096, 0, false);
        let request = peer.request().unwrap();
        peer.chunk(request.cookie, 1, 0, &[]);
    });
    assert_eq!(
        breach(&error),
        "a structured reply comes without having been agreed on"
    );
}

#[test]
fn errors_have_to_hold_together() {
    let error = |errno: u32, len: u16, rest: &'static [u8]| {
        reads(move |peer, request| {
            let data: [&[u8]; 3] = [&errno.to_be_bytes(), &len.to_be_bytes(), rest];
            peer.chunk(request.cookie, 1, (1 << 15) | 1, &data);
        })
    };
    assert_eq!(
        error(5, 4, b"abc"),
        "an error of 9 bytes with a message of 4"
    );
    assert_eq!(
        error(5, 0, &[0; 2000]),
        "an error of 2006 bytes with a message of 0"
    );
    assert_eq!(error(0, 0, b""), "an error without a number");
    let message = reads(|peer, request| {
        let data: [&[u8]; 2] = [&5u32.to_be_bytes(), &[0, 0]];
        for _ in 0..1000 {
            peer.chunk(request.cookie, 0, (1 << 15) | 1, &data);
        }
    });
    assert_eq!(message, "a reply of more than 64 errors");
}

#[test]
fn the_first_error_is_told_with_its_message() {
    let error = failure(|peer| {
        peer.serve(4096, 0, true);
        while let Some(request) = peer.request() {
            match request.command {
                7 => peer.reply(request.cookie, 22, &[]), // then all is data
                _ => {
                    let data: [&[u8]; 3] = [&5u32.to_be_bytes(), &[0, 5], b"ouch!"];
                    peer.chunk(request.cookie, 0, 1, &[&at(0), &[1; 4096]]);
                    peer.chunk(request.cookie, 0, (1 << 15) | 2, &[&data.concat(), &at(9)]);
                    peer.chunk(
                        request.cookie,
                        1,
                        (1 << 15) | 1,
                        &[&12u32.to_be_bytes(), &[0; 2]],
                    );
                }
            }
        }
    });
    assert_eq!(
        error.to_text(),
        error_text(
            "4096 bytes at byte 0 cannot be read",
            "the server says EIO: ouch!"
        )
    );
}

fn error_text(message: &str, cause: &str) -> String {
    format!("error: {message}\n  because: {cause}")
}

fn status(data: impl Fn() -> Vec<u8> + Send + 'static) -> String {
    breach(&failure(move |peer| {
        peer.serve(1 << 40, 0, true);
        while let Some(request) = peer.request() {
            peer.chunk(request.cookie, 1, 5, &[&data()]);
        }
    }))
}

#[test]
fn block_status_has_to_make_sense() {
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    let [wrong, empty, short] = [words(&[8, 4096, 0]), words(&[7, 0, 0]), words(&[7, 1])];
    assert_eq!(
        status(move || wrong.clone()),
        "a block status of context 8, which was not requested"
    );
    assert_eq!(status(move || empty.clone()), "an extent of 0 bytes");
    assert_eq!(
        status(move || short.clone()),
        "a chunk of type 5 with 8 bytes answers a BlockStatus request"
    );
    assert_eq!(
        breach(&failure(|peer| {
            peer.serve(1 << 40, 0, true);
            let cookie = peer.request().unwrap().cookie;
            let len = (4 + 8 * ((1u32 << 20) + 1)).to_be_bytes();
            peer.say(&[
                &0x668e_33efu32.to_be_bytes(),
                &[0, 1, 0, 5],
                &cookie.to_be_bytes(),
                &len,
            ]);
        })),
        "a reply of 1048577 extents, 1048576 are the most"
    );
    assert_eq!(
        breach(&failure(|peer| {
            peer.serve(4096, 0, true);
            let cookie = peer.request().unwrap().cookie;
            peer.chunk(cookie, 1, 0, &[]);
        })),
        "the reply leaves gaps in the 4096 bytes at byte 0"
    );
}

/// A million extents, of which no two neighbours are alike, and all of them beyond the end.
#[test]
fn extents_without_end_are_cut_off() {
    let (_room, uri) = fake(|peer| {
        peer.serve(1 << 30, 0, true);
        while let Some(request) = peer.request() {
            let extents: Vec<u8> = (0..1u32 << 20)
                .flat_map(|i| [(64u32 << 10).to_be_bytes(), (i % 2 * 2).to_be_bytes()])
                .flatten()
                .collect();
            peer.chunk(request.cookie, 1, 5, &[&7u32.to_be_bytes(), &extents]);
        }
    });
    let source = open(&uri).unwrap();
    let disk = source.at_any_offset().unwrap()().unwrap().unwrap();
    assert_eq!(disk.run_at(0).unwrap(), sparse::Run::Data(64 << 10));
    assert_eq!(disk.run_at((1 << 30) - 10).unwrap(), sparse::Run::Hole(10));
}

#[test]
fn interleaved_and_reversed_replies_are_put_in_order() {
    let (_room, uri) = fake(|peer| {
        peer.serve(2 << 20, 0, true);
        let mut open = Vec::new();
        while let Some(request) = peer.request() {
            if request.command == 7 {
                peer.reply(request.cookie, 95, &[]);
                continue;
            }
            open.push(request);
            if open.len() < 8 {
                continue;
            }
            // Of each request one half, and then of each the other, the last request first.
            for half in [1, 0] {
                for request in open.iter().rev() {
                    let len = request.len / 2;
                    let offset = request.offset + u64::from(half * len);
                    let data = vec![(offset >> 17) as u8 + 1; len as usize];
                    peer.chunk(request.cookie, 1 - half as u16, 1, &[&at(offset), &data]);
                }
            }
            open.clear();
        }
    });
    let (bytes, _) = read_on(&mut *open_source(&uri), 256 << 10).unwrap();
    assert_eq!(bytes.len(), 2 << 20);
    let expected = |i: usize| (i >> 17) as u8 + 1;
    assert!(
        bytes
            .iter()
            .enumerate()
            .all(|(i, &byte)| byte == expected(i))
    );
}

fn open_source(uri: &str) -> Box<dyn sparse::ByteSource> {
    open(uri).unwrap()
}

fn greeting(says: &'static [&'static [u8]]) -> Error {
    let (_room, uri) = fake(move |peer| peer.say(says));
    let error = open(&uri).err().unwrap();
    assert!(error.to_string().starts_with(&uri));
    error
}

#[test]
fn greetings_are_checked() {
    let error = greeting(&[b"SSH-2.0-OpenSSH_9.2p1 Debian"]);
    assert_eq!(error.causes(), ["the server there does not speak NBD"]);
    let error = greeting(&[]);
    assert_eq!(error.causes(), ["the server closed the connection"]);
    let error = greeting(&[b"NBDMAGIC", b"IHAVEOTT", b"\0\x03"]);
    assert_eq!(breach(&error), "its greeting is 0x49484156454f5454");
}

/// What becomes of a handshake in which the server answers the options as `answer` says.
#[track_caller]
fn options(answer: impl Fn(&mut Peer, u32) + Send + 'static) -> Error {
    failure(move |peer| {
        peer.greet();
        for _ in 0..3 {
            let (option, _) = peer.option();
            answer(peer, option);
        }
    })
}

#[test]
fn options_have_to_be_answered_as_they_were_asked() {
    let none = |peer: &mut Peer, option| peer.answer(option, (1 << 31) | 1, b"");
    let error = options(|peer, _| peer.answer(77, 1, b""));
    assert_eq!(
        breach(&error),
        "the reply to option 8 begins with 0x0003e889045565a9, is about option 77 and has 0 bytes"
    );
    let error = options(|peer, option| peer.answer(option, 3, &vec![0; 70_000]));
    assert_eq!(
        breach(&error),
        "the reply to option 8 begins with 0x0003e889045565a9, is about option 8 and has 70000 bytes"
    );
    let error = options(|peer, option| (0..1000).for_each(|_| peer.answer(option, 3, b"\0\x01")));
    assert_eq!(breach(&error), "more than 256 replies to option 8");
    let error = options(move |peer, option| match option {
        7 => peer.answer(7, 1, b""),
        _ => none(peer, option),
    });
    assert_eq!(breach(&error), "it does not report the size of the export");
    let error = options(move |peer, option| match option {
        7 => peer.answer(7, 3, b"\0\0short"),
        _ => none(peer, option),
    });
    assert_eq!(breach(&error), "the reply to option 7 has 7 bytes");
}

#[test]
fn sizes_have_to_make_sense() {
    let sized = |size: u64, sizes: [u32; 3]| {
        let error = options(move |peer, option| {
            if option != 7 {
                return peer.answer(option, (1 << 31) | 1, b"");
            }
            peer.answer(7, 3, &[&[0, 0], &size.to_be_bytes()[..], &[0, 1]].concat());
            let sizes = sizes.map(u32::to_be_bytes).concat();
            peer.answer(7, 3, &[&[0, 3], &sizes[..]].concat());
            peer.answer(7, 1, b"");
        });
        breach(&error)
    };
    assert_eq!(
        sized(1 << 63, [1, 1, 1]),
        "an export of 9223372036854775808 bytes"
    );
    for [least, most] in [[0, 1], [3, 512], [1 << 17, 1 << 20], [512, 1]] {
        assert_eq!(
            sized(4096, [least, 4096, most]),
            format!("blocks of {least} bytes, requests of at most {most}")
        );
    }
}

#[test]
fn refusals_are_told_apart() {
    let cases: [(u32, &'static [u8], &str, &str); 4] = [
        (
            6,
            b"",
            "the server has no export \"x\"",
            "the server says error 6",
        ),
        (
            2,
            b"not you",
            "the server does not allow it",
            "the server says: not you",
        ),
        (
            7,
            b"",
            "the server is shutting down",
            "the server says error 7",
        ),
        (
            9,
            b"hm",
            "the server does not give the export",
            "the server says: hm",
        ),
    ];
    for (number, text, message, cause) in cases {
        let error = options(move |peer, option| match option {
            7 => peer.answer(7, (1 << 31) | number, text),
            _ => peer.answer(option, (1 << 31) | 1, b""),
        });
        assert_eq!((error.message(), &*error.causes()[0]), (message, cause));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Whatever comes in place of a reply, reading ends, and nothing is believed that was not asked.
    #[test]
    fn no_reply_makes_it_panic(
        structured: bool,
        noise in prop::collection::vec(any::<u8>(), 0..200),
        magic in prop::sample::select(vec![0x668e_33efu32, 0x6744_6698, 0]),
    ) {
        let (_room, uri) = fake(move |peer| {
            peer.serve(1 << 20, 0, structured);
            while let Some(request) = peer.request() {
                let cookie = request.cookie.to_be_bytes();
                peer.say(&[&magic.to_be_bytes(), &noise[..noise.len().min(4)], &cookie, &noise]);
                if noise.len() < 100 {
                    return;
                }
            }
        });
        if let Ok(mut source) = open(&uri) {
            let _ = read_on(&mut *source, 4096);
        }
    }
}
