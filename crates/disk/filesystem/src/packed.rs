//! Files whose bytes are packed in units, some of them, and plain in the volume, the others.
//!
//! ```text
//! Map ─► Packed: byte 0 …            the volume
//!                byte Packed::FIRST … unit · unit · unit, unpacked, one behind the other
//! ```
//!
//! So one [`crate::mapped::Map`] covers plain bytes, packed ones and holes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use error::{Error, Result};
use sparse::{BlockRead, Run};

use crate::recent::Recent;
use crate::unit::{Coding, Unpacker};

/// Most units of a file: 128 GiB where a unit has 128 KiB.
const MOST: usize = 1 << 20;

/// Unpacked units that are kept: 8 MiB where a unit has 1 MiB.
const KEPT: usize = 8;

/// A unit: where its packed bytes are in the volume, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub at: u64,
    pub stored: u32,
    /// The bytes that it unpacks to, or the most where less is allowed.
    pub len: u32,
    pub coding: Coding,
}

/// What is behind the end of a unit that unpacks to less than expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    /// Zeros.
    Zeros,
    /// Nothing: it is damaged.
    Corrupt,
}

/// The units of a volume. Those that were used last are kept, for all files together.
pub(crate) struct Units {
    source: Arc<dyn BlockRead>,
    short: Short,
    recent: Recent<Arc<[u8]>>,
    idle: Mutex<Vec<Worker>>,
}

/// An unpacker and its input.
struct Worker {
    unpacker: Unpacker,
    stored: Vec<u8>,
}

impl Units {
    pub(crate) fn new(source: Arc<dyn BlockRead>, short: Short) -> Self {
        Units {
            source,
            short,
            recent: Recent::new(KEPT),
            idle: Mutex::default(),
        }
    }

    /// Fills `part` with what `unit` has from byte `from` on.
    fn read(&self, unit: &Unit, from: usize, part: &mut [u8]) -> Result<()> {
        if from == 0 && part.len() == unit.len as usize && self.recent.get(unit.at).is_none() {
            let n = self.unpack(unit, part)?;
            return self.pad(unit, n, part.get_mut(n..).unwrap_or_default());
        }
        let bytes = self.whole(unit)?;
        let there = bytes.get(from..).unwrap_or_default();
        let n = there.len().min(part.len());
        part[..n].copy_from_slice(&there[..n]);
        self.pad(unit, bytes.len(), &mut part[n..])
    }

    /// All of `unit`.
    fn whole(&self, unit: &Unit) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.recent.get(unit.at)
            && bytes.len() <= unit.len as usize
        {
            return Ok(bytes);
        }
        let mut bytes = vec![0; unit.len as usize];
        let n = self.unpack(unit, &mut bytes)?;
        bytes.truncate(n);
        let bytes: Arc<[u8]> = bytes.into();
        self.recent.keep(unit.at, Arc::clone(&bytes));
        Ok(bytes)
    }

    fn unpack(&self, unit: &Unit, bytes: &mut [u8]) -> Result<usize> {
        let idle = self.idle().pop();
        let mut worker = idle.unwrap_or_else(|| Worker {
            unpacker: Unpacker::new(),
            stored: Vec::new(),
        });
        let unpacked = worker.unpack(self.source.as_ref(), unit, bytes);
        self.idle().push(worker);
        unpacked.map_err(|error| match error.kind() {
            error::Kind::Corrupt => error.at(format!("{} bytes at byte {}", unit.stored, unit.at)),
            _ => error,
        })
    }

    /// Fills `rest`, which is behind the `n` bytes that `unit` has.
    fn pad(&self, unit: &Unit, n: usize, rest: &mut [u8]) -> Result<()> {
        if !rest.is_empty() && self.short == Short::Corrupt {
            return Err(Error::corrupt(format!(
                "{} bytes at byte {} unpack to {n}, which is too few",
                unit.stored, unit.at
            )));
        }
        rest.fill(0);
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn unpack(&mut self, source: &dyn BlockRead, unit: &Unit, bytes: &mut [u8]) -> Result<usize> {
        self.stored.resize(unit.stored as usize, 0);
        let n = source.read_at(unit.at, &mut self.stored)?;
        if n < self.stored.len() {
            let text = format!("they end after {n} bytes, with the volume");
            return Err(Error::corrupt(text));
        }
        self.unpacker.unpack(unit.coding, &self.stored, bytes)
    }
}

/// The volume, and behind it what is packed.
pub(crate) struct Packed {
    units: Arc<Units>,
    pieces: Vec<Piece>,
}

/// A run of unpacked bytes.
struct Piece {
    /// The first byte after it, counted from [`Packed::FIRST`].
    end: u64,
    content: Content,
}

enum Content {
    Unit(Unit),
    /// Bytes that were stored with the metadata.
    Held(Vec<u8>),
}

impl Packed {
    /// Where the unpacked bytes start. Those of the volume end before.
    pub(crate) const FIRST: u64 = 1 << 63;

    pub(crate) fn new(units: &Arc<Units>) -> Self {
        Packed {
            units: Arc::clone(units),
            pieces: Vec::new(),
        }
    }

    /// Adds a unit and returns the byte where it starts.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when there are too many.
    pub(crate) fn add(&mut self, unit: Unit) -> Result<u64> {
        self.push(unit.len.into(), Content::Unit(unit))
    }

