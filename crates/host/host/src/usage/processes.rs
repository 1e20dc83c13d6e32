//! Processes that have a device open for writing.

use std::path::Path;
use std::thread;
use std::time::Duration;

use error::Result;

use super::{Part, Usage, UsedBy};
use crate::{Host, Kind, Number};

/// How often, and how far apart, one looks: a user that is there every time did not just look in.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// The part that a process has open for writing, and which one: the emulator of a running guest, an image tool, a
/// storage daemon. Processes this user may not look into are passed over, and so are those that are gone after a
/// moment: tools that set up or probe a device.
pub(super) fn writer(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    for _ in 1..LOOKS {
        if look(host, parts)?.is_none() {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
    look(host, parts)
}

fn look(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    let processes = host.files().list("/proc")?.unwrap_or_default();
    for name in processes {
        let id = name.to_string_lossy().into_owned();
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let process = Path::new("/proc").join(&name);
        for number in written(host, &process) {
            if let Some(part) = parts.iter().find(|part| part.number == number) {
                let name = host.files().value(process.join("comm")).ok().flatten();
                let name = name.unwrap_or_default();
                return Ok(Some(part.used(UsedBy::Process { id, name })));
            }
        }
    }
    Ok(None)
}

/// The block devices that a process has open for writing.
fn written(host: &Host, process: &Path) -> Vec<Number> {
    let descriptors = host.files().list(process.join("fd")).ok().flatten();
    let descriptors = descriptors.unwrap_or_default();
    let numbers = descriptors.iter().filter_map(|descriptor| {
        let number = device(host, &process.join("fd").join(descriptor))?;
        let information = process.join("fdinfo").join(descriptor);
        let information = host.files().text(information).ok()??;
        opened_for_writing(&information).then_some(number)
    });
    numbers.collect()
}

/// The block device that a descriptor is of.
fn device(host: &Host, descriptor: &Path) -> Option<Number> {
    // Only what is called /dev/… is looked at: a file on a dead network mount would never answer.
    let link = host.files().link(descriptor).ok()??;
    if !link.starts_with("/dev") {
        return None;
    }
    match host.files().status(descriptor).ok()??.kind {
        Kind::Block(number) => Some(number),
        _ => None,
    }
}

/// Whether the `flags:` of proc_pid_fdinfo(5), the octal flags of open(2), say so.
fn opened_for_writing(information: &str) -> bool {
    let flags = information
        .lines()
        .find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| matches!(flags & 0o3, 1 | 2))
}
