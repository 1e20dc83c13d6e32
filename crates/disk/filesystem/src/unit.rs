//! Unpacking a unit: a run of bytes that was packed by itself and has a known largest size.

use error::{Error, Result};
use liblzma::stream::{Action, Status, Stream};
use sparse::fields::le32;

/// Most memory for a decoder of xz. Its dictionary is no larger than a unit, 1 MiB.
const XZ_MEMORY: u64 = 16 << 20;

/// How a unit is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// A zlib stream (RFC 1950), and whatever is behind it.
    Zlib,
    /// A file of xz.
    Xz,
    /// A block of LZ4, without a frame.
    Lz4,
    /// A frame of Zstandard (RFC 8878), and whatever is behind it.
    Zstd,
    /// A run of LZO1X.
    Lzo,
    /// Runs of LZO1X as btrfs has them, each of a sector of so many bytes.
    LzoSectors(usize),
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Coding::Zlib => "zlib",
            Coding::Xz => "xz",
            Coding::Lz4 => "lz4",
            Coding::Zstd => "zstd",
            Coding::Lzo | Coding::LzoSectors(_) => "lzo",
        }
    }
}

/// Unpacks units, and keeps what it needs for that.
pub(crate) struct Unpacker {
    zlib: libdeflater::Decompressor,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        Unpacker {
            zlib: libdeflater::Decompressor::new(),
            zstd: None,
        }
    }

    /// Unpacks `stored` to the beginning of `unit` and returns the bytes that it has.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it is damaged or has more than `unit` takes, [`error::Kind::Io`] when there is no
    /// memory for a decoder.
    pub(crate) fn unpack(
        &mut self,
        coding: Coding,
        stored: &[u8],
        unit: &mut [u8],
    ) -> Result<usize> {
        let name = coding.name();
        match coding {
            Coding::Zlib => {
                let unpacked = self.zlib.zlib_decompress(stored, unit);
                unpacked.map_err(|cause| damaged(name, cause))
            }
            Coding::Zstd => self.zstd(stored, unit),
            Coding::Lz4 => {
                lz4_flex::block::decompress_into(stored, unit).map_err(|cause| damaged(name, cause))
            }
            Coding::Lzo => lzo::decompress_into(stored, unit).map_err(|cause| damaged(name, cause)),
            Coding::LzoSectors(sector) => lzo_sectors(stored, sector, unit),
            Coding::Xz => xz(stored, unit),
        }
    }

    fn zstd(&mut self, stored: &[u8], unit: &mut [u8]) -> Result<usize> {
        let decoder = match &mut self.zstd {
            Some(decoder) => decoder,
            none => {
                let new = zstd::bulk::Decompressor::new();
                none.insert(new.map_err(|cause| no_decoder("zstd", cause))?)
            }
        };
        let frame = zstd::zstd_safe::find_frame_compressed_size(stored);
        let frame = frame.map_err(|code| damaged("zstd", zstd::zstd_safe::get_error_name(code)))?;
        let stored = stored.get(..frame).unwrap_or(stored);
        let unpacked = decoder.decompress_to_buffer(stored, unit);
        unpacked.map_err(|cause| damaged("zstd", cause))
    }
}

fn xz(stored: &[u8], unit: &mut [u8]) -> Result<usize> {
    let mut stream =
        Stream::new_stream_decoder(XZ_MEMORY, 0).map_err(|cause| no_decoder("xz", cause))?;
    loop {
        let read = stream.total_in();
        let written = stream.total_out();
        let rest = stored.get(read as usize..).unwrap_or_default();
        let space = unit.get_mut(written as usize..).unwrap_or_default();
        let status = stream
            .process(rest, space, Action::Finish)
            .map_err(|cause| damaged("xz", cause))?;
        if status == Status::StreamEnd {
            return Ok(stream.total_out() as usize);
        }
        if (stream.total_in(), stream.total_out()) == (read, written) {
            return Err(damaged("xz", "it does not end"));
        }
    }
}

/// `fs/btrfs/lzo.c`: the bytes of all, then runs, each behind its bytes. Where a sector has less than four bytes left, the
/// next run starts with the next one.
fn lzo_sectors(stored: &[u8], sector: usize, unit: &mut [u8]) -> Result<usize> {
    let total = le32(stored, 0) as usize;
    let Some(stored) = stored.get(..total) else {
        let text = format!("{total} bytes, of which {} are there", stored.len());
        return Err(damaged("lzo", text));
    };
    let mut at = 4;
    let mut done = 0;
    while at + 4 <= total && done < unit.len() {
        if sector - at % sector < 4 {
            at = at.next_multiple_of(sector);
            continue;
        }
        let len = le32(stored, at) as usize;
        let run = stored.get(at + 4..).and_then(|rest| rest.get(..len));
        let Some(run) = run else {
            let text = format!("a run of {len} bytes at byte {at} of {total}");
            return Err(damaged("lzo", text));
        };
        let end = unit.len().min(done + sector);
        let unpacked = lzo::decompress_into(run, &mut unit[done..end]);
        done += unpacked.map_err(|cause| damaged("lzo", cause))?;
        at += 4 + len;
    }
    Ok(done)
}

