//! Whether bytes that were not declared are a disk.

use crate::foreign::{self, Kind, Known};
use crate::holding::{self, Found, boot};

/// Bytes from the start of a file that [`judge`] wants to see.
pub const HEAD: usize = 68 * 1024;

/// What bytes are.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// A disk: something at its place makes it one.
    Disk(Found),
    /// A disk that holds nothing, as far as can be seen: zeros, and a size in whole sectors.
    Blank,
    /// Something else, by name.
    Foreign(&'static Known),
    /// A disk and something else at once: it was made to be read in two ways.
    Both(&'static Known, Found),
    /// Nothing that is known.
    Unknown,
}

/// Tells what a file is from `head`, its first [`HEAD`] bytes or all of it, and its `size` in bytes where that
/// is known. Formats that this program reads are the caller's to look for first.
///
/// Boot sectors and file systems leave room in front of them, which may hold anything: a short magic number
/// there says nothing where there is evidence of a disk. One that cannot be there by accident makes the file
/// ambiguous. Boot code alone makes no disk of what has a known format.
pub fn judge(head: &[u8], size: Option<u64>) -> Verdict {
    let whole_sectors = size.is_none_or(|size| size.is_multiple_of(512));
    let held = holding::in_head(head).filter(|_| whole_sectors);
    match (held, foreign::in_head(head)) {
        (Some(found), Some(known)) if gives_way(found, known) => Verdict::Foreign(known),
        (Some(found), Some(known)) if known.is_strong() => Verdict::Both(known, found),
        (Some(found), _) => Verdict::Disk(found),
        (None, Some(known)) => Verdict::Foreign(known),
        (None, None) if whole_sectors && is_blank(head, size) => Verdict::Blank,
        (None, None) => Verdict::Unknown,
    }
}

/// Kernels and other programs end their first sector as a boot sector does, and what stands where a partition
/// table would be is theirs.
fn gives_way(found: Found, known: &Known) -> bool {
    let program = known.kind == Kind::Program && known.is_strong();
    found.what == boot::CODE || (program && found.offset == boot::OFFSET)
}

/// Whether there is nothing but zeros as far as `head` goes, and more may come behind it.
fn is_blank(head: &[u8], size: Option<u64>) -> bool {
    let enough = head.len() >= HEAD || size.is_none_or(|size| size == head.len() as u64);
    !head.is_empty() && enough && head.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A boot sector with one partition.
    fn disk() -> Vec<u8> {
        let mut head = vec![0; HEAD];
        head[446 + 4] = 0x83;
        head[446 + 8] = 1;
        head[446 + 12] = 100;
        head[510..512].copy_from_slice(b"\x55\xaa");
        head
    }

    fn with(mut head: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
        head[at..at + bytes.len()].copy_from_slice(bytes);
        head
    }

    fn told(head: &[u8]) -> String {
        match judge(head, Some(1 << 30)) {
            Verdict::Disk(found) => format!("holds {}", found.what),
            Verdict::Blank => "blank".into(),
            Verdict::Foreign(known) => format!("is {}", known.what),
            Verdict::Both(known, found) => format!("is {} and holds {}", known.what, found.what),
            Verdict::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn evidence_makes_a_disk() {
        assert_eq!(told(&disk()), "holds an MBR partition table");
        let iso = with(vec![0; HEAD], 0x8000, b"\x01CD001\x01");
        assert_eq!(told(&iso), "holds an ISO 9660 file system");
        assert_eq!(told(&[0; HEAD]), "blank");
        assert_eq!(told(&[7; HEAD]), "unknown");
    }

    #[test]
    fn a_size_that_is_no_whole_sectors_is_no_disk() {
        assert!(matches!(
            judge(&disk(), Some((1 << 20) + 1)),
            Verdict::Unknown
        ));
        assert!(matches!(
            judge(&[0; HEAD], Some((1 << 20) + 1)),
            Verdict::Unknown
        ));
        assert!(matches!(judge(&[0; 512], Some(512)), Verdict::Blank));
        assert!(matches!(judge(&[0; 512], Some(1024)), Verdict::Unknown));
        assert!(matches!(judge(&[], Some(0)), Verdict::Unknown));
    }

    #[test]
    fn a_short_magic_number_says_nothing_beside_a_partition_table() {
        assert_eq!(
            told(&with(disk(), 0, b"MZ")),
            "holds an MBR partition table"
        );
        assert_eq!(
            told(&with(vec![0; HEAD], 0, b"MZ")),
            "is a DOS or EFI program"
        );
    }

    #[test]
    fn a_long_one_is_ambiguous() {
        assert_eq!(
            told(&with(disk(), 0, b"7z\xbc\xaf\x27\x1c")),
            "is a 7-Zip archive and holds an MBR partition table"
        );
        let iso = with(vec![0; HEAD], 0x8000, b"\x01CD001\x01");
        assert_eq!(
            told(&with(iso, 0, b"%PDF-1.4")),
            "is a PDF document and holds an ISO 9660 file system"
        );
    }

    #[test]
    fn programs_end_their_first_sector_as_boot_sectors_do() {
        assert_eq!(told(&with(disk(), 514, b"HdrS")), "is a Linux kernel");
        assert_eq!(
            told(&with(disk(), 0, b"MZqFpD='")),
            "is an actually portable executable"
        );
        let mut code = disk();
        code[446..510].fill(0x90);
        assert_eq!(
            told(&with(code.clone(), 0, b"\xfa\x31\xc0")),
            "holds boot code"
        );
        assert_eq!(told(&code), "unknown", "it begins with zeros");
    }
}
