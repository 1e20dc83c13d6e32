use testkit::machine::FakeHost;

use super::*;

const DISK: Number = Number { major: 8, minor: 0 };
const PARTITION: Number = Number { major: 8, minor: 1 };

/// A disk `sdx` with a partition `sdx1`, which nobody uses.
fn scene() -> FakeHost {
    let fake = FakeHost::new();
    fake.disk("sdx", DISK);
    fake.write("sys/devices/sdx/sdx1/partition", "1\n");
    fake.write("sys/devices/sdx/sdx1/dev", "8:1\n");
    fake.link("sys/dev/block/8:1", "../../devices/sdx/sdx1");
    fake.node("dev/sdx", DISK);
    fake.node("dev/sdx1", PARTITION);
    fake
}

/// What is said of the disk, and of its partition.
fn said(fake: &FakeHost) -> [Option<String>; 2] {
    let host = Host::at(fake.root()).unwrap();
    [DISK, PARTITION].map(|number| host.usage(number).unwrap().map(|usage| usage.to_string()))
}

#[track_caller]
fn assert_said(fake: &FakeHost, disk: &str, partition: &str) {
    assert_eq!(said(fake), [Some(disk.into()), Some(partition.into())]);
}

#[test]
fn a_device_that_nobody_uses_is_free() {
    assert_eq!(said(&scene()), [None, None]);
}

#[test]
fn mounts_and_swap_of_a_partition_are_uses_of_its_disk() {
    let fake = scene();
    let line = "29 1 8:1 / /srv/a\\040b rw - xfs /dev/sdx1 rw\n";
    fake.write("proc/self/mountinfo", line);
    assert_said(
        &fake,
        "is in use: partition sdx1 is mounted on /srv/a b",
        "is mounted on /srv/a b",
    );
    fake.write("proc/self/mountinfo", "");
    fake.write("proc/swaps", "Filename Type\n/dev/sdx1 partition\n");
    assert_said(
        &fake,
        "is in use: partition sdx1 is active swap space",
        "is active swap space",
    );
}

#[test]
fn holders_and_guests_of_a_disk_are_uses_of_its_partition() {
    let fake = scene();
    let backend = "sys/bus/xen-backend/devices/vbd-5-51712/physical_device";
    fake.write(backend, "8:0\n");
    fake.write("sys/bus/xen-backend/devices/vif-5-0/state", "4\n");
    assert_said(
        &fake,
        "is a disk of the running Xen domain 5",
        "is in use: its disk sdx is a disk of the running Xen domain 5",
    );
    fake.write("sys/devices/sdx/holders/dm-3/dm/name", "vg0-root\n");
    fake.write("sys/devices/sdx/holders/md127/md/level", "raid1\n");
    assert_said(
        &fake,
        "is held by dm-3 (vg0-root), md127",
        "is in use: its disk sdx is held by dm-3 (vg0-root), md127",
    );
}

#[test]
fn a_device_open_for_writing_is_used_and_one_open_for_reading_is_not() {
    let fake = scene();
    fake.write("proc/42/comm", "qemu\n");
    fake.link("proc/42/fd/0", "/etc/passwd");
    fake.link("proc/42/fd/3", "/dev/sdx");
    fake.write("proc/42/fdinfo/3", "pos:\t0\nflags:\t0100000\n");
    assert_eq!(said(&fake), [None, None]);
    fake.write("proc/42/fdinfo/3", "pos:\t0\nflags:\t0100002\n");
    assert_said(
        &fake,
        "is open for writing in qemu (process 42)",
        "is in use: its disk sdx is open for writing in qemu (process 42)",
    );
}

#[test]
fn a_read_only_partition_says_nothing_of_its_disk() {
    let fake = scene();
    fake.write("sys/devices/sdx/sdx1/ro", "1\n");
    assert_eq!(said(&fake), [None, Some("is read-only".into())]);
}

#[test]
fn what_the_host_does_not_tell_is_an_error() {
    let host = |fake: &FakeHost| Host::at(fake.root()).unwrap();
    let fake = FakeHost::new();
    let error = host(&fake).usage(DISK).unwrap_err();
    let shown = fake.root().join("sys/dev/block/8:0");
    let text = "cannot tell whether it is in use";
    assert_eq!(error.kind(), error::Kind::Io);
    assert_eq!(error.to_string(), format!("{text}: {}", shown.display()));
    let fake = scene();
    fake.link("proc/swaps", "swaps");
    let error = host(&fake).usage(DISK).unwrap_err();
    let shown = fake.root().join("proc/swaps");
    assert_eq!(error.to_string(), format!("{text}: {}", shown.display()));
    assert_eq!(error.causes().len(), 1);
}
