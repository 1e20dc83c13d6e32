//! What kernels and initrds say of themselves.
//!
//! Formats: Linux, Documentation/arch/x86/boot.rst (bzImage); System V ABI (ELF).

use std::io::Read;
use std::path::Path;

use error::{Error, Result};

use super::{Facts, NotKnown};

/// As much of a file as is looked at: the header of a bzImage and the beginning of what it unpacks.
const HEAD: u64 = 256 << 10;

/// A kernel in the host's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// Whether it is for 64-bit processors; `None` where its beginning does not say.
    pub is_64_bit: Option<bool>,
    /// How it is compressed: what a bzImage unpacks, or else the file as a whole.
    pub compression: Option<Compression>,
}

/// A way to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Lzo,
    Lz4,
    Zstd,
}

impl Compression {
    /// What the first bytes show.
    pub fn of(head: &[u8]) -> Option<Self> {
        let magics: [(&[u8], Compression); 8] = [
            (b"\x1f\x8b", Compression::Gzip),
            (b"BZh", Compression::Bzip2),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\x5d\0\0", Compression::Lzma),
            (b"\x89LZO", Compression::Lzo),
            (b"\x02\x21\x4c\x18", Compression::Lz4),
            (b"\x04\x22\x4d\x18", Compression::Lz4),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        ];
        let found = magics
            .into_iter()
            .find(|(magic, _)| head.starts_with(magic));
        found.map(|(_, compression)| compression)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Lzma => "lzma",
            Compression::Lzo => "lzo",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

impl Kernel {
    fn of(head: &[u8]) -> Self {
        bz_image(head).unwrap_or_else(|| Kernel {
            is_64_bit: elf_class(head),
            compression: Compression::of(head),
        })
    }
}

/// A number of `N` bytes, the lowest first.
fn number<const N: usize>(head: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; N] = head.get(at..at.checked_add(N)?)?.try_into().ok()?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
    )
}

fn elf_class(head: &[u8]) -> Option<bool> {
    match head.strip_prefix(b"\x7fELF")?.first()? {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

/// The header of a Linux kernel for x86, and the beginning of what it unpacks.
fn bz_image(head: &[u8]) -> Option<Kernel> {
    if head.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let version = number::<2>(head, 0x206)?;
    let payload = || {
        let setup = match number::<1>(head, 0x1f1)? {
            0 => 4,
            sectors => sectors,
        };
        let at = (setup + 1) * 512 + number::<4>(head, 0x248)?;
        head.get(at..)
    };
    // payload_offset came with protocol 2.08, xloadflags with 2.12: bit 0 is a 64-bit entry.
    let payload = if version >= 0x208 { payload() } else { None };
    let flags = if version >= 0x20c {
        number::<2>(head, 0x236)
    } else {
        None
    };
    Some(Kernel {
        is_64_bit: payload
            .and_then(elf_class)
            .or(flags.map(|flags| flags & 1 == 1)),
        compression: payload.and_then(Compression::of),
    })
}

impl Facts {
    /// What the kernel at `path` says of itself; `None` where it is not there, which is told elsewhere. It is missing where
    /// it cannot be read.
    pub(crate) fn kernel(&self, path: &Path) -> Option<Kernel> {
        Some(Kernel::of(&self.head(path, HEAD)?))
    }

    /// How the file at `path` is compressed, as far as its first bytes show; the rest as for [`Facts::kernel`].
    pub(crate) fn compression(&self, path: &Path) -> Option<Compression> {
        Compression::of(&self.head(path, HEAD)?)
    }

    /// The first bytes of the file at `path`, at most `length`; the rest as for [`Facts::kernel`]. Devices are not opened.
    pub(crate) fn head(&self, path: &Path, length: u64) -> Option<Vec<u8>> {
        if self.is_device(path) {
            return None;
        }
        let head = self.has(path).and_then(|is_there| {
            let files = self.host().files();
            let file = if is_there { files.open(path) } else { Ok(None) };
            let head = file.and_then(|file| file.map(|file| first(file, length, path)).transpose());
            head.map_err(|error| NotKnown::new("files", error.to_string()))
        });
        head.unwrap_or_else(|gap| {
            self.miss(gap);
            None
        })
    }
}

fn first(file: impl Read, length: u64, path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let read = file.take(length).read_to_end(&mut head);
    read.map_err(|cause| Error::io(format!("cannot read {}", path.display()), cause))?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(version: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 0x400 + 0x20];
        image[0x1f1] = 1;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x206..0x208].copy_from_slice(&version.to_le_bytes());
        image[0x236] = flags;
        image[0x248] = 0x20;
        image.extend(payload);
        image
    }

    #[test]
    fn kernels_say_their_class_and_their_compression() {
        let kernel = |head: &[u8]| {
            let kernel = Kernel::of(head);
            (kernel.is_64_bit, kernel.compression.map(Compression::name))
        };
        assert_eq!(
            kernel(&image(0x20f, 1, b"\x28\xb5\x2f\xfd")),
            (Some(true), Some("zstd"))
        );
        assert_eq!(
            kernel(&image(0x20f, 0, b"\x1f\x8b")),
            (Some(false), Some("gzip"))
        );
        assert_eq!(
            kernel(&image(0x209, 1, b"\x02\x21\x4c\x18")),
            (None, Some("lz4"))
        );
        assert_eq!(kernel(&image(0x204, 1, b"\x1f\x8b")), (None, None));
        assert_eq!(kernel(b"\x7fELF\x01"), (Some(false), None));
        assert_eq!(kernel(b"\x7fELF\x02"), (Some(true), None));
        assert_eq!(kernel(b"\x1f\x8b\x08"), (None, Some("gzip")));
        assert_eq!(kernel(b"placeholder"), (None, None));
        assert_eq!(kernel(b""), (None, None));
        let mut far = image(0x20f, 1, b"");
        far[0x248..0x24c].copy_from_slice(&[0xff; 4]);
        assert_eq!(kernel(&far), (Some(true), None));
    }
}
