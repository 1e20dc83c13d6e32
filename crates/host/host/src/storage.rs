//! What a device consists of, to tell whether writing one changes another.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::{Host, Kind, Number};

/// Devices that are built upon each other, at most.
const DEEPEST: usize = 16;

/// A piece of what bytes are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Bytes of a whole disk.
    Disk(Number, Range<u64>),
    /// A file, by its file system and its inode.
    File(u64, u64),
}

impl Storage {
    fn meets(&self, other: &Storage) -> bool {
        match (self, other) {
            (Storage::Disk(one, a), Storage::Disk(other, b)) => {
                one == other && a.start < b.end && b.start < a.end
            }
            _ => self == other,
        }
    }
}

/// Whether writing what is kept in the one changes what is kept in the other; each as [`Host::storage`] gives it. Two
/// volumes of one group do not: they share the disk, and neither is it.
pub fn overlap(one: &[Storage], other: &[Storage]) -> bool {
    let first_in = |one: &[Storage], other: &[Storage]| {
        let first = one.first();
        first.is_some_and(|first| other.iter().any(|storage| storage.meets(first)))
    };
    first_in(one, other) || first_in(other, one)
}

impl Host {
    /// The device `number` itself, and behind it what it is built upon: the disk of a partition or of a volume, the
    /// file of a loop device. What sysfs does not show is left out.
    pub fn storage(&self, number: Number) -> Vec<Storage> {
        let mut all = Vec::new();
        self.collect_storage(number, DEEPEST, &mut all);
        all
    }

    fn collect_storage(&self, number: Number, depth: usize, all: &mut Vec<Storage>) {
        let directory = PathBuf::from(format!("/sys/dev/block/{number}"));
        let (whole, own) = match self.partition(&directory) {
            Some((disk, own)) => (disk, own),
            None => (directory, Storage::Disk(number, 0..u64::MAX)),
        };
        let known = all.contains(&own);
        all.push(own);
        if depth == 0 || known {
            return;
        }
        let backing = self.sysfs(&whole.join("loop/backing_file"));
        if let Some(file) = backing.and_then(|file| self.files().status(file).ok().flatten()) {
            match file.kind {
                Kind::Block(device) => self.collect_storage(device, depth - 1, all),
                _ => all.push(Storage::File(file.system, file.inode)),
            }
        }
        let slaves = whole.join("slaves");
        let names = self.files().list(&slaves).ok().flatten();
        for name in names.unwrap_or_default() {
            if let Some(below) = self.device_at(&slaves.join(name)) {
                self.collect_storage(below, depth - 1, all);
            }
        }
    }

    /// The directory of the disk whose partition is at `directory`, and the partition's bytes.
    fn partition(&self, directory: &Path) -> Option<(PathBuf, Storage)> {
        self.sysfs(&directory.join("partition"))?;
        // Both in sectors of 512 bytes, whatever the disk's are.
        let sectors = |name| self.sysfs(&directory.join(name))?.parse::<u64>().ok();
        let (start, size) = (sectors("start")?, sectors("size")?);
        let real = self.files().canonical(directory).ok()??;
        let disk = real.parent()?.to_owned();
        let bytes = start.checked_mul(512)?..start.checked_add(size)?.checked_mul(512)?;
        let storage = Storage::Disk(self.device_at(&disk)?, bytes);
        Some((disk, storage))
    }

    /// The number of the device whose directory in sysfs this is.
    fn device_at(&self, directory: &Path) -> Option<Number> {
        Number::parse(&self.sysfs(&directory.join("dev"))?, 10)
    }

    fn sysfs(&self, path: &Path) -> Option<String> {
        self.files().value(path).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::FakeHost;

    fn node(minor: u32) -> Number {
        Number { major: 8, minor }
    }

    /// A disk 8:0 with partitions 8:1 and 8:2, two volumes 8:10 and 8:11 on the first, and a loop device 8:20 with a
    /// partition 8:21 over the file `/srv/image`.
    fn scene() -> FakeHost {
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
        fake.write("srv/image", "");
        fake.write("sys/devices/loop0/loop/backing_file", "/srv/image\n");
        fake
    }

    #[test]
    fn devices_that_are_built_upon_each_other_overlap() {
        let fake = scene();
        let host = Host::at(fake.root()).unwrap();
        let overlaps = |one, other| {
            let (one, other) = (host.storage(node(one)), host.storage(node(other)));
            assert_eq!(overlap(&one, &other), overlap(&other, &one));
            overlap(&one, &other)
        };
        for (one, other) in [(0, 0), (0, 1), (1, 10), (0, 10), (20, 21)] {
            assert!(overlaps(one, other), "8:{one} and 8:{other}");
        }
        for (one, other) in [(1, 2), (10, 11), (2, 10), (0, 20)] {
            assert!(!overlaps(one, other), "8:{one} and 8:{other}");
        }
        let file = host.files().status("/srv/image").unwrap().unwrap();
        let inode = [Storage::File(file.system, file.inode)];
        for minor in [20, 21] {
            assert!(overlap(&host.storage(node(minor)), &inode));
        }
        assert!(!overlap(&host.storage(node(1)), &inode));
    }
}
