//! A VHD's footer and its header.

use crate::fields::put;

/// Bytes in a footer.
pub(super) const FOOTER: usize = 512;

/// Bytes in the header of a dynamic disk.
pub(super) const DYNAMIC: usize = 1024;

/// How the disk is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subformat {
    /// Byte for byte, in front of the footer.
    Fixed = 2,
    /// In blocks.
    Dynamic = 3,
}

/// What the footer says about a disk.
pub(super) struct Footer {
    /// Its size in bytes.
    pub(super) size: u64,
    /// Its unique id.
    pub(super) id: [u8; 16],
    /// How it is in the file.
    pub(super) subformat: Subformat,
}

impl Footer {
    /// The footer as it is stored.
    pub(super) fn bytes(&self) -> [u8; FOOTER] {
        let (cylinders, heads, sectors) = geometry(self.size / 512);
        let next_header = match self.subformat {
            Subformat::Fixed => u64::MAX, // there is none
            Subformat::Dynamic => FOOTER as u64,
        };
        let mut bytes = [0; FOOTER];
        put(&mut bytes, 0, b"conectix");
        put(&mut bytes, 8, &2u32.to_be_bytes()); // a bit that is always set
        put(&mut bytes, 12, &0x0001_0000u32.to_be_bytes()); // version 1.0
        put(&mut bytes, 16, &next_header.to_be_bytes());
        put(&mut bytes, 28, b"win ");
        put(&mut bytes, 32, &0x000a_0000u32.to_be_bytes()); // its version, 10.0
        put(&mut bytes, 36, b"Wi2k");
        put(&mut bytes, 40, &self.size.to_be_bytes()); // at first
        put(&mut bytes, 48, &self.size.to_be_bytes()); // by now
        put(&mut bytes, 56, &cylinders.to_be_bytes());
        put(&mut bytes, 58, &[heads, sectors]);
        put(&mut bytes, 60, &(self.subformat as u32).to_be_bytes());
        put(&mut bytes, 68, &self.id);
        let sum = checksum(&bytes);
        put(&mut bytes, 64, &sum);
        bytes
    }
}

/// The header of a dynamic disk with `blocks` blocks of `block` bytes, whose table is at byte `table`.
pub(super) fn dynamic_header(table: u64, blocks: u64, block: u64) -> [u8; DYNAMIC] {
    let mut bytes = [0; DYNAMIC];
    put(&mut bytes, 0, b"cxsparse");
    put(&mut bytes, 8, &u64::MAX.to_be_bytes()); // no other header
    put(&mut bytes, 16, &table.to_be_bytes());
    put(&mut bytes, 24, &0x0001_0000u32.to_be_bytes()); // version 1.0
    // The largest disk has a million blocks.
    put(&mut bytes, 28, &(blocks as u32).to_be_bytes());
    put(&mut bytes, 32, &(block as u32).to_be_bytes());
    let sum = checksum(&bytes);
    put(&mut bytes, 36, &sum);
    bytes
}

/// The complement of the sum of `bytes`, in which the checksum is still 0.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    let sum: u32 = bytes.iter().map(|&byte| u32::from(byte)).sum();
    (!sum).to_be_bytes()
}

/// Cylinders, heads and sectors a track for a disk of so many sectors, as the specification's appendix
/// computes them: the largest geometry that is not larger than the disk, up to 65535 × 16 × 255.
fn geometry(sectors: u64) -> (u16, u8, u8) {
    let sectors = sectors.min(65535 * 16 * 255);
    let (heads, track) = if sectors >= 65535 * 16 * 63 {
        (16, 255)
    } else {
        let heads = (sectors / 17).div_ceil(1024).max(4);
        let fits = |heads, track| heads <= 16 && sectors / track < heads * 1024;
        match () {
            () if fits(heads, 17) => (heads, 17),
            () if fits(16, 31) => (16, 31),
            () => (16, 63),
        }
    };
    // At most 65535, 16 and 255.
    ((sectors / track / heads) as u16, heads as u8, track as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometries_are_those_of_the_specification() {
        // (sectors, cylinders, heads, sectors a track)
        let cases = [
            (0, (0, 4, 17)),
            (1000, (14, 4, 17)),
            (4 * 1024 * 17 - 1, (1023, 4, 17)),
            (4 * 1024 * 17, (140, 16, 31)),
            (4 * 1024 * 17 + 17, (819, 5, 17)),
            (16 * 1024 * 17 - 1, (1023, 16, 17)),
            (16 * 1024 * 17, (561, 16, 31)),
            (16 * 1024 * 31 - 1, (1023, 16, 31)),
            (16 * 1024 * 31, (503, 16, 63)),
            (65535 * 16 * 63 - 1, (65534, 16, 63)),
            (65535 * 16 * 63, (16191, 16, 255)),
            (65535 * 16 * 255, (65535, 16, 255)),
            (u64::MAX, (65535, 16, 255)),
        ];
        for (sectors, expected) in cases {
            assert_eq!(geometry(sectors), expected, "{sectors}");
        }
    }

    #[test]
    fn checksums_are_complements() {
        assert_eq!(checksum(&[1, 2, 255]), (!258u32).to_be_bytes());
    }
}
