use error::Result;
use proptest::prelude::*;
use sparse::{DiskRead, Piece, SliceSource, SparseRead};
use testkit::vma::{self, BLOCK, Backup, CLUSTER};

use super::Vma;
use crate::test_util::noise;

/// What is read of device `index`: the disk, and where its pieces lay in the order in which they came.
fn read(bytes: &[u8], step: usize, index: usize) -> Result<(Vec<u8>, Vec<u64>)> {
    let mut vma = Vma::new(SliceSource::in_steps(bytes, step))?;
    let mut disk = vma.disk(index);
    let size = disk.size().unwrap();
    let mut content = Vec::new();
    let mut order = Vec::new();
    loop {
        let at = disk.offset()?;
        let (len, data) = match disk.peek()? {
            Piece::End => break,
            Piece::Zeros(len) => (len as usize, vec![0; len as usize]),
            Piece::Data(data) => (data.len(), data.to_vec()),
        };
        let (from, to) = (at as usize, at as usize + len);
        content.resize(content.len().max(to), 0xaa);
        content[from..to].copy_from_slice(&data);
        order.push(at);
        // In two steps, where that can be.
        disk.consume(len as u64 / 2);
        disk.consume((len - len / 2) as u64);
    }
    assert_eq!(disk.peek()?, Piece::End, "the end stays");
    assert_eq!(content.len() as u64, size);
    Ok((content, order))
}

/// A device of `len` bytes with data in some of its blocks.
fn content(len: usize, seed: u64) -> Vec<u8> {
    let mut noise = noise();
    let mut content = vec![0; len];
    for block in content.chunks_mut(BLOCK) {
        if (noise() ^ seed).count_ones().is_multiple_of(3) {
            block.fill(1 + noise() as u8 % 255);
        }
    }
    content
}

#[test]
fn a_backup_says_what_it_holds() {
    let backup = Backup {
        configs: vec![
            ("qemu-server.conf".into(), b"name: web01\n".to_vec()),
            ("qemu-server.fw".into(), Vec::new()),
        ],
        ..Backup::new(&[("drive-efidisk0", &[0; 540_672]), ("vmstate", &[1; 9])])
    };
    let bytes = backup.bytes();
    let vma = Vma::new(SliceSource::new(&bytes)).unwrap();
    let devices = vma.devices().iter();
    let devices: Vec<_> = devices
        .map(|device| {
            (
                device.id,
                device.name.as_str(),
                device.size,
                device.is_memory(),
            )
        })
        .collect();
    assert_eq!(
        devices,
        [
            (1, "drive-efidisk0", 540_672, false),
            (2, "vmstate", 9, true)
        ]
    );
    let configs = vma.configs().iter();
    let configs: Vec<_> = configs
        .map(|config| (config.name.as_str(), vma.text(config)))
        .collect();
    assert_eq!(
        configs,
        [
            ("qemu-server.conf", &b"name: web01\n"[..]),
            ("qemu-server.fw", b"")
        ]
    );
}

#[test]
fn disks_come_out_of_the_middle_of_each_other() {
    let contents = [
        content(20 * CLUSTER + 5000, 1),
        content(CLUSTER, 2),
        content(3 * BLOCK + 1, 3),
        vec![0; 70 * CLUSTER],
    ];
    let names = [
        "drive-scsi0",
        "drive-scsi1",
        "drive-efidisk0",
        "drive-virtio9",
    ];
    let devices: Vec<_> = names
        .into_iter()
        .zip(contents.iter().map(Vec::as_slice))
        .collect();
    for (full, in_extent) in [(false, 58), (true, 58), (false, 3), (true, 59)] {
        let backup = Backup {
            full,
            in_extent,
            ..Backup::new(&devices)
        };
        let bytes = backup.bytes();
        for (index, content) in contents.iter().enumerate() {
            let (found, order) = read(&bytes, 3001, index).unwrap();
            assert!(found == *content, "{index}, {full}, {in_extent}");
            assert!(order.is_sorted());
        }
    }
}

#[test]
fn a_backup_without_devices_is_complete() {
    let mut bytes = Backup::new(&[]).bytes();
    let mut vma = Vma::new(SliceSource::new(&bytes)).unwrap();
    assert_eq!((vma.devices().len(), vma.finish()), (0, Ok(())));
    // Proxmox VE writes an extent nevertheless.
    bytes.extend(Backup::new(&[]).extent(&[]));
    let mut vma = Vma::new(SliceSource::new(&bytes)).unwrap();
    assert_eq!(vma.finish(), Ok(()));
}

