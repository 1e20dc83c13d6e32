//! A page of a table, packed.
//!
//! Most entries of a table are empty or as far behind the one before as that is behind its own: the
//! differences of the differences are zeros nearly everywhere. That is seen in bytes as well, whatever
//! their order in an entry, and so no format has to be known here.

/// Bytes in a page.
pub(super) const PAGE: usize = 4096;

/// Bytes in an entry, or in two of them.
const ENTRY: usize = 8;
/// Bytes that a mask tells about, a bit each; it tells about the lines of a page as well.
const LINE: usize = 64;
const _: () = assert!(PAGE == LINE * LINE);

/// The masks of a page and of its lines that are not zeros, each followed by what it announces.
pub(super) struct PackedPage(Box<[u8]>);

impl PackedPage {
    /// Packs `page`, of which what is missing at the end counts as zeros. The caller must not give more than
    /// [`PAGE`] bytes.
    pub(super) fn pack(page: &[u8]) -> Self {
        let mut bytes = [0; PAGE];
        bytes[..page.len()].copy_from_slice(page);
        differences(&mut bytes);
        differences(&mut bytes);
        let mut packed = Vec::new();
        let lines = || bytes.chunks_exact(LINE);
        packed.extend(mask(lines().map(|line| line.iter().any(|&byte| byte != 0))));
        for line in lines().filter(|line| line.iter().any(|&byte| byte != 0)) {
            packed.extend(mask(line.iter().map(|&byte| byte != 0)));
            packed.extend(line.iter().filter(|&&byte| byte != 0));
        }
        PackedPage(packed.into())
    }

    /// The page.
    pub(super) fn unpack(&self) -> [u8; PAGE] {
        let mut bytes = [0; PAGE];
        let mut packed = self.0.iter().copied();
        for line in marked(&mut packed) {
            for byte in marked(&mut packed) {
                bytes[line * LINE + byte] = packed.next().unwrap_or(0);
            }
        }
        sums(&mut bytes);
        sums(&mut bytes);
        bytes
    }

    /// Bytes that it takes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn differences(bytes: &mut [u8; PAGE]) {
    for at in (ENTRY..PAGE).rev() {
        bytes[at] = bytes[at].wrapping_sub(bytes[at - ENTRY]);
    }
}

fn sums(bytes: &mut [u8; PAGE]) {
    for at in ENTRY..PAGE {
        bytes[at] = bytes[at].wrapping_add(bytes[at - ENTRY]);
    }
}

fn mask(bits: impl Iterator<Item = bool>) -> [u8; 8] {
    bits.enumerate()
        .fold(0u64, |mask, (bit, set)| mask | u64::from(set) << bit)
        .to_le_bytes()
}

/// The bits that the next mask has set.
fn marked<I: Iterator<Item = u8>>(packed: &mut I) -> impl Iterator<Item = usize> + use<I> {
    let mut bytes = [0; 8];
    bytes
        .iter_mut()
        .zip(packed)
        .for_each(|(to, from)| *to = from);
    let mut mask = u64::from_le_bytes(bytes);
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_util::random;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(page in prop::collection::vec(any::<u8>(), 0..=PAGE)) {
            let unpacked = PackedPage::pack(&page).unpack();
            prop_assert!(unpacked[..page.len()] == page[..]);
            prop_assert!(unpacked[page.len()..].iter().all(|&byte| byte == 0));
        }
    }

    /// A page of entries of qcow2's for clusters of 64 KiB in a row, `full` of every `step` of them.
    fn entries(full: u64, step: u64) -> Vec<u8> {
        let entry = |n: u64| {
            if n % step < full {
                1 << 63 | (1000 + n / step * full + n % step) << 16
            } else {
                0
            }
        };
        (0..512).map(entry).flat_map(u64::to_be_bytes).collect()
    }

    #[test]
    fn tables_take_little() {
        let sizes = [
            ("nothing", vec![0; PAGE], 8),
            ("a run", entries(512, 512), 60),
            ("a few", entries(8, 512), 60),
            ("pieces", entries(8, 16), 64 * 20),
            ("noise", random(1, PAGE), PAGE + 65 * 8),
        ];
        for (what, page, most) in sizes {
            let kept = PackedPage::pack(&page);
            assert!(kept.unpack()[..] == page[..], "{what}");
            assert!(kept.len() <= most, "{what}: {}", kept.len());
        }
    }
}
