use std::fs;

use testkit::machine::{Disk, FakeHost, Mount, noise, run};

use super::*;
use crate::testing::{host, number};

/// Refused with `what`, and neither `--force` nor anything else changes that; the device is
/// untouched.
#[track_caller]
fn assert_in_use(disk: &Disk, host: &Host, what: &str) {
    let before = disk.bytes();
    let error = refusal_on(host, &disk.path, &forced());
    assert_eq!(error.to_string(), format!("{} {what}", disk.name()));
    assert_eq!(error.kind(), Kind::Target);
    assert!(disk.bytes() == before);
}

/// A device and a host on which nobody uses it.
fn scene() -> (Disk, FakeHost) {
    let disk = Disk::new(1 << 20);
    disk.fill(0, &noise(1, 1 << 20));
    let fake = FakeHost::new();
    fake.disk("sdx", number(&disk));
    (disk, fake)
}

#[test]
fn a_mounted_device() {
    let disk = Disk::new(4 << 20);
    run("mkfs.ext4", &["-q", disk.name()]);
    let mount = Mount::new(&[disk.name()]);
    let what = format!("is mounted on {}", mount.point().display());
    assert_in_use(&disk, &Host::live(), &what);
}

#[test]
fn active_swap_space() {
    let disk = Disk::new(1 << 20);
    run("mkswap", &[disk.name()]);
    struct Swap(String);
    impl Drop for Swap {
        fn drop(&mut self) {
            let _ = std::process::Command::new("swapoff").arg(&self.0).status();
        }
    }
    let swap = Swap(disk.name().to_owned());
    run("swapon", &[&swap.0]);
    assert_in_use(&disk, &Host::live(), "is active swap space");
}

#[test]
fn a_read_only_device() {
    let disk = Disk::with_options(1 << 20, &["-r"]);
    assert_in_use(&disk, &Host::live(), "is read-only");
}

#[test]
fn a_device_another_process_writes_to() {
    let disk = Disk::new(1 << 20);
    let mut holder = std::process::Command::new("sh")
        .args(["-c", "exec 3<>\"$0\"; echo; read _", disk.name()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Its line says that the device is open.
    std::io::Read::read(holder.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    let what = format!("is open for writing in sh (process {})", holder.id());
    assert_in_use(&disk, &Host::live(), &what);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    checked(&disk.path, &forced()).unwrap();
}

#[test]
fn the_same_target_twice() {
    let disk = Disk::new(1 << 20);
    let _first = checked(&disk.path, &forced()).unwrap();
    let name = fs::read_to_string("/proc/self/comm").unwrap();
    let what = format!(
        "is open for writing in {} (process {})",
        name.trim(),
        std::process::id()
    );
    assert_in_use(&disk, &Host::live(), &what);
}

#[test]
fn a_device_the_kernel_does_not_give_away() {
    // What the tables do not show: here because they are pretended.
    let (disk, fake) = scene();
    run("mkfs.ext4", &["-q", disk.name()]);
    let _mount = Mount::new(&[disk.name()]);
    assert_in_use(
        &disk,
        &host(&fake),
        "is in use: the kernel refuses to share it",
    );
}

#[test]
fn a_mounted_partition() {
    let (disk, fake) = scene();
    fake.write("sys/devices/sdx/sdx1/partition", "1\n");
    fake.write("sys/devices/sdx/sdx1/dev", "250:17\n");
    let line = "29 1 250:17 / /srv/a\\040b rw - xfs /dev/sdx1 rw\n";
    fake.write("proc/self/mountinfo", line);
    assert_in_use(
        &disk,
        &host(&fake),
        "is in use: partition sdx1 is mounted on /srv/a b",
    );
}

#[test]
fn a_file_system_with_a_number_of_its_own() {
    let (disk, fake) = scene();
    fake.node("dev/sdx", number(&disk));
    let line = "29 1 0:45 /@ /srv rw - btrfs /dev/sdx rw\n";
    fake.write("proc/self/mountinfo", line);
    assert_in_use(&disk, &host(&fake), "is mounted on /srv");
}

#[test]
fn a_device_under_others() {
    let (disk, fake) = scene();
    fake.write("sys/devices/sdx/holders/md127/md/level", "raid1\n");
    fake.write("sys/devices/sdx/holders/dm-3/dm/name", "vg0-root\n");
    assert_in_use(&disk, &host(&fake), "is held by dm-3 (vg0-root), md127");
}

#[test]
fn a_partition_under_others() {
    let (disk, fake) = scene();
    fake.write("sys/devices/sdx/sdx2/partition", "2\n");
    fake.write("sys/devices/sdx/sdx2/dev", "250:18\n");
    fake.write("sys/devices/sdx/sdx2/holders/md0/md/level", "raid1\n");
    assert_in_use(
        &disk,
        &host(&fake),
        "is in use: partition sdx2 is held by md0",
    );
}

#[test]
fn a_disk_of_a_running_guest() {
    let (disk, fake) = scene();
    let number = number(&disk);
    let device = format!("{:x}:{:x}\n", number.major, number.minor);
    let backend = "sys/bus/xen-backend/devices/vbd-5-51712/physical_device";
    fake.write(backend, &device);
    assert_in_use(&disk, &host(&fake), "is a disk of the running Xen domain 5");
}

#[test]
fn a_partition_of_a_disk_of_a_running_guest() {
    let disk = Disk::new(1 << 20);
    let fake = FakeHost::new();
    let number = number(&disk);
    fake.write("sys/devices/sdx/dev", "250:16\n");
    fake.write("sys/devices/sdx/sdx1/dev", &number.to_string());
    fake.write("sys/devices/sdx/sdx1/partition", "1\n");
    fake.link(&format!("sys/dev/block/{number}"), "../../devices/sdx/sdx1");
    let backend = "sys/bus/xen-backend/devices/vbd-12-51712/physical_device";
    fake.write(backend, "fa:10\n");
    assert_in_use(
        &disk,
        &host(&fake),
        "is in use: its disk sdx is a disk of the running Xen domain 12",
    );
}

#[test]
fn a_host_that_does_not_tell() {
    let (disk, fake) = scene();
    let table = fake.root().join("proc/self/mountinfo");
    fs::remove_file(&table).unwrap();
    let error = refusal_on(&host(&fake), &disk.path, &forced());
    assert_eq!(error.kind(), Kind::Io);
    let (name, shown) = (disk.name(), table.display());
    assert_eq!(
        error.to_string(),
        format!("{name}: cannot tell whether it is in use: {shown}")
    );
}
