//! What each command prints of its result, as text and as JSON.

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/guest.tar.gz");

/// The results of the command, which writes nothing but `out`, in both forms.
fn results(room: &Room, line: &str) -> [Ran; 2] {
    ["", " --json"].map(|json| {
        let ran = room.run(&format!("{line}{json}")).ok();
        assert!(ran.stderr.is_empty(), "{}", ran.story());
        assert_eq!(json.is_empty(), !ran.stdout.starts_with(b"{"));
        room.sh("rm -f out");
        ran
    })
}

#[test]
fn an_import_prints_the_disk_and_its_targets() {
    let room = Room::new();
    assert_snapshot!(results(
        &room,
        &format!("import {EXAMPLE} --to out --verify")
    ));
}

#[test]
fn a_conversion_prints_the_disk_and_its_target() {
    let room = Room::new();
    assert_snapshot!(results(
        &room,
        &format!("convert {EXAMPLE} out --format vhdx --size 64M")
    ));
}

#[test]
fn an_inspection_prints_the_guest_the_disks_and_the_members() {
    let room = Room::new();
    assert_snapshot!(results(&room, &format!("inspect {EXAMPLE}")));
}

#[test]
fn a_digest_is_printed_with_the_size() {
    let room = Room::new();
    let [text, json] = results(&room, &format!("digest {EXAMPLE}"));
    let short = room.run(&format!("digest {EXAMPLE} --quiet")).ok();
    assert_eq!(json.json()["digest"], short.out().trim());
    assert_snapshot!([text, json, short]);
}
