//! Compression methods (APPNOTE 4.4.5).

/// A method whose data is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflate,
    Deflate64,
    Bzip2,
    Lzma,
    Zstd,
    Xz,
}

impl Method {
    /// The method by its number, if it is read here.
    pub(super) fn of(number: u16) -> Option<Self> {
        Some(match number {
            0 => Method::Stored,
            8 => Method::Deflate,
            9 => Method::Deflate64,
            12 => Method::Bzip2,
            14 => Method::Lzma,
            // 20 was zstd's number for some months.
            20 | 93 => Method::Zstd,
            95 => Method::Xz,
            _ => return None,
        })
    }

    /// Whether the data's own end shows, so that nothing has to say beforehand where it is.
    pub(super) fn ends_itself(self) -> bool {
        matches!(self, Method::Deflate | Method::Deflate64)
    }
}

/// The name of a method that is not read here.
pub(super) fn name(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "Shrink",
        2..=5 => "Reduce",
        6 => "Implode",
        10 => "DCL Implode",
        16 => "z/OS CMPSC",
        18 => "TERSE",
        19 => "LZ77",
        94 => "MP3",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        99 => "AES",
        _ => return None,
    })
}
