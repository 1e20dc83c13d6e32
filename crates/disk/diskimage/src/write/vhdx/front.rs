//! What is in front of the table of blocks: identifier, headers, tables of regions, log, metadata.

use error::Result;
use sparse::BlockWrite;

use super::{LOG, METADATA, MIB, TABLE};
use crate::fields::{guid_bytes, put};
use crate::vhdx::signed;

/// Where the two headers and the two tables of regions are.
const HEADERS: [u64; 2] = [64 << 10, 128 << 10];
const REGIONS: [u64; 2] = [192 << 10, 256 << 10];

/// Where the last of them ends.
const END: u64 = 320 << 10;

/// Bytes in a header.
const HEADER: usize = 4096;

/// Bytes in a table of regions, in a table of metadata, and in the identifier's part of the file.
const PART: usize = 64 << 10;

/// Bytes of the identifier that are used.
const IDENTIFIER: usize = 520;

/// What a metadata item is for: the virtual disk and not the file, and who does not know it cannot
/// read the disk.
const OF_DISK: u32 = 2;
const REQUIRED: u32 = 4;

/// Sectors of the medium below; the disk's own may be smaller.
const PHYSICAL_SECTOR: u32 = 4096;

/// What the front says.
pub(super) struct Front {
    /// The disk's size in bytes.
    pub(super) size: u64,
    /// Bytes in a block.
    pub(super) block: u64,
    /// Bytes in a sector.
    pub(super) sector: u64,
    /// Bytes in the region of the table of blocks.
    pub(super) table: u64,
    /// The disk's GUID.
    pub(super) id: [u8; 16],
}

impl Front {
    /// Writes everything, the identifier without which it is no VHDX last.
    ///
    /// # Errors
    /// Those of `inner`.
    pub(super) fn write(&self, inner: &mut dyn BlockWrite) -> Result<()> {
        inner.write_at(METADATA, &self.metadata())?;
        let rest = METADATA + 2 * PART as u64;
        inner.zero_at(rest, TABLE - rest)?;
        // The log, and the unused space in front of it.
        inner.zero_at(END, METADATA - END)?;
        for at in REGIONS {
            inner.write_at(at, &self.regions())?;
        }
        for (at, number) in HEADERS.into_iter().zip([1, 2]) {
            inner.write_at(at, &self.header(number))?;
            let end = at + HEADER as u64;
            inner.zero_at(end, PART as u64 - HEADER as u64)?;
        }
        inner.zero_at(IDENTIFIER as u64, HEADERS[0] - IDENTIFIER as u64)?;
        inner.write_at(0, &identifier())
    }

    /// The header with this number, of which the higher one counts.
    fn header(&self, number: u64) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        put(&mut bytes, 8, &number.to_le_bytes());
        put(&mut bytes, 16, &self.id); // changes with the file
        put(&mut bytes, 32, &self.id); // changes with the disk
        // No GUID of a log: there is nothing in it. Its version is 0, that of the format 1.
        put(&mut bytes, 66, &1u16.to_le_bytes());
        put(&mut bytes, 68, &(MIB as u32).to_le_bytes());
        put(&mut bytes, 72, &LOG.to_le_bytes());
        signed(bytes, b"head")
    }

    fn regions(&self) -> Vec<u8> {
        let mut bytes = vec![0; PART];
        let regions: [(u128, u64, u64); 2] = [
            (0x2dc2_7766_f623_4200_9d64_115e_9bfd_4a08, TABLE, self.table),
            (0x8b7c_a206_4790_4b9a_b8fe_575f_050f_886e, METADATA, MIB),
        ];
        put(&mut bytes, 8, &(regions.len() as u32).to_le_bytes());
        for (index, (name, start, len)) in regions.into_iter().enumerate() {
            let at = 16 + index * 32;
            put(&mut bytes, at, &guid_bytes(name.to_be_bytes()));
            put(&mut bytes, at + 16, &start.to_le_bytes());
            // A table has less than 2 GiB.
            put(&mut bytes, at + 24, &(len as u32).to_le_bytes());
            put(&mut bytes, at + 28, &1u32.to_le_bytes()); // required
        }
        signed(bytes, b"regi")
    }

    /// The table of metadata and its items behind it.
    fn metadata(&self) -> Vec<u8> {
        let block = self.block as u32; // at most 256 MiB
        let parameters = [block, 0].map(u32::to_le_bytes).concat(); // without a parent
        let numbers = [self.sector as u32, PHYSICAL_SECTOR].map(u32::to_le_bytes);
        let both = OF_DISK | REQUIRED;
        let items: [(u128, u32, &[u8]); 5] = [
            (
                0xcaa1_6737_fa36_4d43_b3b6_33f0_aa44_e76b,
                REQUIRED,
                &parameters,
            ),
            (
                0x2fa5_4224_cd1b_4876_b211_5dbe_d83b_f4b8,
                both,
                &self.size.to_le_bytes(),
            ),
            (0xbeca_12ab_b2e6_4523_93ef_c309_e000_c746, both, &self.id),
            (0x8141_bf1d_a96f_4709_ba47_f233_a8fa_ab5f, both, &numbers[0]),
            (0xcda3_48c7_445d_4471_9cc9_e988_5251_c556, both, &numbers[1]),
        ];
        let mut bytes = vec![0; 2 * PART];
        put(&mut bytes, 0, b"metadata");
        put(&mut bytes, 10, &(items.len() as u16).to_le_bytes());
        let mut place = PART;
        for (index, (name, flags, item)) in items.into_iter().enumerate() {
            let at = (index + 1) * 32;
            put(&mut bytes, at, &guid_bytes(name.to_be_bytes()));
            let fields = [place as u32, item.len() as u32, flags];
            put(
                &mut bytes,
                at + 16,
                fields.map(u32::to_le_bytes).as_flattened(),
            );
            put(&mut bytes, place, item);
            place += item.len();
        }
        bytes
    }
}

/// What makes the file a VHDX, and who made it.
fn identifier() -> Vec<u8> {
    let creator = "Innkeeper".encode_utf16().flat_map(u16::to_le_bytes);
    let mut bytes: Vec<u8> = b"vhdxfile".iter().copied().chain(creator).collect();
    bytes.resize(IDENTIFIER, 0);
    bytes
}
