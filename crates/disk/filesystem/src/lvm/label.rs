//! What is at the beginning of a physical volume: the label, the header and the metadata areas (LVM2's
//! lib/format_text/layout.h and lib/label/label.h).

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{field, holds, le32, le64};

use crate::piece::piece;

const SECTOR: usize = 512;

/// The label is in one of the first four sectors.
const SECTORS: usize = 4;

/// The start of LVM's CRC-32, which is not inverted at the end.
const CRC: u32 = 0xf597_a6cf;

/// Most metadata areas of a volume. LVM makes up to two.
const AREAS: usize = 8;

/// Bytes of the header of a metadata area. The text goes on behind it when it has reached the end.
const HEADER: u64 = 512;

/// Most bytes of a text.
const TEXT: u64 = 16 << 20;

/// The flag of metadata that is kept out of use.
const IGNORED: u32 = 1;

/// A physical volume of LVM2.
pub struct PhysicalVolume {
    /// Its UUID, as LVM prints it.
    pub uuid: String,
    pub(super) device: Arc<dyn BlockRead>,
    /// Where it has metadata. One that was never in a group, and one that leaves that to others, has none.
    pub(super) areas: Vec<Text>,
}

/// Where the text of a metadata area is, in bytes of the device.
#[derive(Debug)]
pub(super) struct Text {
    /// The first part, and the second one where it goes on at the area's beginning.
    parts: [(u64, u64); 2],
    sum: u32,
}

impl PhysicalVolume {
    /// The physical volume on `device`; `None` where there is none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when its label is damaged, [`error::Kind::Io`].
    pub fn open(device: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let head = piece(device.as_ref(), 0, SECTORS * SECTOR)?;
        let mut damage = None;
        for (number, sector) in head.chunks_exact(SECTOR).enumerate() {
            if !holds(sector, 0, b"LABELONE") || !holds(sector, 24, b"LVM2 001") {
                continue;
            }
            match check(number, sector) {
                Err(error) => damage = Some(error),
                Ok(()) => return Self::parse(device, sector).map(Some),
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// The volume by the sector with its label. The header is in the same sector.
    fn parse(device: Arc<dyn BlockRead>, label: &[u8]) -> Result<Self> {
        let header = label.get(le32(label, 20) as usize..).unwrap_or_default();
        let id: [u8; 32] = field(header, 0);
        let lists = header.get(40..).unwrap_or_default();
        // Two lists that end with a zero: where the data is, and where the metadata is.
        let data = lists
            .chunks_exact(16)
            .take_while(|entry| le64(entry, 0) != 0);
        let behind = 16 * (data.count() + 1);
        let areas = lists.get(behind..).unwrap_or_default().chunks_exact(16);
        let mut texts = Vec::new();
        for entry in areas.take_while(|entry| le64(entry, 0) != 0).take(AREAS) {
            let (start, size) = (le64(entry, 0), le64(entry, 8));
            // Another area may be whole.
            texts.extend(area(device.as_ref(), start, size)?);
        }
        Ok(PhysicalVolume {
            uuid: uuid(&id),
            device,
            areas: texts,
        })
    }
}

/// Whether the label in sector `number` is for it and whole.
fn check(number: usize, sector: &[u8]) -> Result<()> {
    let (stored, computed) = (le32(sector, 16), sum(&sector[20..]));
    if stored != computed {
        return Err(Error::corrupt(format!(
            "the LVM label in sector {number}: its checksum is 0x{stored:08x}, not 0x{computed:08x}"
        )));
    }
    let own = le64(sector, 8);
    if own != number as u64 {
        return Err(Error::corrupt(format!(
            "the LVM label in sector {number} is one for sector {own}"
        )));
    }
    Ok(())
}

/// Where the text of the metadata area of `size` bytes at `start` is; `None` where it has none or is damaged.
fn area(device: &dyn BlockRead, start: u64, size: u64) -> Result<Option<Text>> {
    let header = piece(device, start, HEADER as usize)?;
    let is_whole = header.len() as u64 == HEADER
        && holds(&header, 4, b"\x20LVM2\x20x[5A%r0N*>")
        && le32(&header, 20) == 1
        && le32(&header, 0) == sum(&header[4..]);
    let (offset, len) = (le64(&header, 40), le64(&header, 48));
    let is_used = offset >= HEADER && len != 0 && le32(&header, 60) & IGNORED == 0;
    let fits = offset < size && len <= size.saturating_sub(HEADER);
    if !is_whole || !is_used || !fits || start.checked_add(size).is_none() {
        return Ok(None);
    }
    let first = len.min(size - offset);
    Ok(Some(Text {
        parts: [(start + offset, first), (start + HEADER, len - first)],
        sum: le32(&header, 56),
    }))
}

impl Text {
    fn len(&self) -> u64 {
        self.parts.iter().map(|(_, len)| len).sum()
    }

    /// What copies of the same text have in common.
    pub(super) fn identity(&self) -> (u64, u32) {
        (self.len(), self.sum)
    }

    /// The text on `device`, of which `left` bytes may still be read.
    pub(super) fn read(&self, device: &dyn BlockRead, left: &mut u64) -> Result<String> {
        let len = self.len();
        *left = left
            .checked_sub(len)
            .filter(|_| len <= TEXT)
            .ok_or_else(|| {
                Error::unsupported(format!("LVM metadata of {len} bytes is more than is read"))
            })?;
        let mut text = Vec::new();
        for (at, len) in self.parts {
            text.extend(piece(device, at, len as usize)?);
        }
        let computed = sum(&text);
        if computed != self.sum {
            return Err(Error::corrupt(format!(
                "the LVM metadata at byte {}: its checksum is 0x{computed:08x}, not 0x{:08x}",
                self.parts[0].0, self.sum
            )));
        }
        while text.last() == Some(&0) {
            text.pop();
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// LVM's checksum.
pub(super) fn sum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(!CRC);
    hasher.update(bytes);
    !hasher.finalize()
}

/// A UUID of 32 letters, in groups of 6, 4, 4, 4, 4, 4 and 6.
fn uuid(letters: &[u8; 32]) -> String {
    let mut uuid = String::new();
    for (i, letter) in letters.iter().enumerate() {
        if (6..=26).contains(&i) && i % 4 == 2 {
            uuid.push('-');
        }
        uuid.push(char::from(*letter));
    }
    uuid
}
