//! An inode, its checksum, and the data that is kept inside it.

use error::{Error, Result};
use sparse::crc32c;
use sparse::fields::{byte, le16, le32};

use super::kind;
use crate::port::Kind;

/// `i_block`: the map of blocks, the root of the extent tree, or the first bytes of inline data.
const BLOCK: std::ops::Range<usize> = 0x28..0x64;

mod flag {
    pub const ENCRYPTED: u32 = 0x800;
    pub const EXTENTS: u32 = 0x8_0000;
    pub const INLINE: u32 = 0x1000_0000;
    pub const CASEFOLD: u32 = 0x4000_0000;
}

/// An inode as it is on the disk.
pub(super) struct Inode {
    pub(super) number: u64,
    bytes: Vec<u8>,
    /// What the checksums of its blocks start with.
    pub(super) seed: Option<u32>,
}

impl Inode {
    /// The inode `number`, whose checksum is looked at where the file system has a `seed` for it.
    pub(super) fn parse(number: u64, bytes: Vec<u8>, seed: Option<u32>) -> Result<Self> {
        let inode = Inode {
            number,
            seed: seed.map(|seed| {
                let sum = crc32c::update(seed, &(number as u32).to_le_bytes());
                crc32c::update(sum, &bytes[0x64..0x68])
            }),
            bytes,
        };
        inode.check_sum()?;
        Ok(inode)
    }

    fn check_sum(&self) -> Result<()> {
        let Some(seed) = self.seed else {
            return Ok(());
        };
        let has_high = self.bytes.len() > 128 && le16(&self.bytes, 0x80) >= 4;
        let mut bytes = self.bytes.clone();
        bytes[0x7C..0x7E].fill(0);
        let mut expected = u32::from(le16(&self.bytes, 0x7C));
        let mut sum = if has_high {
            expected |= u32::from(le16(&self.bytes, 0x82)) << 16;
            bytes[0x82..0x84].fill(0);
            crc32c::update(seed, &bytes)
        } else {
            crc32c::update(seed, &bytes) & 0xFFFF
        };
        if bytes.iter().all(|byte| *byte == 0) && expected == 0 {
            // Never used: its checksum was never written.
            sum = 0;
        }
        if sum != expected {
            return Err(Error::corrupt(format!(
                "inode {}: its checksum is 0x{expected:08x}, that of its bytes 0x{sum:08x}",
                self.number
            )));
        }
        Ok(())
    }

    pub(super) fn kind(&self) -> Kind {
        kind(le16(&self.bytes, 0))
    }

    /// The bytes of its content.
    pub(super) fn size(&self) -> u64 {
        let low = u64::from(le32(&self.bytes, 4));
        match self.kind() {
            // In a directory of a file system without large ones it is another field, always 0.
            Kind::File | Kind::Directory => u64::from(le32(&self.bytes, 0x6C)) << 32 | low,
            _ => low,
        }
    }

    fn has(&self, flag: u32) -> bool {
        le32(&self.bytes, 0x20) & flag != 0
    }

    /// Whether its map is a tree of extents.
    pub(super) fn has_extents(&self) -> bool {
        self.has(flag::EXTENTS)
    }

    /// Whether it is a directory that ignores case.
    pub(super) fn folds_case(&self) -> bool {
        self.has(flag::CASEFOLD)
    }

    /// `i_block`, 60 bytes.
    pub(super) fn block(&self) -> &[u8] {
        &self.bytes[BLOCK]
    }

    /// # Errors
    /// [`error::Kind::Unsupported`] where it is encrypted.
    pub(super) fn check_plain(&self) -> Result<()> {
        if self.has(flag::ENCRYPTED) {
            let text = format!("inode {} is encrypted", self.number);
            return Err(Error::unsupported(text));
        }
        Ok(())
    }

    /// Its content, where that is in the inode: short links and inline data.
    pub(super) fn inline(&self) -> Result<Option<Vec<u8>>> {
        let size = self.size();
        let is_fast_link = self.kind() == Kind::Link
            && !self.has(flag::EXTENTS | flag::INLINE)
            && size < BLOCK.len() as u64;
        if !is_fast_link && !self.has(flag::INLINE) {
            return Ok(None);
        }
        let mut bytes = self.block().to_vec();
        if self.has(flag::INLINE) {
            bytes.extend_from_slice(self.inline_rest()?);
        }
        if size > bytes.len() as u64 {
            return Err(Error::corrupt(format!(
                "inode {}: {size} bytes, of which {} are in the inode",
                self.number,
                bytes.len()
            )));
        }
        bytes.truncate(size as usize);
        Ok(Some(bytes))
    }

    /// The entries of a directory that is in the inode, in two runs: behind the parent's number, and in the attribute.
    pub(super) fn inline_directory(&self) -> Result<Option<[Vec<u8>; 2]>> {
        if !self.has(flag::INLINE) {
            return Ok(None);
        }
        let first = self.block()[4..].to_vec();
        Ok(Some([first, self.inline_rest()?.to_vec()]))
    }

    /// The value of the attribute `system.data`, where what does not fit `i_block` is.
    fn inline_rest(&self) -> Result<&[u8]> {
        let start = 128 + usize::from(le16(&self.bytes, 0x80));
        let attributes = self.bytes.get(start..).unwrap_or_default();
        if le32(attributes, 0) != 0xEA02_0000 {
            return Ok(&[]);
        }
        let entries = &attributes[4..];
        let mut at = 0;
        while at + 16 <= entries.len() && le32(entries, at) != 0 {
            let name_len = usize::from(byte(entries, at));
            let name = entries.get(at + 16..at + 16 + name_len);
            if byte(entries, at + 1) == 7 && name == Some(b"data".as_slice()) {
                let value = usize::from(le16(entries, at + 2));
                let size = le32(entries, at + 8) as usize;
                let value = entries.get(value..).and_then(|value| value.get(..size));
                return value.ok_or_else(|| {
                    let text = format!("inode {}: its inline data is past its end", self.number);
                    Error::corrupt(text)
                });
            }
            at += 16 + name_len.next_multiple_of(4);
        }
        Ok(&[])
    }
}
