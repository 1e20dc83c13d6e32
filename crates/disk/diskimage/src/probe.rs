//! Telling a format by its magic numbers.

use error::{Error, Result};
use sparse::BlockRead;

use crate::Format;

/// How many bytes from the start [`probe`] looks at.
pub const HEAD: usize = 512;

/// How many bytes before the end [`probe_end`] looks at.
pub const END: usize = 512;

/// A format's magic number and where it stands.
struct Magic {
    offset: usize,
    bytes: &'static [u8],
    format: Format,
}

const fn magic(offset: usize, bytes: &'static [u8], format: Format) -> Magic {
    Magic {
        offset,
        bytes,
        format,
    }
}

/// From each format's own specification or header file: QEMU's docs/interop, VMware's "Virtual Disk
/// Format 5.0", VirtualBox's VDICore.h, Microsoft's VHD and VHDX (MS-VHDX) specifications,
/// Android's sparse_format.h.
const MAGICS: [Magic; 13] = [
    magic(0, b"QFI\xfb", Format::Qcow),
    magic(0, b"QED\0", Format::Qed),
    magic(0, b"KDMV", Format::Vmdk),
    magic(0, b"COWD", Format::Vmdk),
    magic(0, crate::vmdk::SESPARSE, Format::Vmdk),
    magic(64, b"\x7f\x10\xda\xbe", Format::Vdi),
    magic(0, b"conectix", Format::Vhd),
    magic(0, b"vhdxfile", Format::Vhdx),
    magic(0, b"WithoutFreeSpace", Format::Parallels),
    magic(0, b"WithouFreSpacExt", Format::Parallels),
    magic(0, b"\x3a\xff\x26\xed", Format::AndroidSparse),
    magic(0, b"MSWIM\0\0\0", Format::Wim),
    magic(0, b"Bochs Virtual HD Image\0", Format::Bochs),
];

/// The formats whose magic number `head`, the disk's first [`HEAD`] bytes (or all, if it is shorter),
/// carries. None means raw; more than one means that the file was built to be read in two ways.
pub fn probe(head: &[u8]) -> Vec<Format> {
    let mut found: Vec<Format> = MAGICS
        .iter()
        .filter(|magic| {
            head.get(magic.offset..)
                .is_some_and(|at| at.starts_with(magic.bytes))
        })
        .map(|magic| magic.format)
        .collect();
    if crate::vmdk::is_descriptor(head) {
        found.push(Format::Vmdk);
    }
    found.dedup();
    found
}

/// The format that shows only in `end`, the last [`END`] bytes: a fixed VHD is a raw disk with a
/// footer, an Apple disk image has its header at the end.
pub fn probe_end(end: &[u8]) -> Option<Format> {
    if end.starts_with(b"koly\0\0\0\x04") {
        return Some(Format::Dmg);
    }
    (end.starts_with(b"conectix") && vhd_footer_adds_up(end)).then_some(Format::Vhd)
}

/// The format that shows only at the end of `file`; none where its size is not known.
///
/// # Errors
/// Those of reading.
pub fn probe_tail(file: &dyn BlockRead) -> Result<Option<Format>> {
    let start = file.size().and_then(|size| size.checked_sub(END as u64));
    let Some(start) = start else {
        return Ok(None);
    };
    let mut end = [0; END];
    let read = file.read_at(start, &mut end)?;
    Ok(probe_end(end.get(..read).unwrap_or_default()))
}

/// The format that the content of `file` shows, at its beginning or at its end. Where a raw disk is declared the
/// end says nothing: its guest may have written there what it liked.
///
/// # Errors
/// As [`decide`], and those of reading.
pub(crate) fn probe_file(file: &dyn BlockRead, declared: Option<Format>) -> Result<Format> {
    let mut head = [0; HEAD];
    let read = file.read_at(0, &mut head)?;
    let mut found = decide(head.get(..read).unwrap_or_default(), None)?;
    if found == Format::Raw && declared != Some(Format::Raw) {
        found = probe_tail(file)?.unwrap_or(found);
    }
    agreed(found, declared)
}

/// A VHD footer's checksum is the one's complement of the sum of its other bytes; without this test a
/// disk could hold the cookie by chance, say in a sector of a VHD tool's own binary.
fn vhd_footer_adds_up(footer: &[u8]) -> bool {
    let Some((stored, sum)) = footer.get(64..68).map(|field| {
        let stored = field.iter().fold(0u32, |n, &byte| n << 8 | u32::from(byte));
        let others = footer[..64].iter().chain(&footer[68..]);
        (stored, others.map(|&byte| u32::from(byte)).sum::<u32>())
    }) else {
        return false;
    };
    stored == !sum
}

/// What the head says, held against what the user declared.
///
/// # Errors
/// [`error::Kind::Refused`] when two formats match at once, or the content contradicts `declared`.
pub fn decide(head: &[u8], declared: Option<Format>) -> Result<Format> {
    let found = match probe(head)[..] {
        [] => Format::Raw,
        [one] => one,
        [first, second, ..] => {
            return Err(Error::refused(format!(
                "reads as {first} and as {second} at once"
            )));
        }
    };
    agreed(found, declared)
}

/// What was found, if it is what was declared.
fn agreed(found: Format, declared: Option<Format>) -> Result<Format> {
    match declared {
        Some(declared) if declared != found => Err(Error::refused(format!(
            "is declared {declared}, its content is {found}"
        ))),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(offset: usize, bytes: &[u8]) -> Vec<u8> {
        let mut head = vec![0; HEAD];
        head[offset..offset + bytes.len()].copy_from_slice(bytes);
        head
    }

    #[test]
    fn every_magic_number_names_its_format() {
        for magic in &MAGICS {
            assert_eq!(probe(&with(magic.offset, magic.bytes)), [magic.format]);
        }
        assert_eq!(probe(&[0; HEAD]), []);
        assert_eq!(probe(b"Q"), []);
    }

    #[test]
    fn two_formats_at_once_are_refused() {
        let mut head = with(0, b"QFI\xfb");
        head[64..68].copy_from_slice(b"\x7f\x10\xda\xbe");
        let error = decide(&head, None).unwrap_err();
        assert_eq!(error.message(), "reads as qcow2 and as vdi at once");
    }

    #[test]
    fn a_declared_format_must_agree() {
        let error = decide(&with(0, b"QFI\xfb"), Some(Format::Raw)).unwrap_err();
        assert_eq!(error.message(), "is declared raw, its content is qcow2");
        let error = decide(&[0; 512], Some(Format::Vdi)).unwrap_err();
        assert_eq!(error.message(), "is declared vdi, its content is raw");
        assert_eq!(decide(&[0; 512], Some(Format::Raw)).unwrap(), Format::Raw);
    }

    #[test]
    fn a_fixed_vhd_shows_at_its_end() {
        let mut footer = with(0, b"conectix");
        assert_eq!(probe_end(&footer), None, "the checksum is missing");
        let sum: u32 = footer.iter().map(|&byte| u32::from(byte)).sum();
        footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
        assert_eq!(probe_end(&footer), Some(Format::Vhd));
        assert_eq!(probe_end(&footer[..66]), None);
        assert_eq!(probe_end(&with(0, b"koly\0\0\0\x04")), Some(Format::Dmg));
    }
}
