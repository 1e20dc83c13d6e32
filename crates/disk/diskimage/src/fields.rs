//! Fields of headers and tables.

use error::{Error, Result, hex};
use sparse::BlockRead;
pub(crate) use sparse::fields::{be16, be32, be64, field, le16, le32, le64};

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

/// Fills `buffer` with what is at byte `at` of `file`, a part of its `what`.
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
                format!("{what} at byte {at} is outside the file, which has {size} bytes")
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
        let outside = "header at byte 18446744073709551615 is outside the file, which has 10 bytes";
        assert_eq!(told(u64::MAX).as_deref(), Some(outside));
    }
}
