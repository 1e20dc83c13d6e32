//! An ELF kernel, and what it says to Xen.

use error::{Error, Result};
use sparse::fields::{byte, le16, le32, le64};
use sparse::{SparseRead, read_full, skip};

/// Most bytes from the start in which program headers are looked for.
const HEAD: usize = 64 << 10;

/// Most program headers, and bytes of notes, that are looked at.
const MOST_HEADERS: usize = 64;
const MOST_NOTES: u64 = 1 << 20;

/// `PT_NOTE`.
const NOTE: u32 = 4;

/// Types of Xen's notes (`xen/include/public/elfnote.h`).
mod note {
    pub const ENTRY: u32 = 1;
    pub const GUEST_OS: u32 = 6;
    pub const GUEST_VERSION: u32 = 7;
    pub const PHYS32_ENTRY: u32 = 18;
}

/// The bits that a kernel runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 32 bits. Xen has no PV guests of 32 bits where it was built without `CONFIG_PV32`.
    Bits32,
    /// 64 bits.
    Bits64,
}

/// What a kernel says to Xen in its ELF notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XenNotes {
    /// It can be started as a PV guest (`XEN_ELFNOTE_ENTRY`).
    pub starts_pv: bool,
    /// It can be started as a PVH guest (`XEN_ELFNOTE_PHYS32_ENTRY`).
    pub starts_pvh: bool,
    /// What it calls itself: `linux 2.6`, `NetBSD 10`; empty where it does not.
    pub guest: String,
}

/// What the ELF headers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elf {
    pub(crate) width: Width,
    /// Whether it is for x86.
    pub(crate) is_x86: bool,
    /// `None` where there is no note of Xen's.
    pub(crate) xen: Option<XenNotes>,
}

/// Whether `head` begins an ELF file.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF")
}

/// Reads the headers and notes of the ELF file that `stream` begins with; `None` where it is none.
///
/// # Errors
/// The stream's; [`error::Kind::Corrupt`] when the headers lead nowhere.
pub(crate) fn read(stream: &mut dyn SparseRead) -> Result<Option<Elf>> {
    let mut head = vec![0; HEAD];
    let n = read_full(stream, &mut head)?;
    head.truncate(n);
    if !looks_like(&head) || byte(&head, 5) != 1 {
        return Ok(None);
    }
    let width = match byte(&head, 4) {
        1 => Width::Bits32,
        _ => Width::Bits64,
    };
    let mut elf = Elf {
        width,
        is_x86: matches!(le16(&head, 18), 3 | 62),
        xen: None,
    };
    // In the order of the file, for the stream only goes forward.
    let mut notes = note_segments(&head, width);
    notes.sort_unstable();
    let mut at = head.len() as u64;
    for (offset, len) in notes {
        let mut bytes = vec![0; len.min(MOST_NOTES) as usize];
        let kept = head.get(usize::try_from(offset).unwrap_or(usize::MAX)..);
        let kept = kept.unwrap_or_default();
        let from_head = kept.len().min(bytes.len());
        bytes[..from_head].copy_from_slice(&kept[..from_head]);
        if from_head < bytes.len() {
            let start = offset + from_head as u64;
            // Notes over notes: seen already.
            let Some(gap) = start.checked_sub(at) else {
                continue;
            };
            let passed = skip(stream, gap)?;
            let n = read_full(stream, &mut bytes[from_head..])?;
            at = start + n as u64;
            if passed < gap || n < bytes.len() - from_head {
                return Err(Error::corrupt(format!(
                    "the kernel ends before its notes at byte {offset}"
                )));
            }
        }
        take_notes(&bytes, &mut elf.xen);
    }
    Ok(Some(elf))
}

/// The offset and length in bytes of each segment of notes.
fn note_segments(head: &[u8], width: Width) -> Vec<(u64, u64)> {
    let (start, size, count) = match width {
        Width::Bits32 => (le32(head, 28).into(), le16(head, 42), le16(head, 44)),
        Width::Bits64 => (le64(head, 32), le16(head, 54), le16(head, 56)),
    };
    let headers = head.get(usize::try_from(start).unwrap_or(usize::MAX)..);
    let headers = headers.unwrap_or_default();
    let headers = headers.chunks_exact(usize::from(size).max(32));
    let headers = headers.take(usize::from(count).min(MOST_HEADERS));
    let notes = headers.filter(|header| le32(header, 0) == NOTE);
    notes
        .map(|header| match width {
            Width::Bits32 => (le32(header, 4).into(), le32(header, 16).into()),
            Width::Bits64 => (le64(header, 8), le64(header, 32)),
        })
        .collect()
}

/// Adds what the notes in `bytes` say.
fn take_notes(bytes: &[u8], xen: &mut Option<XenNotes>) {
    let mut rest = bytes;
    while rest.len() >= 12 {
        let name_len = le32(rest, 0) as usize;
        let len = le32(rest, 4) as usize;
        let kind = le32(rest, 8);
        let behind = |start: usize, len: usize| {
            let end = start.checked_add(len)?;
            rest.get(start..end)
        };
        let Some(name) = behind(12, name_len) else {
            return;
        };
        let value_at = 12 + name_len.next_multiple_of(4);
        let Some(value) = behind(value_at, len) else {
            return;
        };
        if name == b"Xen\0" {
            take_note(kind, value, xen.get_or_insert_default());
        }
        let next = value_at + len.next_multiple_of(4);
        rest = rest.get(next..).unwrap_or_default();
    }
}

fn take_note(kind: u32, value: &[u8], xen: &mut XenNotes) {
    match kind {
        note::ENTRY => xen.starts_pv = true,
        note::PHYS32_ENTRY => xen.starts_pvh = true,
        note::GUEST_OS | note::GUEST_VERSION => {
            let blank = if xen.guest.is_empty() { "" } else { " " };
            xen.guest += blank;
            xen.guest += &text(value);
        }
        _ => {}
    }
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    let value = &value[..end.unwrap_or(value.len()).min(64)];
    String::from_utf8_lossy(value).into_owned()
}
