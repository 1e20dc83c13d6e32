use super::*;
use crate::damage;

/// The error of reading the kernel after xfs_db wrote `change` into its inode.
fn error_after(change: &str) -> String {
    let (_directory, path) = image("48M", &[], 10);
    xfs_db(&path, &["path /boot/vmlinuz", change]);
    let error = tree(&path).read(b"/boot/vmlinuz", 1 << 23).unwrap_err();
    error.to_text()
}

#[test]
fn real_time_files_are_unsupported() {
    let text = error_after("write core.realtime 1");
    assert!(
        text.contains("its data is in the real-time section"),
        "{text}"
    );
}

#[test]
fn extents_past_the_end_are_corrupt() {
    let text = error_after("write u3.bmx[0].startblock 16777215");
    assert!(text.contains("blocks at block"), "{text}");
    let text = error_after("write core.nextents 7");
    assert!(text.contains("an extent has 0 blocks"), "{text}");
    let text = error_after("write core.nextents 99");
    assert!(
        text.contains("99 extents in a node that has space for 21"),
        "{text}"
    );
}

#[test]
fn a_file_system_that_needs_repair_has_a_note() {
    let (_directory, path) = image("48M", &[], 10);
    xfs_db(&path, &["sb 0", "write features_incompat 0x1b"]);
    let note = "it must be repaired before it can be mounted";
    assert_eq!(open(&path).about().notes, [note]);
}

#[test]
fn unknown_features_are_unsupported() {
    let (_directory, path) = image("48M", &[], 10);
    let bytes = std::fs::read(&path).unwrap();
    let error = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        let sum = checksum(&bytes[..512], 224).to_le_bytes();
        bytes[224..228].copy_from_slice(&sum);
        let error = Xfs::open(Arc::new(bytes)).err().unwrap();
        assert_eq!(error.kind(), error::Kind::Unsupported);
        error.message().to_owned()
    };
    let text = "XFS features that are not known (incompatible 0x80000000)";
    assert_eq!(error(216, 0x80), text);
    assert_eq!(error(218, 0x02), "a zoned XFS");
    assert_eq!(error(101, 0x06), "XFS version 6");
}

#[test]
fn a_copy_replaces_a_damaged_superblock() {
    let (_directory, path) = image("64M", &["-d", "agcount=4"], 10);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[110] ^= 0x20;
    let xfs = Xfs::open(Arc::new(bytes.clone())).unwrap().unwrap();
    assert_eq!(xfs.about().label, "guest-root");
    let note = "its superblock is damaged; a copy of it was read";
    assert_eq!(xfs.about().notes, [note]);
    // Without any copy.
    bytes.truncate(8 << 20);
    let error = Xfs::open(Arc::new(bytes)).err().unwrap();
    assert!(
        error
            .message()
            .starts_with("superblock: its checksum is 0x")
            || error.to_text().contains("its checksum is 0x"),
        "{error:?}"
    );
}

#[test]
fn a_bad_checksum_is_corrupt() {
    let (_directory, path) = image("48M", &["-b", "size=1024"], 12_000);
    let bytes = std::fs::read(&path).unwrap();
    let xfs = open(&path);
    let inode = xfs.inode(inode_of(&path, "/many")).unwrap();
    let extents = fork::extents(&inode, &xfs.blocks, &xfs.geometry).unwrap();
    let places = [
        (xfs.geometry.inode_place(inode.number).unwrap(), "inode"),
        (extents[3].place, "block at byte"),
        // The first leaf of the tree, whose pointers are behind all keys.
        (
            xfs.geometry
                .place(be64(inode.fork(), 4 + (inode.fork().len() - 4) / 16 * 8), 1)
                .unwrap(),
            "block at byte",
        ),
    ];
    for (place, what) in places {
        let mut bytes = bytes.clone();
        bytes[place as usize + 200] ^= 1;
        let tree = Tree::new(Arc::new(Xfs::open(Arc::new(bytes)).unwrap().unwrap()));
        let error = tree.list(b"/many").unwrap_err();
        assert_eq!(error.kind(), error::Kind::Corrupt);
        let text = error.to_text();
        assert!(
            text.contains(what) && text.contains("its checksum is 0x"),
            "{text}"
        );
    }
}

#[test]
fn a_log_that_does_not_end_with_an_unmount_is_noted() {
    for version in ["crc=1", "crc=0"] {
        let (_directory, path) = image("48M", &["-m", version], 10);
        let xfs = open(&path);
        let log = xfs.geometry.place(xfs.geometry.log_start, 1).unwrap() as usize;
        let mut bytes = std::fs::read(&path).unwrap();
        // The flags of the only operation of the only record.
        assert_eq!(bytes[log + 512 + 9], 0x20);
        bytes[log + 512 + 9] = 0;
        let xfs = Xfs::open(Arc::new(bytes)).unwrap().unwrap();
        assert_eq!(
            xfs.about().notes,
            ["not unmounted; its log was not replayed"]
        );
    }
}

#[test]
fn what_is_no_superblock_is_no_file_system() {
    assert!(Xfs::open(Arc::new(vec![0; 4096])).unwrap().is_none());
    assert!(Xfs::open(Arc::new(b"XFSB".to_vec())).unwrap().is_none());
}

#[test]
fn damage_is_survived() {
    let open: damage::Open = |volume| {
        let xfs = Xfs::open(volume)?;
        Ok(xfs.map(|xfs| Arc::new(xfs) as Arc<dyn FileSystem>))
    };
    for arguments in [
        ["-m", "crc=1", "-b", "size=1024"],
        ["-m", "crc=0", "-b", "size=1024"],
        ["-m", "crc=0", "-n", "ftype=0"],
    ] {
        let (_directory, path) = image("32M", &arguments, 2000);
        damage::survive(std::fs::read(&path).unwrap(), open);
    }
}
