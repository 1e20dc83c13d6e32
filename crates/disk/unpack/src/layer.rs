//! What a stream is wrapped in, told by its first bytes.

use error::Result;
use sparse::SparseRead;

use crate::Limits;
use crate::archive::Archive;
use crate::bzip2::Bzip2;
use crate::gzip::Gzip;
use crate::lz4::{self, Lz4};
use crate::lzma::{self, Lzma};
use crate::lzop::{self, Lzop};
use crate::tar::Tar;
use crate::vma;
use crate::xz::Xz;
use crate::zip::Zip;
use crate::zstd::{self, SKIPPABLE, Zstd};

/// One layer around a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Compression: one stream in, one stream out.
    Compression(Compression),
    /// An archive: one stream in, members out.
    Archive(ArchiveKind),
    /// A backup of Proxmox VE: one stream in, disks out whose pieces lie between each other.
    Vma,
}

/// A compression this crate undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952, bgzip included.
    Gzip,
    /// The .xz format.
    Xz,
    /// RFC 8878.
    Zstd,
    /// bzip2, pbzip2 included.
    Bzip2,
    /// The LZ4 frame format, legacy frames included.
    Lz4,
    /// What lzop makes.
    Lzop,
    /// The .lzma format.
    Lzma,
    /// The .lz format.
    Lzip,
}

/// An archive this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    /// All the tars there are.
    Tar,
    /// PKWARE's ZIP.
    Zip,
}

/// Bytes from the start that [`sniff`] looks at.
pub const HEAD: usize = 512;

/// The layer that `head`, the first [`HEAD`] bytes of a stream (or all, if it is shorter), begins;
/// `None` when it is none of those that are read.
pub fn sniff(head: &[u8]) -> Option<Layer> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let compression = if starts(b"\x1f\x8b") {
        Some(Compression::Gzip)
    } else if starts(b"\xfd7zXZ\0") {
        Some(Compression::Xz)
    } else if starts(b"BZh") && matches!(head.get(3), Some(b'1'..=b'9')) {
        Some(Compression::Bzip2)
    } else if starts(lzop::MAGIC) {
        Some(Compression::Lzop)
    } else if starts(lzma::MAGIC) {
        Some(Compression::Lzip)
    } else {
        frames(head)
    };
    if let Some(compression) = compression {
        Some(Layer::Compression(compression))
    } else if vma::looks_like(head) {
        Some(Layer::Vma)
    } else if Zip::<&mut dyn SparseRead>::looks_like(head) {
        Some(Layer::Archive(ArchiveKind::Zip))
    } else if Tar::<&mut dyn SparseRead>::looks_like(head) {
        Some(Layer::Archive(ArchiveKind::Tar))
    } else if lzma::looks_like(head) {
        Some(Layer::Compression(Compression::Lzma))
    } else {
        None
    }
}

/// Tells the two formats that are made of frames with a magic number each, and may begin with
/// skippable ones, which they have in common (RFC 8878, section 3.1.2).
fn frames(head: &[u8]) -> Option<Compression> {
    let mut rest = head;
    loop {
        let skipped = rest.len() < head.len();
        let Some((magic, behind)) = rest.split_first_chunk() else {
            // What follows lies beyond the head; only zstd's own tools begin files like this.
            return skipped.then_some(Compression::Zstd);
        };
        match u32::from_le_bytes(*magic) {
            zstd::MAGIC => return Some(Compression::Zstd),
            lz4::MAGIC | lz4::LEGACY_MAGIC => return Some(Compression::Lz4),
            word if SKIPPABLE.contains(&word) => {
                let (size, content) = behind.split_first_chunk().unwrap_or((&[0; 4], &[]));
                let size = u32::from_le_bytes(*size) as usize;
                rest = content.get(size..).unwrap_or_default();
            }
            _ => return skipped.then_some(Compression::Zstd),
        }
    }
}

impl Layer {
    /// The layer's name, as people say it.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Compression(Compression::Gzip) => "gzip",
            Layer::Compression(Compression::Xz) => "xz",
            Layer::Compression(Compression::Zstd) => "zstd",
            Layer::Compression(Compression::Bzip2) => "bzip2",
            Layer::Compression(Compression::Lz4) => "lz4",
            Layer::Compression(Compression::Lzop) => "lzop",
            Layer::Compression(Compression::Lzma) => "lzma",
            Layer::Compression(Compression::Lzip) => "lzip",
            Layer::Archive(ArchiveKind::Tar) => "tar",
            Layer::Archive(ArchiveKind::Zip) => "zip",
            Layer::Vma => "VMA",
        }
    }
}

