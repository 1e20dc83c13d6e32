use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use proptest::prelude::*;
use tempfile::TempDir;
use testkit::machine::{Disk, Mount, noise, run};

use super::*;

/// A directory and a disk of 2 MiB with data at its start, in its middle and at its end.
fn scene() -> (TempDir, Vec<u8>) {
    let mut disk = vec![0; 2 << 20];
    disk[..5000].copy_from_slice(&noise(1, 5000));
    disk[1 << 20..][..9000].copy_from_slice(&noise(2, 9000));
    *disk.last_mut().unwrap() = 9;
    (tempfile::tempdir().unwrap(), disk)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_when_it_is_complete_and_sparse() {
    let (directory, disk) = scene();
    let path = directory.path().join("guest.img");
    let mut target = open(&path, &TargetOptions::default(), None).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    assert!(!path.exists());
    let [partial] = &names(directory.path())[..] else {
        panic!("one temporary file was expected");
    };
    assert!(partial.starts_with(".guest.img.") && partial.ends_with(".partial"));
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(target.path(), Some(&*path));
    drop(target);
    assert_eq!(names(directory.path()), ["guest.img"]);
    assert_eq!(fs::read(&path).unwrap(), disk);
    assert!(fs::metadata(&path).unwrap().blocks() * 512 < 64 << 10);
}

#[test]
fn an_aborted_or_dropped_file_leaves_nothing() {
    let (directory, disk) = scene();
    let path = directory.path().join("guest.img");
    let mut target = open(&path, &TargetOptions::default(), Some(1 << 20)).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    target.abort().unwrap();
    target.abort().unwrap();
    assert!(names(directory.path()).is_empty());

    drop(open(&path, &TargetOptions::default(), None).unwrap());
    assert!(names(directory.path()).is_empty());

    // It did not read back as it should have.
    let mut target = open(&path, &TargetOptions::default(), None).unwrap();
    target.finish(0).unwrap();
    assert_eq!(names(directory.path()), ["guest.img"]);
    target.abort().unwrap();
    assert!(names(directory.path()).is_empty());
    fs::write(&path, "theirs").unwrap();
    target.abort().unwrap();
    assert_eq!(names(directory.path()), ["guest.img"]);
}

#[test]
fn a_size_asked_for_pads_with_a_hole() {
    let (directory, disk) = scene();
    let path = directory.path().join("guest.img");
    let options = TargetOptions {
        size: Some(1 << 30),
        ..TargetOptions::default()
    };
    let candidate = checked(&path, &options).unwrap();
    let shown = path.display();
    assert_eq!(
        candidate.plan(Some(2 << 20)),
        format!("creates file {shown} with 1.0 GiB")
    );
    candidate.fits(1 << 30).unwrap();
    assert_advised(
        &candidate.fits(8 << 30).unwrap_err(),
        "the disk needs 8.0 GiB, the size asked for is 1.0 GiB",
        &Advice::RaiseSize,
    );
    let mut target = candidate.open(Some(2 << 20)).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    target.finish(2 << 20).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(metadata.len(), 1 << 30);
    assert!(metadata.blocks() * 512 < 64 << 10);
}

#[test]
fn a_file_with_something_in_it_is_replaced_only_by_force() {
    let (directory, disk) = scene();
    let path = directory.path().join("guest.img");
    fs::write(&path, noise(5, 1536)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
    let shown = path.display().to_string();
    assert_advised(
        &refusal(&path, &TargetOptions::default()),
        &format!("{shown} exists and holds 1.5 KiB"),
        &Advice::Replace,
    );
    assert_eq!(fs::read(&path).unwrap(), noise(5, 1536));

    let candidate = checked(&path, &forced()).unwrap();
    assert_eq!(candidate.plan(None), format!("replaces file {shown}"));
    let mut target = candidate.open(None).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    assert_eq!(fs::read(&path).unwrap(), noise(5, 1536));
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(fs::read(&path).unwrap(), disk);
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid()),
        (0o640, 1234, 4321)
    );
}

