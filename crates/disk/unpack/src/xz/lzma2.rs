//! LZMA2: chunks of LZMA, or of plain bytes, that say how long they are.

use super::lzma::Lzma;
use super::window::{Run, Window};

/// What a chunk's first byte says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkKind {
    /// No more chunks.
    End,
    /// Plain bytes.
    Plain,
    /// LZMA; with new properties, one byte more comes before the data.
    Lzma { properties: bool },
}

impl ChunkKind {
    /// Takes a chunk's first byte apart; `None` when it means nothing.
    pub(super) fn parse(control: u8) -> Option<Self> {
        match control {
            0 => Some(ChunkKind::End),
            1 | 2 => Some(ChunkKind::Plain),
            3..0x80 => None,
            0x80.. => Some(ChunkKind::Lzma {
                properties: control >= 0xC0,
            }),
        }
    }

    /// Bytes of a chunk's header, its first byte included.
    pub(super) fn header_len(self) -> usize {
        match self {
            ChunkKind::End => 1,
            ChunkKind::Plain => 3,
            ChunkKind::Lzma { properties: false } => 5,
            ChunkKind::Lzma { properties: true } => 6,
        }
    }

    /// Bytes behind the `header`, which is complete.
    pub(super) fn content_len(self, header: &[u8]) -> usize {
        let word = |at: usize| match header.get(at..at + 2) {
            Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])) + 1,
            _ => 0,
        };
        match self {
            ChunkKind::End => 0,
            ChunkKind::Plain => word(1),
            ChunkKind::Lzma { .. } => word(3),
        }
    }
}

/// A decoder of one LZMA2 stream.
pub(super) struct Lzma2 {
    lzma: Lzma,
    window: Window,
    /// A chunk has forgotten what came before the stream.
    begun: bool,
    /// A chunk has set properties since the window was last forgotten.
    properties: bool,
}

impl Lzma2 {
    /// A decoder whose matches reach `reach` bytes back, for `content` bytes if known.
    pub(super) fn new(reach: u64, content: Option<u64>) -> Self {
        Lzma2 {
            lzma: Lzma::new(),
            window: Window::new(reach, content),
            begun: false,
            properties: false,
        }
    }

    /// Decodes a whole chunk. `None` when it makes no sense.
    pub(super) fn chunk(&mut self, chunk: &[u8]) -> Option<()> {
        let (control, _) = chunk.split_first()?;
        let kind = ChunkKind::parse(*control)?;
        let (header, content) = chunk.split_at_checked(kind.header_len())?;
        if kind == ChunkKind::End {
            return Some(());
        }
        if *control == 1 || *control >= 0xE0 {
            self.window.reset();
            (self.begun, self.properties) = (true, false);
        }
        if !self.begun {
            return None;
        }
        self.window.make_room();
        let ChunkKind::Lzma { properties } = kind else {
            self.window.extend(content);
            return Some(());
        };
        if properties {
            self.lzma.set_properties(*header.last()?)?;
            self.properties = true;
        }
        if !self.properties {
            return None;
        }
        if *control >= 0xA0 {
            self.lzma.reset();
        }
        let low = u16::from_be_bytes([*header.get(1)?, *header.get(2)?]);
        let len = (usize::from(control & 0x1f) << 16) + usize::from(low) + 1;
        self.lzma.decode(content, len, &mut self.window)
    }

    /// Hands over what the last chunk unfolded to.
    pub(super) fn take<E>(&mut self, each: impl FnMut(Run<'_>) -> Result<(), E>) -> Result<(), E> {
        self.window.take(each)
    }
}
