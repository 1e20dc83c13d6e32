//! Internal snapshots: other L1 tables in the same file.

use error::{Error, Result};
use sparse::BlockRead;

use super::bounds::{aligned, inside};
use super::header::{Header, State};
use crate::about::Snapshot;
use crate::advice::Advice;
use crate::fields::{be16, be32, be64, read_exact};

/// The most snapshots, which is QEMU's limit too.
const MOST: u32 = 65536;
/// The most bytes in their table: more were not made by a user.
const TABLE_MOST: u64 = 4 << 20;
/// The longest id, the longest name and the most extra data, in bytes.
const PART_MOST: usize = 1024;
/// Bytes of an entry before its extra data.
const ENTRY: usize = 40;
/// Snapshots that an error lists.
const LISTED: usize = 20;

/// A snapshot and where its disk is.
pub(super) struct Taken {
    pub(super) about: Snapshot,
    pub(super) state: State,
}

/// The snapshots that `header` announces, and the length of their table in bytes.
pub(super) fn read(file: &dyn BlockRead, header: &Header) -> Result<(Vec<Taken>, u64)> {
    let mut taken = Vec::new();
    if header.snapshot_count == 0 {
        return Ok((taken, 0));
    }
    if header.snapshot_count > MOST {
        return Err(Error::unsupported(format!(
            "has {} snapshots, more than {MOST}",
            header.snapshot_count
        )));
    }
    aligned("the snapshot table", header.snapshots, header.cluster())?;
    let least = u64::from(header.snapshot_count) * ENTRY as u64;
    inside(file.size(), "the snapshot table", header.snapshots, least)?;
    file.will_need(std::slice::from_ref(
        &(header.snapshots..header.snapshots.saturating_add(least)),
    ));
    let mut table = Table {
        file,
        start: header.snapshots,
        at: 0,
    };
    for _ in 0..header.snapshot_count {
        taken.push(entry(&mut table, header)?);
    }
    Ok((taken, table.at))
}

/// The one that is called `wanted`, by its name or else by its id.
pub(super) fn find<'a>(taken: &'a [Taken], wanted: &str) -> Result<&'a Taken> {
    let mut named = taken.iter().filter(|one| one.about.name == wanted);
    let first = named.next();
    if let (Some(first), Some(second)) = (first, named.next()) {
        return Err(Error::refused(format!(
            "has more than one snapshot called {wanted:?}, with the ids {:?} and {:?}",
            first.about.id, second.about.id
        ))
        .advise(Advice::ChooseSnapshotById));
    }
    let found = first.or_else(|| taken.iter().find(|one| one.about.id == wanted));
    found.ok_or_else(|| match taken {
        [] => Error::refused(format!(
            "has no internal snapshots, so none that is called {wanted:?}"
        ))
        .advise(Advice::NoSnapshot),
        taken => Error::refused(format!("has no internal snapshot {wanted:?}"))
            .hint(format!("one of: {}", list(taken))),
    })
}

fn list(taken: &[Taken]) -> String {
    let shown = taken.iter().take(LISTED);
    let mut names: Vec<_> = shown.map(|one| format!("{:?}", one.about.name)).collect();
    if taken.len() > LISTED {
        names.push(format!("{} more", taken.len() - LISTED));
    }
    names.join(", ")
}

/// The snapshot table, read from its beginning on.
struct Table<'a> {
    file: &'a dyn BlockRead,
    start: u64,
    at: u64,
}

impl Table<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<()> {
        let at = self.start.saturating_add(self.at);
        self.at += bytes.len() as u64;
        if self.at > TABLE_MOST {
            return Err(Error::unsupported(format!(
                "has a snapshot table of more than {TABLE_MOST} bytes"
            )));
        }
        read_exact(self.file, at, bytes, "snapshot table")
    }
}

/// The next entry.
fn entry(table: &mut Table<'_>, header: &Header) -> Result<Taken> {
    // The last entry need not be filled up to a multiple of 8 bytes.
    table.at = table.at.next_multiple_of(8);
    let number = table.at;
    let mut fixed = [0; ENTRY];
    table.read(&mut fixed)?;
    let lengths = [
        ("extra data", be32(&fixed, 36) as usize),
        ("an id", be16(&fixed, 12).into()),
        ("a name", be16(&fixed, 14).into()),
    ];
    for (what, len) in lengths {
        if len > PART_MOST {
            return Err(Error::unsupported(format!(
                "snapshot at byte {number} of the snapshot table has {what} of {len} bytes, more than {PART_MOST}"
            )));
        }
    }
    let [extra, id, name] = lengths.map(|(_, len)| len);
    let mut rest = vec![0; extra + id + name];
    table.read(&mut rest)?;
    let (extra, rest) = rest.split_at_checked(extra).unwrap_or_default();
    let (id, rest) = rest.split_at_checked(id).unwrap_or_default();
    // Before the size was stored, no disk with snapshots could change its own.
    let size = match extra.len() {
        16.. => be64(extra, 8),
        _ => header.active.size,
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Taken {
        about: Snapshot {
            id: text(id),
            name: text(rest.get(..name).unwrap_or_default()),
            size,
        },
        state: State {
            size,
            l1: be64(&fixed, 0),
            entries: be32(&fixed, 8).into(),
        },
    })
}
