//! What a file begins like, as far as that tells whole files from parts.

use recognise::{foreign, holding};
use unpack::layer::sniff;

/// What the beginning of a file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Like {
    /// Nothing that is known: the second part of a disk mostly looks so.
    Nothing,
    /// A file system or the like, which may lie anywhere on a disk.
    Signature,
    /// A disk image, a partition table, an archive or a compressed file: what begins a file and hardly ever lies
    /// where a file happens to be cut.
    Whole,
}

impl Like {
    /// Looks at `head`, the first bytes of a file.
    pub(crate) fn of(head: &[u8]) -> Self {
        let is_file = foreign::in_head(head).is_some_and(|known| known.is_strong());
        let packed = is_file || sniff(head).is_some();
        if packed || !diskimage::probe(head).is_empty() || has_partitions(head) {
            return Like::Whole;
        }
        match holding::in_head(head) {
            Some(_) => Like::Signature,
            None => Like::Nothing,
        }
    }
}

/// Whether a partition table begins here: a GPT, or an MBR with an entry that can be one.
fn has_partitions(head: &[u8]) -> bool {
    let gpt = [512, 4096].iter().any(|&at| {
        let there = head.get(at..);
        there.is_some_and(|there| there.starts_with(b"EFI PART"))
    });
    let table = head.get(446..510).unwrap_or_default();
    let entries = table.as_chunks::<16>().0;
    let can_be = |entry: &[u8; 16]| matches!(entry[0], 0 | 0x80);
    let is_used = |entry: &[u8; 16]| entry[4] != 0 && entry[12..] != [0; 4];
    let mbr = head.get(510..512) == Some(b"\x55\xaa");
    gpt || (mbr && entries.iter().all(can_be) && entries.iter().any(is_used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_told_from_parts() {
        let mut head = vec![0; 4096];
        assert_eq!(Like::of(&head), Like::Nothing);
        assert_eq!(Like::of(b""), Like::Nothing);
        let luks = [b"LUKS\xba\xbe\0\x01".as_slice(), &[0; 504]].concat();
        assert_eq!(Like::of(&luks), Like::Signature);
        head[1080..1082].copy_from_slice(b"\x53\xef");
        head[510..512].copy_from_slice(b"\x55\xaa");
        assert_eq!(Like::of(&head), Like::Signature, "a boot sector");
        head[446] = 0x80;
        head[450] = 0x83;
        head[458] = 9;
        assert_eq!(Like::of(&head), Like::Whole);
        head[446] = 7;
        assert_ne!(Like::of(&head), Like::Whole, "code");
        let mut head = vec![0; 1024];
        head[512..520].copy_from_slice(b"EFI PART");
        assert_eq!(Like::of(&head), Like::Whole);
        for magic in [
            &b"KDMV"[..],
            b"QFI\xfb",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
            b"Rar!\x1a\x07",
        ] {
            assert_eq!(Like::of(magic), Like::Whole, "{magic:?}");
        }
    }
}