fn damaged(coding: &str, cause: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("its {coding} data cannot be unpacked: {cause}"))
}

fn no_decoder(coding: &str, cause: impl std::fmt::Display) -> Error {
    Error::io(format!("there is no decoder for {coding}"), cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"hello, lzo world!";

    /// [`TEXT`] as liblzo2 packs it.
    const LZO: [u8; 22] = *b"\x22hello, lzo world!\x11\0\0\0";

    fn unpack(coding: Coding, stored: &[u8], most: usize) -> Result<Vec<u8>> {
        let mut unit = vec![0; most];
        let n = Unpacker::new().unpack(coding, stored, &mut unit)?;
        unit.truncate(n);
        Ok(unit)
    }

    fn packed(coding: Coding) -> Vec<u8> {
        match coding {
            Coding::Zlib => {
                let mut packer =
                    libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
                let mut bytes = vec![0; 100];
                let n = packer.zlib_compress(TEXT, &mut bytes).unwrap();
                bytes.truncate(n);
                bytes
            }
            Coding::Xz => {
                let mut bytes = Vec::new();
                let mut packer = liblzma::read::XzEncoder::new(TEXT, 6);
                std::io::Read::read_to_end(&mut packer, &mut bytes).unwrap();
                bytes
            }
            Coding::Lz4 => lz4_flex::block::compress(TEXT),
            Coding::Zstd => zstd::bulk::compress(TEXT, 3).unwrap(),
            Coding::Lzo => LZO[..21].to_vec(),
            Coding::LzoSectors(_) => {
                let mut bytes = vec![29, 0, 0, 0, 21, 0, 0, 0];
                bytes.extend_from_slice(&LZO[..21]);
                bytes
            }
        }
    }

    const ALL: [Coding; 6] = [
        Coding::Zlib,
        Coding::Xz,
        Coding::Lz4,
        Coding::Zstd,
        Coding::Lzo,
        Coding::LzoSectors(4096),
    ];

    #[test]
    fn what_was_packed_is_unpacked() {
        for coding in ALL {
            let stored = packed(coding);
            assert_eq!(unpack(coding, &stored, TEXT.len()).unwrap(), TEXT);
            assert_eq!(unpack(coding, &stored, 100).unwrap(), TEXT);
        }
    }

    #[test]
    fn more_than_the_unit_takes_is_corrupt() {
        for coding in ALL {
            let error = unpack(coding, &packed(coding), TEXT.len() - 1).unwrap_err();
            assert_eq!(error.kind(), error::Kind::Corrupt, "{coding:?}");
        }
    }

    #[test]
    fn damage_is_corrupt() {
        for coding in ALL {
            let stored = packed(coding);
            let error = unpack(coding, &stored[..stored.len() - 3], 100).unwrap_err();
            assert_eq!(error.kind(), error::Kind::Corrupt, "{coding:?}");
            for at in 0..stored.len() {
                let mut stored = stored.clone();
                stored[at] ^= 0x55;
                // Not all of them have a checksum: it only has to end.
                let _ = unpack(coding, &stored, 100);
            }
        }
    }

    #[test]
    fn what_is_behind_a_stream_does_not_matter() {
        for coding in [Coding::Zlib, Coding::Zstd, Coding::LzoSectors(4096)] {
            let mut stored = packed(coding);
            stored.extend_from_slice(&[0; 100]);
            assert_eq!(unpack(coding, &stored, 100).unwrap(), TEXT);
        }
    }

    #[test]
    fn runs_of_lzo_start_where_a_sector_has_space_for_their_length() {
        let mut stored = packed(Coding::LzoSectors(32));
        stored.extend_from_slice(&[0; 3]);
        stored.extend_from_slice(&[21, 0, 0, 0]);
        stored.extend_from_slice(&LZO[..21]);
        stored[0] = stored.len() as u8;
        let unpacked = unpack(Coding::LzoSectors(32), &stored, 100).unwrap();
        assert_eq!(unpacked, [TEXT, TEXT].concat());
    }
}
