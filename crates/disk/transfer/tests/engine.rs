//! The engine between sources and targets that fail, hang and lie.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests are here, and panicking is how they fail"
)]

#[path = "engine/fakes.rs"]
mod fakes;

use std::sync::{Arc, Mutex};

use diskimage::OpenOptions;
use endpoint::target::Candidate;
use error::{Error, Kind};
use fakes::{Memory, Script, Step, Summary};
use sparse::ByteSource;
use transfer::{
    Control, Import, Imported, Input, Outcome, Pattern, Places, Selection, Sums, import,
};
use unpack::Limits;

/// An import of `source` with nothing special about it.
fn request(source: impl ByteSource + 'static, targets: Vec<Box<dyn Candidate>>) -> Import {
    Import {
        source: Input::bytes(source),
        places: Places::These(targets),
        target_format: None,
        how: OpenOptions::default(),
        keep: None,
        selection: Selection::default(),
        limits: Limits::default(),
        max_size: 1 << 40,
        sums: Sums::default(),
        warnings: Vec::new(),
        want_digest: true,
        verify: false,
        strict: false,
        dry_run: false,
    }
}

fn run(request: Import) -> Result<Imported, Error> {
    match import(request, &Arc::new(Control::default()))? {
        Outcome::Done(imported) => Ok(imported),
        Outcome::Planned(plan) => panic!("a plan: {plan:?}"),
    }
}

fn summary(of: &Arc<Mutex<Summary>>) -> Summary {
    of.lock().unwrap().clone()
}

/// A disk with a boot sector and data here and there.
fn disk() -> Vec<u8> {
    let mut disk = vec![0; 3 << 20];
    disk[510..512].copy_from_slice(b"\x55\xaa");
    disk[1_000_000..1_000_100].fill(7);
    disk[(3 << 20) - 1] = 9;
    disk
}

#[test]
fn a_disk_arrives_on_every_target() {
    let disk = disk();
    let (one, one_seen) = Memory::new("one");
    let (two, two_seen) = Memory::new("two");
    let done = run(request(Script::of(&disk), vec![one, two])).unwrap();
    assert_eq!(summary(&one_seen).disk(), disk);
    assert_eq!(summary(&two_seen).disk(), disk);
    assert_eq!(done.disks[0].content.size, disk.len() as u64);
    assert_eq!(done.disks[0].content.data, 3 * 4096);
    assert_eq!(done.bytes_read, disk.len() as u64);
}

#[test]
fn a_digest_is_made_for_who_asks() {
    let disk = disk();
    let digest = |want_digest| {
        let (target, target_seen) = Memory::new("t");
        let request = Import {
            want_digest,
            ..request(Script::of(&disk), vec![target])
        };
        let done = run(request).unwrap();
        assert_eq!(summary(&target_seen).disk(), disk);
        done.disks[0].digest
    };
    let source = Box::new(Script::of(&disk));
    let named = transfer::digest(source, None, &Arc::default()).unwrap();
    assert_eq!(named.content.size, disk.len() as u64);
    assert_eq!(digest(true), Some(named.digest));
    assert_eq!(digest(false), None);
}

#[test]
fn what_reads_back_otherwise_is_found_out_and_undone() {
    let disk = disk();
    for want_digest in [true, false] {
        let verified = |lies_at| {
            let (mut target, target_seen) = Memory::new("t");
            target.lies_at = lies_at;
            let request = Import {
                want_digest,
                verify: true,
                ..request(Script::of(&disk), vec![target])
            };
            (run(request), summary(&target_seen).aborted)
        };
        let (done, aborted) = verified(None);
        assert!(done.is_ok() && !aborted);
        // In data, and in a hole.
        for at in [1_000_050, 2_000_000] {
            let (done, aborted) = verified(Some(at));
            let error = done.unwrap_err();
            assert_eq!(error.kind(), Kind::Io);
            assert!(
                error.message().starts_with("t reads back as idd1:"),
                "{error}"
            );
            assert!(aborted);
        }
    }
}

#[test]
fn every_byte_is_accounted_for_exactly_once() {
    let (target, target_seen) = Memory::new("t");
    let steps = [
        Step::Data(disk()),
        Step::Hole(1 << 36),
        Step::Data(vec![5; 512]),
    ];
    let done = run(request(Script::steps(steps), vec![target])).unwrap();
    let summary = summary(&target_seen);
    let data = summary
        .data
        .iter()
        .map(|(offset, bytes)| (*offset, bytes.len() as u64));
    let mut ranges: Vec<_> = data.chain(summary.zeros.iter().copied()).collect();
    ranges.sort_unstable();
    let mut at = 0;
    for (offset, len) in ranges {
        assert_eq!(offset, at, "no gap and no overlap");
        at += len;
    }
    assert_eq!(at, done.disks[0].content.size);
    assert_eq!(at, (3 << 20) + (1 << 36) + 512);
}

