//! What other programs read from the file that a disk came out of.

use std::path::Path;
use std::process::Command;

use error::Result;
use serde_json::Value;

use super::compare::difference;
use super::locate::{Located, locate};
use super::program::{Bounds, Taken, timed};
use crate::shell::{file_error, which};

/// Whether a disk is what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Same,
    /// It is not, and why.
    Other(String),
    /// Nobody at hand can tell, and why.
    Unknown(String),
}

/// Formats of qemu-img that are never taken for a raw disk.
const NEVER_RAW: [&str; 9] = [
    "qcow",
    "qcow2",
    "qed",
    "vmdk",
    "vdi",
    "vhdx",
    "parallels",
    "bochs",
    "dmg",
];

/// Words by which qemu-img says that it is its limit and not the file's fault.
const LIMITS: [&str; 3] = ["not supported", "nsupported", "Unknown"];

/// Holds `disk` against what other programs find at its place in `file`.
///
/// # Errors
/// A program cannot be started, or a file cannot be read.
pub(super) fn judge(file: &Path, disk: &Taken, bounds: Bounds) -> Result<Judgement> {
    let room = tempfile::tempdir().map_err(file_error(&std::env::temp_dir()))?;
    let image = match locate(file, disk, room.path(), bounds)? {
        Located::At(image) => image,
        Located::Broken(why) => return Ok(Judgement::Other(format!("taken, and {why}"))),
        Located::Unknown(why) => return Ok(Judgement::Unknown(why)),
    };
    if which("qemu-img").is_none() {
        return Ok(Judgement::Unknown("qemu-img is not installed".into()));
    }
    let format = match disk.format.as_str() {
        "raw" => return raw(&image, disk, room.path(), bounds),
        "vhd" => "vpc",
        format => format,
    };
    convert(&image, disk, format, room.path(), bounds)
}

/// A raw disk is the file itself, unless qemu-img knows better.
fn raw(image: &Path, disk: &Taken, room: &Path, bounds: Bounds) -> Result<Judgement> {
    let mut command = Command::new("qemu-img");
    command.args(["info", "--output=json"]).arg(image);
    let told = timed(&mut command, room, bounds.patience)?;
    let told: Value = told
        .and_then(|ended| serde_json::from_slice(&ended.stdout).ok())
        .unwrap_or_default();
    let format = told["format"].as_str().unwrap_or("raw");
    if NEVER_RAW.contains(&format) {
        return Ok(Judgement::Other(format!(
            "taken for a raw disk, and qemu-img says {format}"
        )));
    }
    same(disk, image)
}

fn convert(
    image: &Path,
    disk: &Taken,
    format: &str,
    room: &Path,
    bounds: Bounds,
) -> Result<Judgement> {
    let raw = room.join("peer.raw");
    let mut command = Command::new("qemu-img");
    command.args(["convert", "-f", format, "-O", "raw"]);
    command.arg(image).arg(&raw);
    let Some(ended) = timed(&mut command, room, bounds.patience)? else {
        return Ok(Judgement::Unknown("qemu-img does not end".into()));
    };
    if ended.status.success() {
        return same(disk, &raw);
    }
    let said = ended.last_line();
    Ok(if LIMITS.iter().any(|limit| said.contains(limit)) {
        Judgement::Unknown(said)
    } else {
        Judgement::Other(format!("taken, and {said}"))
    })
}

fn same(disk: &Taken, theirs: &Path) -> Result<Judgement> {
    let difference = difference(&disk.path, theirs)?;
    Ok(difference.map_or(Judgement::Same, Judgement::Other))
}