    /// Adds bytes that are there already and returns the byte where they start.
    ///
    /// # Errors
    /// As [`Packed::add`].
    pub(crate) fn hold(&mut self, bytes: Vec<u8>) -> Result<u64> {
        self.push(bytes.len() as u64, Content::Held(bytes))
    }

    fn push(&mut self, len: u64, content: Content) -> Result<u64> {
        if self.pieces.len() == MOST {
            return Err(Error::unsupported(format!("more than {MOST} packed units")));
        }
        let start = self.pieces.last().map_or(0, |last| last.end);
        let end = start + len;
        self.pieces.push(Piece { end, content });
        Ok(Self::FIRST + start)
    }

    /// The piece with byte `at`, counted from [`Packed::FIRST`], and where it starts.
    fn piece(&self, at: u64) -> Option<(&Piece, u64)> {
        let i = self.pieces.partition_point(|piece| piece.end <= at);
        let before = i.checked_sub(1).and_then(|before| self.pieces.get(before));
        let piece = self.pieces.get(i)?;
        Some((piece, before.map_or(0, |before| before.end)))
    }
}

impl BlockRead for Packed {
    fn name(&self) -> &str {
        self.units.source.name()
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let Some(first) = offset.checked_sub(Self::FIRST) else {
            return self.units.source.read_at(offset, buffer);
        };
        let mut done = 0;
        while done < buffer.len() {
            let at = first + done as u64;
            let Some((piece, start)) = self.piece(at) else {
                break;
            };
            let n = (piece.end - at).min((buffer.len() - done) as u64) as usize;
            let part = &mut buffer[done..done + n];
            let from = (at - start) as usize;
            match &piece.content {
                Content::Unit(unit) => self.units.read(unit, from, part)?,
                Content::Held(bytes) => part.copy_from_slice(&bytes[from..from + n]),
            }
            done += n;
        }
        Ok(done)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        let Some(at) = offset.checked_sub(Self::FIRST) else {
            return self.units.source.run_at(offset);
        };
        let end = self.pieces.last().map_or(0, |last| last.end);
        Ok(match end.saturating_sub(at) {
            0 => Run::End,
            len => Run::Data(len),
        })
    }

    fn is_far(&self) -> bool {
        self.units.source.is_far()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapped::Map;

    /// A volume of 100 bytes 0, 1, 2 … and behind them packed ones, 200 times `x`; the unit.
    fn volume(len: u32) -> (Arc<dyn BlockRead>, Unit) {
        let mut bytes: Vec<u8> = (0..100).collect();
        let packed = zstd::bulk::compress(&[b'x'; 200], 3).unwrap();
        let unit = Unit {
            at: 100,
            stored: packed.len() as u32,
            len,
            coding: Coding::Zstd,
        };
        bytes.extend_from_slice(&packed);
        (Arc::new(bytes), unit)
    }

    fn file(len: u32, short: Short) -> crate::mapped::Mapped {
        let (source, unit) = volume(len);
        let mut packed = Packed::new(&Arc::new(Units::new(source, short)));
        let held = packed.hold(b"held".to_vec()).unwrap();
        let at = packed.add(unit).unwrap();
        let mut map = Map::default();
        map.push(4, Some(held)).unwrap();
        map.push(u64::from(len), Some(at)).unwrap();
        map.push(10, Some(5)).unwrap();
        map.push(6, None).unwrap();
        map.push(2, Some(at + 1)).unwrap();
        map.over(Arc::new(packed), "file", 22 + u64::from(len))
            .unwrap()
    }

    #[test]
    fn plain_packed_and_held_bytes_are_one_file() {
        let file = file(200, Short::Corrupt);
        let expected = [
            b"held".as_slice(),
            &[b'x'; 200],
            &[5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
            &[0; 6],
            b"xx",
        ]
        .concat();
        let mut buffer = [9; 300];
        assert_eq!(file.read_at(0, &mut buffer).unwrap(), 222);
        assert_eq!(buffer[..222], expected);
        for at in 0..222 {
            let mut buffer = [9; 40];
            let n = file.read_at(at, &mut buffer).unwrap();
            assert_eq!(buffer[..n], expected[at as usize..][..n]);
        }
        assert_eq!(file.run_at(0).unwrap(), Run::Data(204));
        assert_eq!(file.run_at(214).unwrap(), Run::Hole(6));
    }

    #[test]
    fn a_unit_that_is_too_short_is_filled_or_corrupt() {
        let mut buffer = [9; 300];
        let zeros = file(250, Short::Zeros);
        assert_eq!(zeros.read_at(0, &mut buffer).unwrap(), 272);
        assert_eq!(buffer[203..206], [b'x', 0, 0]);
        assert_eq!(buffer[253..255], [0, 5]);
        let corrupt = file(250, Short::Corrupt);
        for len in [300, 230] {
            let error = corrupt.read_at(0, &mut buffer[..len]).unwrap_err();
            let text = error.to_text();
            assert!(text.ends_with(" unpack to 200, which is too few"), "{text}");
        }
        assert_eq!(corrupt.read_at(0, &mut buffer[..150]).unwrap(), 150);
    }
}
