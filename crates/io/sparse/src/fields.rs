//! Numbers at fixed places in headers and tables. What is behind the bytes that are there reads as zero.

/// The `N` bytes at `at`; zeros where `bytes` has fewer.
pub fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let there = bytes.get(at..).and_then(<[u8]>::first_chunk);
    there.copied().unwrap_or([0; N])
}

/// The byte at `at`.
pub fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The little-endian number at `at`.
pub fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(field(bytes, at))
}

/// The little-endian number at `at`.
pub fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(bytes, at))
}

/// The little-endian number at `at`.
pub fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(field(bytes, at))
}

/// The big-endian number at `at`.
pub fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(field(bytes, at))
}

/// The big-endian number at `at`.
pub fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(field(bytes, at))
}

/// The big-endian number at `at`.
pub fn be64(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(field(bytes, at))
}

/// Whether `magic` stands at byte `at`.
pub fn holds(bytes: &[u8], at: usize, magic: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_order() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(le16(&bytes, 6), 0x0807);
        assert_eq!(le32(&bytes, 1), 0x0504_0302);
        assert_eq!(le64(&bytes, 0), 0x0807_0605_0403_0201);
        assert_eq!(be16(&bytes, 6), 0x0708);
        assert_eq!(be32(&bytes, 1), 0x0203_0405);
        assert_eq!(be64(&bytes, 0), 0x0102_0304_0506_0708);
        assert_eq!(byte(&bytes, 7), 8);
    }

    #[test]
    fn what_is_not_there_reads_as_zero() {
        let bytes = [1, 2, 3];
        assert_eq!(
            (be32(&bytes, 0), le16(&bytes, 9), byte(&bytes, 3)),
            (0, 0, 0)
        );
        assert!(holds(&bytes, 1, &[2, 3]));
        assert!(!holds(&bytes, 1, &[2, 3, 0]) && !holds(&bytes, 4, &[]));
    }
}
