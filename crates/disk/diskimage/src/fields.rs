//! Numbers in headers and tables.

use error::{Error, Result, hex};
use sparse::BlockRead;

/// The `N` bytes at `at`; zeros where `bytes` has fewer.
pub(crate) fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let there = bytes.get(at..).and_then(<[u8]>::first_chunk);
    there.copied().unwrap_or([0; N])
}

/// The little-endian number at `at`.
pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(field(bytes, at))
}

/// The little-endian number at `at`.
pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(bytes, at))
}

/// The little-endian number at `at`.
pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(field(bytes, at))
}

/// The big-endian number at `at`.
pub(crate) fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(field(bytes, at))
}

/// The big-endian number at `at`.
pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(field(bytes, at))
}

/// The big-endian number at `at`.
pub(crate) fn be64(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(field(bytes, at))
}

/// A GUID as Microsoft writes it in text; its first three numbers are little-endian.
pub(crate) fn guid(bytes: [u8; 16]) -> String {
    let end = |from: usize, to: usize| hex(bytes.get(from..to).unwrap_or_default());
    let (a, b, c) = (le32(&bytes, 0), le16(&bytes, 4), le16(&bytes, 6));
    format!("{a:08x}-{b:04x}-{c:04x}-{}-{}", end(8, 10), end(10, 16))
}

/// A UUID in network byte order as Microsoft keeps it in memory: its first three numbers are
/// little-endian.
pub(crate) fn guid_bytes(mut uuid: [u8; 16]) -> [u8; 16] {
    for number in [0..4, 4..6, 6..8] {
        uuid[number].reverse();
    }
    uuid
}

/// Stores `field` at `at`, where `bytes` has room for it.
pub(crate) fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + field.len()) {
        place.copy_from_slice(field);
    }
}

/// Fills `buffer` with what lies at byte `at` of `file`, a part of its `what`.
///
/// # Errors
/// [`error::Kind::Corrupt`] when the file ends before, and those of reading.
pub(crate) fn read_exact(
    file: &dyn BlockRead,
    at: u64,
    buffer: &mut [u8],
    what: &str,
) -> Result<()> {
    let read = file.read_at(at, buffer)?;
    if read < buffer.len() {
        let end = at.saturating_add(read as u64);
        let message = match file.size() {
            Some(size) if size < at => {
                format!("{what} at byte {at} lies outside the file, which has {size} bytes")
            }
            _ => format!("ended at byte {end}, inside its {what}"),
        };
        return Err(Error::corrupt(message));
    }
    Ok(())
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
        assert_eq!(be32(&bytes, 6), 0, "it is not there");
    }

    #[test]
    fn a_guid_has_its_order() {
        let bytes = std::array::from_fn(|i| i as u8);
        assert_eq!(guid(bytes), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        let uuid: u128 = 0x0302_0100_0504_0706_0809_0a0b_0c0d_0e0f;
        assert_eq!(guid_bytes(uuid.to_be_bytes()), bytes);
    }

    #[test]
    fn a_file_may_end_inside_and_before() {
        let told = |at| {
            let file: Vec<u8> = vec![7; 10];
            let error = read_exact(&file, at, &mut [0; 4], "header").err();
            error.map(|error| error.to_string())
        };
        assert_eq!(told(6), None);
        let inside = "ended at byte 10, inside its header";
        assert_eq!(told(8).as_deref(), Some(inside));
        let outside =
            "header at byte 18446744073709551615 lies outside the file, which has 10 bytes";
        assert_eq!(told(u64::MAX).as_deref(), Some(outside));
    }
}
