//! VMAs with one thing broken.

use super::{BLOCK, Backup, CLUSTER, EXTENT, HEADER, put, seal_extent, seal_header};
use crate::Bad;

/// VMAs with one thing broken each. They hold `drive-scsi0` and `drive-scsi1`, and all but one only these.
pub fn hostile() -> Vec<Bad> {
    [
        header(),
        pointers(),
        devices(),
        extents(),
        clusters(),
        ends(),
    ]
    .concat()
}

/// Three clusters of which the last ends in its second block, and one of another device.
fn backup() -> Backup {
    let mut content = vec![0; 2 * CLUSTER + 5000];
    content[..BLOCK].fill(1);
    content[5 * BLOCK] = 2;
    content[2 * CLUSTER..].fill(3);
    Backup::new(&[
        ("drive-scsi0", &content),
        ("drive-scsi1", &vec![4; CLUSTER]),
    ])
}

/// The backup with a field of its header changed, and the checksum right again.
fn head(at: usize, field: &[u8]) -> Vec<u8> {
    let mut bytes = backup().bytes();
    put(&mut bytes, at, field);
    seal_header(&mut bytes);
    bytes
}

/// The backup with a field of its extent changed, and the checksum right again.
fn ext(at: usize, field: &[u8]) -> Vec<u8> {
    let start = backup().header().len();
    let mut bytes = backup().bytes();
    put(&mut bytes, start + at, field);
    seal_extent(&mut bytes, start);
    bytes
}

/// The backup with its clusters in this order.
fn ordered(order: &[(u8, u32)]) -> Vec<u8> {
    let backup = Backup {
        order: order.to_vec(),
        ..backup()
    };
    backup.bytes()
}

fn header() -> Vec<Bad> {
    let mut unsealed = backup().bytes();
    unsealed[100] = 1;
    vec![
        Bad::unsupported(
            "another version",
            head(4, &2u32.to_be_bytes()),
            "is VMA version 2, version 1 is read here",
        ),
        Bad::corrupt(
            "a header that is too short",
            head(56, &(HEADER as u32 - 1).to_be_bytes()),
            "the VMA header has 12287 bytes, it needs 12288",
        ),
        Bad::unsupported(
            "a header that is enormous",
            head(56, &u32::MAX.to_be_bytes()),
            "the VMA header has 4294967295 bytes, more than 4194304 are not read here",
        ),
        Bad::corrupt(
            "a header with a wrong checksum",
            unsealed,
            "the VMA header has the MD5 7244c1978a7170a31b76669883d2ee88, it should be 0c5b06f419c71dc3495f391657e1fe88",
        ),
        Bad::corrupt(
            "blobs in front of their place",
            head(48, &4096u32.to_be_bytes()),
            "the blobs of the VMA header are bytes 4096 to 4434, they belong in 12288 to 12800",
        ),
        Bad::corrupt(
            "more blobs than there are",
            head(52, &u32::MAX.to_be_bytes()),
            "the blobs of the VMA header are bytes 12288 to 4294979583, they belong in 12288 to 12800",
        ),
    ]
}

fn pointers() -> Vec<Bad> {
    let nowhere = 0x00ff_ffffu32.to_be_bytes();
    vec![
        Bad::corrupt(
            "a configuration whose name is nowhere",
            head(2044, &nowhere),
            "configuration 0 of the VMA is not among its blobs: name at 16777215, text at 20",
        ),
        Bad::corrupt(
            "a configuration that is nowhere",
            head(3068, &nowhere),
            "configuration 0 of the VMA is not among its blobs: name at 1, text at 16777215",
        ),
        Bad::corrupt(
            "a configuration that is too long",
            // Read as a length, the letters of its name are.
            head(3068, &3u32.to_be_bytes()),
            "configuration 0 of the VMA is not among its blobs: name at 1, text at 3",
        ),
        Bad::corrupt(
            "a device whose name is nowhere",
            head(4128, &nowhere),
            "device 1 of the VMA has no name",
        ),
        Bad::corrupt(
            "a device without a name",
            head(4128, &[0; 4]),
            "device 1 of the VMA has no name",
        ),
    ]
}

fn devices() -> Vec<Bad> {
    let mut long = backup();
    long.devices[1].name = "x".repeat(256);
    let mut empty = backup();
    empty.devices[1].name = String::new();
    vec![
        Bad::corrupt(
            "a device with a long name",
            long.bytes(),
            "device 2 of the VMA has a name of 256 bytes, 255 are the most",
        ),
        Bad::corrupt(
            "a device with an empty name",
            empty.bytes(),
            "device 2 of the VMA has no name",
        ),
        Bad::corrupt(
            "a device that is enormous",
            head(4128 + 8, &(1u64 << 48 | 1).to_be_bytes()),
            "\"drive-scsi0\" has 281474976710657 bytes, more than a VMA has numbers for",
        ),
        Bad::corrupt(
            "a device that is larger than its clusters",
            head(4128 + 8, &(1u64 << 32).to_be_bytes()),
            "cluster 3 of \"drive-scsi0\" is missing: 3 of 65536 are there",
        ),
        Bad::corrupt(
            "a device without bytes",
            head(4160 + 8, &[0; 8]),
            "an extent of the VMA has a cluster of device 2, which is not in the header",
        ),
    ]
}

