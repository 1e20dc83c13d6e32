//! The superblock (`struct btrfs_super_block`), which has copies.

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{byte, field, holds, le16, le32, le64};

use super::checksum::Checksum;
use super::node::Root;

/// Bytes of a superblock.
const LEN: usize = 4096;

/// Where it is.
pub(super) const FIRST: u64 = 64 << 10;

/// Where it and its copies are, on devices that are large enough.
const PLACES: [u64; 3] = [FIRST, 64 << 20, 256 << 30];

/// Bytes that chunks take in it at most.
const CHUNKS: usize = 2048;

/// Features without which the rest cannot be read (`BTRFS_FEATURE_INCOMPAT_*`).
mod incompat {
    /// The UUID in metadata is another one than that of the whole.
    pub const METADATA_UUID: u64 = 1 << 10;
    pub const STRIPE_TREE: u64 = 1 << 14;
    /// Back references of all kinds, a default subvolume, mixed groups, lzo, zstd, large metadata, RAID5 and 6, skinny
    /// metadata, no holes, another UUID in metadata, RAID1 with more copies, zones, the stripe tree and simple quotas.
    pub const READ: u64 = 0x1FFF | STRIPE_TREE | 1 << 16;
}

/// What a superblock says.
pub(super) struct Superblock {
    bytes: Vec<u8>,
    pub(super) checksum: Checksum,
    /// Bytes of a sector.
    pub(super) sector: u32,
    /// Bytes of a node of metadata.
    pub(super) node: u32,
}

impl Superblock {
    /// Reads it from `volume`, or a copy where it is damaged, and says in which byte it was; `None` where there is none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it and the copies are damaged, [`error::Kind::Unsupported`] for features that are not
    /// known, [`error::Kind::Io`].
    pub(super) fn read(volume: &dyn BlockRead) -> Result<Option<(Self, u64)>> {
        let mut first = None;
        for place in PLACES {
            let mut bytes = vec![0; LEN];
            let n = volume.read_at(place, &mut bytes)?;
            let is_there = n == LEN && holds(&bytes, 0x40, b"_BHRfS_M");
            if !is_there && first.is_none() {
                return Ok(None);
            }
            if !is_there {
                continue;
            }
            match Self::parse(bytes, place) {
                Ok(superblock) => return Ok(Some((superblock, place))),
                Err(error) if error.kind() == error::Kind::Corrupt => {
                    first.get_or_insert(error.at(format!("superblock at byte {place}")));
                }
                Err(error) => return Err(error),
            }
        }
        first.map_or(Ok(None), Err)
    }

    fn parse(bytes: Vec<u8>, place: u64) -> Result<Self> {
        let checksum = Checksum::of(le16(&bytes, 0xC4))?;
        checksum.check(&bytes)?;
        let unknown = le64(&bytes, 0xBC) & !incompat::READ;
        if unknown != 0 {
            let text = format!("btrfs features that are not known (incompatible 0x{unknown:x})");
            return Err(Error::unsupported(text));
        }
        let superblock = Superblock {
            checksum,
            sector: le32(&bytes, 0x90),
            node: le32(&bytes, 0x94),
            bytes,
        };
        superblock.check(place)?;
        Ok(superblock)
    }

    fn check(&self, place: u64) -> Result<()> {
        let at = le64(&self.bytes, 0x30);
        if at != place {
            return Err(Error::corrupt(format!("it says that it is at byte {at}")));
        }
        let is_size =
            |size: u32, least| size.is_power_of_two() && (least..=1 << 16).contains(&size);
        if !is_size(self.sector, 512) || !is_size(self.node, 4096) {
            return Err(Error::corrupt(format!(
                "sectors of {} bytes and nodes of {}",
                self.sector, self.node
            )));
        }
        let chunks = le32(&self.bytes, 0xA0);
        if chunks as usize > CHUNKS {
            return Err(Error::corrupt(format!("{chunks} bytes of chunks in it")));
        }
        Ok(())
    }

    /// The UUID of the whole.
    pub(super) fn uuid(&self) -> [u8; 16] {
        field(&self.bytes, 0x20)
    }

    /// The UUID in metadata.
    pub(super) fn metadata_uuid(&self) -> [u8; 16] {
        if le64(&self.bytes, 0xBC) & incompat::METADATA_UUID != 0 {
            field(&self.bytes, 0x23B)
        } else {
            self.uuid()
        }
    }

    pub(super) fn label(&self) -> String {
        crate::name::text(&self.bytes[0x12B..0x22B])
    }

    /// The tree that says where the others are.
    pub(super) fn root_tree(&self) -> Root {
        Root {
            at: le64(&self.bytes, 0x50),
            level: byte(&self.bytes, 0xC6),
            generation: le64(&self.bytes, 0x48),
        }
    }

    /// The tree that says where chunks are.
    pub(super) fn chunk_tree(&self) -> Root {
        Root {
            at: le64(&self.bytes, 0x58),
            level: byte(&self.bytes, 0xC7),
            generation: le64(&self.bytes, 0xA4),
        }
    }

    /// Whether there is a tree of what was synced last and is not in the others yet.
    pub(super) fn has_log(&self) -> bool {
        le64(&self.bytes, 0x60) != 0
    }

    pub(super) fn has_stripe_tree(&self) -> bool {
        le64(&self.bytes, 0xBC) & incompat::STRIPE_TREE != 0
    }

    /// The chunks that the chunk tree is in: keys and items, one behind the other.
    pub(super) fn chunks(&self) -> &[u8] {
        let len = le32(&self.bytes, 0xA0) as usize;
        &self.bytes[0x32B..0x32B + len]
    }

    /// The object of the root tree that names the default subvolume.
    pub(super) fn default_directory(&self) -> u64 {
        le64(&self.bytes, 0x80)
    }

    /// The number of this device.
    pub(super) fn device(&self) -> u64 {
        le64(&self.bytes, 0xC9)
    }

    /// How many devices there are.
    pub(super) fn devices(&self) -> u64 {
        le64(&self.bytes, 0x88)
    }
}
