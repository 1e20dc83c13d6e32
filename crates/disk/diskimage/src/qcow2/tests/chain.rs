//! Images on top of others, and files that are elsewhere.

use std::path::PathBuf;

use sparse::BlockRead;

use super::*;
use crate::{Directory, Reference};

/// Opens whatever is in a directory.
struct Here(PathBuf);

impl Directory for Here {
    fn open(&self, name: &str) -> error::Result<Arc<dyn BlockRead>> {
        let bytes = std::fs::read(self.0.join(name));
        Ok(Arc::new(bytes.map_err(|cause| {
            error::Error::io("cannot be opened", cause)
        })?))
    }
}

fn open(room: &Room, image: Vec<u8>) -> error::Result<Image> {
    let how = OpenOptions {
        access: FileAccess::none().with_images_below(Arc::new(Here(room.0.path().into()))),
        ..OpenOptions::default()
    };
    Image::open(Format::Qcow, Arc::new(image), &how)
}

/// A raw disk of 256 KiB under two images, of 512 KiB and of 1 MiB.
fn chain(options: &str) -> Room {
    let room = Room::new();
    std::fs::write(room.path("base"), crate::test_util::random(5, 256 << 10)).unwrap();
    let base = room.path("base");
    room.create("middle", options, &["-b", &base, "-F", "raw", "512k"]);
    let middle = room.path("middle");
    room.qemu_io(
        "middle",
        &["write -P 3 100k 200k".into(), "write -z 0 7k".into()],
    );
    room.create("top", options, &["-b", &middle, "-F", "qcow2", "1M"]);
    let writes = [
        "write -P 4 290k 3k",
        "write -z 192k 64k",
        "write -P 5 900k 64k",
    ];
    room.qemu_io("top", &writes.map(String::from));
    room
}

#[test]
fn a_chain_is_read_where_the_person_says() {
    for options in [
        "cluster_size=64k",
        "cluster_size=512",
        "extended_l2=on",
        "compat=0.10",
    ] {
        let room = chain(options);
        let mut image = open(&room, room.bytes("top")).unwrap();
        assert_eq!(image.files().len(), 3);
        assert!(
            content(&mut image).unwrap() == room.by_qemu("top"),
            "{options}"
        );
        // Before there was a way to say in which format the backing file is.
        let untold = without_format(room.bytes("top"));
        let mut image = open(&room, untold).unwrap();
        assert!(
            content(&mut image).unwrap() == room.by_qemu("top"),
            "{options}"
        );
    }
}

#[test]
fn a_snapshot_of_the_top_lies_on_the_base_as_it_is() {
    let room = chain("cluster_size=64k");
    qemu_img(&["snapshot", "-c", "one", &room.path("top")]);
    let before = room.by_qemu("top");
    room.qemu_io("top", &["write -P 6 0 1M".into()]);
    let how = OpenOptions {
        access: FileAccess::none().with_images_below(Arc::new(Here(room.0.path().into()))),
        snapshot: Some("one".into()),
        ..OpenOptions::default()
    };
    let mut image = Image::open(Format::Qcow, Arc::new(room.bytes("top")), &how).unwrap();
    assert!(content(&mut image).unwrap() == before);
}

#[test]
fn a_backing_file_is_refused_unless_it_is_asked_for() {
    let room = chain("cluster_size=64k");
    let middle = room.path("middle");
    let error = read(Format::Qcow, room.bytes("top")).unwrap_err();
    assert_eq!(
        advised(&error),
        format!("error: needs its backing file {middle:?}\nadvice: AllowBacking")
    );
    let mut image = look(room.bytes("top")).unwrap();
    let what = "backing file";
    assert_eq!(image.about().refers, [Reference { what, name: middle }]);
    assert_eq!(image.about().notes, [("backing format", "qcow2".into())]);
    let disk = content(&mut image).unwrap();
    assert_eq!(
        disk[900 << 10..964 << 10],
        [5; 64 << 10],
        "what it says itself"
    );
    assert_eq!(disk[..64 << 10], [0; 64 << 10], "what the one below says");
}

#[test]
fn protocols_are_only_names() {
    for name in ["nbd://localhost/x", "json:{\"driver\":\"host_device\"}"] {
        let image = with_backing(name);
        let error = read(Format::Qcow, image.clone()).unwrap_err();
        assert_eq!(error.message(), format!("needs its backing file {name:?}"));
        let room = Room::new();
        let error = open(&room, image).unwrap_err();
        assert_eq!(error.to_string(), "cannot be opened");
    }
}

#[test]
fn the_format_below_must_be_the_one_that_was_declared() {
    let room = chain("cluster_size=64k");
    let told = |image| open(&room, image).unwrap_err().to_string();
    let middle = room.path("middle");
    let top = room.bytes("top");
    assert_eq!(
        told(declared(&top, b"raw\0\0")),
        format!("backing file {middle:?}: is declared raw, its content is qcow2")
    );
    assert_eq!(
        told(declared(&top, b"luks\0")),
        "says that its backing file is in the format \"luks\", which is not read here"
    );
    std::fs::write(room.path("middle"), vec![0; 4096]).unwrap();
    assert_eq!(
        told(top),
        format!("backing file {middle:?}: is declared qcow2, its content is raw")
    );
}

#[test]
fn a_backing_file_below_itself_ends() {
    let room = Room::new();
    std::fs::write(room.path("self"), with_backing("self")).unwrap();
    let error = open(&room, room.bytes("self")).unwrap_err();
    assert_eq!(error.message(), "is based on more than 16 other images");
}

#[test]
fn an_external_data_file_is_always_refused() {
    let room = Room::new();
    let data = format!("data_file={}", room.path("data"));
    room.create("image", &data, &["1M"]);
    let image = room.bytes("image");
    let error = open(&room, image.clone()).unwrap_err();
    assert_eq!(
        error.to_text(),
        format!(
            "error: keeps its data in another file, {:?}\nhint: where the image can be trusted, make one file of it first: qemu-img convert -O qcow2",
            room.path("data")
        )
    );
    let mut image = look(image).unwrap();
    assert_eq!(image.size(), 1 << 20);
    let (what, name) = ("data file", room.path("data"));
    assert_eq!(image.about().refers, [Reference { what, name }]);
    assert_eq!(image.lookup(0).unwrap_err(), error);
}

/// An empty disk with this backing file and no word about its format.
fn with_backing(name: &str) -> Vec<u8> {
    let mut image = sample::sample(12, false);
    let at = 2048u64;
    image[8..16].copy_from_slice(&at.to_be_bytes());
    image[16..20].copy_from_slice(&(name.len() as u32).to_be_bytes());
    image[2048..2048 + name.len()].copy_from_slice(name.as_bytes());
    image
}

/// Where the header extension with the backing file's format begins.
fn format_extension(image: &[u8]) -> usize {
    let kind = 0xe279_2acau32.to_be_bytes();
    image.windows(4).position(|window| window == kind).unwrap()
}

fn without_format(mut image: Vec<u8>) -> Vec<u8> {
    let at = format_extension(&image);
    image[at..at + 4].copy_from_slice(b"none");
    image
}

fn declared(image: &[u8], format: &[u8; 5]) -> Vec<u8> {
    let mut image = image.to_vec();
    let at = format_extension(&image);
    image[at + 8..at + 13].copy_from_slice(format);
    image
}
