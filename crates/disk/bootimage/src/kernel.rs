//! A kernel's file.

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{byte, holds, le16, le32};
use unpack::Limits;
use unpack::layer::{self, Compression, Layer};

use crate::elf::{self, Elf, Width, XenNotes};
use crate::section::Section;

/// Bytes from the start that tell the format.
const HEAD: usize = 4096;

/// Most bytes that a kernel may have unpacked. Distributions' have 40 to 80 MiB.
const UNPACKED: u64 = 1 << 30;

/// What a decoder may hold at least: Linux is packed by `zstd -22 --ultra`, which asks for a window of 128 MiB. As much of it
/// is used as there is code.
const WINDOW: u64 = 160 << 20;

/// How a kernel's file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Linux for x86 with its boot protocol (`Documentation/arch/x86/boot.rst`).
    BzImage,
    /// An ELF file, packed or not.
    Elf,
    /// An EFI program: Linux for other processors, a unified image.
    Efi,
    /// Linux for 64-bit ARM.
    Arm64,
    /// None of those.
    Unknown,
}

/// What a kernel's code is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed {
    /// It is not.
    Not,
    /// So.
    As(Compression),
    /// In a way that is not known.
    Unknown,
}

/// What a kernel's file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// How the file is made.
    pub format: Format,
    /// What its code is packed with.
    pub packed: Packed,
    /// Its release, `6.1.0-18-amd64` (bzImage, and only there); empty where it does not say.
    pub release: String,
    /// The bits it runs with; `None` where that is not known.
    pub width: Option<Width>,
    /// What it says to Xen; `None` where it says nothing. An error where its code could not be unpacked to look.
    pub xen: Result<Option<XenNotes>>,
}

impl Kernel {
    /// Reads a kernel. Its code is unpacked as far as its notes, within `limits`, but with at least 160 MiB.
    ///
    /// # Errors
    /// [`error::Kind::Io`], and [`error::Kind::Corrupt`] for a bzImage that is cut off; what is wrong in its packed code is
    /// [`Kernel::xen`]'s.
    pub fn read(file: &dyn BlockRead, limits: &Limits) -> Result<Self> {
        let mut head = vec![0; HEAD];
        let n = file.read_at(0, &mut head)?;
        head.truncate(n);
        if holds(&head, 0x202, b"HdrS") && holds(&head, 0x1FE, &[0x55, 0xAA]) {
            return bz_image(file, &head, limits);
        }
        let size = file.size().unwrap_or(u64::MAX);
        if elf::looks_like(&head) || layer(&head).is_some() {
            return Ok(code(file, 0..size, limits, Format::Elf));
        }
        let format = if holds(&head, 56, b"ARM\x64") {
            Format::Arm64
        } else if holds(&head, 0, b"MZ") {
            Format::Efi
        } else {
            Format::Unknown
        };
        Ok(Kernel {
            format,
            packed: Packed::Unknown,
            release: String::new(),
            width: None,
            xen: Ok(None),
        })
    }

    /// Whether Xen can start it as a PV guest; `None` where that is not known.
    pub fn starts_pv(&self) -> Option<bool> {
        self.says(|notes| notes.starts_pv)
    }

    /// Whether Xen can start it as a PVH guest; `None` where that is not known.
    pub fn starts_pvh(&self) -> Option<bool> {
        self.says(|notes| notes.starts_pvh)
    }

    fn says(&self, what: impl Fn(&XenNotes) -> bool) -> Option<bool> {
        let known = self.format != Format::Unknown && self.width.is_some();
        let notes = self.xen.as_ref().ok().filter(|_| known)?;
        Some(notes.as_ref().is_some_and(what))
    }
}

fn layer(head: &[u8]) -> Option<Compression> {
    match layer::sniff(head) {
        Some(Layer::Compression(compression)) => Some(compression),
        _ => None,
    }
}

fn bz_image(file: &dyn BlockRead, head: &[u8], limits: &Limits) -> Result<Kernel> {
    let setup = match byte(head, 0x1F1) {
        0 => 4,
        sectors => u64::from(sectors),
    };
    let code_start = (setup + 1) * 512;
    let protocol = le16(head, 0x206);
    let (offset, len) = match protocol {
        0x208.. => (le32(head, 0x248).into(), le32(head, 0x24C).into()),
        _ => (0u64, 0u64),
    };
    let mut kernel = Kernel {
        format: Format::BzImage,
        packed: Packed::Unknown,
        release: String::new(),
        width: None,
        xen: Err(Error::unsupported(
            "a kernel of before Linux 2.6.26, whose code cannot be found in its file",
        )),
    };
    if len > 0 {
        let start = code_start + offset;
        if file.size().is_some_and(|size| start + len > size) {
            return Err(Error::corrupt(format!(
                "the kernel's code goes up to byte {}, its file has {}",
                start + len,
                file.size().unwrap_or_default()
            )));
        }
        kernel = code(file, start..start + len, limits, Format::BzImage);
    }
    kernel.release = release(file, head)?;
    // The ELF inside tells better where it could be read.
    if kernel.width.is_none() && protocol >= 0x20C {
        let is_64 = le16(head, 0x236) & 1 != 0;
        kernel.width = Some(if is_64 { Width::Bits64 } else { Width::Bits32 });
    }
    Ok(kernel)
}

/// The first word of the text that `kernel_version` points to.
fn release(file: &dyn BlockRead, head: &[u8]) -> Result<String> {
    let pointer = u64::from(le16(head, 0x20E));
    if pointer == 0 {
        return Ok(String::new());
    }
    let mut text = vec![0; 128];
    let n = file.read_at(pointer + 0x200, &mut text)?;
    let end = text[..n].iter().position(|byte| !byte.is_ascii_graphic());
    Ok(String::from_utf8_lossy(&text[..end.unwrap_or(n)]).into_owned())
}

/// What the code in `range` is.
fn code(
    file: &dyn BlockRead,
    range: std::ops::Range<u64>,
    limits: &Limits,
    format: Format,
) -> Kernel {
    let mut packed = Packed::Unknown;
    let elf = unpacked(file, range, limits, &mut packed);
    let (width, xen) = match elf {
        Ok(Some(elf)) => (Some(elf.width), Ok(elf.xen.filter(|_| elf.is_x86))),
        Ok(None) => (None, Ok(None)),
        Err(error) => (None, Err(error)),
    };
    let is_elf = width.is_some() || format == Format::BzImage;
    Kernel {
        format: if is_elf { format } else { Format::Unknown },
        packed,
        release: String::new(),
        width,
        xen,
    }
}

fn unpacked(
    file: &dyn BlockRead,
    range: std::ops::Range<u64>,
    limits: &Limits,
    packed: &mut Packed,
) -> Result<Option<Elf>> {
    let mut head = vec![0; layer::HEAD];
    let n = file.read_at(range.start, &mut head)?;
    head.truncate(n);
    let mut section = Section::new(file, range);
    if elf::looks_like(&head) {
        *packed = Packed::Not;
        return elf::read(&mut section);
    }
    let Some(compression) = layer(&head) else {
        return Err(Error::unsupported(
            "the kernel's code is packed in a way that is not known",
        ));
    };
    *packed = Packed::As(compression);
    let limits = Limits {
        threads: 1,
        memory: limits.memory.max(WINDOW),
        xz_memory: limits.xz_memory.max(WINDOW),
        output: limits.output.min(UNPACKED),
    };
    let mut decoder = compression.decoder(section, &limits)?;
    elf::read(&mut decoder)
}

#[cfg(test)]
mod tests;
