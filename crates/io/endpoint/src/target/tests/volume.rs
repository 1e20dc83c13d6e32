use testkit::machine::{Disk, FakeLvm, noise};

use super::*;
use crate::testing;

const MIB: usize = 1 << 20;

fn candidate(place: &str, lvm: &FakeLvm) -> Result<Box<dyn Candidate>> {
    candidate_with(place, lvm, &TargetOptions::default())
}

fn candidate_with(
    place: &str,
    lvm: &FakeLvm,
    options: &TargetOptions,
) -> Result<Box<dyn Candidate>> {
    check(
        &Place::parse(place).unwrap(),
        options,
        &testing::with_lvm(lvm),
    )
}

fn source(place: &str, lvm: &FakeLvm) -> Result<Box<dyn sparse::ByteSource>> {
    let http = crate::source::http::HttpOptions::default();
    crate::source::open(
        &Place::parse(place).unwrap(),
        &http,
        &testing::with_lvm(lvm),
    )
}

fn guest(size: usize) -> Vec<u8> {
    let mut disk = vec![0; size];
    disk[..5000].copy_from_slice(&noise(1, 5000));
    disk[size / 2..][..9001].copy_from_slice(&noise(2, 9001));
    disk
}

#[test]
fn a_new_volume_is_created_and_reads_zero_where_the_disk_does() {
    let lvm = FakeLvm::new(64 << 20);
    let candidate = candidate("lv:vg0/web01", &lvm).unwrap();
    assert!(candidate.needs_size());
    assert_eq!(candidate.capacity(), Some(64 << 20));
    assert_eq!(
        candidate.plan(None),
        "creates volume vg0/web01 of the disk's size"
    );
    assert_eq!(
        candidate.plan(Some(5 << 20)),
        "creates volume vg0/web01 of 8.0 MiB"
    );
    let disk = guest(5 * MIB + 512);
    let mut target = candidate.open(Some(disk.len() as u64)).unwrap();
    write(&mut *target, &disk, 128 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert!(lvm.has("web01"));
    let bytes = std::fs::read(target.path().unwrap()).unwrap();
    assert_eq!(bytes.len(), 8 * MIB);
    assert_eq!(bytes[..disk.len()], disk);
    assert_eq!(
        lvm.changes(),
        ["lvcreate -y -n web01 -Wy -Zy -L 8388608b vg0"]
    );
    // It did not read back as it should have.
    target.abort().unwrap();
    assert!(!lvm.has("web01"));
}

#[test]
fn a_new_thin_volume_is_zero_already() {
    let lvm = FakeLvm::new(0);
    lvm.declare("pool", "twi-aotz--", "");
    let options = TargetOptions {
        size: Some(8 << 30),
        ..TargetOptions::default()
    };
    let candidate = candidate_with("lv:vg0/pool/web01", &lvm, &options).unwrap();
    assert!(!candidate.needs_size());
    assert_eq!(
        candidate.plan(None),
        "creates thin volume vg0/pool/web01 of 8.0 GiB"
    );
    let disk = guest(8 * MIB);
    let mut target = candidate.open(Some(8 << 20)).unwrap();
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(8 << 20).unwrap();
    assert_eq!(
        lvm.changes(),
        ["lvcreate -y -n web01 -V 8589934592b --thinpool pool vg0"]
    );
    let mut source = source("lv:vg0/web01", &lvm).unwrap();
    assert_eq!(source.size(), Some(8 << 30));
    let mut bytes = vec![0; 8 * MIB];
    assert_eq!(
        source.fill(&mut bytes).unwrap(),
        sparse::Fill::Data(8 * MIB)
    );
    assert_eq!(bytes, disk);
}

#[test]
fn a_thin_volume_takes_space_for_data_alone() {
    let lvm = FakeLvm::new(0);
    lvm.declare("pool", "twi-aotz--", "");
    let candidate = candidate("lv:vg0/pool/web01", &lvm).unwrap();
    let disk = guest(8 * MIB);
    let mut target = candidate.open(Some(8 << 20)).unwrap();
    write(&mut *target, &disk, 4 << 10).unwrap();
    target.finish(8 << 20).unwrap();
    let data = disk.chunks(4096).map(|block| !sparse::zero::is_zero(block));
    assert_eq!(
        taken(&lvm.node("web01"), 4096, 8 * MIB),
        data.collect::<Vec<_>>()
    );
}

/// For each `unit` of the first `size` bytes of a loop device whether its file has all of it (true) or none.
fn taken(node: &std::path::Path, unit: usize, size: usize) -> Vec<bool> {
    use rustix::fs::{SeekFrom, seek};
    let device = std::fs::read_link(node).unwrap();
    let device = device.file_name().unwrap().to_str().unwrap();
    let facts = format!("/sys/block/{device}/loop/backing_file");
    let image = std::fs::read_to_string(facts).unwrap();
    let image = std::fs::File::open(image.trim_end()).unwrap();
    let mut taken = vec![0; size.div_ceil(unit)];
    let mut position = 0;
    while let Ok(start) = seek(&image, SeekFrom::Data(position)) {
        position = seek(&image, SeekFrom::Hole(start)).unwrap();
        for byte in (start..position.min(size as u64)).step_by(512) {
            taken[byte as usize / unit] += 512;
        }
    }
    let whole = |(index, bytes): (usize, usize)| {
        let all = unit.min(size - index * unit);
        assert!(
            bytes == 0 || bytes == all,
            "{bytes} bytes of {all} in unit {index}"
        );
        bytes > 0
    };
    taken.into_iter().enumerate().map(whole).collect()
}

#[test]
fn chunks_that_come_with_old_data_are_written_whole_or_not_at_all() {
    // Chunks that divide the head, that do not, and that are larger than it; disks that end with the
    // volume, in a chunk, in the head, and a chunk before the volume.
    for chunk in [64 << 10, 192 << 10, 2 << 20, 3 << 20] {
        for size in [8 * MIB, 7 * MIB + 512, 5 * MIB, MIB / 2 + 512] {
            let lvm = FakeLvm::new(0);
            lvm.declare("pool", "twi-aot---", "");
            lvm.chunk(chunk as u64);
            let candidate = candidate("lv:vg0/pool/web01", &lvm).unwrap();
            let mut disk = guest(size);
            // On both sides of a chunk's end, and in one that begins in the head and ends behind it.
            for at in [2 * chunk - 100, MIB + 4096]
                .into_iter()
                .filter(|at| at + 200 <= size)
            {
                disk[at..][..200].copy_from_slice(&noise(4, 200));
            }
            let mut target = candidate.open(Some(size as u64)).unwrap();
            write(&mut *target, &disk, 64 << 10).unwrap();
            target.finish(size as u64).unwrap();
            let node = lvm.node("web01");
            let bytes = std::fs::read(&node).unwrap();
            assert!(
                bytes[..size] == disk,
                "a disk of {size} in chunks of {chunk}"
            );
            let taken = taken(&node, chunk, bytes.len());
            for (index, piece) in disk.chunks(chunk).enumerate() {
                let empty = sparse::zero::is_zero(piece);
                assert!(taken[index] || empty, "chunk {index} of {chunk}");
            }
            assert!(chunk > MIB || taken.contains(&false), "chunks of {chunk}");
        }
    }
}

#[test]
fn what_was_created_is_removed_again() {
    let lvm = FakeLvm::new(64 << 20);
    let candidate = candidate("lv:vg0/web01", &lvm).unwrap();
    let mut target = candidate.open(Some(8 << 20)).unwrap();
    target.write_at(0, &noise(1, MIB)).unwrap();
    assert!(lvm.has("web01"));
    target.abort().unwrap();
    target.abort().unwrap();
    assert!(!lvm.has("web01"));
    assert_eq!(lvm.changes()[1..], ["lvremove -f vg0/web01"]);
    let error = target.write_at(0, &[1]).unwrap_err();
    assert_eq!(error.to_string(), "lv:vg0/web01 is closed already");
}

#[test]
fn what_cannot_be_removed_is_named() {
    let lvm = FakeLvm::new(64 << 20);
    let candidate = candidate("lv:vg0/web01", &lvm).unwrap();
    let mut target = candidate.open(Some(8 << 20)).unwrap();
    lvm.refuse_removal();
    let error = target.abort().unwrap_err();
    assert_eq!(
        error.to_string(),
        "lv:vg0/web01 was created and is left behind: lvremove failed: exit status: 5"
    );
    assert_eq!(error.causes(), ["Logical volume vg0/web01 in use."]);
}

#[test]
fn a_volume_that_appears_meanwhile_stays() {
    let lvm = FakeLvm::new(64 << 20);
    let candidate = candidate("lv:vg0/web01", &lvm).unwrap();
    lvm.declare("web01", "-wi-a-----", "");
    let error = candidate.open(Some(8 << 20)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "lv:vg0/web01: lvcreate failed: exit status: 5"
    );
    assert_eq!(
        error.causes(),
        ["Logical Volume \"web01\" already exists in volume group \"vg0\""]
    );
    assert_eq!(
        error.hint_text(),
        Some("vg0/web01 exists now and is kept: if no other program made it, lvremove vg0/web01")
    );
    assert!(lvm.has("web01"));
    assert_eq!(lvm.changes().len(), 1, "nothing was removed");
}

#[test]
fn a_group_without_room_is_refused() {
    let lvm = FakeLvm::new(6 << 20);
    let message = "lv:vg0/web01: vg0 has 6.0 MiB free, the volume needs 8.0 MiB";
    let hint = Some("free space in the group or give another target");
    let free = candidate("lv:vg0/web01", &lvm).unwrap();
    free.fits(4 << 20).unwrap();
    assert_target(&free.fits((4 << 20) + 1).unwrap_err(), message, hint);
    assert_target(&free.open(Some(5 << 20)).err().unwrap(), message, hint);
    let options = TargetOptions {
        size: Some(5 << 20),
        ..TargetOptions::default()
    };
    assert_target(
        &candidate_with("lv:vg0/web01", &lvm, &options)
            .err()
            .unwrap(),
        message,
        hint,
    );
    assert!(lvm.changes().is_empty());
}

#[test]
fn a_size_nobody_knows_is_refused() {
    let lvm = FakeLvm::new(64 << 20);
    let candidate = candidate("lv:vg0/web01", &lvm).unwrap();
    assert_advised(
        &candidate.open(None).err().unwrap(),
        "lv:vg0/web01: the disk's size is not known",
        &Advice::GiveSize,
    );
    assert!(lvm.changes().is_empty());
}

#[test]
fn an_existing_volume_is_overwritten_and_never_removed() {
    let lvm = FakeLvm::new(0);
    let device = Disk::new(8 << 20);
    device.fill(0, &noise(9, 8 * MIB));
    lvm.attach("web01", "-wi-a-----", "", &device);
    let candidate = candidate("lv:vg0/web01", &lvm).unwrap();
    assert_eq!(candidate.name(), "lv:vg0/web01");
    assert_target(
        &candidate.fits(16 << 20).unwrap_err(),
        "lv:vg0/web01 holds 8.0 MiB, the disk needs 16.0 MiB",
        Some("give a larger target"),
    );
    let disk = guest(8 * MIB);
    let mut target = candidate.open(None).unwrap();
    write(&mut *target, &disk, 128 << 10).unwrap();
    target.finish(8 << 20).unwrap();
    assert_eq!(device.bytes(), disk);
    drop(target);

    let again = TargetOptions {
        force: true,
        ..TargetOptions::default()
    };
    let candidate = candidate_with("lv:vg0/web01", &lvm, &again).unwrap();
    let error = candidate.open(None).unwrap().abort().unwrap_err();
    assert_eq!(
        error.to_string(),
        "lv:vg0/web01 is partly overwritten and its first MiB is zeros"
    );
    assert!(lvm.has("web01") && lvm.changes().is_empty());
}

#[test]
fn an_existing_thin_volume_is_emptied_at_first() {
    // Also in a pool that does not clear its chunks: one that nobody has reads as zeros.
    for pool in ["twi-aotz--", "twi-aot---"] {
        let lvm = FakeLvm::new(0);
        let device = Disk::new(8 << 20);
        device.fill(0, &noise(9, 8 * MIB));
        lvm.declare("pool", pool, "");
        lvm.attach("web01", "Vwi-a-tz--", "pool", &device);
        let candidate = candidate("lv:vg0/pool/web01", &lvm).unwrap();
        assert!(device.bytes() == noise(9, 8 * MIB));
        let mut target = candidate.open(None).unwrap();
        assert!(sparse::zero::is_zero(&device.bytes()));
        let disk = guest(4 * MIB);
        write(&mut *target, &disk, 128 << 10).unwrap();
        target.finish(4 << 20).unwrap();
        let bytes = device.bytes();
        assert_eq!(bytes[..4 * MIB], disk);
        assert!(sparse::zero::is_zero(&bytes[4 * MIB..]));
        assert!(device.taken() <= 2 << 20);
        let left = target.abort().unwrap_err();
        assert_eq!(
            left.to_string(),
            "lv:vg0/pool/web01 is partly overwritten and its first MiB is zeros"
        );
    }
}

#[test]
fn volumes_that_must_not_be_written_are_refused() {
    let lvm = FakeLvm::new(64 << 20);
    let device = Disk::new(1 << 20);
    device.fill(0, &noise(9, MIB));
    let before = device.bytes();
    lvm.declare("off", "-wi-------", "");
    lvm.declare("fixed", "-ri-a-----", "");
    lvm.declare("pool", "twi-aotz--", "");
    lvm.declare("thin", "Vwi-a-tz--", "pool");
    lvm.attach("open", "-wi-ao----", "", &device);
    let cases = [
        (
            "lv:vg0/off",
            "lv:vg0/off is not active",
            Some("lvchange -ay vg0/off"),
        ),
        (
            "lv:vg0/fixed",
            "lv:vg0/fixed is read-only",
            Some("lvchange -prw vg0/fixed"),
        ),
        (
            "lv:vg0/pool",
            "lv:vg0/pool is a pool or a part of a volume, not a volume",
            None,
        ),
        (
            "lv:vg0/other/thin",
            "lv:vg0/other/thin exists already and is in thin pool pool",
            Some("give lv:vg0/thin"),
        ),
        (
            "lv:vg0/pool/off",
            "lv:vg0/pool/off exists already and is not in a thin pool",
            Some("give lv:vg0/off"),
        ),
        (
            "lv:vg0/open",
            "lv:vg0/open is in use: LVM says that its device is open",
            Some("find its user with lsblk, fuser or dmsetup ls --tree"),
        ),
        (
            "lv:vg0/none/new",
            "lv:vg0/none/new: vg0/none does not exist",
            Some("create the thin pool first"),
        ),
        (
            "lv:vg0/off/new",
            "lv:vg0/off/new: vg0/off is not a thin pool",
            None,
        ),
    ];
    for (place, message, hint) in cases {
        let options = TargetOptions {
            force: true,
            ..TargetOptions::default()
        };
        assert_target(
            &candidate_with(place, &lvm, &options).err().unwrap(),
            message,
            hint,
        );
    }
    assert_eq!(device.bytes(), before);
    assert!(lvm.changes().is_empty());
}

#[test]
fn a_group_that_is_not_there_is_refused() {
    let lvm = FakeLvm::new(0);
    let error = candidate("lv:vg1/web01", &lvm).err().unwrap();
    assert_target(
        &error,
        "lv:vg1/web01: volume group vg1 cannot be used",
        None,
    );
    assert_eq!(
        error.causes(),
        [
            "Volume group \"vg1\" not found",
            "Cannot process volume group vg1"
        ]
    );
}

#[test]
fn a_machine_without_lvm_is_told_so() {
    let lvm = FakeLvm::new(0);
    std::fs::remove_file(lvm.programs().join("vgs")).unwrap();
    let host = testing::with_lvm(&lvm).with_path(vec![lvm.programs()]);
    let place = Place::parse("lv:vg0/web01").unwrap();
    let error = check(&place, &TargetOptions::default(), &host)
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Io);
    assert_eq!(error.to_string(), "lv:vg0/web01: vgs cannot be run");
    assert_eq!(error.hint_text(), Some("install lvm2"));
}

#[test]
fn a_report_that_makes_no_sense_is_an_error() {
    for report in ["", "{}", "{\"report\":[{\"vg\":[{\"vg_free\":\"x\"}]}]}"] {
        let lvm = FakeLvm::new(0);
        let script = format!("#!/bin/sh\necho '{report}'\n");
        std::fs::write(lvm.programs().join("vgs"), script).unwrap();
        let error = candidate("lv:vg0/web01", &lvm).err().unwrap();
        assert_eq!(error.kind(), Kind::Io);
        assert_eq!(
            error.to_string(),
            "lv:vg0/web01: vgs gave no report that makes sense"
        );
    }
}

#[test]
fn an_absent_volume_is_no_source() {
    let lvm = FakeLvm::new(0);
    let error = source("lv:vg0/web01", &lvm).err().unwrap();
    assert_eq!(
        error.to_string(),
        "lv:vg0/web01: does not exist or is not active"
    );
    assert_eq!(
        error.hint_text(),
        Some("lvs vg0/web01 shows it, lvchange -ay vg0/web01 activates it")
    );
}