#[test]
fn what_is_stored_is_counted() {
    // Three blocks, of which the last holds 10 bytes.
    let mut content = vec![0; 2 * CLUSTER + 10];
    for at in [0, CLUSTER + BLOCK, 2 * CLUSTER] {
        content[at] = 1;
    }
    for full in [false, true] {
        let backup = Backup {
            full,
            ..Backup::new(&[("drive-scsi0", &content), ("drive-scsi1", &[0; 100])])
        };
        let bytes = backup.bytes();
        let mut vma = Vma::new(SliceSource::new(&bytes)).unwrap();
        vma.finish().unwrap();
        let stored = [vma.stored(0), vma.stored(1)];
        let expected = if full {
            [content.len() as u64, 100]
        } else {
            [2 * BLOCK as u64 + 10, 0]
        };
        assert_eq!(stored, expected);
    }
}

#[test]
fn saved_memory_may_be_of_any_size() {
    let mut backup = Backup::new(&[("vmstate", &[7; 100]), ("drive-scsi0", &[8; 100])]);
    backup.order.extend([(1, 1), (1, 2)]);
    let (found, _) = read(&backup.bytes(), 1000, 1).unwrap();
    assert_eq!(found, [8; 100]);
}

#[test]
fn each_broken_thing_has_its_error() {
    for bad in vma::hostile() {
        for index in [0, 1] {
            let error = read(&bad.bytes, 1000, index).expect_err(bad.what);
            assert_eq!(
                (error.kind().name(), error.message()),
                (bad.kind, bad.message),
                "{}",
                bad.what
            );
        }
    }
}

#[test]
fn no_beginning_passes_for_the_whole() {
    let content = content(3 * CLUSTER + 100, 4);
    let bytes = Backup {
        in_extent: 2,
        ..Backup::new(&[("drive-scsi0", &content), ("drive-scsi1", &[5; 20])])
    }
    .bytes();
    for len in (0..bytes.len()).step_by(211) {
        let error = read(&bytes[..len], usize::MAX, 0).expect_err("it is cut");
        assert_eq!(error.kind(), error::Kind::Corrupt, "{len} bytes: {error}");
    }
}

#[test]
fn a_large_device_takes_little_memory() {
    // 512 MiB without data, and 300 scattered clusters of a device of 256 TiB.
    let mut backup = Backup::new(&[("drive-scsi0", &[]), ("drive-scsi1", &[])]);
    backup.order = (0..1 << 13).map(|number| (1, number)).collect();
    backup
        .order
        .extend((0..300).map(|number| (2, number * 14_000_000)));
    let mut bytes = backup.bytes();
    for (at, size) in [(4128, 1u64 << 29), (4160, 1 << 48)] {
        bytes[at + 8..at + 16].copy_from_slice(&size.to_be_bytes());
    }
    vma::seal_header(&mut bytes);
    let mut vma = Vma::new(SliceSource::new(&bytes)).unwrap();
    let error = vma.finish().unwrap_err();
    assert_eq!(
        error.message(),
        "cluster 1 of \"drive-scsi1\" is missing: 300 of 4294967296 are there"
    );
    assert_eq!(
        vma.tally.begun.len(),
        300,
        "what is complete is not remembered"
    );
    let mut vma = Vma::new(SliceSource::new(&bytes)).unwrap();
    vma.tally.most = 299;
    let error = vma.finish().unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (
            error::Kind::Unsupported,
            "the clusters of \"drive-scsi1\" lie too scattered to be remembered in one pass"
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_backup_comes_out_as_it_went_in(
        sizes in proptest::collection::vec(1usize..400_000, 1..5),
        seeds in any::<[u64; 5]>(),
        shuffle in any::<u64>(),
        full: bool,
        in_extent in 1usize..60,
        step in 1usize..70_000,
    ) {
        let contents: Vec<_> = sizes.iter().zip(seeds).map(|(&len, seed)| content(len, seed)).collect();
        let names: Vec<_> = (0..contents.len()).map(|i| format!("drive-scsi{i}")).collect();
        let devices: Vec<_> = names.iter().map(String::as_str)
            .zip(contents.iter().map(Vec::as_slice)).collect();
        let mut backup = Backup { full, in_extent, ..Backup::new(&devices) };
        backup.order.sort_by_key(|&(id, number)| {
            (u64::from(id) << 32 | u64::from(number)).wrapping_mul(shuffle | 1).rotate_left(29)
        });
        let bytes = backup.bytes();
        for (index, content) in contents.iter().enumerate() {
            let (found, _) = read(&bytes, step, index).unwrap();
            prop_assert!(found == *content);
        }
    }
}