impl Compression {
    /// A decoder over `input`, which stands at the layer's first byte.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives a parallel decoder no threads; everything about the
    /// content shows when the decoder is read.
    pub fn decoder<'a, R: SparseRead + 'a>(
        self,
        input: R,
        limits: &Limits,
    ) -> Result<Box<dyn SparseRead + 'a>> {
        Ok(match self {
            Compression::Gzip => Box::new(Gzip::new(input, limits)),
            Compression::Xz => Box::new(Xz::new(input, limits)?),
            Compression::Zstd => Box::new(Zstd::new(input, limits)?),
            Compression::Bzip2 => Box::new(Bzip2::new(input, limits)?),
            Compression::Lz4 => Box::new(Lz4::new(input, limits)?),
            Compression::Lzop => Box::new(Lzop::new(input, limits)?),
            Compression::Lzma => Box::new(Lzma::alone(input, limits)?),
            Compression::Lzip => Box::new(Lzma::lzip(input, limits)?),
        })
    }
}

impl ArchiveKind {
    /// A reader over `input`, which stands at the archive's first byte: of a zip, the one that its own
    /// offsets call `offset` (see [`embedded`](crate::zip::embedded)).
    pub fn reader<'a, R: SparseRead + 'a>(
        self,
        offset: u64,
        input: R,
        limits: &Limits,
    ) -> Box<dyn Archive + 'a> {
        match self {
            ArchiveKind::Tar => Box::new(Tar::new(input, limits)),
            ArchiveKind::Zip => Box::new(Zip::at_offset(offset, input, limits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skippable(content: &[u8]) -> Vec<u8> {
        let len = (content.len() as u32).to_le_bytes();
        [b"\x5a\x2a\x4d\x18", len.as_slice(), content].concat()
    }

    fn told(head: &[&[u8]]) -> Option<Layer> {
        sniff(&head.concat())
    }

    #[test]
    fn layers_are_told_by_their_first_bytes() {
        let compressions: [(&[u8], Compression); 7] = [
            (b"\x1f\x8b\x08", Compression::Gzip),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
            (b"BZh1", Compression::Bzip2),
            (b"\x04\x22\x4d\x18", Compression::Lz4),
            (b"\x02\x21\x4c\x18", Compression::Lz4),
            (b"LZIP\x01", Compression::Lzip),
        ];
        for (magic, compression) in compressions {
            assert_eq!(told(&[magic]), Some(Layer::Compression(compression)));
        }
        let nothing: [&[u8]; 5] = [b"", b"BZh0", b"\x04\x22\x4d", b"\x5a\x2a\x4d", &[0; HEAD]];
        for head in nothing {
            assert_eq!(told(&[head]), None, "{head:?}");
        }
    }

    #[test]
    fn the_first_frame_with_content_tells_lz4_from_zstd() {
        let (lz4, zstd) = (
            Layer::Compression(Compression::Lz4),
            Layer::Compression(Compression::Zstd),
        );
        let (some, none) = (skippable(&[0; 100]), skippable(b""));
        assert_eq!(told(&[&some, b"\x04\x22\x4d\x18"]), Some(lz4));
        assert_eq!(told(&[&none, &some, b"\x02\x21\x4c\x18"]), Some(lz4));
        assert_eq!(told(&[&some, &none, b"\x28\xb5\x2f\xfd"]), Some(zstd));
        // Beyond the head, or nothing at all.
        assert_eq!(told(&[&skippable(&[0; HEAD])[..HEAD]]), Some(zstd));
        assert_eq!(told(&[b"\x5a\x2a\x4d\x18\xff\xff\xff\xff"]), Some(zstd));
        assert_eq!(told(&[b"\x5a\x2a\x4d\x18\xff"]), Some(zstd));
        assert_eq!(told(&[&some]), Some(zstd));
        assert_eq!(told(&[&some, b"else"]), Some(zstd));
    }
}
