//! The unit in which a disk travels: an aligned piece of it with a map of its zeros.

use std::borrow::Cow;

use error::Result;
use sparse::digest;
use sparse::zero::is_zero;

use crate::buffers::Pool;

/// Bytes in a chunk; in a disk that comes in order every chunk starts at a multiple of it.
pub(crate) const CHUNK: usize = 256 * 1024;

/// The granularity of zeros, the block of every common file system and of 4 KiB-sector disks.
pub(crate) const BLOCK: usize = 4096;

/// One bit a block: a chunk's zeros fit a machine word.
const BLOCKS: usize = CHUNK / BLOCK;
const _: () = assert!(BLOCKS == 64 && CHUNK.is_multiple_of(digest::BLOCK));

/// A piece of the disk that holds data.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Where it lies in the disk, in bytes; a multiple of [`digest::BLOCK`].
    pub(crate) offset: u64,
    /// [`CHUNK`] bytes, of which the first `len` count.
    bytes: Box<[u8]>,
    len: usize,
    /// Bit `i` is set when block `i` is known to hold something.
    data: u64,
    /// Bit `i` is set when block `i` was written in parts, so that nobody has looked at all of it.
    partial: u64,
    /// The digest blocks that hold data and their hashes, where they are known already.
    hashes: Option<Vec<(u64, [u8; 32])>>,
    home: Pool,
}

impl Chunk {
    /// An empty chunk at `offset` with a buffer from `pool`, waiting for one if all are under way. The
    /// caller owes a pool that nobody closes.
    pub(crate) fn new(pool: &Pool, offset: u64) -> Self {
        Self::with(pool, offset, pool.take().unwrap_or_default())
    }

    /// The same; `None` when the pool is closed.
    pub(crate) fn take(pool: &Pool, offset: u64) -> Option<Self> {
        Some(Self::with(pool, offset, pool.take()?))
    }

    fn with(pool: &Pool, offset: u64, bytes: Box<[u8]>) -> Self {
        Chunk {
            offset,
            bytes,
            len: 0,
            data: 0,
            partial: 0,
            hashes: None,
            home: pool.clone(),
        }
    }

    /// The same buffer as an empty chunk at `offset`.
    pub(crate) fn restart(mut self, offset: u64) -> Self {
        (self.offset, self.len, self.data, self.partial) = (offset, 0, 0, 0);
        self.hashes = None;
        self
    }

    /// How far the chunk is filled.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends the beginning of `data`, as much as there is room for; returns how much that was.
    /// Whole blocks of zeros are seen and never copied.
    pub(crate) fn push(&mut self, data: &[u8]) -> usize {
        let n = data.len().min(CHUNK - self.len);
        let mut rest = &data[..n];
        while !rest.is_empty() {
            let (block, within) = (self.len / BLOCK, self.len % BLOCK);
            let step = rest.len().min(BLOCK - within);
            let (now, later) = rest.split_at(step);
            if step == BLOCK {
                if !is_zero(now) {
                    self.bytes[self.len..self.len + BLOCK].copy_from_slice(now);
                    self.data |= 1 << block;
                }
            } else {
                self.push_part(block, within, now);
            }
            self.len += step;
            rest = later;
        }
        n
    }

    fn push_part(&mut self, block: usize, within: usize, part: &[u8]) {
        let start = block * BLOCK;
        if self.partial & 1 << block == 0 {
            self.partial |= 1 << block;
            self.bytes[start..start + BLOCK].fill(0);
        }
        self.bytes[start + within..start + within + part.len()].copy_from_slice(part);
    }

    /// Lets `exchange` give the empty chunk a buffer that is filled already, in place of its own, and
    /// looks at what is in it; `exchange` says how many bytes that is.
    pub(crate) fn adopt(
        &mut self,
        exchange: impl FnOnce(&mut Box<[u8]>) -> Result<Option<usize>>,
    ) -> Result<()> {
        if let Some(len) = exchange(&mut self.bytes)? {
            self.look_at(0, len);
        }
        Ok(())
    }

    /// Appends `len` bytes, for which there is room, by letting `read` fill the place where they
    /// belong.
    pub(crate) fn fill(
        &mut self,
        len: usize,
        read: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let start = self.len;
        if start.is_multiple_of(BLOCK) {
            read(&mut self.bytes[start..start + len])?;
            self.look_at(start, len);
        } else {
            let mut bytes = vec![0; len];
            read(&mut bytes)?;
            self.push(&bytes);
        }
        Ok(())
    }

    /// Looks at `len` bytes that stand at `start`, a block's beginning, and takes them as the next.
    fn look_at(&mut self, start: usize, len: usize) {
        self.len = start + len;
        let first = start / BLOCK;
        for (i, block) in self.bytes[start..self.len].chunks(BLOCK).enumerate() {
            self.data |= u64::from(!is_zero(block)) << (first + i);
        }
        if !self.len.is_multiple_of(BLOCK) {
            self.partial |= 1 << (self.len / BLOCK);
            self.bytes[self.len..self.len.next_multiple_of(BLOCK)].fill(0);
        }
    }

