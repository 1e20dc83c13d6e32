//! How .lzma and .lz files begin.

use liblzma::stream::{Action, Stream};

/// Bytes of a .lzma header: properties, the dictionary's size, the content's size.
pub(super) const ALONE_HEADER: usize = 13;
/// Bytes of an .lz member's header: magic number, version, the dictionary's size.
pub(super) const LZIP_HEADER: usize = 6;
/// What an .lz member begins with.
pub(crate) const MAGIC: &[u8] = b"LZIP";

/// The smallest dictionary.
const DICTIONARY_MIN: u32 = 4096;
/// No .lzma that says its size says that it has more: what has the header of one and does is
/// something else (as XZ Utils decide).
const SIZE_MAX: u64 = 1 << 38;

/// A .lzma header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alone {
    /// `lc`, `lp` and `pb` in one.
    pub(crate) properties: u8,
    /// The dictionary's size in bytes.
    pub(crate) dictionary: u32,
    /// The content's size in bytes; `None` when an end marker shows it.
    pub(crate) size: Option<u64>,
}

impl Alone {
    pub(super) fn parse(bytes: [u8; ALONE_HEADER]) -> Self {
        let [properties, a, b, c, d, size @ ..] = bytes;
        let size = u64::from_le_bytes(size);
        Alone {
            properties,
            dictionary: u32::from_le_bytes([a, b, c, d]),
            size: (size != u64::MAX).then_some(size),
        }
    }

    pub(crate) fn bytes(self) -> [u8; ALONE_HEADER] {
        let mut bytes = [self.properties; ALONE_HEADER];
        let (_, rest) = bytes.split_at_mut(1);
        let (dictionary, size) = rest.split_at_mut(4);
        dictionary.copy_from_slice(&self.dictionary.to_le_bytes());
        size.copy_from_slice(&self.size.unwrap_or(u64::MAX).to_le_bytes());
        bytes
    }

    /// How far back matches can reach: some writers state a dictionary of 4 GiB for a small content.
    pub(super) fn reach(self) -> u64 {
        let least = u64::from(DICTIONARY_MIN);
        let dictionary = u64::from(self.dictionary).max(least);
        self.size
            .map_or(dictionary, |size| dictionary.min(size.max(least)))
    }

    /// The header with a dictionary of that size.
    pub(super) fn for_decoder(self) -> [u8; ALONE_HEADER] {
        let dictionary = u32::try_from(self.reach()).unwrap_or(u32::MAX);
        Alone { dictionary, ..self }.bytes()
    }

    /// Whether XZ Utils would take it for a header of the kind that is written.
    fn is_plausible(self) -> bool {
        let (lc, lp, pb) = (
            self.properties % 9,
            self.properties / 9 % 5,
            self.properties / 45,
        );
        let power = |size: u32| size.is_power_of_two();
        let dictionary = self.dictionary;
        let usual = dictionary == u32::MAX
            || power(dictionary)
            // 2^n + 2^(n-1)
            || (dictionary.is_multiple_of(3) && power(dictionary / 3));
        lc + lp <= 4
            && pb <= 4
            && usual
            && dictionary >= DICTIONARY_MIN
            && self.size.is_none_or(|size| (1..SIZE_MAX).contains(&size))
    }
}

/// Whether `head`, the first bytes of a stream, begins a .lzma file.
///
/// There is no magic number, so a header that only looks like one must not be enough: the range coder
/// begins with a zero byte, and then not with four more, as a header would in front of nothing; and what
/// there is of the data has to make sense to a decoder, as arbitrary bytes hardly ever do for long.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let Some((header, data)) = head.split_first_chunk() else {
        return false;
    };
    let header = Alone::parse(*header);
    let Some((&[0, code @ ..], _)) = data.split_first_chunk::<5>() else {
        return false;
    };
    header.is_plausible() && code != [0; 4] && decodes(header, data)
}

/// Whether the beginning of `data` can be decoded.
fn decodes(header: Alone, data: &[u8]) -> bool {
    // As far back as the little that is decoded can reach.
    const ENOUGH: u32 = 64 << 10;
    let header = Alone {
        dictionary: header.dictionary.min(ENOUGH),
        ..header
    };
    let Ok(mut stream) = Stream::new_lzma_decoder(u64::MAX) else {
        return false;
    };
    let mut output = Vec::with_capacity(ENOUGH as usize);
    [&header.bytes(), data]
        .into_iter()
        .all(|part| stream.process_vec(part, &mut output, Action::Run).is_ok())
}

/// The size in bytes of the dictionary that an .lz member's header states; `None` when it is none.
pub(super) fn lzip_dictionary(header: [u8; LZIP_HEADER]) -> Option<u64> {
    let [.., version, coded] = header;
    let (log, parts) = (coded & 0x1f, u64::from(coded >> 5));
    let base = 1u64.checked_shl(log.into())?;
    let size = base - base / 16 * parts;
    (version <= 1 && (12..=29).contains(&log) && size >= DICTIONARY_MIN.into()).then_some(size)
}
