//! Disks of uncommon sizes.

use super::*;
use crate::write::qcow2::geometry::Geometry;
use crate::write::qcow2::layout::{Layout, Stored};
use crate::write::qcow2::settings::Settings;

#[test]
fn sizes_need_be_no_multiple_of_anything() {
    for size in [0, 1, 511, 512, 513, 4097, 65_535, 65_537, 200_000] {
        let disk = random(size as u64 + 1, size);
        for compression in COMPRESSIONS {
            let options = options(compression, "64K");
            assert_holds(&written(&options, &disk), &disk);
            assert_holds(&piped(&options, &disk), &disk);
        }
    }
}

#[test]
fn a_disk_of_nothing_is_a_small_file() {
    let disk = vec![0; 10 << 20];
    for file in [
        written(&options("zlib", "64K"), &disk),
        piped(&options("zlib", "64K"), &disk),
    ] {
        assert_holds(&file, &disk);
        assert_eq!(file.len(), 4 << 16);
    }
}

#[test]
fn a_large_disk_with_little_on_it_is_a_small_file() {
    const SIZE: u64 = 2 << 40;
    let one = random(1, 65_536);
    let data: [(u64, &[u8]); 3] = [
        (0, &[1; 4096]),
        ((1 << 40) + 65_536, &one),
        (SIZE - 512, &[3; 512]),
    ];
    for compression in COMPRESSIONS {
        let options = options(compression, "64K");
        let memory = Memory::default();
        let inner = Box::new(memory.clone());
        let mut one = writer(Format::Qcow, &options, SIZE, inner).unwrap();
        sparse(&mut *one, SIZE, &data).unwrap();
        assert_sparse(&memory.file(), SIZE, &data);

        let measure = Measure::new(&options, SIZE).unwrap();
        sparse(&mut measure.clone(), SIZE, &data).unwrap();
        let memory = Memory::strict();
        let inner = Box::new(memory.clone());
        let layout = measure.layout().unwrap();
        let mut other = streamed(&options, SIZE, layout, inner).unwrap();
        sparse(&mut *other, SIZE, &data).unwrap();
        assert_sparse(&memory.file(), SIZE, &data);
    }
}

fn assert_sparse(file: &[u8], size: u64, data: &[(u64, &[u8])]) {
    assert!(file.len() < 1 << 20);
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.qcow2");
    std::fs::write(&path, file).unwrap();
    assert_clean(&path);
    let raw = room.path().join("disk.raw");
    let sparse = std::fs::File::create(&raw).unwrap();
    sparse.set_len(size).unwrap();
    for (offset, data) in data {
        std::os::unix::fs::FileExt::write_all_at(&sparse, data, *offset).unwrap();
    }
    let (path, raw) = (path.display().to_string(), raw.display().to_string());
    let told = qemu_img(&["compare", "-f", "raw", "-F", "qcow2", &raw, &path]);
    assert_eq!(told, "Images are identical.\n");
}

#[test]
fn a_disk_may_end_before_it_was_said_to() {
    let disk = random(3, 100_000);
    for compression in COMPRESSIONS {
        let memory = Memory::default();
        let inner = Box::new(memory.clone());
        let mut writer =
            writer(Format::Qcow, &options(compression, "64K"), 1 << 20, inner).unwrap();
        give(&mut *writer, &disk).unwrap();
        let mut whole = disk.clone();
        whole.resize(1 << 20, 0);
        assert_holds(&memory.file(), &whole);
    }
}

#[test]
fn qemu_img_says_what_was_asked_for() {
    let disk = random(4, 100_000);
    for (compression, named) in [("none", "zlib"), ("zlib", "zlib"), ("zstd", "zstd")] {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("disk.qcow2");
        std::fs::write(&path, written(&options(compression, "32K"), &disk)).unwrap();
        let info = qemu_img(&["info", "--output=json", &path.display().to_string()]);
        for expected in [
            "\"virtual-size\": 100352",
            "\"cluster-size\": 32768",
            "\"compat\": \"1.1\"",
            "\"refcount-bits\": 16",
            &format!("\"compression-type\": \"{named}\""),
        ] {
            assert!(info.contains(expected), "{expected} in {info}");
        }
    }
}

#[test]
fn a_disk_too_large_for_its_clusters_is_refused_at_once() {
    let told = |size: u64, cluster_size: &str| {
        let inner = Box::new(Memory::default());
        let error = writer(Format::Qcow, &options("zlib", cluster_size), size, inner).err();
        error.map(|error| (error.kind(), error.message().to_string()))
    };
    let unsupported = error::Kind::Unsupported;
    assert_eq!(told(100 << 30, "512"), None);
    let message = "qcow2 with clusters of 512 bytes holds no disk of 128.0 GiB";
    assert_eq!(told(128 << 30, "512"), Some((unsupported, message.into())));
    assert_eq!(told(1 << 50, "64K"), None);
    let message = "qcow2 with clusters of 64.0 KiB holds no disk of 2.0 PiB";
    assert_eq!(told(2 << 50, "64K"), Some((unsupported, message.into())));
    for size in [1 << 62, (1 << 63) + 1, u64::MAX] {
        assert_eq!(told(size, "2M").unwrap().0, unsupported);
    }
}

#[test]
fn a_layout_keeps_to_its_memory() {
    let settings = Settings::read(&options("zlib", "4K")).unwrap();
    let mut layout = Layout::new(Geometry::new(settings, 1 << 36).unwrap());
    let error = (0..1 << 24).find_map(|i| layout.push(i, Stored::Packed(1)).err());
    assert_eq!(
        error.unwrap().to_string(),
        "a list of the disk's data takes more than 32.0 MiB, which is all that is given to it"
    );
    let mut layout = Layout::new(layout.geometry);
    (0..1 << 24).for_each(|i| layout.push(i, Stored::Whole).unwrap());
}
