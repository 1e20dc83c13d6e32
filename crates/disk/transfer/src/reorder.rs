//! Putting the pieces of a disk into ascending order, where they lie only a little out of it.

use std::collections::BTreeMap;

use error::{Error, Result, amount};
use sparse::{DiskRead, Piece, SparseRead};

use crate::advice::Advice;

/// Bytes that a piece which came early takes beside its data.
const BESIDE: usize = 64;

/// A disk every byte of which comes in a piece, for a target that takes them in ascending order only: pieces
/// that come early wait in memory.
pub(crate) struct Reorder<'a> {
    disk: &'a mut dyn DiskRead,
    position: u64,
    /// The piece that waited, as far as it has not been consumed.
    present: Option<Early>,
    /// Pieces that came early, by where they lie.
    early: BTreeMap<u64, Early>,
    /// Bytes that these take.
    held: usize,
    /// Bytes that they may take.
    most: usize,
}

/// A piece that came early.
enum Early {
    /// Data, of which so much has been consumed.
    Data(Box<[u8]>, usize),
    Zeros(u64),
}

impl Early {
    fn weight(&self) -> usize {
        match self {
            Early::Data(data, _) => BESIDE + data.len(),
            Early::Zeros(_) => BESIDE,
        }
    }

    fn show(&self) -> Piece<'_> {
        match self {
            Early::Data(data, consumed) => match data.get(*consumed..) {
                None | Some([]) => Piece::End,
                Some(rest) => Piece::Data(rest),
            },
            Early::Zeros(0) => Piece::End,
            Early::Zeros(len) => Piece::Zeros(*len),
        }
    }

    fn consume(&mut self, n: u64) {
        match self {
            Early::Data(_, consumed) => *consumed += n as usize,
            Early::Zeros(len) => *len -= n,
        }
    }
}

impl<'a> Reorder<'a> {
    /// The pieces of `disk`, of which those that come early may take `most` bytes.
    pub(crate) fn new(disk: &'a mut dyn DiskRead, most: usize) -> Self {
        Reorder {
            disk,
            position: 0,
            present: None,
            early: BTreeMap::new(),
            held: 0,
            most,
        }
    }

    /// Sees to it that what comes next is at hand: a piece that waited, or the disk's own next one.
    fn settle(&mut self) -> Result<()> {
        if self
            .present
            .as_ref()
            .is_some_and(|piece| piece.show().is_empty())
        {
            self.present = None;
        }
        while self.present.is_none() {
            if let Some(piece) = self.early.remove(&self.position) {
                self.held -= piece.weight();
                self.present = Some(piece);
                return Ok(());
            }
            let at = self.disk.offset()?;
            if at == self.position || self.disk.peek()?.is_empty() {
                break;
            }
            self.hold(at)?;
        }
        Ok(())
    }

    /// Lets the disk's next piece wait, which lies at `at`.
    fn hold(&mut self, at: u64) -> Result<()> {
        if at < self.position {
            return Err(Error::corrupt(format!("holds byte {at} of the disk twice")));
        }
        let piece = self.disk.peek()?;
        let len = piece.len();
        let piece = match piece {
            Piece::Data(data) => Early::Data(data.into(), 0),
            _ => Early::Zeros(len),
        };
        self.held += piece.weight();
        if self.held > self.most {
            return Err(Error::unsupported(format!(
                "holds byte {at} of the disk before byte {}, a target wants them in order, and no more than {} \
                 of data can wait for that",
                self.position,
                amount(self.most as u64)
            ))
            .advise(Advice::RaiseMemory));
        }
        self.disk.consume(len);
        self.early.insert(at, piece);
        Ok(())
    }
}

impl SparseRead for Reorder<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.settle()?;
        match &self.present {
            Some(piece) => Ok(piece.show()),
            None => self.disk.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        match &mut self.present {
            Some(piece) => piece.consume(n),
            None => self.disk.consume(n),
        }
        self.position += n;
    }
}

impl DiskRead for Reorder<'_> {
    fn size(&self) -> Option<u64> {
        self.disk.size()
    }

    fn offset(&mut self) -> Result<u64> {
        Ok(self.position)
    }

    fn is_in_order(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of 10 bytes by their number, every third of zeros.
    struct Pieces(Vec<u8>, [u8; 10]);

    impl SparseRead for Pieces {
        fn peek(&mut self) -> Result<Piece<'_>> {
            Ok(match self.0.first() {
                None => Piece::End,
                Some(number) if number % 3 == 0 => Piece::Zeros(10),
                Some(&number) => {
                    self.1 = [number; 10];
                    Piece::Data(&self.1)
                }
            })
        }
        fn consume(&mut self, n: u64) {
            assert_eq!(n, 10);
            self.0.remove(0);
        }
    }

    impl DiskRead for Pieces {
        fn size(&self) -> Option<u64> {
            Some(80)
        }
        fn offset(&mut self) -> Result<u64> {
            Ok(self.0.first().map_or(0, |&number| u64::from(number) * 10))
        }
        fn is_in_order(&self) -> bool {
            false
        }
        fn is_whole(&self) -> bool {
            true
        }
    }

    fn read(order: &[u8], most: usize) -> Result<Vec<u8>> {
        let mut pieces = Pieces(order.to_vec(), [0; 10]);
        let mut disk = Reorder::new(&mut pieces, most);
        let mut all = Vec::new();
        loop {
            assert_eq!(disk.offset()?, all.len() as u64);
            let n = match disk.peek()? {
                Piece::Data(data) => {
                    all.extend_from_slice(data);
                    data.len()
                }
                Piece::Zeros(len) => {
                    all.resize(all.len() + len as usize, 0);
                    len as usize
                }
                Piece::End => return Ok(all),
            };
            disk.consume(n as u64);
        }
    }

    #[test]
    fn pieces_come_in_order() {
        let whole: Vec<u8> = [0, 1, 2, 0, 4, 5, 0, 7]
            .iter()
            .flat_map(|&byte| [byte; 10])
            .collect();
        for order in [
            [0, 1, 2, 3, 4, 5, 6, 7],
            [7, 6, 5, 4, 3, 2, 1, 0],
            [1, 0, 3, 2, 5, 4, 7, 6],
            [0, 7, 1, 6, 2, 5, 3, 4],
        ] {
            assert_eq!(read(&order, 1000).unwrap(), whole, "{order:?}");
        }
        let error = read(&[0, 1, 4, 7, 2], 100).unwrap_err();
        assert_eq!(
            error.message(),
            "holds byte 70 of the disk before byte 20, a target wants them in order, and no more than \
             100 bytes of data can wait for that"
        );
        let error = read(&[0, 1, 0], 100).unwrap_err();
        assert_eq!(error.message(), "holds byte 0 of the disk twice");
    }
}
