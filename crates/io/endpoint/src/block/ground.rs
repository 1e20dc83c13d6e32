//! What a device consists of, to tell whether writing one changes another.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Number;
use crate::Host;

/// Devices that lie upon each other: more than anybody builds.
const DEEPEST: usize = 16;

/// A piece of what bytes are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// Bytes of a whole disk.
    Disk(Number, Range<u64>),
    /// A file, by its file system and its inode.
    File(u64, u64),
}

impl Ground {
    fn meets(&self, other: &Ground) -> bool {
        match (self, other) {
            (Ground::Disk(one, a), Ground::Disk(other, b)) => {
                one == other && a.start < b.end && b.start < a.end
            }
            _ => self == other,
        }
    }
}

/// Whether writing what stands on the one changes what stands on the other; each as [`ground`] gives
/// it. Two volumes of one group do not: they share the disk, and neither is it.
pub(crate) fn share(one: &[Ground], other: &[Ground]) -> bool {
    let first_on = |one: &[Ground], other: &[Ground]| {
        let first = one.first();
        first.is_some_and(|first| other.iter().any(|ground| ground.meets(first)))
    };
    first_on(one, other) || first_on(other, one)
}

/// The device `number` itself, and behind it what it is built upon: the disk of a partition or of a
/// volume, the file of a loop device. What sysfs does not show is left out.
pub(crate) fn ground(host: &Host, number: Number) -> Vec<Ground> {
    let mut all = Vec::new();
    gather(host, number, DEEPEST, &mut all);
    all
}

fn gather(host: &Host, number: Number, depth: usize, all: &mut Vec<Ground>) {
    let directory = host.sys(&format!("dev/block/{number}"));
    let (whole, own) = match partition(&directory) {
        Some((disk, own)) => (disk, own),
        None => (directory, Ground::Disk(number, 0..u64::MAX)),
    };
    let known = all.contains(&own);
    all.push(own);
    if depth == 0 || known {
        return;
    }
    let backing = text(&whole.join("loop/backing_file"));
    if let Some(Ok(file)) = backing.map(fs::metadata) {
        match super::number(&file) {
            Some(device) => gather(host, device, depth - 1, all),
            None => all.push(Ground::File(file.dev(), file.ino())),
        }
    }
    let slaves = fs::read_dir(whole.join("slaves")).into_iter().flatten();
    for slave in slaves.flatten() {
        if let Some(below) = device(&slave.path()) {
            gather(host, below, depth - 1, all);
        }
    }
}

/// The directory of the disk whose partition is at `directory`, and the partition's bytes.
fn partition(directory: &Path) -> Option<(PathBuf, Ground)> {
    text(&directory.join("partition"))?;
    // Both in sectors of 512 bytes, whatever the disk's are.
    let sectors = |name| text(&directory.join(name))?.parse::<u64>().ok();
    let (start, size) = (sectors("start")?, sectors("size")?);
    let disk = fs::canonicalize(directory).ok()?.parent()?.to_owned();
    let bytes = start.checked_mul(512)?..start.checked_add(size)?.checked_mul(512)?;
    Some((disk.clone(), Ground::Disk(device(&disk)?, bytes)))
}

fn device(directory: &Path) -> Option<Number> {
    let text = text(&directory.join("dev"))?;
    let (major, minor) = text.split_once(':')?;
    Some(Number {
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
    })
}

fn text(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    fn node(minor: u32) -> Number {
        Number { major: 8, minor }
    }

    /// A disk 8:0 with partitions 8:1 and 8:2, two volumes 8:10 and 8:11 on the first, and a loop device
    /// 8:20 with a partition 8:21 over `file`.
    fn scene(file: &Path) -> FakeHost {
        let fake = FakeHost::new();
        for (name, minor) in [("sdx", 0), ("dm-0", 10), ("dm-1", 11), ("loop0", 20)] {
            fake.disk(name, node(minor));
        }
        for (disk, name, minor, start) in [
            ("sdx", "sdx1", 1, 2048),
            ("sdx", "sdx2", 2, 6144),
            ("loop0", "loop0p1", 21, 2048),
        ] {
            let at = |file: &str| format!("sys/devices/{disk}/{name}/{file}");
            fake.write(&at("partition"), "1\n");
            fake.write(&at("dev"), &format!("8:{minor}\n"));
            fake.write(&at("start"), &format!("{start}\n"));
            fake.write(&at("size"), "4096\n");
            fake.link(
                &format!("sys/dev/block/8:{minor}"),
                format!("../../devices/{disk}/{name}"),
            );
        }
        for volume in ["dm-0", "dm-1"] {
            let slave = format!("sys/devices/{volume}/slaves/sdx1");
            fake.link(&slave, "../../sdx/sdx1");
        }
        let backing = format!("{}\n", file.display());
        fake.write("sys/devices/loop0/loop/backing_file", &backing);
        fake
    }

    #[test]
    fn what_lies_upon_each_other_shares_its_ground() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let fake = scene(file.path());
        let host = &fake.host();
        let shares = |one, other| {
            let (one, other) = (ground(host, node(one)), ground(host, node(other)));
            assert_eq!(share(&one, &other), share(&other, &one));
            share(&one, &other)
        };
        for (one, other) in [(0, 0), (0, 1), (1, 10), (0, 10), (20, 21)] {
            assert!(shares(one, other), "8:{one} and 8:{other}");
        }
        for (one, other) in [(1, 2), (10, 11), (2, 10), (0, 20)] {
            assert!(!shares(one, other), "8:{one} and 8:{other}");
        }
        let metadata = file.as_file().metadata().unwrap();
        let inode = [Ground::File(metadata.dev(), metadata.ino())];
        for minor in [20, 21] {
            assert!(share(&ground(host, node(minor)), &inode));
        }
        assert!(!share(&ground(host, node(1)), &inode));
    }
}
