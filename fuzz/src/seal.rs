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
    let step = |crc: u32, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}
