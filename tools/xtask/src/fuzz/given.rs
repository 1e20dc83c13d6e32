//! Inputs that targets are given besides their seeds: the archives that tests make, sound ones and hostile ones. They are
//! in the repository as code, which is shorter.

use std::fs;
use std::path::Path;

use error::Result;

use crate::shell::file_error;

/// What `target` is given.
pub(super) fn inputs(target: &str) -> Vec<Vec<u8>> {
    let sized = |mut case: testkit::Bad| {
        // The target wants to know the disk's size.
        let size = testkit::xva::SIZE as u32;
        case.bytes.splice(..0, size.to_le_bytes());
        case
    };
    let (valid, hostile) = match target {
        "xva" => {
            let hostile = testkit::xva::hostile().into_iter().map(sized);
            (Vec::new(), hostile.collect())
        }
        "vma" => (Vec::new(), testkit::vma::hostile()),
        "tar" => (testkit::tar::valid(), testkit::tar::hostile()),
        "zip" => (testkit::zip::valid(), testkit::zip::hostile()),
        "gzip" => return gzip(),
        _ => (Vec::new(), Vec::new()),
    };
    let valid = valid.into_iter().map(|case| case.bytes);
    valid
        .chain(hostile.into_iter().map(|case| case.bytes))
        .collect()
}

/// Files of so many members that they are read by several threads: bytes enough are in the names in their headers. In
/// some files the names have what looks like the next header, and something is wrong in others.
fn gzip() -> Vec<Vec<u8>> {
    const HEADER: &[u8] = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03";
    // A block of the letter a with fixed codes, and the trailer.
    const BEHIND: &[u8] = b"\0\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0";
    let named = |name: &[u8]| [HEADER, &name.repeat(9000 / name.len()), BEHIND].concat();
    let plain = named(b"name").repeat(80);
    let looks_alike = named(b"\x1f\x8b\x08\x01\x01\x01\x01\x01\x02\x03\x01").repeat(80);
    let mut damaged = plain.clone();
    if let Some(sum) = damaged.iter_mut().rev().nth(7) {
        *sum ^= 1;
    }
    let cut = plain[..plain.len() - 5].to_vec();
    let padded = [&plain[..], &[0; 100]].concat();
    let garbage = [&plain[..], b"garbage"].concat();
    vec![plain, looks_alike, damaged, cut, padded, garbage]
}

/// Writes what `target` is given into the directory `dir`.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(target: &str, dir: &Path) -> Result<()> {
    write_all(dir, "given", &inputs(target))
}

/// Writes `inputs` into the directory `dir`, as files called `name` and a number.
///
/// # Errors
/// They cannot be written.
pub(super) fn write_all(dir: &Path, name: &str, inputs: &[Vec<u8>]) -> Result<()> {
    fs::create_dir_all(dir).map_err(file_error(dir))?;
    for (number, bytes) in inputs.iter().enumerate() {
        let file = dir.join(format!("{name}-{number}"));
        fs::write(&file, bytes).map_err(file_error(&file))?;
    }
    Ok(())
}
