//! Compressing one cluster.

use error::{Error, Result};
use flate2::{Compress, Compression as Level, FlushCompress, Status};

use super::settings::{Compression, Settings};

/// The window's logarithm. The format says only that it is deflate, but QEMU decodes with a window of
/// 4 KiB, and zlib promises nothing for data made with a larger one.
const WINDOW_BITS: u8 = 12;

/// Compresses clusters; each thread has one of its own.
pub(super) enum Compressor {
    Zlib(Level, Compress),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Compressor {
    /// One for these settings; `None` where nothing is to be compressed.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when there is no memory for it.
    pub(super) fn new(settings: &Settings) -> Result<Option<Self>> {
        match settings.compression {
            Compression::None => Ok(None),
            Compression::Zlib => {
                let level = Level::new(settings.level.unsigned_abs());
                Ok(Some(Compressor::Zlib(level, deflate(level))))
            }
            Compression::Zstd => zstd::bulk::Compressor::new(settings.level)
                .map(|zstd| Some(Compressor::Zstd(zstd)))
                .map_err(|cause| Error::io("there is no encoder for zstd", cause)),
        }
    }

    /// Compresses `cluster` into the beginning of `room`, which is shorter; `None` when it does not
    /// fit.
    pub(super) fn compress(&mut self, cluster: &[u8], room: &mut [u8]) -> Option<usize> {
        let len = match self {
            Compressor::Zlib(level, stream) => {
                match stream.compress(cluster, room, FlushCompress::Finish) {
                    Ok(Status::StreamEnd) => {
                        let len = stream.total_out() as usize;
                        stream.reset();
                        len
                    }
                    // zlib-rs forgets to reset where in its buffer the bytes are that found no room.
                    _ => {
                        *stream = deflate(*level);
                        return None;
                    }
                }
            }
            Compressor::Zstd(zstd) => zstd.compress_to_buffer(cluster, room).ok()?,
        };
        // A refcount has 16 bits: no cluster of the file may hold parts of more than 65,535. What
        // is behind the compressed data is ignored.
        let least = cluster.len() >> 15;
        room.get_mut(len..least).unwrap_or_default().fill(0);
        Some(len.max(least))
    }
}

fn deflate(level: Level) -> Compress {
    Compress::new_with_window_bits(level, false, WINDOW_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressor(compression: Compression, level: i32) -> Compressor {
        let settings = Settings {
            compression,
            level,
            cluster_bits: 16,
        };
        Compressor::new(&settings).unwrap().unwrap()
    }

    #[test]
    fn the_window_is_kept() {
        // The second half repeats the first one 8 KiB later, which a window of 4 KiB does not reach.
        let half = crate::test_util::random(5, 8192);
        let cluster = [half.as_slice(), half.as_slice()].concat();
        let mut room = vec![0; cluster.len() - 1];
        let mut zlib = compressor(Compression::Zlib, 9);
        assert_eq!(zlib.compress(&cluster, &mut room), None);
        let cluster = [&half[..3000], &half[..3000]].concat();
        assert!(zlib.compress(&cluster, &mut room).unwrap() < 3200);
    }

    #[test]
    fn a_cluster_is_never_too_small_for_its_refcount() {
        let cluster = vec![7; 2 << 20];
        let mut room = vec![0xee; cluster.len() - 1];
        for (compression, level) in [(Compression::Zlib, 9), (Compression::Zstd, 22)] {
            let len = compressor(compression, level).compress(&cluster, &mut room);
            assert!(len.unwrap() >= 64);
        }
    }

    #[test]
    fn the_same_cluster_always_gives_the_same_bytes() {
        let disk = crate::test_util::random(9, 1024).repeat(16);
        for compression in [Compression::Zlib, Compression::Zstd] {
            let mut fresh = compressor(compression, 3);
            let mut used = compressor(compression, 3);
            let (mut one, mut other) = (vec![0; 16383], vec![0; 16383]);
            used.compress(&crate::test_util::random(1, 16384), &mut other);
            used.compress(&[1; 16384], &mut other);
            let len = fresh.compress(&disk, &mut one).unwrap();
            assert_eq!(used.compress(&disk, &mut other), Some(len));
            assert_eq!(one[..len], other[..len]);
        }
    }
}
