//! Descriptors as different programs write them.

use std::sync::Arc;

use sparse::{DiskRead, Piece, SliceSource, SparseRead};

use super::super::stream::{Stream, is_stream};
use super::{Files, descriptor};
use crate::test_util::{by_qemu, content, patched, random, read, refusal};
use crate::{Format, Image, OpenOptions, decide};

/// What VMware writes first, and what other programs write instead.
const FIRST: [&str; 12] = [
    "# Disk DescriptorFile\n",
    "# Disk Descriptor File\n",
    "#Disk Descriptor File\n",
    "#Disk DescriptorFile\n",
    "# disk descriptorfile\n",
    "# Description file created by VMDK stream converter\n",
    "#\n# a tool's name\n# and more\n",
    "",
    "\n\n",
    " \t\n",
    "\u{feff}# Disk DescriptorFile\n",
    "\u{feff}",
];

/// Other ways to write the rest.
fn spelled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("as it is", text.to_owned()),
        ("CR LF", text.replace('\n', "\r\n")),
        ("CR", text.replace('\n', "\r")),
        ("spaces", text.replace('=', " = ").replace('\n', " \n  ")),
        (
            "tabs",
            text.replace('=', "\t=\t")
                .replace(" SPARSE", "\tSPARSE")
                .replace(" FLAT", "\tFLAT"),
        ),
        ("no version", text.replace("version=1\n", "")),
        ("no createType", text.replace("createType=", "ddb.x=")),
        (
            "capitals",
            text.replace("version", "VERSION")
                .replace("CID", "Cid")
                .replace("createType", "CREATETYPE"),
        ),
        ("small letters", text.to_ascii_lowercase()),
        (
            "quotes",
            text.replace("version=1", "version=\"1\"")
                .replace("CID=12345678", "CID=\"12345678\""),
        ),
        ("no quotes", text.replace("\"custom\"", "custom")),
        ("0x", text.replace("CID=12345678", "CID=0x12345678")),
        (
            "other keys",
            text.replace(
                "version=1",
                "version=1\nvendor.key=\"x y\"\nsidecars=\nencoding=\"windows-1252\"",
            ),
        ),
        ("twice", text.replace("version=1", "version=1\nversion=1")),
        ("NULs", format!("{text}\0\0\0\0RW 1 ODD\n")),
    ]
}

fn every_way(text: &str) -> Vec<(String, String)> {
    let bare = text.replace("# Disk DescriptorFile\n", "");
    let first = FIRST.map(|first| (format!("{first:?}"), format!("{first}{bare}")));
    let spelled = spelled(text)
        .into_iter()
        .map(|(what, text)| (what.to_owned(), text));
    first.into_iter().chain(spelled).collect()
}

#[test]
fn a_descriptor_alone_is_told_however_it_is_written() {
    let disk = random(3, 4096);
    let sparse = by_qemu(&disk, "vmdk", "", &[]);
    let flat = descriptor("RW 8 FLAT \"d-flat.vmdk\" 0");
    for (what, text) in every_way(&flat) {
        assert_eq!(decide(text.as_bytes(), None), Ok(Format::Vmdk), "{what}");
        let files = Files::with(&[("d.vmdk", text.as_bytes()), ("d-flat.vmdk", &disk)]);
        assert!(
            files
                .read()
                .unwrap_or_else(|error| panic!("{what}: {error}"))
                == disk,
            "{what}"
        );
    }
    for (what, text) in every_way(&descriptor("RW 8 SPARSE \"d-s001.vmdk\"")) {
        let files = Files::with(&[("d.vmdk", text.as_bytes()), ("d-s001.vmdk", &sparse)]);
        assert!(files.read().unwrap() == disk, "{what}");
    }
}

/// `file`, whose descriptor is `text` and nothing else.
fn described(file: &[u8], text: &[u8]) -> Vec<u8> {
    let mut field = vec![0; 20 * 512];
    field[..text.len()].copy_from_slice(text);
    patched(file, 512, &field)
}

