//! What a stream is wrapped in, told by its first bytes.

use extent::SparseRead;
use report::{Error, Result};

use crate::Limits;
use crate::archive::Archive;
use crate::bzip2::Bzip2;
use crate::gzip::{Engine, Gzip};
use crate::lz4::Lz4;
use crate::tar::Tar;
use crate::xz::Xz;
use crate::zip::Zip;
use crate::zstd::Zstd;

/// One layer around a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Compression: one stream in, one stream out.
    Compression(Compression),
    /// An archive: one stream in, members out.
    Archive(ArchiveKind),
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

/// Formats that are recognised in order to be refused by name; (offset, magic number, name, hint).
const BEYOND: [(usize, &[u8], &str, &str); 9] = [
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip archive", "7z x -so FILE MEMBER | innkeeper import - …"),
    (0, b"Rar!\x1a\x07", "RAR archive", "unrar p -inul FILE MEMBER | innkeeper import - …"),
    (0, b"LZIP", "lzip file", "lzip -dc FILE | innkeeper import - …"),
    (0, b"\x89LZO\0\r\n\x1a\n", "lzop file", "lzop -dc FILE | innkeeper import - …"),
    (0, b"\x1f\x9d", "file from compress (.Z)", "gzip -dc FILE | innkeeper import - …"),
    (0, b"\x1f\xa0", "file from compress -H (.Z)", "gzip -dc FILE | innkeeper import - …"),
    (0, b"070701", "cpio archive", "cpio -i --to-stdout MEMBER <FILE | innkeeper import - …"),
    (0, b"070702", "cpio archive", "cpio -i --to-stdout MEMBER <FILE | innkeeper import - …"),
    (0, b"070707", "cpio archive", "cpio -i --to-stdout MEMBER <FILE | innkeeper import - …"),
];

/// The layer that `head`, the first [`HEAD`] bytes of a stream (or all, if it is shorter), begins;
/// `None` when it is none of those known.
///
/// # Errors
/// [`report::Kind::Unsupported`] for a layer that is known by name only.
pub fn sniff(head: &[u8]) -> Result<Option<Layer>> {
    for (offset, magic, name, hint) in BEYOND {
        if head.get(offset..).is_some_and(|at| at.starts_with(magic)) {
            return Err(Error::unsupported(format!("is a {name}, which is not read here")).hint(hint));
        }
    }
    let starts = |magic: &[u8]| head.starts_with(magic);
    let skippable = head.len() >= 4 && head[0] & 0xf0 == 0x50 && starts(&[head[0], 0x2a, 0x4d, 0x18]);
    let compression = if starts(b"\x1f\x8b") {
        Some(Compression::Gzip)
    } else if starts(b"\xfd7zXZ\0") {
        Some(Compression::Xz)
    } else if starts(b"\x28\xb5\x2f\xfd") || skippable {
        Some(Compression::Zstd)
    } else if starts(b"BZh") && matches!(head.get(3), Some(b'1'..=b'9')) {
        Some(Compression::Bzip2)
    } else if starts(b"\x04\x22\x4d\x18") || starts(b"\x02\x21\x4c\x18") {
        Some(Compression::Lz4)
    } else {
        None
    };
    Ok(if let Some(compression) = compression {
        Some(Layer::Compression(compression))
    } else if Zip::<&mut dyn SparseRead>::looks_like(head) {
        Some(Layer::Archive(ArchiveKind::Zip))
    } else if Tar::<&mut dyn SparseRead>::looks_like(head) {
        Some(Layer::Archive(ArchiveKind::Tar))
    } else {
        None
    })
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
            Layer::Archive(ArchiveKind::Tar) => "tar",
            Layer::Archive(ArchiveKind::Zip) => "zip",
        }
    }
}

impl Compression {
    /// A decoder over `input`, which stands at the layer's first byte.
    ///
    /// # Errors
    /// [`report::Kind::Io`] when the system gives a parallel decoder no threads; everything about the
    /// content shows when the decoder is read.
    pub fn decoder<'a, R: SparseRead + 'a>(
        self,
        input: R,
        limits: &Limits,
        engine: Engine,
    ) -> Result<Box<dyn SparseRead + 'a>> {
        Ok(match self {
            Compression::Gzip => Box::new(Gzip::with_engine(input, limits, engine)),
            Compression::Xz => Box::new(Xz::new(input, limits)?),
            Compression::Zstd => Box::new(Zstd::new(input, limits)?),
            Compression::Bzip2 => Box::new(Bzip2::new(input, limits)?),
            Compression::Lz4 => Box::new(Lz4::new(input, limits)?),
        })
    }
}

impl ArchiveKind {
    /// A reader over `input`, which stands at the archive's first byte.
    pub fn reader<'a, R: SparseRead + 'a>(self, input: R, limits: &Limits) -> Box<dyn Archive + 'a> {
        match self {
            ArchiveKind::Tar => Box::new(Tar::new(input, limits)),
            ArchiveKind::Zip => Box::new(Zip::new(input, limits)),
        }
    }
}
