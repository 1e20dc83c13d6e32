//! What size and cluster size say about a file: how many of everything, and how entries look.
//!
//! Follows QEMU's `docs/interop/qcow2.rst`; the limits are those of its `block/qcow2.h`.

use error::{Error, Result};

use super::settings::{Compression, Settings};
use crate::advice::Advice;

/// An L1 entry whose table, or an L2 entry whose cluster, has a refcount of exactly 1.
const COPIED: u64 = 1 << 63;
/// An L2 entry whose cluster is compressed.
const COMPRESSED: u64 = 1 << 62;

/// Bytes an L1 table may have.
const L1_MOST: u64 = 32 << 20;
/// Bytes a refcount table may have.
const REFCOUNT_TABLE_MOST: u64 = 8 << 20;

const VERSION_3: u32 = 3;
/// Refcounts of 16 bits, by their logarithm.
const REFCOUNT_ORDER: u32 = 4;
/// The incompatible feature without which the compression is zlib's.
const COMPRESSION_TYPE: u64 = 1 << 3;
const TYPE_ZSTD: u8 = 1;

/// The numbers of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) settings: Settings,
    /// The disk's size in bytes, whole sectors.
    pub(super) size: u64,
}

impl Geometry {
    /// The shape of a file for a disk of `size` bytes.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when QEMU would not open the file, were the disk full of data.
    pub(super) fn new(settings: Settings, size: u64) -> Result<Self> {
        let geometry = Geometry {
            settings,
            size: size.checked_next_multiple_of(512).unwrap_or(u64::MAX),
        };
        let bits = geometry.bits();
        let fullest = geometry.clusters()
            + geometry.clusters().div_ceil(geometry.entries())
            + geometry.l1_clusters();
        let (_, _, clusters) = geometry.with_refcounts(fullest + 1, 0);
        let blocks = clusters.div_ceil(geometry.refcounts());
        let offset_bits = match settings.compression {
            Compression::None => 56,
            Compression::Zlib | Compression::Zstd => offset_bits(bits).min(56),
        };
        let fits = geometry.l1_entries() * 8 <= L1_MOST
            && blocks * 8 <= REFCOUNT_TABLE_MOST
            && clusters <= 1 << (offset_bits - bits);
        if fits {
            return Ok(geometry);
        }
        let error = Error::unsupported(format!(
            "qcow2 with clusters of {} holds no disk of {}",
            error::amount(geometry.cluster()),
            error::amount(size)
        ));
        Err(match bits {
            21 => error,
            _ => error.advise(Advice::RaiseClusterSize),
        })
    }

    /// The cluster size's logarithm.
    pub(super) fn bits(&self) -> u32 {
        self.settings.cluster_bits
    }

    /// The cluster size in bytes.
    pub(super) fn cluster(&self) -> u64 {
        1 << self.bits()
    }

    /// The disk's clusters.
    pub(super) fn clusters(&self) -> u64 {
        self.size.div_ceil(self.cluster())
    }

    /// Entries of an L2 table.
    pub(super) fn entries(&self) -> u64 {
        self.cluster() / 8
    }

    /// Entries of the L1 table.
    pub(super) fn l1_entries(&self) -> u64 {
        self.clusters().div_ceil(self.entries())
    }

    /// Clusters of the L1 table.
    pub(super) fn l1_clusters(&self) -> u64 {
        (self.l1_entries() * 8).div_ceil(self.cluster())
    }

    /// Entries of a refcount block.
    pub(super) fn refcounts(&self) -> u64 {
        self.cluster() / 2
    }

    /// The refcount blocks and the clusters of the refcount table that a file needs whose other
    /// clusters are `others`, and all its clusters; `blocks` of the blocks are among the others.
    ///
    /// Blocks and table are counted in blocks themselves, so the numbers grow until they agree.
    pub(super) fn with_refcounts(&self, others: u64, blocks: u64) -> (u64, u64, u64) {
        let (mut more, mut table) = (0, 1);
        loop {
            let all = others + more + table;
            let needed = all.div_ceil(self.refcounts());
            let needed_table = (needed * 8).div_ceil(self.cluster());
            match (needed - blocks, needed_table) {
                agreed if agreed == (more, table) => return (more, table, all),
                larger => (more, table) = larger,
            }
        }
    }

    /// The L1 entry for a table at byte `offset` of the file.
    pub(super) fn l1_entry(&self, offset: u64) -> u64 {
        COPIED | offset
    }

    /// The L2 entry for a cluster that is at byte `offset` of the file as it is.
    pub(super) fn plain_entry(&self, offset: u64) -> u64 {
        COPIED | offset
    }

    /// The L2 entry for a cluster that is at byte `offset` of the file in `stored` bytes, at least
    /// 1. The format counts the sectors behind the first one.
    pub(super) fn packed_entry(&self, offset: u64, stored: u64) -> u64 {
        let sectors = (offset + stored - 1) / 512 - offset / 512;
        COMPRESSED | sectors << offset_bits(self.bits()) | offset
    }

    /// The header, for tables that are at these bytes of the file.
    pub(super) fn header(&self, l1: u64, refcount_table: u64, refcount_clusters: u64) -> Vec<u8> {
        let zstd = self.settings.compression == Compression::Zstd;
        let header_length: u32 = if zstd { 112 } else { 104 };
        let mut header = b"QFI\xfb".to_vec();
        header.extend(VERSION_3.to_be_bytes());
        // No backing file: 8 bytes of offset, 4 of length.
        header.extend([0; 12]);
        header.extend(self.bits().to_be_bytes());
        header.extend(self.size.to_be_bytes());
        // No encryption.
        header.extend([0; 4]);
        header.extend((self.l1_entries() as u32).to_be_bytes());
        header.extend(l1.to_be_bytes());
        header.extend(refcount_table.to_be_bytes());
        header.extend((refcount_clusters as u32).to_be_bytes());
        // No snapshots: 4 bytes of number, 8 of offset.
        header.extend([0; 12]);
        header.extend(if zstd { COMPRESSION_TYPE } else { 0 }.to_be_bytes());
        // No compatible and no autoclear features.
        header.extend([0; 16]);
        header.extend(REFCOUNT_ORDER.to_be_bytes());
        header.extend(header_length.to_be_bytes());
        if zstd {
            header.extend([TYPE_ZSTD, 0, 0, 0, 0, 0, 0, 0]);
        }
        // The end of the header extensions: a type and a length of 0.
        header.extend([0; 8]);
        header
    }
}

/// Bits of a compressed cluster's L2 entry that hold the offset.
fn offset_bits(cluster_bits: u32) -> u32 {
    62 - (cluster_bits - 8)
}
