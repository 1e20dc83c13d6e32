//! A disk in several files, for a caller that has them one after another and not side by side.

use std::collections::HashSet;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::descriptor::{Descriptor, Kind};
use super::footer;
use super::header::{Header, LEN, SECTOR};
use super::row::Row;
use crate::about::About;
use crate::fields::{le64, read_exact};
use crate::file_access::shown;
use crate::layer::Layer;

/// What a descriptor in a file of its own says about the files that make its disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The disk's size in bytes.
    pub size: u64,
    /// The variant: `monolithicFlat`, `twoGbMaxExtentSparse`.
    pub variant: String,
    /// The files, in the order of the disk. What none of them holds reads as zeros.
    pub files: Vec<Part>,
}

/// One file of such a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, which is a plain name: the file is beside the descriptor.
    pub name: String,
    /// Where in the disk it begins, in bytes.
    pub start: u64,
    /// Bytes of the disk that it holds.
    pub len: u64,
    /// How it holds them.
    pub kind: PartKind,
}

/// How a file holds its part of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Byte for byte, from this byte of the file on.
    Flat {
        /// Where the part begins in the file, in bytes.
        offset: u64,
    },
    /// As a sparse extent.
    Sparse,
}

impl Parts {
    /// Bytes that a descriptor may have.
    pub const DESCRIPTOR: usize = super::DESCRIPTOR;

    /// Reads the descriptor in `text`.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for names that are more than names, for lines that no known program writes,
    /// and for a disk that is on top of another image; [`error::Kind::Unsupported`] and
    /// [`error::Kind::Corrupt`] for whatever else is wrong with it.
    pub fn read(text: &[u8]) -> Result<Self> {
        if text.len() > Self::DESCRIPTOR {
            return Err(super::too_long());
        }
        let descriptor = Descriptor::parse(text)?;
        super::alone(&descriptor)?;
        let mut parts = Parts {
            size: 0,
            variant: descriptor.create_type,
            files: Vec::new(),
        };
        for extent in descriptor.extents {
            let len = extent.sectors.checked_mul(SECTOR);
            let end = len.and_then(|len| parts.size.checked_add(len));
            let (Some(len), Some(end)) = (len, end.filter(|&end| end <= i64::MAX as u64)) else {
                return Err(super::row::too_large());
            };
            if let Some((name, kind)) = file(extent.kind)? {
                parts.files.push(Part {
                    name,
                    start: parts.size,
                    len,
                    kind,
                });
            }
            parts.size = end;
        }
        parts.are_different()?;
        Ok(parts)
    }

    fn are_different(&self) -> Result<()> {
        let mut names = HashSet::new();
        match self.files.iter().find(|part| !names.insert(&part.name)) {
            None => Ok(()),
            Some(twice) => Err(Error::unsupported(format!(
                "names {:?} as two extents, which is read only where both files are side by side",
                shown(&twice.name)
            ))
            .hint("unpack the archive and give the descriptor's path")),
        }
    }
}

fn file(kind: Kind) -> Result<Option<(String, PartKind)>> {
    Ok(match kind {
        Kind::Zero => None,
        Kind::Sparse { name } => Some((name, PartKind::Sparse)),
        Kind::Flat { name, sector } => match sector.checked_mul(SECTOR) {
            Some(offset) => Some((name, PartKind::Flat { offset })),
            None => {
                return Err(Error::corrupt(format!(
                    "has an extent at sector {sector} of {:?}, which no file reaches",
                    shown(&name)
                )));
            }
        },
    })
}

/// Whether `head`, the first bytes of a file, begins a sparse extent without a descriptor, which is mostly a part
/// of a disk. QEMU leaves room for a descriptor there, and writes none: 1 KiB shows that.
pub fn is_part(head: &[u8]) -> bool {
    if !head.starts_with(b"KDMV") || head.len() < LEN || super::is_stream(head) {
        return false;
    }
    let at = le64(head, 28).checked_mul(SECTOR);
    match at.and_then(|at| usize::try_from(at).ok()) {
        Some(0) => true,
        Some(at) => head.get(at) == Some(&0),
        None => false,
    }
}