/// The disk in `file` by its tables, and as it passes.
fn both(file: &[u8], what: &str) -> Vec<u8> {
    let by_tables =
        read(Format::Vmdk, file.to_vec()).unwrap_or_else(|error| panic!("{what}: {error}"));
    if is_stream(file) {
        let stream = Stream::new(SliceSource::new(file), 1);
        let stream = stream.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(passed(stream) == by_tables, "{what}");
    }
    by_tables
}

fn passed(mut stream: Stream<SliceSource<'_>>) -> Vec<u8> {
    let mut disk = vec![0; stream.size().unwrap() as usize];
    loop {
        let at = stream.offset().unwrap() as usize;
        let len = match stream.peek().unwrap() {
            Piece::Data(data) => {
                disk[at..at + data.len()].copy_from_slice(data);
                data.len()
            }
            Piece::Zeros(_) => panic!("grains are data"),
            Piece::End => return disk,
        };
        stream.consume(len as u64);
    }
}

#[test]
fn a_descriptor_inside_is_read_however_it_is_written() {
    let disk = random(3, 300 << 10);
    for options in ["", "subformat=streamOptimized"] {
        let file = by_qemu(&disk, "vmdk", options, &[]);
        for (what, text) in every_way(&descriptor("RW 600 SPARSE \"call-me-stream.vmdk\"")) {
            assert!(
                both(&described(&file, text.as_bytes()), &what) == disk,
                "{what}"
            );
        }
    }
}

#[test]
fn an_extent_without_a_descriptor_is_a_disk() {
    let disk = random(3, 300 << 10);
    for (options, variant) in [
        ("", "monolithicSparse"),
        ("subformat=streamOptimized", "streamOptimized"),
    ] {
        let file = by_qemu(&disk, "vmdk", options, &[]);
        let none = [
            ("empty", described(&file, b"")),
            ("no place", patched(&file, 28, &[0; 16])),
            ("no length", patched(&file, 36, &[0; 8])),
        ];
        for (what, file) in none {
            assert!(both(&file, what) == disk, "{options} {what}");
            let image = Image::open(Format::Vmdk, Arc::new(file), &OpenOptions::default()).unwrap();
            assert_eq!(image.about().variant, variant, "{what}");
        }
    }
    // As large as the full extents of a disk in several files.
    for sectors in [4_192_256u32, 4_194_304] {
        let file = by_qemu(&disk, "vmdk", "", &[]);
        let file = patched(&described(&file, b""), 12, &sectors.to_le_bytes());
        assert_eq!(
            refusal(Format::Vmdk, file),
            "has no descriptor: it is one of several extents of a disk"
        );
    }
}

#[test]
fn names_are_in_the_encoding_that_is_said() {
    let disk = random(3, 4096);
    let text = descriptor("encoding=\"GBK\"\nRW 8 FLAT \"NAME-flat.vmdk\" 0");
    let mut bytes = Vec::new();
    for (i, part) in text.split("NAME").enumerate() {
        bytes.extend_from_slice(if i == 0 { b"" } else { b"\xd6\xd0" });
        bytes.extend_from_slice(part.as_bytes());
    }
    assert_eq!(decide(&bytes, None), Ok(Format::Vmdk));
    let files = Files::with(&[("d.vmdk", &bytes), ("中-flat.vmdk", &disk)]);
    assert!(files.read().unwrap() == disk);
    let wide: Vec<u8> = format!("\u{feff}{}", descriptor("RW 8 FLAT \"f\" 0"))
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let files = Files::with(&[("d.vmdk", &wide), ("f", &disk)]);
    assert!(files.read().unwrap() == disk);
}

#[test]
fn keys_that_are_not_known_are_noted() {
    let keys: String = (0..20).map(|n| format!("vendor.key{n}=1\n")).collect();
    let text = descriptor(&format!("{keys}RW 8 ZERO"));
    let files = Files::with(&[("d.vmdk", text.as_bytes())]);
    let image = files.image("d.vmdk").unwrap();
    let expected: Vec<_> = (0..8).map(|n| format!("vendor.key{n}")).collect();
    assert_eq!(
        image.about().notes[1],
        ("unknown descriptor keys", expected.join(", "))
    );
    assert!(content(&mut files.image("d.vmdk").unwrap()).unwrap() == [0; 4096]);
}
