//! How a client leaves, and what it does about requests in flight before.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use endpoint::Place;
use endpoint::target::{TargetOptions, check};
use host::Host;
use servers::nbd::{DISCONNECT, Peer, Request, fake};
use support::nbd::{open, read_on};
use tempfile::TempDir;
use testkit::machine::noise;

const MIB: usize = 1 << 20;

/// After this, a client that has more to say would have said it. Too short a time hides a mistake; it
/// does not make one.
const QUIET: Duration = Duration::from_millis(200);

/// A server that does what `script` says with its one connection, and what it tells about it.
fn observed<T: Send + 'static>(
    script: impl Fn(&mut Peer) -> T + Send + 'static,
) -> (TempDir, String, Receiver<T>) {
    let (tell, told) = mpsc::channel();
    let (room, uri) = fake(move |peer| {
        let _ = tell.send(script(peer));
    });
    (room, uri, told)
}

/// Everything that is asked until nothing comes for a while.
fn until_quiet(peer: &mut Peer) -> Vec<Request> {
    std::iter::from_fn(|| peer.message(Some(QUIET))).collect()
}

fn answer(peer: &mut Peer, reads: &[Request]) {
    for request in reads {
        peer.reply(request.cookie, 0, &vec![1; request.len as usize]);
    }
}

#[test]
fn who_has_read_everything_takes_leave() {
    let (_room, uri, last) = observed(|peer| {
        peer.serve(MIB as u64, 0, false);
        loop {
            match peer.message(None) {
                Some(read) if read.command == 0 => answer(peer, &[read]),
                other => return other.map(|request| request.command),
            }
        }
    });
    read_on(&mut *open(&uri).unwrap(), 1 << 18).unwrap();
    assert_eq!(last.recv().unwrap(), Some(DISCONNECT));
}

/// A client leaves that has read the beginning and asked for more, which `then` tells about.
#[track_caller]
fn assert_only_reads_until(then: impl Fn(&mut Peer) -> Vec<Request> + Send + 'static) {
    let (_room, uri, seen) = observed(move |peer| {
        peer.serve(64 << 20, 0, false);
        let first = peer.message(None).unwrap();
        answer(peer, &[first]);
        then(peer)
    });
    let mut source = open(&uri).unwrap();
    source.fill(&mut vec![0; 1 << 18]).unwrap();
    drop(source);
    let open = seen.recv().unwrap();
    assert!(open.len() > 4 && open.iter().all(|request| request.command == 0));
}

#[test]
fn nobody_leaves_before_the_replies_to_what_is_in_flight() {
    assert_only_reads_until(|peer| {
        let open = until_quiet(peer);
        answer(peer, &open);
        open
    });
}

#[test]
fn a_server_that_does_not_answer_is_left_without_a_word() {
    assert_only_reads_until(|peer| std::iter::from_fn(|| peer.message(None)).collect());
}

/// Serves a disk in memory whose first MiB cannot be written: the first such write fails, the others
/// that are in flight then are done last of all. Returns the disk as it is in the end, and the commands
/// that came while those were in flight.
fn late(peer: &mut Peer) -> (Vec<u8>, Vec<u16>) {
    peer.serve(4 << 20, 1 << 2 | 1 << 6, false);
    let mut disk = vec![0xee; 4 * MIB];
    let mut meanwhile = Vec::new();
    let mut done = |peer: &mut Peer, request: Request| {
        let range = request.offset as usize..request.offset as usize + request.len as usize;
        match request.command {
            1 => disk[range].copy_from_slice(&request.payload),
            6 => disk[range].fill(0),
            _ => {}
        }
        peer.reply(request.cookie, 0, &[]);
    };
    while let Some(request) = peer.request() {
        if request.command != 1 || request.offset >= MIB as u64 {
            done(peer, request);
            continue;
        }
        peer.reply(request.cookie, 5, &[]);
        let open = until_quiet(peer);
        meanwhile.extend(open.iter().map(|request| request.command));
        let (writes, others): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|request| request.command == 1);
        for request in others.into_iter().chain(writes) {
            done(peer, request);
        }
    }
    (disk, meanwhile)
}

#[test]
fn a_head_is_taken_back_after_the_writes_to_it() {
    let (_room, uri, seen) = observed(late);
    let options = TargetOptions {
        force: true,
        ..TargetOptions::default()
    };
    let candidate = check(&Place::parse(&uri).unwrap(), &options, &Host::live()).unwrap();
    let mut target = candidate.open(None).unwrap();
    target.write_at(0, &noise(1, 2 * MIB)).unwrap();
    let error = target.finish(2 << 20).unwrap_err();
    assert_eq!(error.causes(), ["the server says EIO"]);
    drop(target);
    let (disk, meanwhile) = seen.recv().unwrap();
    assert!(disk[MIB..2 * MIB] == noise(1, 2 * MIB)[MIB..]);
    assert!(sparse::zero::is_zero(&disk[..MIB]));
    assert!(meanwhile.len() > 1 && meanwhile.iter().all(|&command| command == 1));
}
