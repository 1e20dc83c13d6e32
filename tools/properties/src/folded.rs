//! A folded image ([`testkit::fold`]) that is read without writing its zeros out.

use error::Result;
use sparse::{BlockRead, Piece, SparseRead};
use testkit::fold;

/// An image whose zeros take no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// What is not zeros, by its offset in bytes, in order.
    parts: Vec<(usize, Vec<u8>)>,
    /// Bytes of the image.
    size: usize,
}

impl Folded {
    /// What `folded` stands for.
    pub fn new(folded: &[u8]) -> Self {
        let (parts, size) = fold::parts(folded);
        let parts = parts.into_iter().filter(|(_, data)| !data.is_empty());
        Folded {
            parts: parts.map(|(start, data)| (start, data.to_vec())).collect(),
            size,
        }
    }

    /// The image with its zeros.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut image = vec![0; self.size];
        self.read(0, &mut image);
        image
    }

    /// Fills `buffer` with the bytes from `offset` on; tells how many there are.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let len = buffer.len().min(self.size.saturating_sub(offset));
        let buffer = &mut buffer[..len];
        buffer.fill(0);
        let first = self
            .parts
            .partition_point(|(start, data)| start + data.len() <= offset);
        for (start, data) in &self.parts[first..] {
            if *start >= offset + len {
                break;
            }
            let (from, to) = (offset.max(*start), (offset + len).min(start + data.len()));
            buffer[from - offset..to - offset].copy_from_slice(&data[from - start..to - start]);
        }
        len
    }

    /// Puts `bytes` at `offset`, as far as something is there.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        for (start, data) in &mut self.parts {
            for (at, &byte) in (offset..).zip(bytes) {
                let old = at.checked_sub(*start).and_then(|at| data.get_mut(at));
                old.into_iter().for_each(|old| *old = byte);
            }
        }
    }

    /// The multiples of `step` at which something is.
    pub fn places(&self, step: usize) -> Vec<usize> {
        let within = |(start, data): &(usize, Vec<u8>)| {
            (start.next_multiple_of(step)..start + data.len()).step_by(step)
        };
        self.parts.iter().flat_map(within).collect()
    }
}

impl BlockRead for Folded {
    fn name(&self) -> &str {
        "memory"
    }

    fn size(&self) -> Option<u64> {
        Some(self.size as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(self.read(offset.min(self.size), buffer))
    }
}

/// A folded image as a stream, its zeros as holes.
#[derive(Clone, Debug)]
pub struct FoldedSource<'a> {
    parts: &'a [(usize, Vec<u8>)],
    at: usize,
    size: usize,
}

impl<'a> FoldedSource<'a> {
    /// A stream of all of `image`.
    pub fn new(image: &'a Folded) -> Self {
        FoldedSource {
            parts: &image.parts,
            at: 0,
            size: image.size,
        }
    }
}

impl SparseRead for FoldedSource<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while let Some(((start, data), rest)) = self.parts.split_first()
            && start + data.len() <= self.at
        {
            self.parts = rest;
        }
        let next = self.parts.first();
        Ok(
            match next.and_then(|(start, data)| data.get(self.at.checked_sub(*start)?..)) {
                Some(data) => Piece::Data(data),
                None => match next.map_or(self.size, |(start, _)| *start) - self.at {
                    0 => Piece::End,
                    zeros => Piece::Zeros(zeros as u64),
                },
            },
        )
    }

    fn consume(&mut self, n: u64) {
        self.at += n as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sparse::read_full;

    #[test]
    fn a_folded_image_reads_as_the_image_does() {
        let mut image: Vec<u8> = (0..100_000).map(|i| (i / 700 % 3) as u8).collect();
        image.extend(vec![0; 4 << 20]);
        image.extend(vec![7; 700]);
        let folded = Folded::new(&fold::fold(&image));
        assert!(folded.to_vec() == image);
        for (offset, len) in [(0, 5), (699, 2000), (99_990, 4096), (image.len() - 5, 9)] {
            let mut buffer = vec![1; len];
            let read = folded.read(offset, &mut buffer);
            assert_eq!(buffer[..read], image[offset..offset + read], "{offset}");
            assert_eq!(read, len.min(image.len() - offset));
        }
        let mut passed = vec![1; image.len() + 1];
        let read = read_full(&mut FoldedSource::new(&folded), &mut passed).unwrap();
        assert!(passed[..read] == image);
    }

    #[test]
    fn images_behind_each_other_are_told_apart() {
        let images = [
            vec![1; 700],
            Vec::new(),
            vec![0; 40 << 20],
            [7; 512].to_vec(),
        ];
        let folded = fold::fold_all(&images);
        let found: Vec<Folded> = fold::images(&folded).into_iter().map(Folded::new).collect();
        assert!(found[0].to_vec() == images[0] && found[1].to_vec() == images[1]);
        assert!(found.last().unwrap().to_vec() == images[3]);
        assert_eq!(fold::images(b""), [b""]);
        // Cut short in the middle of a part.
        assert_eq!(fold::images(&folded[..9]), [&folded[..9]]);
    }

    #[test]
    fn only_what_is_there_is_written() {
        let mut image = vec![0; 2048];
        image[512..1024].fill(7);
        let mut folded = Folded::new(&fold::fold(&image));
        assert_eq!(folded.places(512), [512]);
        folded.write(510, &[1, 2, 3, 4]);
        let written = folded.to_vec();
        assert_eq!(written[508..516], [0, 0, 0, 0, 3, 4, 7, 7]);
    }
}