#[test]
fn a_target_that_fails_leaves_the_others_alone() {
    let disk = disk();
    let (mut bad, bad_seen) = Memory::new("bad");
    bad.fail_at = Some(1_000_000);
    let (good, good_seen) = Memory::new("good");
    let done = run(request(Script::of(&disk), vec![bad, good])).unwrap();
    assert!(summary(&bad_seen).aborted && summary(&bad_seen).finished.is_none());
    assert_eq!(summary(&good_seen).disk(), disk);
    let error = done.disks[0].targets[0].result.clone().unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: bad cannot be written\n  because: on purpose"
    );
    assert!(done.disks[0].targets[1].result.is_ok());
}

#[test]
fn when_every_target_fails_the_import_does() {
    for fail_finish in [false, true] {
        let (mut bad, bad_seen) = Memory::new("bad");
        bad.fail_finish = fail_finish;
        bad.fail_at = (!fail_finish).then_some(0);
        let error = run(request(Script::of(&disk()), vec![bad])).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(summary(&bad_seen).aborted && summary(&bad_seen).finished.is_none());
        assert!(
            error.to_text().starts_with("error: bad cannot be "),
            "{error}"
        );
    }
}

#[test]
fn a_source_that_fails_halfway_undoes_the_targets() {
    let (target, target_seen) = Memory::new("t");
    let steps = [Step::Data(disk()), Step::Fail("Input/output error")];
    let error = run(request(Script::steps(steps), vec![target])).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: script: cannot be read\n  because: Input/output error"
    );
    assert!(summary(&target_seen).aborted && summary(&target_seen).finished.is_none());
}

#[test]
fn a_source_that_hangs_can_be_interrupted() {
    let control = Arc::new(Control::default());
    let (target, target_seen) = Memory::new("t");
    let steps = [Step::Data(disk()), Step::Hang];
    let request = request(Script::steps(steps), vec![target]);
    let shared = Arc::clone(&control);
    let work = std::thread::spawn(move || import(request, &shared));
    while !summary(&target_seen).opened {
        std::thread::yield_now();
    }
    control.job().cancel();
    let error = work.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(summary(&target_seen).aborted);
}

#[test]
fn nothing_is_opened_when_one_target_is_too_small_or_cannot_be_opened() {
    let (mut small, small_seen) = Memory::new("small");
    small.capacity = Some(1 << 20);
    let (good, good_seen) = Memory::new("good");
    let error = run(request(Script::of(&disk()), vec![good, small])).unwrap_err();
    assert_eq!(error.kind(), Kind::Target);
    assert_eq!(
        error.to_string(),
        "small holds 1.0 MiB, the disk needs 3.0 MiB"
    );
    assert!(!summary(&good_seen).opened && !summary(&small_seen).opened);

    let (mut shut, _) = Memory::new("shut");
    shut.fail_open = true;
    let (good, good_seen) = Memory::new("good");
    let error = run(request(Script::of(&disk()), vec![good, shut])).unwrap_err();
    assert_eq!(error.to_string(), "shut cannot be opened");
    assert!(summary(&good_seen).aborted && summary(&good_seen).data.is_empty());
}

#[test]
fn a_volume_to_be_created_needs_a_size() {
    let (mut volume, volume_seen) = Memory::new("lv:vg0/web01");
    volume.needs_size = true;
    let error = run(request(Script::steps([Step::Data(disk())]), vec![volume])).unwrap_err();
    assert_eq!(error.kind(), Kind::Target);
    assert_eq!(
        error.to_string(),
        "lv:vg0/web01 is to be created, and how large the disk is shows only at its end"
    );
    assert!(!summary(&volume_seen).opened);
}

#[test]
fn the_wrong_checksum_undoes_everything() {
    let (target, target_seen) = Memory::new("t");
    let (keep, keep_seen) = Memory::new("copy");
    let mut request = request(Script::of(&disk()), vec![target]);
    request.sums.sha256 = Some([0; 32]);
    request.keep = Some(keep);
    let error = run(request).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(
        error.to_string().starts_with("script: SHA-256 is "),
        "{error}"
    );
    assert!(summary(&target_seen).aborted && summary(&target_seen).finished.is_none());
    assert!(summary(&keep_seen).aborted && summary(&keep_seen).finished.is_none());
}