#[test]
fn an_empty_file_may_be_replaced_as_long_as_it_is_empty() {
    let (directory, disk) = scene();
    let path = directory.path().join("guest.img");
    File::create(&path).unwrap();
    let mut target = open(&path, &TargetOptions::default(), None).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(fs::read(&path).unwrap(), disk);

    fs::write(&path, "").unwrap();
    let mut target = open(&path, &TargetOptions::default(), None).unwrap();
    fs::write(&path, "theirs").unwrap();
    assert_advised(
        &target.finish(0).unwrap_err(),
        &format!(
            "{} was created by another program meanwhile",
            path.display()
        ),
        &Advice::Replace,
    );
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(names(directory.path()), ["guest.img"]);
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let (directory, disk) = scene();
    let path = directory.path().join("guest.img");
    let mut target = open(&path, &TargetOptions::default(), None).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    fs::write(&path, "theirs").unwrap();
    assert_advised(
        &target.finish(disk.len() as u64).unwrap_err(),
        &format!(
            "{} was created by another program meanwhile",
            path.display()
        ),
        &Advice::Replace,
    );
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(names(directory.path()), ["guest.img"]);
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let (directory, disk) = scene();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    fs::write(&real, "old").unwrap();
    symlink("real", &link).unwrap();
    let mut target = open(&link, &forced(), None).unwrap();
    write(&mut *target, &disk, 4096).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("real"));
    assert_eq!(fs::read(&real).unwrap(), disk);
    assert_eq!(names(directory.path()), ["link", "real"]);
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let (directory, _) = scene();
    let at = |name: &str| directory.path().join(name);
    let root = directory.path().display();
    let _listener = UnixListener::bind(at("socket")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    fs::write(at("file"), "").unwrap();
    let cases = [
        (
            at(""),
            format!("{root}/ is a directory"),
            Some("name a file in it"),
        ),
        (at("socket"), format!("{root}/socket is a socket"), None),
        (
            at("dangling"),
            format!("{root}/dangling is a symbolic link that leads nowhere"),
            None,
        ),
        (
            at("a/b"),
            format!("{root}/a/b: directory {root}/a does not exist"),
            Some("create it first"),
        ),
        (
            at("new/"),
            format!("{root}/new/ is the name of a directory"),
            Some("name a file in it"),
        ),
        (
            at("file/x"),
            format!("{root}/file/x cannot be reached"),
            None,
        ),
        (
            "/dev/zero".into(),
            "/dev/zero is a character device".into(),
            None,
        ),
    ];
    for (path, message, hint) in cases {
        assert_target(&refusal(&path, &forced()), &message, hint);
    }
    assert_eq!(names(directory.path()), ["dangling", "file", "socket"]);
}

#[test]
fn a_read_only_file_system_is_refused() {
    let mount = Mount::tmpfs("ro,size=1m");
    let path = mount.path("guest.img");
    let error = refusal(&path, &TargetOptions::default());
    let directory = mount.point().display();
    assert_target(
        &error,
        &format!("{directory}/guest.img: directory {directory} cannot be written to"),
        None,
    );
    assert_eq!(error.causes(), ["Read-only file system (os error 30)"]);
}

#[test]
fn a_full_file_system_is_an_error_that_names_the_byte() {
    let mount = Mount::tmpfs("size=1m");
    let path = mount.path("guest.img");
    let mut target = open(&path, &TargetOptions::default(), Some(8 << 20)).unwrap();
    target.write_at(0, &noise(1, 64 << 10)).unwrap();
    let error = target.write_at(4 << 20, &noise(1, 2 << 20)).unwrap_err();
    let shown = path.display();
    assert_eq!(
        error.to_string(),
        format!("{shown} cannot be written at byte 4194304")
    );
    assert_eq!(error.kind(), Kind::Io);
    assert_eq!(error.causes(), ["No space left on device (os error 28)"]);
    target.abort().unwrap();
    assert!(names(mount.point()).is_empty());
}

#[test]
fn a_file_larger_than_the_file_system_allows_is_refused_at_once() {
    let disk = Disk::new(8 << 20);
    run("mkfs.ext4", &["-q", "-b", "1024", disk.name()]);
    let mount = Mount::new(&[disk.name()]);
    let path = mount.path("guest.img");
    let before = names(mount.point());
    let error = open(&path, &TargetOptions::default(), Some(1 << 50))
        .err()
        .unwrap();
    let shown = path.display();
    assert_target(
        &error,
        &format!("{shown}: the file system holds no file of 1.0 PiB"),
        None,
    );
    assert_eq!(names(mount.point()), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn any_disk_arrives_as_it_is(
        blocks in prop::collection::vec(any::<bool>(), 0..40),
        rest in 0usize..700,
        force in any::<bool>(),
    ) {
        let mut disk: Vec<u8> = blocks
            .iter()
            .flat_map(|&data| if data { noise(3, 700) } else { vec![0; 700] })
            .collect();
        disk.resize(disk.len() + rest, 0);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("guest.img");
        let options = TargetOptions { force, ..TargetOptions::default() };
        let mut target = open(&path, &options, Some(disk.len() as u64)).unwrap();
        write(&mut *target, &disk, 700).unwrap();
        target.finish(disk.len() as u64).unwrap();
        prop_assert_eq!(fs::read(&path).unwrap(), disk);
    }
}
