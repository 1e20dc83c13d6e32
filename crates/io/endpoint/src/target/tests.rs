mod device;
mod file;
mod in_use;
mod stream;
mod volume;

use std::path::Path;

use error::{Error, Kind, Result};
use sparse::BlockWrite;

use super::*;
use crate::Advice;

/// The refusal of the place at `path`.
fn refusal(path: &Path, options: &TargetOptions) -> Error {
    refusal_on(&Host::live(), path, options)
}

/// The refusal of the place at `path` on `host`.
fn refusal_on(host: &Host, path: &Path, options: &TargetOptions) -> Error {
    match check(&Place::File(path.to_owned()), options, host) {
        Ok(_) => panic!("{} was taken", path.display()),
        Err(error) => error,
    }
}

fn open(path: &Path, options: &TargetOptions, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
    checked(path, options)?.open(size)
}

/// The candidate at `path` on this machine.
fn checked(path: &Path, options: &TargetOptions) -> Result<Box<dyn Candidate>> {
    check(&Place::File(path.to_owned()), options, &Host::live())
}

fn forced() -> TargetOptions {
    TargetOptions {
        force: true,
        ..TargetOptions::default()
    }
}

/// Writes `disk` as an engine would: blocks of zeros by `zero_at`, the others by `write_at`.
fn write(target: &mut dyn BlockWrite, disk: &[u8], block: usize) -> Result<()> {
    for (number, data) in disk.chunks(block).enumerate() {
        let offset = (number * block) as u64;
        if sparse::zero::is_zero(data) {
            target.zero_at(offset, data.len() as u64)?
        } else {
            target.write_at(offset, data)?
        }
    }
    Ok(())
}

#[track_caller]
fn assert_target(error: &Error, message: &str, hint: Option<&str>) {
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), Kind::Target);
    assert_eq!(error.hint_text(), hint);
}

/// As [`assert_target`], with advice instead of a hint.
#[track_caller]
fn assert_advised(error: &Error, message: &str, advice: &Advice) {
    assert_target(error, message, None);
    assert_eq!(error.advice(), Some(advice));
}

#[test]
fn an_address_is_no_target() {
    let place = Place::parse("https://me:secret@host/disk.img").unwrap();
    let error = check(&place, &TargetOptions::default(), &Host::live())
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Usage);
    assert_eq!(
        error.to_string(),
        "https://host/disk.img cannot be written to"
    );
}
