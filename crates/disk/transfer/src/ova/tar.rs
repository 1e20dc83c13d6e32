//! Headers of a tar.
//!
//! Format: POSIX.1-1988 "ustar", as the OVF specification wants it. A file of 8 GiB or more has its
//! size in binary, as GNU tar writes it: the other way, a PAX header, VMware's products do not read.

/// Bytes in a header, and what everything is padded to.
pub(super) const BLOCK: u64 = 512;

/// What the whole archive is padded to: POSIX's records of 20 blocks.
const RECORD: u64 = 20 * BLOCK;

/// The largest size that 11 octal digits say, and one more.
const OCTAL: u64 = 1 << 33;

/// When all members were made, in seconds since 1970: 1980, the beginning of time for zip. The same disk
/// gives the same file, and no program takes it for damaged, as some do with 1970.
const MADE: u64 = 315_532_800;

/// The header of a file called `name`, of at most 100 bytes, with `size` bytes.
pub(super) fn header(name: &str, size: u64) -> [u8; BLOCK as usize] {
    let mut header = [0; BLOCK as usize];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = header.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, name.as_bytes().get(..100).unwrap_or(name.as_bytes()));
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, &number(size));
    put(136, &number(MADE));
    put(148, b"        ");
    put(156, b"0"); // a file
    put(257, b"ustar\x0000");
    put(265, b"root");
    put(297, b"root");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    if let Some(place) = header.get_mut(148..156) {
        place.copy_from_slice(sum.as_bytes());
    }
    header
}

/// A number in 12 bytes.
fn number(number: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    if number < OCTAL {
        let digits = format!("{number:011o}");
        bytes[..11].copy_from_slice(digits.as_bytes());
    } else {
        bytes[0] = 0x80;
        bytes[4..].copy_from_slice(&number.to_be_bytes());
    }
    bytes
}

/// Bytes that a member of `size` bytes takes behind its header.
pub(super) fn padded(size: u64) -> u64 {
    size.next_multiple_of(BLOCK)
}

/// Where an archive ends whose last member ends at byte `end`, padding included: two empty blocks
/// follow, and the record is filled.
pub(super) fn end(end: u64) -> u64 {
    (end + 2 * BLOCK).next_multiple_of(RECORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_octal_up_to_8_gib_and_binary_from_there_on() {
        assert_eq!(&number(1234), b"00000002322\0");
        assert_eq!(&number(OCTAL - 1), b"77777777777\0");
        assert_eq!(&number(OCTAL), b"\x80\0\0\0\0\0\0\x02\0\0\0\0");
    }

    #[test]
    fn an_archive_ends_with_a_record() {
        assert_eq!(end(0), 10240);
        assert_eq!(end(10240 - 1024), 10240);
        assert_eq!(end(10240 - 512), 20480);
    }
}
