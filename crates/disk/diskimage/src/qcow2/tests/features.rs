//! Snapshots, subclusters, zero clusters; what an image says about itself.

use super::*;

/// What may be done to a disk of 1 MiB, in units of 2 KiB.
fn operation() -> impl Strategy<Value = String> {
    let range = (0u32..512, 1u32..48).prop_map(|(at, len)| (at, len.min(512 - at)));
    (0u32..6, range, 1u8..=255).prop_map(|(kind, (at, len), pattern)| match kind {
        0 => format!("write -z {}k {}k", at * 2, len * 2),
        1 => format!("write -z -u {}k {}k", at * 2, len * 2),
        2 => format!("discard {}k {}k", at * 2, len * 2),
        _ => format!("write -P {pattern} {}k {}k", at * 2, len * 2),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn subclusters_and_zero_clusters_are_read(
        compressed in prop::collection::btree_set(0u32..16, 0..6),
        operations in prop::collection::vec(operation(), 1..24),
        extended in any::<bool>(),
    ) {
        let room = Room::new();
        let options = format!("cluster_size=64k,extended_l2={}", if extended { "on" } else { "off" });
        room.create("image", &options, &["1M"]);
        // These come first: where a compressed cluster has been written over, QEMU 10 puts the next
        // one on top of others, and its own check complains.
        let compressed = compressed.iter();
        let first = compressed.map(|at| format!("write -c -P {} {}k 64k", at + 1, at * 64));
        let commands: Vec<_> = first.chain(operations).collect();
        room.qemu_io("image", &commands);
        let read = read(Format::Qcow, room.bytes("image")).unwrap();
        prop_assert!(read == room.by_qemu("image"), "{:?}", commands);
    }
}

#[test]
fn snapshots_are_read_by_name_and_by_id() {
    for options in ["compat=1.1", "compat=0.10"] {
        let room = Room::new();
        room.create("image", options, &["1M"]);
        let write = |what: &str| room.qemu_io("image", &[what.into()]);
        write("write -P 1 0 200k");
        qemu_img(&["snapshot", "-c", "first", &room.path("image")]);
        write("write -P 2 100k 300k");
        qemu_img(&["snapshot", "-c", "the second", &room.path("image")]);
        write("write -P 3 50k 10k");
        let image = room.bytes("image");

        let opened = Image::open(
            Format::Qcow,
            Arc::new(image.clone()),
            &OpenOptions::default(),
        )
        .unwrap();
        let listed = opened.about().snapshots.iter();
        let listed: Vec<_> = listed.map(|one| (&*one.id, &*one.name, one.size)).collect();
        assert_eq!(
            listed,
            [("1", "first", 1 << 20), ("2", "the second", 1 << 20)]
        );

        assert!(read(Format::Qcow, image.clone()).unwrap() == room.by_qemu("image"));
        for (wanted, id) in [("first", "1"), ("the second", "2")] {
            let (from, to) = (room.path("image"), room.path("raw"));
            qemu_img(&[
                "convert",
                "-l",
                &format!("snapshot.id={id}"),
                "-O",
                "raw",
                &from,
                &to,
            ]);
            let expected = room.bytes("raw");
            for name in [wanted, id] {
                let mut image = snapshot(image.clone(), name).unwrap();
                assert!(content(&mut image).unwrap() == expected, "{name}");
            }
        }
        let error = snapshot(image, "third").unwrap_err();
        assert_eq!(
            error.to_text(),
            "error: has no internal snapshot \"third\"\nhint: one of: \"first\", \"the second\""
        );
    }
}

#[test]
fn a_snapshot_has_its_own_size() {
    let room = Room::new();
    room.create("image", "compat=1.1", &["1M"]);
    room.qemu_io("image", &["write -P 1 1000k 24k".into()]);
    qemu_img(&["snapshot", "-c", "small", &room.path("image")]);
    qemu_img(&["resize", "-q", &room.path("image"), "700M"]);
    let mut image = snapshot(room.bytes("image"), "small").unwrap();
    assert_eq!(image.size(), 1 << 20);
    let disk = content(&mut image).unwrap();
    assert!(disk[1000 << 10..].iter().all(|&byte| byte == 1));
}

#[test]
fn two_snapshots_of_one_name_are_told_apart_by_id() {
    let room = Room::new();
    room.create("image", "compat=1.1", &["1M"]);
    for _ in 0..2 {
        qemu_img(&["snapshot", "-c", "same", &room.path("image")]);
    }
    let error = snapshot(room.bytes("image"), "same").unwrap_err();
    assert_eq!(
        advised(&error),
        "error: has more than one snapshot called \"same\", with the ids \"1\" and \"2\"\nadvice: ChooseSnapshotById"
    );
    assert!(snapshot(room.bytes("image"), "2").is_ok());
}

#[test]
fn an_image_without_snapshots_says_so() {
    let room = Room::new();
    room.create("image", "compat=1.1", &["1M"]);
    let error = snapshot(room.bytes("image"), "x").unwrap_err();
    assert_eq!(
        advised(&error),
        "error: has no internal snapshots, so none that is called \"x\"\nadvice: NoSnapshot"
    );
}

#[test]
fn an_image_tells_about_itself() {
    let about = |options: &str| {
        let room = Room::new();
        room.create("image", options, &["1M"]);
        look(room.bytes("image")).unwrap().about().clone()
    };
    let two = about("compat=0.10,cluster_size=4k");
    assert_eq!((&*two.variant, two.unit), ("version 2", Some(4096)));
    assert_eq!(two.compression, Some("zlib"));
    assert_eq!((two.refers, two.notes), (vec![], vec![]));
    let three = about("compression_type=zstd,extended_l2=on");
    assert_eq!((&*three.variant, three.unit), ("version 3", Some(65536)));
    assert_eq!(three.compression, Some("zstd"));
    assert_eq!(three.notes, [("subclusters", "2048".into())]);
}

#[test]
fn a_disk_that_is_not_closed_properly_is_read() {
    let room = Room::new();
    room.create("image", "lazy_refcounts=on", &["1M"]);
    room.qemu_io("image", &["write -P 7 0 64k".into()]);
    let mut image = room.bytes("image");
    image[79] |= 1;
    let mut image = look(image).unwrap();
    let notes = &image.about().notes;
    assert_eq!(*notes, [("dirty", "it was not closed properly".into())]);
    assert_eq!(content(&mut image).unwrap()[..65536], [7; 65536]);
}

#[test]
fn sizes_need_not_be_multiples_of_anything() {
    for size in [0u64, 1, 511, 1000, 70_001] {
        let room = Room::new();
        room.create("image", "compat=1.1", &["80k"]);
        room.qemu_io("image", &["write -P 9 0 80k".into()]);
        let mut image = room.bytes("image");
        image[24..32].copy_from_slice(&size.to_be_bytes());
        assert!(read(Format::Qcow, image).unwrap() == vec![9; size as usize]);
    }
    let room = Room::new();
    room.create("image", "compat=1.1", &["0"]);
    assert!(read(Format::Qcow, room.bytes("image")).unwrap().is_empty());
}
