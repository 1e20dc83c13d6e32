//! Finding zeros, and having some.

/// Zeros to write or to hash where only bytes will do, a step at a time.
pub static ZEROS: [u8; 256 << 10] = [0; 256 << 10];

/// Whether every byte of `data` is 0.
///
/// Looks at the first bytes on their own: most data shows itself there, and the wide loop is then
/// never entered.
pub fn is_zero(data: &[u8]) -> bool {
    const WIDE: usize = 256;
    let (head, rest) = data.split_at(data.len().min(16));
    if head.iter().any(|&byte| byte != 0) {
        return false;
    }
    let (wide, tail) = rest.as_chunks::<WIDE>();
    // An OR over a fixed width becomes vector instructions; a per-byte exit would not.
    wide.iter()
        .all(|block| block.iter().fold(0, |or, &byte| or | byte) == 0)
        && tail.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_looked_at() {
        for len in [0, 1, 15, 16, 17, 255, 256, 271, 272, 273, 1000] {
            let mut data = vec![0u8; len];
            assert!(is_zero(&data));
            for i in 0..len {
                data[i] = 1;
                assert!(!is_zero(&data), "byte {i} of {len}");
                data[i] = 0;
            }
        }
    }
}
