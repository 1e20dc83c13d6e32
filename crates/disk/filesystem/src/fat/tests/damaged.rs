use sparse::fields::le16;

use super::*;
use crate::damage;

/// An image of 16 bits, and what is in it.
struct Sample {
    bytes: Vec<u8>,
    fat: Fat,
}

impl Sample {
    fn new() -> Self {
        let (_directory, path) = image("16000", &["-F", "16", "-s", "1"]);
        Self::of(std::fs::read(&path).unwrap())
    }

    fn of(bytes: Vec<u8>) -> Self {
        let fat = Fat::open(Arc::new(bytes.clone())).unwrap().unwrap();
        Sample { bytes, fat }
    }

    /// The place of the short entry that starts with `name`.
    fn place(&self, name: &[u8]) -> usize {
        let chunks = self.bytes.chunks_exact(ENTRY);
        let found = chunks
            .enumerate()
            .find(|(_, entry)| entry.starts_with(name));
        found.unwrap().0 * ENTRY
    }

    /// The first cluster of that entry's file.
    fn first(&self, name: &[u8]) -> usize {
        usize::from(le16(&self.bytes, self.place(name) + 26))
    }

    /// Puts `next` after `cluster` in the table.
    fn link(&mut self, cluster: usize, next: u16) {
        let at = self.fat.geometry.table as usize + cluster * 2;
        self.bytes[at..at + 2].copy_from_slice(&next.to_le_bytes());
    }

    fn error(&self, read: &[u8]) -> String {
        let tree = tree(self.bytes.clone());
        let result = tree.read(read, 1 << 23).and_then(|_| tree.list(read));
        let error = result.unwrap_err();
        assert_eq!(error.kind(), error::Kind::Corrupt);
        error.message().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let names = tree(self.bytes.clone()).list(b"/").unwrap().unwrap();
        let names = names
            .into_iter()
            .map(|name| String::from_utf8(name).unwrap());
        names.collect()
    }
}

const KERNEL: &[u8] = b"VMLINU~1";
const MANY: &[u8] = b"MANY    ";

#[test]
fn chains_that_are_not_whole_are_corrupt() {
    let mut sample = Sample::new();
    let first = sample.first(KERNEL);
    let in_chain =
        |what: &str| format!("cluster {first} is in a chain, and the table says that it is {what}");
    for (next, message) in [
        (0, in_chain("not in use")),
        (0xFFF7, in_chain("bad")),
        (0xFFFF, "its chain ends after 1 of 1368 clusters".into()),
        (first as u16, format!("cluster {first} is in a chain twice")),
        (
            0xFFF0,
            "cluster 268435440 does not exist; there are 31719 from 2 on".into(),
        ),
    ] {
        sample.link(first, next);
        assert_eq!(sample.error(b"/vmlinuz-6.1.0"), message);
    }
}

#[test]
fn a_directory_that_does_not_end_is_corrupt() {
    let mut sample = Sample::new();
    let first = sample.first(MANY);
    sample.link(first + 3, first as u16 + 1);
    let message = format!("cluster {} is in a chain twice", first + 1);
    assert_eq!(sample.error(b"/many"), message);
}

#[test]
fn a_file_that_is_larger_than_the_volume_is_corrupt() {
    let mut sample = Sample::new();
    let size = sample.place(KERNEL) + 28;
    sample.bytes[size..size + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let tree = tree(sample.bytes);
    let error = tree.open(b"/vmlinuz-6.1.0").err().unwrap();
    let message = "a file of 8388608 clusters; there are 31719";
    assert_eq!(error.message(), message);
}

#[test]
fn a_long_name_that_is_not_whole_is_not_taken() {
    let sample = Sample::new();
    let place = sample.place(KERNEL);
    // The order of its only part, its checksum, and a character of its short name.
    for at in [place - 32, place - 32 + 13, place + 7] {
        let mut sample = Sample::of(sample.bytes.clone());
        sample.bytes[at] ^= 2;
        let names = sample.names();
        assert!(!names.contains(&"vmlinuz-6.1.0".into()), "{names:?}");
        assert!(
            names.iter().any(|name| name.starts_with("VMLINU~")),
            "{names:?}"
        );
    }
}

#[test]
fn short_names_have_the_characters_and_the_case_of_their_time() {
    let mut sample = Sample::new();
    let place = sample.place(MANY);
    for (name, lower, expected) in [
        (b"\x9ABER\x84   TXT", 0, "ÜBERä.TXT"),
        (b"\x9ABER    TXT", 0x08, "über.TXT"),
        (b"GRUB    CFG", 0x10, "GRUB.cfg"),
        (b"GRUB    CFG", 0x18, "grub.cfg"),
        (b"\x05A      B  ", 0, "σA.B"),
        (b"A B        ", 0, "A B"),
    ] {
        sample.bytes[place..place + 11].copy_from_slice(name);
        sample.bytes[place + 12] = lower;
        let names = sample.names();
        assert!(
            names.contains(&expected.to_owned()),
            "{expected}: {names:?}"
        );
    }
}

#[test]
fn a_long_name_has_characters_of_two_units() {
    let mut sample = Sample::new();
    let part = sample.place(KERNEL) - 32;
    let unit = |bytes: &mut Vec<u8>, at: usize, unit: u16| {
        bytes[part + at..part + at + 2].copy_from_slice(&unit.to_le_bytes());
    };
    unit(&mut sample.bytes, 1, 0xD834);
    unit(&mut sample.bytes, 3, 0xDD1E);
    assert!(sample.names().contains(&"𝄞linuz-6.1.0".into()));
    // Half of one.
    unit(&mut sample.bytes, 1, 0x61);
    assert!(sample.names().contains(&"a\u{FFFD}linuz-6.1.0".into()));
}

#[test]
fn a_name_with_a_slash_is_corrupt() {
    let mut sample = Sample::new();
    let place = sample.place(MANY);
    sample.bytes[place] = b'/';
    assert_eq!(sample.error(b"/"), "invalid name '/any'");
}

#[test]
fn boot_sectors_that_contradict_themselves_are_corrupt() {
    let sample = Sample::new();
    let error = |changes: &[(usize, u8)]| {
        let mut bytes = sample.bytes.clone();
        for (at, byte) in changes {
            bytes[*at] = *byte;
        }
        let error = Fat::open(Arc::new(bytes)).err().unwrap();
        error.message().to_owned()
    };
    let text = "boot sector: the clusters start at byte 143872, and the volume has 51200";
    assert_eq!(error(&[(19, 100), (20, 0)]), text);
    let text = error(&[(19, 0), (20, 0), (34, 0x7F)]);
    assert!(text.ends_with("clusters; the most is 65524"), "{text}");
}

#[test]
fn damage_is_survived() {
    let open: damage::Open = |volume| {
        let fat = Fat::open(volume)?;
        Ok(fat.map(|fat| Arc::new(fat) as Arc<dyn FileSystem>))
    };
    for (size, arguments) in [
        ("1440", ["-F", "12"]),
        ("16000", ["-F", "16"]),
        ("40000", ["-F", "32"]),
    ] {
        let (_directory, path) = image(size, &arguments);
        damage::survive(std::fs::read(&path).unwrap(), open);
    }
}
