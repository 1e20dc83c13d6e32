//! Cutting a disk that comes in ascending ranges into units of one size.

use std::ops::Range;

use error::{Error, Result};

/// How far a disk has come: each range begins where the one before it ended or later, and none reaches
/// beyond the size that was announced.
#[derive(Debug)]
pub(super) struct Progress {
    size: u64,
    at: u64,
}

impl Progress {
    /// Nothing yet of a disk of `size` bytes.
    pub(super) fn new(size: u64) -> Self {
        Progress { size, at: 0 }
    }

    /// Takes the `len` bytes at `offset`.
    ///
    /// # Errors
    /// [`error::Kind::Target`] for a range that is before another one or beyond the end.
    pub(super) fn take(&mut self, offset: u64, len: u64) -> Result<()> {
        if offset < self.at {
            let at = self.at;
            let message = format!("byte {offset} of the disk came after byte {at}");
            return Err(Error::target(message));
        }
        self.at = self.within(offset.saturating_add(len))?;
        Ok(())
    }

    /// `end`, which has to be in the disk.
    ///
    /// # Errors
    /// [`error::Kind::Target`] if it does not.
    pub(super) fn within(&self, end: u64) -> Result<u64> {
        if end <= self.size {
            Ok(end)
        } else {
            Err(Error::target(format!(
                "the disk was announced with {} bytes and has at least {end}",
                self.size
            )))
        }
    }
}

/// A part of a range that is in one unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The unit's number, counted from 0.
    pub(super) number: u64,
    /// Where in the unit the part begins, in bytes.
    pub(super) skip: u64,
    /// Which bytes of the range it is.
    pub(super) bytes: Range<usize>,
}

/// Cuts the `len` bytes at `offset` where units of `unit` bytes begin.
pub(super) fn parts(unit: u64, offset: u64, len: usize) -> impl Iterator<Item = Part> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let room = unit - at % unit;
        let n = usize::try_from(room).map_or(len - done, |room| room.min(len - done));
        let part = Part {
            number: at / unit,
            skip: at % unit,
            bytes: done..done + n,
        };
        done += n;
        (n > 0).then_some(part)
    })
}

/// A unit of the disk that holds data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its number, counted from 0.
    pub(super) number: u64,
    /// All its bytes, the unit's size of them even where the disk ends inside.
    pub(super) bytes: Vec<u8>,
    /// Which of the bytes are data, in ascending order, none empty and none touching the next. The
    /// others are zeros.
    pub(super) data: Vec<Range<usize>>,
}

impl Unit {
    /// Appends `data`, which belongs at `skip`.
    fn push(&mut self, skip: usize, data: &[u8]) {
        self.bytes.resize(skip, 0);
        self.bytes.extend_from_slice(data);
        let end = self.bytes.len();
        match self.data.last_mut() {
            Some(last) if last.end == skip => last.end = end,
            _ => self.data.push(skip..end),
        }
    }
}

/// Collects units for who needs them whole; one that no data belongs to does not appear.
#[derive(Debug)]
pub(super) struct Units {
    unit: usize,
    progress: Progress,
    current: Option<Unit>,
}

impl Units {
    /// Cuts a disk of `size` bytes into units of `unit` bytes, at least 1.
    pub(super) fn new(unit: usize, size: u64) -> Self {
        Units {
            unit: unit.max(1),
            progress: Progress::new(size),
            current: None,
        }
    }

    /// Takes `data` at byte `offset` of the disk, and gives `each` the units that are complete by that.
    ///
    /// # Errors
    /// Those of [`Progress::take`] and of `each`.
    pub(super) fn write(
        &mut self,
        offset: u64,
        data: &[u8],
        each: &mut dyn FnMut(Unit) -> Result<()>,
    ) -> Result<()> {
        self.progress.take(offset, data.len() as u64)?;
        for part in parts(self.unit as u64, offset, data.len()) {
            self.leave(part.number, each)?;
            let unit = self.current.get_or_insert_with(|| Unit {
                number: part.number,
                bytes: Vec::with_capacity(self.unit),
                data: Vec::new(),
            });
            // It is less than the unit's size, which is one of memory.
            unit.push(part.skip as usize, data.get(part.bytes).unwrap_or_default());
        }
        self.leave(self.progress.at / self.unit as u64, each)
    }

