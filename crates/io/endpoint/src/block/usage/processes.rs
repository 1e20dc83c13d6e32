//! Processes that have a device open for writing.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use error::Result;

use super::super::number;
use super::{Number, Part};
use crate::Host;

/// How often, and how far apart, one looks: whoever is there every time did not just look in.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// The part that a process has open for writing, and which one: the emulator of a running guest,
/// an image tool, a storage daemon. Processes this user may not look into are passed over, and so
/// are those that are gone after a moment: tools that set up or probe a device.
pub(super) fn writer(host: &Host, parts: &[Part]) -> Result<Option<String>> {
    for _ in 1..LOOKS {
        if look(host, parts)?.is_none() {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
    look(host, parts)
}

fn look(host: &Host, parts: &[Part]) -> Result<Option<String>> {
    let Ok(processes) = fs::read_dir(host.proc("")) else {
        return Ok(None);
    };
    for process in processes.flatten() {
        let id = process.file_name().to_string_lossy().into_owned();
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        for number in written(&process.path()) {
            if let Some(part) = parts.iter().find(|part| part.number == number) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                let reason = format!("is open for writing in {} (process {id})", name.trim());
                return Ok(Some(part.says(&reason)));
            }
        }
    }
    Ok(None)
}

/// The block devices that a process has open for writing.
fn written(process: &Path) -> Vec<Number> {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return Vec::new();
    };
    let mut numbers = Vec::new();
    for descriptor in descriptors.flatten() {
        // Only what is called /dev/… is looked at: a file on a dead network mount would hang us.
        let node = fs::read_link(descriptor.path()).is_ok_and(|link| link.starts_with("/dev"));
        if !node {
            continue;
        }
        let metadata = fs::metadata(descriptor.path()).ok();
        let information = process.join("fdinfo").join(descriptor.file_name());
        if let Some(number) = metadata.as_ref().and_then(number)
            && fs::read_to_string(information).is_ok_and(|text| opened_for_writing(&text))
        {
            numbers.push(number);
        }
    }
    numbers
}

/// Whether the `flags:` of proc_pid_fdinfo(5), the octal flags of open(2), say so.
fn opened_for_writing(information: &str) -> bool {
    let flags = information
        .lines()
        .find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| matches!(flags & 0o3, 1 | 2))
}
