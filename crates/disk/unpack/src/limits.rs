//! What a stranger's file may make this program spend.

/// Bounds that every decoder and archive reader keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Worker threads one decoder may start; at least 1.
    pub threads: usize,
    /// Bytes one decoder may hold (windows, dictionaries, blocks in flight). A file that needs more is
    /// refused as unsupported, with the hint to give `--memory`; a decoder that could use more for
    /// parallel work uses fewer threads instead.
    pub memory: u64,
    /// The same for xz, whose blocks are large: parallel xz only pays with more.
    pub xz_memory: u64,
    /// Bytes one decoder may put out, zeros included, before the file counts as a bomb and is
    /// refused with the hint to give `--max-size`.
    pub output: u64,
}

/// Bytes of what a person gives the whole program that decoders do not get: chunks on their way to the
/// targets, the source's buffers, the program itself.
pub(crate) const BESIDE: u64 = 24 << 20;

impl Limits {
    /// The same limits for a program that may use `total` bytes in all.
    pub fn within(self, total: u64) -> Self {
        let memory = total.saturating_sub(BESIDE);
        Limits {
            memory,
            xz_memory: memory,
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory: 40 << 20,
            xz_memory: 160 << 20,
            output: 64 << 40,
        }
    }
}