fn extents() -> Vec<Bad> {
    let start = backup().header().len();
    let mut unsealed = backup().bytes();
    unsealed[start + EXTENT - 1] = 1;
    let other = Backup {
        uuid: *b"another backup's",
        ..backup()
    };
    let foreign = [backup().header(), other.extent(&backup().order)].concat();
    vec![
        Bad::corrupt(
            "an extent that is none",
            ext(3, b"X"),
            "no extent begins at byte 12800 of the VMA",
        ),
        Bad::corrupt(
            "an extent with a reserved field",
            ext(5, &[1]),
            "no extent begins at byte 12800 of the VMA",
        ),
        Bad::corrupt(
            "an extent with a wrong checksum",
            unsealed,
            "the extent at byte 12800 of the VMA has the MD5 a52524b1b4f726a424717f94d1e7af07, it should be 838dfce8e1a1434625319f8ff9cd998a",
        ),
        Bad::corrupt(
            "an extent of another backup",
            foreign,
            "the extent at byte 12800 of the VMA is of backup 616e6f74686572206261636b75702773, the header of 30313233343536373839616263646566",
        ),
        Bad::corrupt(
            "fewer blocks than the masks tell",
            ext(7, &[3]),
            "the extent at byte 12800 of the VMA has 3 blocks, its clusters have 20",
        ),
        Bad::corrupt(
            "more blocks than the masks tell",
            ext(6, &[0xff]),
            "the extent at byte 12800 of the VMA has 65300 blocks, its clusters have 20",
        ),
    ]
}

fn clusters() -> Vec<Bad> {
    let vmstate = Backup {
        order: vec![(1, 1), (1, 0)],
        ..Backup::new(&[("vmstate", &[7; 2 * CLUSTER]), ("drive-scsi0", b"x")])
    };
    // The fourth entry is the last cluster of the first device, with two blocks.
    let last = 40 + 8 * 3;
    vec![
        Bad::corrupt(
            "a cluster of device 7",
            ext(40 + 3, &[7]),
            "an extent of the VMA has a cluster of device 7, which is not in the header",
        ),
        Bad::corrupt(
            "a cluster behind the end",
            ext(last + 4, &3u32.to_be_bytes()),
            "cluster 3 of \"drive-scsi0\" is behind its end: it has 3",
        ),
        Bad::corrupt(
            "a block behind the end",
            ext(last, &[0, 0b101]),
            "block 2 of cluster 2 of \"drive-scsi0\" is behind its end, which is at byte 136072",
        ),
        Bad::corrupt(
            "a cluster twice",
            ordered(&[(1, 0), (1, 2), (2, 0), (1, 1), (1, 2)]),
            "cluster 2 of \"drive-scsi0\" comes twice",
        ),
        Bad::corrupt(
            "a cluster that is missing",
            ordered(&[(1, 0), (1, 2), (2, 0)]),
            "cluster 1 of \"drive-scsi0\" is missing: 2 of 3 are there",
        ),
        Bad::corrupt(
            "a device that is missing",
            ordered(&[(1, 0), (1, 1), (1, 2)]),
            "cluster 0 of \"drive-scsi1\" is missing: 0 of 1 are there",
        ),
        Bad::corrupt(
            "memory out of order",
            vmstate.bytes(),
            "cluster 1 of \"vmstate\" comes where cluster 0 should",
        ),
    ]
}

fn ends() -> Vec<Bad> {
    let (header, whole) = (backup().header(), backup().bytes());
    let cut = |len: usize| whole[..len].to_vec();
    vec![
        Bad::corrupt(
            "a header that is cut",
            cut(HEADER - 1),
            "the VMA data ends at byte 12287, in the middle of the header",
        ),
        Bad::corrupt(
            "blobs that are cut",
            cut(header.len() - 1),
            "the VMA data ends at byte 12799, in the middle of the header",
        ),
        Bad::corrupt(
            "no extent",
            cut(header.len()),
            "cluster 0 of \"drive-scsi0\" is missing: 0 of 3 are there",
        ),
        Bad::corrupt(
            "an extent that is cut",
            cut(header.len() + EXTENT - 1),
            "the VMA data ends at byte 13311, in the middle of the header of an extent",
        ),
        Bad::corrupt(
            "a block that is cut",
            cut(header.len() + EXTENT + BLOCK + 1),
            "the VMA data ends at byte 17409, in the middle of a cluster",
        ),
        Bad::corrupt(
            "a last block that is cut",
            cut(whole.len() - 1),
            "the VMA data ends at byte 95231, in the middle of a cluster",
        ),
        Bad::corrupt(
            "zeros behind it",
            [&whole[..], &[0; 512]].concat(),
            "no extent begins at byte 95232 of the VMA",
        ),
        Bad::corrupt(
            "the backup twice",
            whole.repeat(2),
            "no extent begins at byte 95232 of the VMA",
        ),
    ]
}
