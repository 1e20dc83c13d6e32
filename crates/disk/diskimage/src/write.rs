//! Writing disk formats: a target that takes a disk and puts a file in some format to another target.

use std::ops::RangeInclusive;

use error::{Error, Result};
use sparse::BlockWrite;

use crate::Format;

mod dynamic;
mod encoder;
mod fingerprint;
pub mod qcow2;
mod units;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;

/// How a format is to be written: what `-o KEY=VALUE` said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The options in the order given.
    pub given: Vec<(String, String)>,
    /// Threads that may compress; 0 counts as 1.
    pub threads: usize,
}

/// The formats that are written.
const WRITTEN: &str = "one of: raw, qcow2, vmdk, vhd, vhdx, vdi";

/// What writes `format` to `inner`.
///
/// The disk's `size` in bytes has to be known. The writer takes ranges in ascending order; to `inner`
/// it writes in any order if [`BlockWrite::any_order`] says so there, and strictly ascending if not,
/// each byte of the file once, holes through [`BlockWrite::zero_at`]. The file's `finish` gets the
/// file's size.
///
/// # Errors
/// [`error::Kind::Usage`] for options the format does not know, [`error::Kind::Unsupported`] for a size
/// that the format cannot hold, and where the format cannot be written to `inner` in one pass.
pub fn writer(
    format: Format,
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    match format {
        Format::Raw => match options.given.first() {
            None => Ok(inner),
            Some((key, _)) => Err(unknown(format, key, &[])),
        },
        Format::Qcow => qcow2::writer(options, size, inner),
        Format::Vdi => vdi::writer(options, size, inner),
        Format::Vhd => vhd::writer(options, size, inner),
        Format::Vhdx => vhdx::writer(options, size, inner),
        Format::Vmdk => vmdk::writer(options, size, inner),
        other => Err(Error::unsupported(format!("{other} is not written here")).hint(WRITTEN)),
    }
}

/// Refuses a disk of a size that the format called `name` does not have.
///
/// # Errors
/// [`error::Kind::Unsupported`].
fn check_size(name: &str, size: u64, sizes: RangeInclusive<u64>) -> Result<()> {
    if sizes.contains(&size) {
        return Ok(());
    }
    if size == 0 {
        let message = format!("a {name} disk has at least one sector, and this one no byte");
        return Err(Error::unsupported(message));
    }
    let (size, largest) = error::amounts(size, *sizes.end());
    let message = format!("a {name} disk has at most {largest}, and this one {size}");
    Err(Error::unsupported(message))
}

/// Looks at the options without writing anything.
///
/// # Errors
/// [`error::Kind::Usage`] for an option that the format does not know or a value that it cannot have,
/// [`error::Kind::Unsupported`] for a format that is not written.
pub fn check(format: Format, options: &WriteOptions) -> Result<()> {
    match format {
        Format::Raw => match options.given.first() {
            None => Ok(()),
            Some((key, _)) => Err(unknown(format, key, &[])),
        },
        Format::Qcow => qcow2::check(options),
        Format::Vdi => vdi::check(options),
        Format::Vhd => vhd::check(options),
        Format::Vhdx => vhdx::check(options),
        Format::Vmdk => vmdk::check(options),
        other => Err(Error::unsupported(format!("{other} is not written here")).hint(WRITTEN)),
    }
}

/// What the size in bytes of a disk is rounded up to in `format`: whole sectors, or more where the
/// format wants it so.
///
/// # Errors
/// As [`check`].
pub fn granularity(format: Format, options: &WriteOptions) -> Result<u64> {
    match format {
        Format::Raw => Ok(1),
        Format::Vhd => vhd::granularity(options),
        Format::Vhdx => vhdx::sector(options),
        _ => Ok(512),
    }
}

/// Whether `format` is written from front to back, so that a pipe takes it in one pass.
///
/// # Errors
/// As [`check`].
pub fn is_ascending(format: Format, options: &WriteOptions) -> Result<bool> {
    match format {
        Format::Raw | Format::Vmdk => Ok(true),
        Format::Vhd => vhd::is_fixed(options),
        _ => Ok(false),
    }
}

fn unknown(format: Format, key: &str, known: &[&str]) -> Error {
    let error = Error::usage(format!("{format} has no option '{key}'"));
    match known {
        [] => error.hint("leave it out"),
        known => error.hint(format!("one of: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests;