    /// Takes `len` zeros at byte `offset` of the disk, in no time.
    ///
    /// # Errors
    /// As [`Units::write`].
    pub(super) fn zero(
        &mut self,
        offset: u64,
        len: u64,
        each: &mut dyn FnMut(Unit) -> Result<()>,
    ) -> Result<()> {
        self.progress.take(offset, len)?;
        self.leave(self.progress.at / self.unit as u64, each)
    }

    /// Gives `each` the last unit of a disk that ended at byte `end`.
    ///
    /// # Errors
    /// Those of [`Progress::within`] and of `each`.
    pub(super) fn finish(
        &mut self,
        end: u64,
        each: &mut dyn FnMut(Unit) -> Result<()>,
    ) -> Result<()> {
        self.progress.within(end)?;
        self.leave(u64::MAX, each)
    }

    /// Gives `each` the current unit unless it has the number `next`.
    fn leave(&mut self, next: u64, each: &mut dyn FnMut(Unit) -> Result<()>) -> Result<()> {
        match self.current.take_if(|unit| unit.number != next) {
            None => Ok(()),
            Some(mut unit) => {
                unit.bytes.resize(self.unit, 0);
                each(unit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A range: where it begins, and its data or the length of its hole.
    type Given = (u64, std::result::Result<&'static [u8], u64>);

    fn units(unit: usize, size: u64, given: &[Given]) -> Result<Vec<Unit>> {
        let mut units = Units::new(unit, size);
        let mut found = Vec::new();
        let each = &mut |unit| {
            found.push(unit);
            Ok(())
        };
        for &(offset, range) in given {
            match range {
                Ok(data) => units.write(offset, data, each)?,
                Err(hole) => units.zero(offset, hole, each)?,
            }
        }
        units.finish(size, each)?;
        Ok(found)
    }

    #[test]
    fn ranges_are_cut_joined_and_padded() {
        let given: [Given; 5] = [
            (0, Err(8)),
            (8, Ok(b"ab")),
            (10, Ok(b"cdef")),
            (14, Err(1)),
            (15, Ok(b"x")),
        ];
        let unit = |number, bytes: &[u8], data: &[Range<usize>]| Unit {
            number,
            bytes: bytes.to_vec(),
            data: data.to_vec(),
        };
        let expected = [
            unit(2, b"abcd", std::slice::from_ref(&(0..4))),
            unit(3, b"ef\0x", &[0..2, 3..4]),
        ];
        assert_eq!(units(4, 18, &given).unwrap(), expected);
        let last = unit(1, b"\0z\0\0", std::slice::from_ref(&(1..2)));
        assert_eq!(units(4, 6, &[(5, Ok(b"z"))]).unwrap(), [last]);
        assert_eq!(units(4, 6, &[(0, Err(6))]).unwrap(), []);
    }

    #[test]
    fn a_unit_is_given_out_as_soon_as_it_is_complete() {
        let mut units = Units::new(4, 1 << 62);
        let mut found = 0;
        let mut each = |_| {
            found += 1;
            Ok(())
        };
        units.write(0, b"abcd", &mut each).unwrap();
        units.write(4, b"a", &mut each).unwrap();
        units.zero(5, (1 << 62) - 5, &mut each).unwrap();
        assert_eq!(found, 2);
    }

    #[test]
    fn a_disk_comes_in_ascending_order_and_keeps_to_its_size() {
        let told = |given: &[Given]| units(4, 6, given).unwrap_err().to_string();
        let late = "byte 1 of the disk came after byte 2";
        assert_eq!(told(&[(0, Ok(b"ab")), (1, Ok(b"c"))]), late);
        let long = "the disk was announced with 6 bytes and has at least 7";
        assert_eq!(told(&[(4, Ok(b"abc"))]), long);
        let hole = "the disk was announced with 6 bytes and has at least 18446744073709551615";
        assert_eq!(told(&[(4, Err(u64::MAX))]), hole);
        let mut short = Units::new(4, 6);
        assert!(short.finish(7, &mut |_| Ok(())).is_err());
    }
}
