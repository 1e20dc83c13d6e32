//! What the disk is: its size, its blocks, its sectors, its parent.

use std::ops::Range;

use error::{Error, Result};
use sparse::BlockRead;

use super::MIB;
use super::parent::Locator;
use crate::fields::{field, guid, le16, le32, le64, read_exact};

/// Bytes in the table; the items are behind it.
const LEN: u64 = 64 << 10;

/// Items in the table, at most.
const MOST: u16 = 2047;

/// The largest disk, in bytes.
const LARGEST: u64 = 64 << 40;

/// The longest item that is read, in bytes.
const LONGEST: u32 = 64 << 10;

/// The items that are known, as they are in the file.
#[derive(Default)]
struct Items {
    parameters: Option<Vec<u8>>,
    size: Option<Vec<u8>>,
    sector: Option<Vec<u8>>,
    parent: Option<Vec<u8>>,
}

/// What the items say.
pub(super) struct Metadata {
    /// Bytes in a block.
    pub(super) block: u64,
    /// The disk's size in bytes.
    pub(super) size: u64,
    /// Bytes in a sector, as the guest sees it.
    pub(super) sector: u64,
    /// The parent of a differencing disk.
    pub(super) parent: Option<Locator>,
    fixed: bool,
}

impl Metadata {
    /// Reads the metadata in `region`.
    pub(super) fn read(file: &dyn BlockRead, region: &Range<u64>) -> Result<Self> {
        let items = Items::read(file, region)?;
        let need = |item: Option<Vec<u8>>, what: &str, len: usize| match item {
            Some(bytes) if bytes.len() == len => Ok(bytes),
            Some(bytes) => Err(Error::corrupt(format!(
                "has {what} of {} bytes, not of {len}",
                bytes.len()
            ))),
            None => Err(Error::corrupt(format!("has no {what} in its metadata"))),
        };
        let parameters = need(items.parameters, "file parameters", 8)?;
        let flags = le32(&parameters, 4);
        let parent = match items.parent {
            _ if flags & 2 == 0 => None,
            Some(bytes) => Some(Locator::read(&bytes)?),
            None => return Err(Error::corrupt("has no parent locator in its metadata")),
        };
        let metadata = Metadata {
            block: le32(&parameters, 0).into(),
            size: le64(&need(items.size, "disk size", 8)?, 0),
            sector: le32(&need(items.sector, "sector size", 4)?, 0).into(),
            parent,
            fixed: flags & 1 == 1,
        };
        metadata.check()?;
        Ok(metadata)
    }

    fn check(&self) -> Result<()> {
        let Metadata {
            block,
            sector,
            size,
            ..
        } = *self;
        let message = if !block.is_power_of_two() || !(MIB..=256 * MIB).contains(&block) {
            format!(
                "has blocks of {block} bytes, which is not a power of two from 1 MiB to 256 MiB"
            )
        } else if sector != 512 && sector != 4096 {
            format!("has sectors of {sector} bytes, which is neither 512 nor 4096")
        } else if !size.is_multiple_of(sector) {
            format!("has a disk of {size} bytes, which are not whole sectors of {sector} bytes")
        } else if size > LARGEST {
            format!("has a disk of {size} bytes, at most {LARGEST} are possible")
        } else {
            return Ok(());
        };
        Err(Error::corrupt(message))
    }

    /// The kind of disk, for people.
    pub(super) fn variant(&self) -> &'static str {
        match (&self.parent, self.fixed) {
            (Some(_), _) => "differencing",
            (None, true) => "fixed",
            (None, false) => "dynamic",
        }
    }
}

impl Items {
    fn read(file: &dyn BlockRead, region: &Range<u64>) -> Result<Self> {
        let mut table = vec![0; LEN as usize];
        read_exact(file, region.start, &mut table, "metadata")?;
        if !table.starts_with(b"metadata") {
            let message = format!("has no metadata at byte {}", region.start);
            return Err(Error::corrupt(message));
        }
        let count = le16(&table, 10);
        if count > MOST {
            let message = format!("has {count} metadata items, at most {MOST} are possible");
            return Err(Error::corrupt(message));
        }
        let mut items = Items::default();
        for index in 1..=usize::from(count) {
            items.take(file, region, &field(&table, index * 32))?;
        }
        Ok(items)
    }

    /// Reads the item that `entry` describes, if it is wanted.
    fn take(&mut self, file: &dyn BlockRead, region: &Range<u64>, entry: &[u8; 32]) -> Result<()> {
        let name = guid(field(entry, 0));
        let (offset, len, flags) = (le32(entry, 16), le32(entry, 20), le32(entry, 24));
        let slot = match name.as_str() {
            "caa16737-fa36-4d43-b3b6-33f0aa44e76b" => &mut self.parameters,
            "2fa54224-cd1b-4876-b211-5dbed83bf4b8" => &mut self.size,
            "8141bf1d-a96f-4709-ba47-f233a8faab5f" => &mut self.sector,
            "a8d35f2d-b30b-454d-abf7-d3d84834ab0c" => &mut self.parent,
            // The disk's own id and its physical sectors: nothing here depends on them.
            "beca12ab-b2e6-4523-93ef-c309e000c746" | "cda348c7-445d-4471-9cc9-e9885251c556" => {
                return Ok(());
            }
            _ if flags & 4 == 0 => return Ok(()),
            _ => {
                let message = format!("needs the metadata item {name}, which is not known");
                return Err(Error::unsupported(message));
            }
        };
        let end = u64::from(offset) + u64::from(len);
        if u64::from(offset) < LEN || end > region.end - region.start || len > LONGEST {
            return Err(Error::corrupt(format!(
                "has the metadata item {name} at bytes {offset} to {end} of its metadata"
            )));
        }
        if slot.is_some() {
            let message = format!("has the metadata item {name} twice");
            return Err(Error::corrupt(message));
        }
        let mut bytes = vec![0; len as usize];
        let at = region.start + u64::from(offset);
        read_exact(file, at, &mut bytes, "metadata")?;
        *slot = Some(bytes);
        Ok(())
    }
}
