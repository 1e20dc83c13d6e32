use std::os::unix::fs::symlink;

use proptest::prelude::*;
use testkit::machine::{Disk, Mount, noise, run};

use super::*;

const MIB: usize = 1 << 20;

/// A disk of `size` bytes with data in its head, in its middle and at its end.
fn guest(size: usize) -> Vec<u8> {
    let mut disk = vec![0; size];
    disk[..5000].copy_from_slice(&noise(1, 5000));
    disk[size / 2..][..9001].copy_from_slice(&noise(2, 9001));
    disk[size - 600..].copy_from_slice(&noise(3, 600));
    disk
}

/// A device of `size` bytes that holds old data everywhere.
fn stale(size: usize, options: &[&str]) -> Disk {
    let disk = Disk::with_options(size as u64, options);
    disk.fill(0, &noise(77, size));
    disk
}

#[test]
fn a_device_takes_the_disk_and_keeps_what_lies_beyond() {
    for options in [&[][..], &["--sector-size", "4096"]] {
        let device = stale(8 * MIB, options);
        let disk = guest(5 * MIB + 512);
        let mut target = open(&device.path, &forced(), Some(disk.len() as u64)).unwrap();
        write(&mut *target, &disk, 128 << 10).unwrap();
        target.finish(disk.len() as u64).unwrap();
        let bytes = device.bytes();
        assert_eq!(bytes[..disk.len()], disk);
        assert_eq!(
            bytes[disk.len()..7 * MIB],
            noise(77, 8 * MIB)[disk.len()..7 * MIB]
        );
        assert!(
            sparse::zero::is_zero(&bytes[7 * MIB..]),
            "the end of the device"
        );
        assert_eq!(target.path(), Some(&*device.path));
    }
}

#[test]
fn a_disk_that_fills_the_device_keeps_its_end() {
    let device = stale(4 * MIB, &[]);
    let disk = guest(4 * MIB);
    let mut target = open(&device.path, &forced(), None).unwrap();
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(device.bytes(), disk);
}

#[test]
fn zeros_give_their_space_back() {
    let device = stale(16 * MIB, &[]);
    assert!(device.taken() >= 16 << 20);
    let disk = guest(16 * MIB);
    let mut target = open(&device.path, &forced(), None).unwrap();
    write(&mut *target, &disk, MIB).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(device.bytes(), disk);
    assert!(
        device.taken() <= 4 << 20,
        "{} bytes are taken",
        device.taken()
    );
}

#[test]
fn a_size_asked_for_is_zeros_behind_the_disk() {
    let device = stale(8 * MIB, &[]);
    let options = TargetOptions {
        size: Some(4 << 20),
        ..forced()
    };
    let disk = guest(2 * MIB + 100);
    let mut target = open(&device.path, &options, None).unwrap();
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    let bytes = device.bytes();
    assert_eq!(bytes[..disk.len()], disk);
    assert!(sparse::zero::is_zero(&bytes[disk.len()..4 * MIB]));
    assert_eq!(
        bytes[4 * MIB..7 * MIB],
        noise(77, 8 * MIB)[4 * MIB..7 * MIB]
    );
}

#[test]
fn until_it_is_complete_the_head_is_zeros() {
    let device = stale(4 * MIB, &[]);
    let disk = guest(4 * MIB);
    let mut target = open(&device.path, &forced(), None).unwrap();
    let head_is_zero = || sparse::zero::is_zero(&device.bytes()[..MIB]);
    assert!(head_is_zero());
    write(&mut *target, &disk, 64 << 10).unwrap();
    assert!(head_is_zero());
    let left = target.abort().unwrap_err();
    let name = device.name();
    assert_eq!(
        left.to_string(),
        format!("{name} is partly overwritten and its first MiB is zeros")
    );
    assert_eq!(left.advice(), Some(&Advice::OverwriteAgain));
    drop(target);
    assert!(head_is_zero());

    let mut target = open(&device.path, &forced(), None).unwrap();
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert!(!head_is_zero());
    // It did not read back as it should have.
    assert_eq!(target.abort().unwrap_err(), left);
    assert!(head_is_zero());
}

#[test]
fn a_device_known_to_be_zero_is_left_alone_where_the_disk_is() {
    let device = Disk::new(8 << 20);
    let marker = noise(5, MIB);
    device.fill(3 << 20, &marker); // a lie, to see that nothing is done there
    let options = TargetOptions {
        target_is_zero: true,
        ..TargetOptions::default()
    };
    let mut target = open(&device.path, &options, None).unwrap();
    target.abort().unwrap();
    let mut disk = guest(8 * MIB);
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    disk[3 * MIB..4 * MIB].copy_from_slice(&marker);
    assert_eq!(device.bytes(), disk);
}

