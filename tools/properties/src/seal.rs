//! Checksums made right, so that what lies behind them is reached.

use crate::folded::Folded;

/// Makes the checksums of all footers and headers of a VHD right: the complement of the sum of their
/// bytes.
pub fn vhd(file: &mut Folded) {
    for place in file.places(512) {
        let mut part = [0; 1024];
        file.read(place, &mut part);
        let (len, at) = match &part[..8] {
            b"conectix" => (512, 64),
            b"cxsparse" => (1024, 36),
            _ => continue,
        };
        let bytes = part[..at].iter().chain(&part[at + 4..len]);
        let sum: u32 = bytes.map(|&byte| u32::from(byte)).sum();
        file.write(place + at, &(!sum).to_be_bytes());
    }
}

/// Makes the checksums of all headers, region tables and log entries of a VHDX right: CRC-32C.
pub fn vhdx(file: &mut Folded) {
    for place in file.places(4096) {
        let mut head = [0; 12];
        file.read(place, &mut head);
        let len = match head {
            [b'h', b'e', b'a', b'd', ..] => 4096,
            [b'r', b'e', b'g', b'i', ..] => 64 << 10,
            [b'l', b'o', b'g', b'e', _, _, _, _, a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
            _ => continue,
        };
        // A log entry that says it is longer than this is not worth the time.
        if !(12..=1 << 20).contains(&len) {
            continue;
        }
        let mut part = vec![0; len as usize];
        if file.read(place, &mut part) == part.len() {
            part[4..8].fill(0);
            file.write(place + 4, &crc32c(&part).to_le_bytes());
        }
    }
}

fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, &byte: &u8| TABLE[(crc as u8 ^ byte) as usize] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}

/// What each byte does to the sum.
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}