    /// Appends zeros, as many of the `n` as there is room for; returns how many.
    pub(crate) fn push_zeros(&mut self, n: u64) -> usize {
        // What is not marked counts as zero, and `push_part` clears a block before its first part.
        let n = (CHUNK - self.len).min(usize::try_from(n).unwrap_or(CHUNK));
        self.len += n;
        n
    }

    /// Looks at the blocks that came in parts. Call it once, when the chunk is filled; afterwards
    /// [`Chunk::runs`] and [`Chunk::digest_blocks`] are right. Returns whether there is any data.
    pub(crate) fn seal(&mut self) -> bool {
        for block in bits(self.partial) {
            let start = block * BLOCK;
            if !is_zero(&self.bytes[start..start + BLOCK]) {
                self.data |= 1 << block;
            }
        }
        // A digest block is hashed whole, so the zeros beside data must really stand there.
        const GROUP: usize = digest::BLOCK / BLOCK;
        for group in 0..BLOCKS / GROUP {
            let mask = ((1u64 << GROUP) - 1) << (group * GROUP);
            if self.data & mask != 0 {
                for block in bits(!self.data & !self.partial & mask) {
                    self.bytes[block * BLOCK..(block + 1) * BLOCK].fill(0);
                }
            }
        }
        self.data != 0
    }

    /// Hashes the blocks of the disk's digest; call it where there is time for it, after
    /// [`Chunk::seal`].
    pub(crate) fn hash(&mut self) {
        let hash = |(number, block): (u64, &[u8])| (number, digest::block_hash(block));
        self.hashes = Some(self.digest_blocks().map(hash).collect());
    }

    /// The digest blocks that hold data, by their number in the disk and their hash.
    pub(crate) fn hashes(&self) -> Cow<'_, [(u64, [u8; 32])]> {
        match &self.hashes {
            Some(hashes) => Cow::Borrowed(hashes),
            None => {
                let hash = |(number, block): (u64, &[u8])| (number, digest::block_hash(block));
                Cow::Owned(self.digest_blocks().map(hash).collect())
            }
        }
    }

    /// The same, as far as [`Chunk::hash`] has made them.
    pub(crate) fn known_hashes(&self) -> &[(u64, [u8; 32])] {
        self.hashes.as_deref().unwrap_or_default()
    }

    /// Takes the last `n` bytes away, of which there are as many. Call it on a sealed chunk.
    pub(crate) fn shorten(&mut self, n: usize) {
        self.len -= n;
        self.hashes = None;
        let kept = self.len.next_multiple_of(BLOCK);
        self.bytes[self.len..kept].fill(0);
        let (whole, rest) = (self.len / BLOCK, self.len % BLOCK);
        let blocks = whole + usize::from(rest > 0);
        self.data &= 1u64
            .checked_shl(blocks as u32)
            .map_or(u64::MAX, |bit| bit - 1);
        if rest > 0 && is_zero(&self.bytes[whole * BLOCK..self.len]) {
            self.data &= !(1 << whole);
        }
    }

    /// Bytes of data, in whole blocks but for the disk's last one.
    pub(crate) fn data_len(&self) -> u64 {
        self.runs()
            .map(|run| run.data.map_or(0, <[u8]>::len))
            .sum::<usize>() as u64
    }

    /// The chunk as alternating runs of data and zeros, in order, without gaps.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            if at >= self.len {
                return None;
            }
            let start = at;
            let holds = |at: usize| self.data >> (at / BLOCK) & 1 == 1;
            let kind = holds(start);
            while at < self.len && holds(at) == kind {
                at += BLOCK;
            }
            at = at.min(self.len);
            Some(Run {
                offset: self.offset + start as u64,
                len: (at - start) as u64,
                data: kind.then(|| &self.bytes[start..at]),
            })
        })
    }

    /// The disk digest's blocks that hold data: their number in the disk and their bytes.
    fn digest_blocks(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let first = self.offset / digest::BLOCK as u64;
        let blocks = self.bytes[..self.len].chunks(digest::BLOCK).enumerate();
        blocks.filter_map(move |(i, block)| {
            let group = digest::BLOCK / BLOCK;
            let holds = self.data >> (i * group) & ((1 << group) - 1) != 0;
            holds.then_some((first + i as u64, block))
        })
    }

    /// The last `n` bytes of the chunk, at most a block, if they lie in one block that holds data.
    pub(crate) fn end(&self, n: usize) -> Option<&[u8]> {
        let start = self.len.checked_sub(n)?;
        let block = start / BLOCK;
        let holds = self.len <= (block + 1) * BLOCK && self.data >> block & 1 == 1;
        holds.then(|| &self.bytes[start..self.len])
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.home.give(std::mem::take(&mut self.bytes));
    }
}

