//! CRC-32C, the checksum of RFC 3720, appendix B.4: Castagnoli's polynomial, lowest bit first. VHDX, ext4, XFS and btrfs
//! have it over their metadata: little bytes, for which a table is quick enough.

/// The polynomial with its bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What each byte adds to the checksum.
const TABLE: [u32; 256] = table();

/// The state before the first byte.
pub const START: u32 = u32::MAX;

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// The state after `bytes`.
pub fn update(state: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(state, |state, byte| {
        state >> 8 ^ TABLE[usize::from(state as u8 ^ byte)]
    })
}

/// The checksum of everything up to `state`.
pub fn finish(state: u32) -> u32 {
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_checksum_of_the_standard() {
        let crc = |bytes: &[u8]| finish(update(START, bytes));
        assert_eq!(crc(b""), 0);
        assert_eq!(crc(b"123456789"), 0xe306_9283);
        // The examples of RFC 3720.
        assert_eq!(crc(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc(&ascending), 0x46dd_794e);
    }
}
