//! The NUMA nodes that the firmware describes.
//!
//! Format: ACPI specification 6.5, 5.2.16 (System Resource Affinity Table).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Facts, NotKnown};

/// Where Linux shows the table, dom0 too.
const TABLE: &str = "/sys/firmware/acpi/tables/SRAT";

/// The table's header, and 12 bytes that are reserved.
const HEADER: usize = 48;

/// The type of an entry about memory.
const MEMORY: u8 = 1;

/// Of an entry's flags: it counts.
const ENABLED: u32 = 1;

/// Of an entry's flags: memory may be plugged in there later.
const HOT_PLUGGABLE: u32 = 2;

/// How many nodes with memory the firmware describes; `None` where there is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FirmwareNodes(pub Option<usize>);

impl Facts {
    /// The NUMA nodes that the firmware describes.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) fn firmware_nodes(&self) -> Result<Arc<FirmwareNodes>, NotKnown> {
        self.known("the firmware's NUMA nodes", |facts| {
            let table = facts.host().files().read(TABLE)?;
            Ok(FirmwareNodes(table.map(|table| nodes(&table))))
        })
    }
}

/// How many proximity domains have memory in a table.
fn nodes(table: &[u8]) -> usize {
    let mut domains = BTreeSet::new();
    let mut rest = table.get(HEADER..).unwrap_or_default();
    while let Some(&[kind, length]) = rest.first_chunk() {
        let Some((entry, behind)) = rest.split_at_checked(usize::from(length.max(2))) else {
            break;
        };
        rest = behind;
        if kind == MEMORY {
            domains.extend(domain(entry));
        }
    }
    domains.len()
}

/// The proximity domain of an entry about memory that is there now.
fn domain(entry: &[u8]) -> Option<u32> {
    let length = [16, 20].map(|at| number(entry, at));
    let flags = number(entry, 28)?;
    let is_there = flags & ENABLED != 0 && flags & HOT_PLUGGABLE == 0;
    (is_there && length != [Some(0), Some(0)]).then(|| number(entry, 2))?
}

/// Four bytes, the lowest first.
fn number(entry: &[u8], at: usize) -> Option<u32> {
    let bytes = entry.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(domain: u8, length: u8, flags: u8) -> Vec<u8> {
        let mut entry = vec![0; 40];
        (entry[0], entry[1]) = (MEMORY, 40);
        (entry[2], entry[16], entry[28]) = (domain, length, flags);
        entry
    }

    #[test]
    fn nodes_with_memory_are_counted_once() {
        let table = |entries: &[Vec<u8>]| [vec![0; HEADER], entries.concat()].concat();
        let processor = vec![0, 16, 7, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let two = [processor, memory(0, 1, 1), memory(0, 1, 1), memory(1, 1, 1)];
        assert_eq!(nodes(&table(&two)), 2);
        let absent = [
            memory(0, 1, 1),
            memory(1, 0, 1),
            memory(2, 1, 0),
            memory(3, 1, 3),
        ];
        assert_eq!(nodes(&table(&absent)), 1);
        assert_eq!(nodes(b""), 0);
        assert_eq!(nodes(&table(&[vec![1, 0], vec![1, 200]])), 0);
    }
}
