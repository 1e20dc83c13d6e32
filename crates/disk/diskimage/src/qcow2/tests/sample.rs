//! A small image of our own, of which every byte is known.

use crate::test_util::random;

/// The cluster of the file in which the L1 table is.
pub(super) const L1: usize = 2;
/// The cluster of the file in which the L2 table is.
pub(super) const L2: usize = 3;
/// The clusters of the file in which the disk's first two are.
pub(super) const DATA: usize = 4;
/// The cluster of the file in which the compressed cluster is, 100 bytes from its beginning.
pub(super) const PACKED: usize = 6;

/// An image of version 3 with five clusters: two stored ones, one of zeros, one that is not there,
/// and a compressed one.
pub(super) fn sample(cluster_bits: u32, extended: bool) -> Vec<u8> {
    let cluster = 1usize << cluster_bits;
    let mut image = vec![0; PACKED * cluster + 100];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"QFI\xfb\0\0\0\x03");
    put(20, &cluster_bits.to_be_bytes());
    put(24, &(5 * cluster as u64).to_be_bytes());
    put(36, &1u32.to_be_bytes());
    put(40, &((L1 * cluster) as u64).to_be_bytes());
    put(48, &(cluster as u64).to_be_bytes());
    put(56, &1u32.to_be_bytes());
    put(72, &u64::to_be_bytes(if extended { 1 << 4 } else { 0 }));
    put(96, &4u32.to_be_bytes());
    put(100, &104u32.to_be_bytes());
    put(
        L1 * cluster,
        &(1 << 63 | (L2 * cluster) as u64).to_be_bytes(),
    );

    let packed = packed(cluster_bits);
    let sectors = ((100 + packed.len() - 1) / 512) as u64;
    let offset = (PACKED * cluster + 100) as u64;
    let entries = [
        (1 << 63 | (DATA * cluster) as u64, u64::from(u32::MAX)),
        (1 << 63 | ((DATA + 1) * cluster) as u64, u64::from(u32::MAX)),
        if extended {
            (0, u64::from(u32::MAX) << 32)
        } else {
            (1, 0)
        },
        (0, 0),
        (1 << 62 | sectors << (62 - (cluster_bits - 8)) | offset, 0),
    ];
    for (index, (entry, bitmap)) in entries.into_iter().enumerate() {
        let width = if extended { 16 } else { 8 };
        put(L2 * cluster + index * width, &entry.to_be_bytes());
        if extended {
            put(L2 * cluster + index * width + 8, &bitmap.to_be_bytes());
        }
    }
    put(DATA * cluster, &random(1, 2 * cluster));
    image.extend(packed);
    image
}

/// The disk in it.
pub(super) fn disk(cluster_bits: u32) -> Vec<u8> {
    let cluster = 1 << cluster_bits;
    let mut disk = random(1, 2 * cluster);
    disk.resize(4 * cluster, 0);
    disk.extend(last(cluster_bits));
    disk
}

/// The last cluster: half of it becomes small.
fn last(cluster_bits: u32) -> Vec<u8> {
    let mut last = random(2, 1 << (cluster_bits - 1));
    last.resize(1 << cluster_bits, 7);
    last
}

fn packed(cluster_bits: u32) -> Vec<u8> {
    let last = last(cluster_bits);
    let mut packed = vec![0; last.len()];
    let mut compressor = libdeflater::Compressor::new(Default::default());
    let len = compressor.deflate_compress(&last, &mut packed).unwrap();
    packed.truncate(len);
    packed
}
