//! The header: where the tables are and how they are to be read.

use error::{Error, Result};

use super::bounds::{aligned, inside};
use crate::Coding;
use crate::fields::{be32, be64, field};

/// Reference counts may be stale; a reader does not look at them.
pub(super) const DIRTY: u64 = 1;
/// QEMU found the tables damaged.
pub(super) const CORRUPT: u64 = 1 << 1;
/// The clusters of data are in another file.
pub(super) const DATA_FILE: u64 = 1 << 2;
/// Clusters are compressed with something else than deflate.
pub(super) const COMPRESSION: u64 = 1 << 3;
/// L2 entries say which parts of a cluster are there.
pub(super) const EXTENDED: u64 = 1 << 4;

/// The largest L1 table in bytes, which is QEMU's limit too.
const L1_MOST: u64 = 32 << 20;
/// The largest refcount table in bytes, which is QEMU's limit too.
const REFCOUNTS_MOST: u64 = 8 << 20;
/// The longest name of a backing file in bytes.
const NAME_MOST: u32 = 1023;
/// Bytes of the header in version 2, and the fewest in version 3.
const LENGTHS: [u32; 2] = [72, 104];

/// What the header says.
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) cluster_bits: u32,
    /// The present disk.
    pub(super) active: State,
    /// Where the backing file's name stands, if there is one, and its length.
    pub(super) backing: Option<(usize, usize)>,
    pub(super) encryption: u32,
    pub(super) refcounts: u64,
    refcount_clusters: u32,
    pub(super) snapshots: u64,
    pub(super) snapshot_count: u32,
    pub(super) incompatible: u64,
    pub(super) compression: u8,
    refcount_order: u32,
    pub(super) length: u32,
}

/// A disk in the image: the present one or that of a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// The disk's size in bytes.
    pub(super) size: u64,
    /// Where its L1 table is.
    pub(super) l1: u64,
    /// Entries in its L1 table.
    pub(super) entries: u64,
}

impl Header {
    /// The header that `head`, the file's first bytes, begins with.
    pub(super) fn read(head: &[u8]) -> Result<Self> {
        let [short, long] = LENGTHS;
        long_enough(head, short)?;
        let version = be32(head, 4);
        match version {
            1 => {
                return Err(Error::unsupported(
                    "is a qcow disk of version 1, which is not read here",
                )
                .hint("convert it first: qemu-img convert -f qcow -O qcow2"));
            }
            2 | 3 => {}
            _ => {
                return Err(Error::unsupported(format!(
                    "is a qcow2 disk of version {version}; versions 2 and 3 are read"
                )));
            }
        }
        let mut header = Header {
            version,
            cluster_bits: be32(head, 20),
            active: State {
                size: be64(head, 24),
                l1: be64(head, 40),
                entries: be32(head, 36).into(),
            },
            backing: backing(head)?,
            encryption: be32(head, 32),
            refcounts: be64(head, 48),
            refcount_clusters: be32(head, 56),
            snapshots: be64(head, 64),
            snapshot_count: be32(head, 60),
            incompatible: 0,
            compression: 0,
            refcount_order: 4,
            length: short,
        };
        if version == 3 {
            long_enough(head, long)?;
            header.incompatible = be64(head, 72);
            header.refcount_order = be32(head, 96);
            header.length = be32(head, 100);
            if header.length > long {
                long_enough(head, long + 1)?;
                [header.compression] = field(head, 104);
            }
        }
        header.check_sizes()?;
        Ok(header)
    }

    /// Bytes in a cluster.
    pub(super) fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// Whether the incompatible feature `bit` is there.
    pub(super) fn has(&self, bit: u64) -> bool {
        self.incompatible & bit != 0
    }

    /// How compressed clusters are packed.
    ///
    /// # Errors
    /// When type and feature bit do not agree, or the type is not known.
    pub(super) fn coding(&self) -> Result<Coding> {
        match (self.has(COMPRESSION), self.compression) {
            (false, 0) => Ok(Coding::Deflate),
            (true, 1) => Ok(Coding::Zstd),
            (false, kind) => Err(Error::corrupt(format!(
                "has compression type {kind} without the feature bit that belongs to it"
            ))),
            (true, 0) => Err(Error::corrupt(
                "has the feature bit of another compression type and compression type 0",
            )),
            (true, kind) => Err(Error::unsupported(format!(
                "is compressed with type {kind}; types 0 (zlib) and 1 (zstd) are read"
            ))),
        }
    }

