use std::fs::{self, File};
use std::io::Read;
use std::thread;

use testkit::machine::{Disk, noise, run};

use super::*;
use crate::target::stream::check_open;

fn disk() -> Vec<u8> {
    [noise(1, 5000), vec![0; 600_000], noise(2, 3)].concat()
}

#[test]
fn a_pipe_gets_every_zero() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    run("mkfifo", &[path.to_str().unwrap()]);
    let reader_path = path.clone();
    let reader = thread::spawn(move || fs::read(reader_path).unwrap());
    let options = TargetOptions {
        size: Some(700_000),
        ..TargetOptions::default()
    };
    let candidate = checked(&path, &options).unwrap();
    let shown = path.display();
    assert_eq!(candidate.plan(None), format!("writes 683.6 KiB to {shown}"));
    let mut target = candidate.open(None).unwrap();
    assert_eq!(target.path(), None);
    let mut disk = disk();
    write(&mut *target, &disk, 4096).unwrap();
    target.finish(disk.len() as u64).unwrap();
    drop(target);
    disk.resize(700_000, 0);
    assert_eq!(reader.join().unwrap(), disk);
}

#[test]
fn a_reader_that_goes_away_interrupts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    run("mkfifo", &[path.to_str().unwrap()]);
    let reader_path = path.clone();
    let reader = thread::spawn(move || File::open(reader_path).unwrap().read_exact(&mut [0; 10]));
    let mut target = open(&path, &TargetOptions::default(), None).unwrap();
    let error = target.zero_at(0, 64 << 20).unwrap_err();
    assert_eq!(error.kind(), Kind::Closed);
    let shown = path.display();
    assert_eq!(
        error.to_string(),
        format!("{shown} was closed by its reader")
    );
    reader.join().unwrap().unwrap();
}

#[test]
fn a_file_as_standard_output_is_right_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let candidate = check_open(file.reopen().unwrap(), &TargetOptions::default()).unwrap();
    let mut target = candidate.open(None).unwrap();
    let disk = disk();
    write(&mut *target, &disk, 4096).unwrap();
    target.finish(disk.len() as u64).unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), disk);
}

#[test]
fn what_standard_output_must_not_be_is_refused() {
    let refusal = |file| check_open(file, &forced()).err().unwrap();
    let terminal = File::options().read(true).write(true).open("/dev/ptmx");
    assert_target(
        &refusal(terminal.unwrap()),
        "- is a terminal, a disk does not belong there",
        Some("redirect standard output or give another target"),
    );
    let disk = Disk::new(1 << 20);
    let device = File::options().write(true).open(&disk.path).unwrap();
    assert_target(
        &refusal(device),
        "- is a block device, which cannot be checked this way",
        Some("name the device instead of redirecting to it"),
    );
}

#[test]
fn nothing_can_be_skipped() {
    let mut target = open("/dev/null".as_ref(), &TargetOptions::default(), None).unwrap();
    target.write_at(0, &[1; 10]).unwrap();
    let error = target.write_at(11, &[1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/null is at byte 10, byte 11 was to come"
    );
    let error = target.finish(9).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/null is at byte 10, byte 9 was to come"
    );
    target.finish(10).unwrap();
}

#[test]
fn a_full_device_is_an_error_that_names_the_byte() {
    let mut target = open("/dev/full".as_ref(), &TargetOptions::default(), None).unwrap();
    let error = target.write_at(0, &[1; 10]).unwrap_err();
    assert_eq!(error.to_string(), "/dev/full cannot be written at byte 0");
    assert_eq!(error.causes(), ["No space left on device (os error 28)"]);
}