#[test]
fn a_copy_is_kept_as_the_bytes_pass() {
    let (target, _) = Memory::new("t");
    let (keep, keep_seen) = Memory::new("copy");
    let mut request = request(Script::of(&disk()), vec![target]);
    request.keep = Some(keep);
    run(request).unwrap();
    assert_eq!(summary(&keep_seen).disk(), disk());
}

#[test]
fn a_dry_run_opens_nothing() {
    let (target, target_seen) = Memory::new("t");
    let mut request = request(Script::of(&disk()), vec![target]);
    request.dry_run = true;
    let Outcome::Planned(plan) = import(request, &Arc::new(Control::default())).unwrap() else {
        panic!("it was a dry run");
    };
    assert_eq!(plan.disks[0].targets, ["t with Some(3145728)"]);
    assert!(!summary(&target_seen).opened);
}

#[test]
fn what_is_no_disk_is_refused_before_anything_is_opened() {
    let mut both = disk();
    both[..4].copy_from_slice(b"QFI\xfb");
    let mut qcow = both.clone();
    qcow[510..512].fill(0);
    let html = b"<!DOCTYPE html><title>Log in</title>".to_vec();
    let cases: [(Vec<u8>, Kind, &str); 6] = [
        (
            qcow,
            Kind::Unsupported,
            "script: is a qcow2 disk of version 0; versions 2 and 3 are read",
        ),
        (
            both,
            Kind::Refused,
            "script: reads as qcow2 and as a disk with an MBR partition table without partitions at once",
        ),
        (
            vec![7; 1 << 20],
            Kind::Refused,
            "script: nothing recognised in it: no partition table, file system or boot code",
        ),
        (
            vec![0; 1001],
            Kind::Refused,
            "script: has 1001 bytes, but a disk has whole sectors of 512 bytes",
        ),
        (html, Kind::Refused, "script: is text, not a disk"),
        (vec![], Kind::Refused, "script: is empty"),
    ];
    for (content, kind, message) in cases {
        let (target, target_seen) = Memory::new("t");
        let error = run(request(Script::of(&content), vec![target])).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
        assert!(!summary(&target_seen).opened);
    }
}

#[test]
fn a_fixed_vhd_shows_at_its_end_and_loses_its_footer() {
    for steps in [1, 5, 7000] {
        let mut vhd = disk();
        let content = vhd.clone();
        let mut footer = [0; 512];
        footer[..8].copy_from_slice(b"conectix");
        footer[12..16].copy_from_slice(&0x0001_0000u32.to_be_bytes());
        footer[48..56].copy_from_slice(&(content.len() as u64).to_be_bytes());
        footer[60..64].copy_from_slice(&2u32.to_be_bytes());
        let sum: u32 = footer.iter().map(|&byte| u32::from(byte)).sum();
        footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
        vhd.extend(footer);
        let parts: Vec<Step> = vhd
            .chunks(vhd.len().div_ceil(steps))
            .map(|part| Step::Data(part.to_vec()))
            .collect();
        let (target, target_seen) = Memory::new("t");
        let done = run(request(Script::steps(parts), vec![target])).unwrap();
        assert!(summary(&target_seen).disk() == content);
        assert_eq!(done.disks[0].content.size, content.len() as u64);
        // Who says that it is raw gets it as it is.
        let (target, target_seen) = Memory::new("t");
        let mut raw = request(Script::of(&vhd), vec![target]);
        raw.selection.format = Some(diskimage::Format::Raw);
        run(raw).unwrap();
        assert!(summary(&target_seen).disk() == vhd);
    }
}

#[test]
fn a_disk_above_the_limit_is_refused_whether_its_size_is_known_or_not() {
    for known in [true, false] {
        let (target, target_seen) = Memory::new("t");
        let mut script = Script::steps([Step::Data(disk()), Step::Hole(1 << 41)]);
        script.size = known.then_some((3 << 20) + (1 << 41));
        let error = run(request(script, vec![target])).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(
            error.to_string().contains("the limit is 1.0 TiB"),
            "{error}"
        );
        assert_eq!(summary(&target_seen).opened, !known);
        assert!(summary(&target_seen).finished.is_none());
    }
}

#[test]
fn a_pattern_without_a_member_is_refused() {
    let (target, _) = Memory::new("t");
    let mut request = request(Script::of(&disk()), vec![target]);
    request.selection.member = Some(Pattern::new("x").unwrap());
    let error = run(request).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(
        error.to_string(),
        "script: is not an archive, so it has no member 'x'"
    );
}