#[test]
fn what_is_too_large_is_refused_with_both_numbers() {
    let device = stale(4 * MIB, &[]);
    let name = device.name();
    let before = device.bytes();
    let candidate = checked(&device.path, &forced()).unwrap();
    assert_eq!(candidate.capacity(), Some(4 << 20));
    assert_eq!(
        candidate.plan(Some(2 << 20)),
        format!("overwrites {name} (4.0 MiB) with 2.0 MiB")
    );
    candidate.fits(4 << 20).unwrap();
    let message = format!("{name} holds 4194304 bytes, the disk needs 4194305 bytes");
    let hint = Some("give a larger target");
    assert_target(&candidate.fits((4 << 20) + 1).unwrap_err(), &message, hint);
    assert_target(
        &candidate.open(Some((4 << 20) + 1)).err().unwrap(),
        &message,
        hint,
    );

    let options = TargetOptions {
        size: Some(8 << 20),
        ..forced()
    };
    assert_advised(
        &refusal(&device.path, &options),
        &format!("{name} holds 4.0 MiB, the size asked for is 8.0 MiB"),
        &Advice::LowerSize,
    );
    assert_eq!(device.bytes(), before);

    let mut target = open(&device.path, &forced(), None).unwrap();
    let error = target.write_at(4 << 20, &[1]).unwrap_err();
    assert_target(&error, &message, hint);
    let error = target.zero_at(u64::MAX, 2).unwrap_err();
    assert_eq!(error.kind(), Kind::Target);
}

#[test]
fn a_claimed_device_is_nobody_elses() {
    let device = Disk::new(4 << 20);
    run("mkfs.ext4", &["-q", device.name()]);
    let _candidate = checked(&device.path, &forced()).unwrap();
    let point = tempfile::tempdir().unwrap();
    let mount = std::process::Command::new("mount")
        .args([device.path.as_path(), point.path()])
        .output();
    assert!(!mount.unwrap().status.success());
}

#[test]
fn a_device_is_known_by_any_name() {
    let device = Disk::new(4 << 20);
    run("mkfs.ext4", &["-q", device.name()]);
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("link");
    symlink(&device.path, &link).unwrap();
    let shown = link.display();
    assert_advised(
        &refusal(&link, &TargetOptions::default()),
        &format!("{shown} holds an ext2, ext3 or ext4 file system (found at byte 1080)"),
        &Advice::Overwrite,
    );
}

#[test]
fn a_device_that_fails_never_shows_a_head() {
    // The device promises 8 MiB, the file system under it has 2.
    let mount = Mount::tmpfs("size=2m");
    let image = mount.path("image");
    let file = std::fs::File::create(&image).unwrap();
    file.set_len(8 << 20).unwrap();
    let device = Disk::over(&image, &[]);
    let mut target = open(&device.path, &TargetOptions::default(), None).unwrap();
    let result =
        write(&mut *target, &noise(1, 8 * MIB), 1 << 20).and_then(|()| target.finish(8 << 20));
    let error = result.unwrap_err();
    let name = device.name();
    assert_eq!(error.to_string(), format!("{name} cannot be flushed"));
    assert_eq!(error.kind(), Kind::Io);
    let left = target.abort().unwrap_err();
    assert_eq!(
        left.to_string(),
        format!("{name} is partly overwritten and its first MiB is zeros")
    );
    drop(target);
    assert!(sparse::zero::is_zero(&device.bytes()[..MIB]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_disk_arrives_as_it_is(
        blocks in prop::collection::vec(any::<bool>(), 1..40),
        block in (10_000usize..100_000),
        large_sectors in any::<bool>(),
    ) {
        let mut disk: Vec<u8> = blocks
            .iter()
            .flat_map(|&data| if data { noise(3, block) } else { vec![0; block] })
            .collect();
        disk.truncate(4 * MIB - 123);
        let sectors = if large_sectors { "4096" } else { "512" };
        let device = stale(4 * MIB, &["--sector-size", sectors]);
        let mut target = open(&device.path, &forced(), None).unwrap();
        // Neighbouring zeros in one range, as an engine gives them.
        let mut offset = 0;
        for run in blocks.chunk_by(|a, b| a == b) {
            let end = (offset + run.len() * block).min(disk.len());
            if run[0] { target.write_at(offset as u64, &disk[offset..end]).unwrap() } else { target.zero_at(offset as u64, (end - offset) as u64).unwrap() }
            offset = end;
        }
        target.finish(disk.len() as u64).unwrap();
        prop_assert!(device.bytes()[..disk.len()] == disk);
    }
}
