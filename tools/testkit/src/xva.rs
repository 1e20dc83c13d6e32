//! XVAs, member by member.

mod bad;
mod xml;
mod xxhash;

use sha1::{Digest, Sha1};

pub use bad::{SIZE, hostile};
pub use xml::{object, ova_xml, ova_xml_of};
pub use xxhash::xxh64;

use crate::tar;

/// What chunks have in an export of the toolstack, in bytes.
pub const UNIT: usize = 1 << 20;

/// The checksum behind a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// A member `.checksum`: SHA-1.
    Sha1,
    /// A member `.xxhash`: XXH64.
    Xxh64,
    /// No such member.
    None,
}

/// A disk that goes into an XVA.
#[derive(Clone, Debug)]
pub struct Disk {
    /// What its members are called before the slash: `Ref:12`.
    pub reference: String,
    /// What is in it.
    pub content: Vec<u8>,
    /// Bytes of a chunk.
    pub unit: usize,
    /// The checksum its chunks have.
    pub sum: Sum,
    /// Numbers that become chunks without bytes, between others.
    pub keep_alives: Vec<u64>,
    /// Whether the last chunk is filled up with zeros.
    pub padded: bool,
}

impl Disk {
    /// A disk as the toolstack exports it today.
    pub fn new(reference: &str, content: Vec<u8>) -> Self {
        Disk {
            reference: reference.to_owned(),
            content,
            unit: UNIT,
            sum: Sum::Xxh64,
            keep_alives: Vec::new(),
            padded: false,
        }
    }

    /// Its members: chunks of nothing but zeros are left out, except for the first and the last.
    pub fn members(&self) -> Vec<u8> {
        let mut members = Vec::new();
        let last = self.content.len().div_ceil(self.unit).saturating_sub(1);
        let mut number = 0;
        for (i, chunk) in self.content.chunks(self.unit).enumerate() {
            while self.keep_alives.contains(&number) {
                members.extend(self.chunk(number, b""));
                number += 1;
            }
            if i == 0 || i == last || chunk.iter().any(|&byte| byte != 0) {
                let mut chunk = chunk.to_vec();
                if self.padded {
                    chunk.resize(self.unit, 0);
                }
                members.extend(self.chunk(number, &chunk));
            }
            number += 1;
        }
        members
    }

    fn chunk(&self, number: u64, data: &[u8]) -> Vec<u8> {
        chunk(&format!("{}/{number:08}", self.reference), data, self.sum)
    }
}

/// A chunk and its checksum.
pub fn chunk(name: &str, data: &[u8], sum: Sum) -> Vec<u8> {
    let mut members = tar::file(name, data);
    members.extend(match sum {
        Sum::Sha1 => tar::file(&format!("{name}.checksum"), sha1_digits(data).as_bytes()),
        Sum::Xxh64 => tar::file(&format!("{name}.xxhash"), xxh64_digits(data).as_bytes()),
        Sum::None => Vec::new(),
    });
    members
}

/// SHA-1 as exports write it.
pub fn sha1_digits(data: &[u8]) -> String {
    let sum = Sha1::digest(data);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// XXH64 as exports write it.
pub fn xxh64_digits(data: &[u8]) -> String {
    format!("{:016X}", xxh64(data))
}

/// A whole export: a guest `web01` with `disks`.
pub fn export(disks: &[Disk]) -> Vec<u8> {
    let sizes: Vec<_> = disks
        .iter()
        .map(|disk| (disk.reference.as_str(), disk.content.len() as u64))
        .collect();
    let mut parts = vec![tar::file("ova.xml", ova_xml("web01", &sizes).as_bytes())];
    parts.extend(disks.iter().map(Disk::members));
    tar::archive(&parts)
}
