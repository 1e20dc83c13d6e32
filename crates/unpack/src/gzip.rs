//! gzip (RFC 1952): members of deflated data, one after another.

mod header;

use extent::{Piece, SparseRead, read_exact};
use report::{Error, Result};

use crate::Limits;
use crate::crc::Crc32;
use crate::inflate::{Inflate, ZlibInflate};

/// Who inflates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// This crate's own decoder, which sees holes and uses several threads where it can.
    #[default]
    Own,
    /// zlib-rs in one thread; slower, and every zero is written out.
    ZlibRs,
}

/// A gzip file's content.
///
/// Takes any number of members, and zeros as padding after the last. Checks header CRC, CRC-32 and
/// size of each member.
pub struct Gzip<R> {
    inflate: Inflater<R>,
    state: State,
    /// Counts members from 1.
    ordinal: u64,
    crc: Crc32,
    /// Bytes of this member so far.
    size: u64,
    /// Bytes of the piece to come that are in `crc` and `size` already.
    seen: u64,
    /// Bytes of all members so far.
    total: u64,
    limit: u64,
}

enum Inflater<R> {
    Own(Inflate<R>),
    ZlibRs(ZlibInflate<R>),
}

/// What comes next in the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Data,
    End,
}

impl<R: SparseRead> Gzip<R> {
    /// The content of the gzip file `input`.
    pub fn new(input: R, limits: &Limits) -> Self {
        Self::with_engine(input, limits, Engine::Own)
    }

    /// The same by the decoder of choice.
    pub fn with_engine(input: R, limits: &Limits, engine: Engine) -> Self {
        Gzip {
            inflate: match engine {
                Engine::Own => Inflater::Own(Inflate::new(input)),
                Engine::ZlibRs => Inflater::ZlibRs(ZlibInflate::new(input)),
            },
            state: State::Header,
            ordinal: 1,
            crc: Crc32::new(),
            size: 0,
            seen: 0,
            total: 0,
            limit: limits.output,
        }
    }

    /// Gets the next piece ready: afterwards the decoder has one, or everything is over.
    fn prepare(&mut self) -> Result<()> {
        loop {
            match self.state {
                State::Header => {
                    header::read(self.inflate.get_mut(), self.ordinal)?;
                    self.state = State::Data;
                }
                State::Data => {
                    let ordinal = self.ordinal;
                    let piece = self
                        .inflate
                        .peek()
                        .map_err(|e| e.at(format!("gzip member {ordinal}")))?;
                    if !piece.is_empty() {
                        return self.check_in();
                    }
                    self.trailer()?;
                    self.next_member()?;
                }
                State::End => return Ok(()),
            }
        }
    }

    /// Takes what has not been seen of the next piece into checksum and sizes.
    fn check_in(&mut self) -> Result<()> {
        let piece = self.inflate.peek()?;
        let new = piece.len() - self.seen;
        if new == 0 {
            return Ok(());
        }
        match piece {
            Piece::Data(data) => self.crc.update(data.get(self.seen as usize..).unwrap_or_default()),
            _ => self.crc.update_zeros(new),
        }
        self.seen += new;
        self.size += new;
        self.total += new;
        if self.total > self.limit {
            return Err(Error::refused(format!(
                "the gzip data unfolds to more than {} bytes",
                self.limit
            ))
            .hint("give --max-size N to take more"));
        }
        Ok(())
    }

    fn trailer(&mut self) -> Result<()> {
        let ordinal = self.ordinal;
        let mut trailer = [0; 8];
        if !read_exact(self.inflate.get_mut(), &mut trailer)? {
            return Err(Error::corrupt(format!(
                "gzip member {ordinal} ends within its trailer"
            )));
        }
        let [crc @ .., s0, s1, s2, s3] = trailer;
        let (crc, size) = (
            u32::from_le_bytes(crc),
            u32::from_le_bytes([s0, s1, s2, s3]),
        );
        let computed = self.crc.finish();
        if crc != computed {
            return Err(Error::corrupt(format!(
                "gzip member {ordinal}: CRC-32 is {crc:#010x}, the data has {computed:#010x}"
            )));
        }
        if size != self.size as u32 {
            return Err(Error::corrupt(format!(
                "gzip member {ordinal}: the size is {size} modulo 2^32, the data has {} bytes",
                self.size
            )));
        }
        Ok(())
    }

    /// Finds out what comes after a member.
    fn next_member(&mut self) -> Result<()> {
        let input = self.inflate.get_mut();
        let mut padded = false;
        loop {
            match input.peek()? {
                Piece::End => {
                    self.state = State::End;
                    return Ok(());
                }
                Piece::Zeros(n) => {
                    padded = true;
                    input.consume(n);
                }
                Piece::Data(data) => {
                    let zeros = data.iter().take_while(|&&byte| byte == 0).count();
                    padded |= zeros > 0;
                    let next = data.get(zeros).copied();
                    input.consume(zeros as u64);
                    match next {
                        None => {}
                        Some(0x1f) if !padded => break,
                        Some(byte) => {
                            return Err(Error::corrupt(format!(
                                "trailing garbage (it begins with byte {byte:#04x}) after gzip member {}",
                                self.ordinal
                            )));
                        }
                    }
                }
            }
        }
        self.inflate.restart();
        (self.crc, self.size) = (Crc32::new(), 0);
        self.ordinal += 1;
        self.state = State::Header;
        Ok(())
    }
}

impl<R: SparseRead> SparseRead for Gzip<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.prepare()?;
        match self.state {
            State::End => Ok(Piece::End),
            _ => self.inflate.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        self.seen = self.seen.saturating_sub(n);
        self.inflate.consume(n);
    }
}

impl<R: SparseRead> Inflater<R> {
    fn get_mut(&mut self) -> &mut R {
        match self {
            Inflater::Own(inflate) => inflate.get_mut(),
            Inflater::ZlibRs(inflate) => inflate.get_mut(),
        }
    }

    fn restart(&mut self) {
        match self {
            Inflater::Own(inflate) => inflate.restart(),
            Inflater::ZlibRs(inflate) => inflate.restart(),
        }
    }
}

impl<R: SparseRead> SparseRead for Inflater<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self {
            Inflater::Own(inflate) => inflate.peek(),
            Inflater::ZlibRs(inflate) => inflate.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        match self {
            Inflater::Own(inflate) => inflate.consume(n),
            Inflater::ZlibRs(inflate) => inflate.consume(n),
        }
    }
}