    /// How wide everything is.
    fn check_sizes(&self) -> Result<()> {
        let (bits, length) = (self.cluster_bits, self.length);
        match bits {
            ..9 => {
                let message = format!("has clusters of 2^{bits} bytes, fewer than 512");
                return Err(Error::corrupt(message));
            }
            9..=21 => {}
            _ => {
                let message = format!("has clusters of 2^{bits} bytes, more than 2 MiB");
                return Err(Error::unsupported(message));
            }
        }
        let [_, long] = LENGTHS;
        if self.version == 3 && (length < long || length % 8 != 0) {
            return Err(Error::corrupt(format!(
                "has a header of {length} bytes; a multiple of 8 from {long} on is right"
            )));
        }
        if u64::from(length) > self.cluster() {
            return Err(Error::corrupt(format!(
                "has a header of {length} bytes, more than a cluster of {}",
                self.cluster()
            )));
        }
        if self.refcount_order > 6 {
            return Err(Error::corrupt(format!(
                "has reference counts of 2^{} bits, more than 64",
                self.refcount_order
            )));
        }
        if self.has(EXTENDED) && bits < 14 {
            return Err(Error::corrupt(format!(
                "has extended L2 entries with clusters of {} bytes, fewer than 16384",
                self.cluster()
            )));
        }
        Ok(())
    }

    /// Where the refcount table is and how long it is; it is not read.
    ///
    /// # Errors
    /// When it cannot be where the header says.
    pub(super) fn refcount_table(&self, file_size: Option<u64>) -> Result<(u64, u64)> {
        let len = u64::from(self.refcount_clusters) << self.cluster_bits;
        if len == 0 {
            return Ok((0, 0));
        }
        if len > REFCOUNTS_MOST {
            return Err(Error::unsupported(format!(
                "has a refcount table of {len} bytes, more than {REFCOUNTS_MOST}"
            )));
        }
        aligned("the refcount table", self.refcounts, self.cluster())?;
        inside(file_size, "the refcount table", self.refcounts, len)?;
        Ok((self.refcounts, len))
    }
}

impl State {
    /// Bytes that the L1 table `what` takes, of which every entry stands for `covered` bytes.
    ///
    /// # Errors
    /// When it is too small for the disk, larger than is read, or not where it should be.
    pub(super) fn check(
        &self,
        what: &str,
        covered: u64,
        cluster: u64,
        file_size: Option<u64>,
    ) -> Result<u64> {
        let (size, entries) = (self.size, self.entries);
        if i64::try_from(size).is_err() {
            let message = format!("says that the disk has {size} bytes, 2^63 or more");
            return Err(Error::unsupported(message));
        }
        let len = entries * 8;
        if len > L1_MOST {
            return Err(Error::unsupported(format!(
                "{what} has {len} bytes, more than {L1_MOST}"
            )));
        }
        let needed = size.div_ceil(covered);
        if entries < needed {
            return Err(Error::corrupt(format!(
                "{what} has {entries} entries, a disk of {size} bytes needs {needed}"
            )));
        }
        if len > 0 {
            aligned(what, self.l1, cluster)?;
            inside(file_size, what, self.l1, len)?;
        }
        Ok(len)
    }
}

/// Where the backing file's name stands.
fn backing(head: &[u8]) -> Result<Option<(usize, usize)>> {
    let (offset, len) = (be64(head, 8), be32(head, 16));
    if offset == 0 || len == 0 {
        return Ok(None);
    }
    if len > NAME_MOST {
        return Err(Error::corrupt(format!(
            "has a backing file name of {len} bytes, more than {NAME_MOST}"
        )));
    }
    // What is too far away for a number is too far away for the first cluster as well.
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    Ok(Some((offset, len as usize)))
}

/// Makes sure that the file's first bytes hold so many of the header's.
fn long_enough(head: &[u8], len: u32) -> Result<()> {
    match head.len() {
        have if have >= len as usize => Ok(()),
        have => Err(Error::corrupt(format!(
            "ended at byte {have}, inside its header"
        ))),
    }
}
