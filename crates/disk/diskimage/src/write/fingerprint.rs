//! Naming a disk by its content while it passes.

/// The prime and the basis of FNV-1a with 128 bits.
const PRIME: u128 = (1 << 88) + 0x13b;
const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;

/// A CRC-32 of the data and of where it is: enough to tell disks apart that were not made to look
/// alike, at a cost that does not show.
#[derive(Debug, Default)]
pub(super) struct Fingerprint {
    crc: crc32fast::Hasher,
    end: u64,
    bytes: u64,
}

impl Fingerprint {
    /// Takes `data` at byte `offset` of the disk. How the data is cut into ranges makes no difference.
    pub(super) fn add(&mut self, offset: u64, data: &[u8]) {
        if offset != self.end {
            self.crc.update(&offset.to_le_bytes());
        }
        self.crc.update(data);
        self.bytes += data.len() as u64;
        self.end = offset.saturating_add(data.len() as u64);
    }

    /// A UUID for the disk of `size` bytes, the same for the same disk at any time and on any machine:
    /// FNV-1a over the checksum, the amount of data and the size, of version 8 (RFC 9562, section
    /// 5.8), in network byte order.
    pub(super) fn uuid(&self, size: u64) -> [u8; 16] {
        let crc = u64::from(self.crc.clone().finalize());
        let known = [crc, self.bytes, size].map(u64::to_le_bytes);
        let step = |hash: u128, &byte: &u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        let hash = known.as_flattened().iter().fold(BASIS, step);
        let version_and_variant = 8 << 76 | 0b10 << 62;
        let rest = !(0xf << 76 | 0b11 << 62);
        (hash & rest | version_and_variant).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ranges: &[(u64, &[u8])], size: u64) -> [u8; 16] {
        let mut print = Fingerprint::default();
        for (offset, data) in ranges {
            print.add(*offset, data);
        }
        print.uuid(size)
    }

    #[test]
    fn content_place_and_size_make_the_name() {
        let disk = of(&[(0, b"ab"), (2, b"cd"), (8, b"e")], 10);
        assert_eq!(disk, of(&[(0, b"abcd"), (8, b"e")], 10));
        assert_ne!(disk, of(&[(0, b"abcd"), (8, b"e")], 11));
        assert_ne!(disk, of(&[(0, b"abcd"), (7, b"e")], 10));
        assert_ne!(disk, of(&[(0, b"abcd"), (8, b"f")], 10));
        assert_ne!(of(&[], 10), of(&[], 20));
    }

    #[test]
    fn it_is_a_uuid_of_version_8() {
        let uuid = of(&[(0, b"abcd")], 10);
        assert_eq!((uuid[6] >> 4, uuid[8] >> 6), (8, 0b10));
    }
}