/// A run inside a chunk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run<'a> {
    /// Where it lies in the disk, in bytes.
    pub(crate) offset: u64,
    /// Its length in bytes.
    pub(crate) len: u64,
    /// Its bytes, or nothing for zeros.
    pub(crate) data: Option<&'a [u8]>,
}

fn bits(mut map: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = map.trailing_zeros() as usize;
        map &= map.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assembled(chunk: &Chunk) -> Vec<u8> {
        let mut bytes = Vec::new();
        for run in chunk.runs() {
            assert_eq!(run.offset, chunk.offset + bytes.len() as u64);
            match run.data {
                Some(data) => bytes.extend_from_slice(data),
                None => bytes.resize(bytes.len() + run.len as usize, 0),
            }
        }
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_chunk_is_what_was_pushed(parts in prop::collection::vec((0usize..3, 1usize..20_000), 1..30)) {
            let pool = Pool::new(1, CHUNK);
            // A used buffer is full of somebody else's bytes.
            let mut dirty = Chunk::new(&pool, 0);
            dirty.push(&[0xee; CHUNK]);
            drop(dirty);
            let mut chunk = Chunk::new(&pool, CHUNK as u64);
            let mut expected = Vec::new();
            for (kind, len) in parts {
                let n = match kind {
                    0 => chunk.push_zeros(len as u64),
                    1 => chunk.push(&vec![0; len]),
                    _ => chunk.push(&vec![7; len]),
                };
                expected.resize(expected.len() + n, if kind == 2 { 7 } else { 0 });
            }
            let any = chunk.seal();
            prop_assert_eq!(any, expected.contains(&7));
            prop_assert_eq!(&assembled(&chunk), &expected);
            let mut by_chunk = digest::DiskHasher::default();
            for (number, hash) in chunk.hashes().iter() {
                by_chunk.hashed(*number, hash);
            }
            let mut by_bytes = digest::DiskHasher::default();
            for (i, block) in expected.chunks(digest::BLOCK).enumerate() {
                by_bytes.block((CHUNK / digest::BLOCK + i) as u64, block);
            }
            prop_assert_eq!(by_chunk.finish(0), by_bytes.finish(0));
        }
    }

    #[test]
    fn an_adopted_buffer_goes_on_like_any_other() {
        for len in [1, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK] {
            let pool = Pool::new(1, CHUNK);
            let mut chunk = Chunk::new(&pool, 0);
            let mut expected = vec![0; len];
            expected[len - 1] = 3;
            let adopted = chunk.adopt(|buffer| {
                buffer.fill(0xee);
                buffer[..len].copy_from_slice(&expected);
                Ok(Some(len))
            });
            adopted.unwrap();
            let more = chunk.push(&[5; 10]) + chunk.push_zeros(BLOCK as u64) + chunk.push(&[6; 10]);
            expected.extend([5; 10]);
            expected.extend([0; BLOCK]);
            expected.extend([6; 10]);
            expected.truncate(len + more);
            assert!(chunk.seal());
            assert_eq!(assembled(&chunk), expected);
        }
    }

    #[test]
    fn what_is_filled_or_taken_away_counts() {
        for (before, len, away) in [(0, 100, 100), (BLOCK, 9000, 512), (700, CHUNK - 700, 5000)] {
            let pool = Pool::new(1, CHUNK);
            let mut chunk = Chunk::new(&pool, 0);
            chunk.push(&vec![7; before]);
            chunk
                .fill(len, |bytes| {
                    bytes.fill(0);
                    bytes[len - 1] = 9;
                    Ok(())
                })
                .unwrap();
            chunk.seal();
            let mut expected = vec![7; before];
            expected.resize(before + len, 0);
            expected[before + len - 1] = 9;
            assert_eq!(assembled(&chunk), expected);
            chunk.shorten(away);
            expected.truncate(before + len - away);
            assert_eq!(assembled(&chunk), expected);
            let data = expected.chunks(BLOCK).filter(|block| !is_zero(block));
            assert_eq!(
                chunk.data_len(),
                data.map(<[u8]>::len).sum::<usize>() as u64
            );
        }
    }

    #[test]
    fn aligned_zero_blocks_are_holes_whatever_lies_beside_them() {
        let pool = Pool::new(1, CHUNK);
        let mut chunk = Chunk::new(&pool, 0);
        let mut data = vec![1u8; 3 * BLOCK];
        data[BLOCK..2 * BLOCK].fill(0);
        chunk.push(&data);
        chunk.seal();
        let kinds: Vec<_> = chunk
            .runs()
            .map(|run| (run.len, run.data.is_some()))
            .collect();
        assert_eq!(kinds, [(4096, true), (4096, false), (4096, true)]);
        assert_eq!(chunk.data_len(), 2 * BLOCK as u64);
    }
}
