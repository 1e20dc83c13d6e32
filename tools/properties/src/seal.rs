//! Checksums made right, so that what lies behind them is reached.

/// Makes the checksums of all footers and headers of a VHD right: the complement of the sum of their
/// bytes.
pub fn vhd(file: &mut [u8]) {
    for start in (0..file.len()).step_by(512) {
        let rest = &mut file[start..];
        let (len, at) = match rest.get(..8) {
            Some(b"conectix") => (512, 64),
            Some(b"cxsparse") => (1024, 36),
            _ => continue,
        };
        if let Some(part) = rest.get_mut(..len) {
            part[at..at + 4].fill(0);
            let sum: u32 = part.iter().map(|&byte| u32::from(byte)).sum();
            part[at..at + 4].copy_from_slice(&(!sum).to_be_bytes());
        }
    }
}

/// Makes the checksums of all headers, region tables and log entries of a VHDX right: CRC-32C.
pub fn vhdx(file: &mut [u8]) {
    for start in (0..file.len()).step_by(4096) {
        let rest = &mut file[start..];
        let len = match rest.get(..4) {
            Some(b"head") => 4096,
            Some(b"regi") => 64 << 10,
            Some(b"loge") => match rest.get(8..12) {
                Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as usize,
                _ => continue,
            },
            _ => continue,
        };
        if let Some(part) = rest.get_mut(..len).filter(|part| part.len() >= 8) {
            part[4..8].fill(0);
            let crc = crc32c(part);
            part[4..8].copy_from_slice(&crc.to_le_bytes());
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
