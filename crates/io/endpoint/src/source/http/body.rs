//! The bytes behind an answer's header.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use error::{Error, Result};

use super::answer::Framing;
use super::exchange::Answer;
use super::wire::{Tap, read_once};

/// An answer's body, being read.
pub(super) struct Body {
    reader: ureq::BodyReader<'static>,
    /// The connection itself, where the body is on it as it is.
    direct: Option<(Arc<Tap>, Arc<TcpStream>)>,
}

impl Body {
    /// The body of `answer`. The connection may be silent for as long as `silence`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the connection is broken.
    pub(super) fn new(answer: Answer, framing: Framing, silence: Duration) -> Result<Self> {
        let plain = framing != Framing::Chunked;
        let direct = answer
            .tap
            .filter(|_| plain)
            .and_then(|tap| tap.stream().map(|s| (tap, s)));
        if let Some((_, stream)) = &direct {
            let set = stream.set_read_timeout(Some(silence).filter(|silence| !silence.is_zero()));
            set.map_err(|cause| Error::io("the connection is broken", cause))?;
        }
        let reader = answer.response.into_body().into_reader();
        Ok(Body { reader, direct })
    }

    /// Reads on, at most `left` bytes where that is known.
    pub(super) fn read(&mut self, buffer: &mut [u8], left: Option<u64>) -> io::Result<usize> {
        let left = left
            .and_then(|left| usize::try_from(left).ok())
            .unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        match &self.direct {
            Some((tap, stream)) if tap.buffered() == 0 => read_once(stream, buffer),
            _ => self.reader.read(buffer),
        }
    }

    /// Whether more has come than belongs to the body, as far as can be told without waiting.
    pub(super) fn has_more(&self) -> bool {
        let Some((tap, stream)) = &self.direct else {
            return false;
        };
        let waiting =
            || stream.set_nonblocking(true).is_ok() && stream.peek(&mut [0]).is_ok_and(|n| n > 0);
        tap.buffered() > 0 || waiting()
    }
}