/// Opens `file`, a sparse extent that holds `len` bytes of a disk, as if it were a disk of that size.
pub(crate) fn open_part(file: Arc<dyn BlockRead>, len: u64) -> Result<Layer> {
    file.will_need(std::slice::from_ref(&(0..64 << 10)));
    let mut head = [0; LEN];
    read_exact(&*file, 0, &mut head, "header")?;
    let mut header = Header::parse(&head)?;
    header.holds(len / SECTOR)?;
    if header.directory.is_none() {
        header = footer::find(&*file, &header)?;
    }
    let about = About {
        unit: Some(header.grain_bytes()),
        ..About::default()
    };
    Ok(Row::of_one(header, file, len)?.into_layer(about))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(extents: &str) -> Result<Parts> {
        let text = format!(
            "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"custom\"\n{extents}\n"
        );
        Parts::read(text.as_bytes())
    }

    fn told(extents: &str) -> String {
        read(extents).unwrap_err().to_string()
    }

    #[test]
    fn extents_lie_one_behind_the_other() {
        let parts =
            read("RW 4 SPARSE \"a\"\nRW 2 ZERO\nRW 8 FLAT \"b\" 16\nRW 1 FLAT \"c\" 0").unwrap();
        let part = |name: &str, start, len, kind| Part {
            name: name.into(),
            start,
            len,
            kind,
        };
        assert_eq!(
            parts,
            Parts {
                size: 15 * 512,
                variant: "custom".into(),
                files: vec![
                    part("a", 0, 2048, PartKind::Sparse),
                    part("b", 3072, 4096, PartKind::Flat { offset: 8192 }),
                    part("c", 7168, 512, PartKind::Flat { offset: 0 }),
                ],
            }
        );
        assert!(read("RW 8 ZERO").unwrap().files.is_empty());
    }

    #[test]
    fn hostile_descriptors_are_refused() {
        assert_eq!(
            told("RW 4 FLAT \"../a\" 0"),
            "names \"../a\" as an extent, which is not a plain file name beside it"
        );
        assert_eq!(
            told("RW 4 FLAT \"a\" 0\nRW 4 FLAT \"a\" 4"),
            "names \"a\" as two extents, which is read only where both files are side by side"
        );
        let most = u64::MAX;
        let large = "has a descriptor whose extents are more than 2^63 bytes";
        assert_eq!(told(&format!("RW {most} FLAT \"a\" 0")), large);
        let half = i64::MAX / 512;
        assert_eq!(
            told(&format!("RW {half} ZERO\nRW {half} FLAT \"a\" 0")),
            large
        );
        assert_eq!(
            told(&format!("RW 4 FLAT \"a\" {most}")),
            format!("has an extent at sector {most} of \"a\", which no file reaches")
        );
        let long = vec![b'#'; Parts::DESCRIPTOR + 1];
        assert_eq!(
            Parts::read(&long).unwrap_err().to_string(),
            "is a descriptor of more than 1048576 bytes"
        );
    }

    #[test]
    fn a_part_shows_in_its_head() {
        let mut head = vec![0; 512];
        head[..4].copy_from_slice(b"KDMV");
        assert!(is_part(&head));
        head[28] = 1;
        assert!(!is_part(&head) && !is_part(b"KDMV") && !is_part(b""));
        head.resize(1024, 0);
        assert!(is_part(&head), "an empty descriptor");
        head[512] = b'#';
        assert!(!is_part(&head));
        head[28..36].fill(0xff);
        assert!(!is_part(&head));
        head.truncate(512);
        head[28..36].fill(0);
        assert!(is_part(&head));
        head[10] = 3;
        assert!(!is_part(&head), "a stream is no part");
    }
}
