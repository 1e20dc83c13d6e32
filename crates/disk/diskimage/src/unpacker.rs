//! Unpacking units: one at a time, whole, to an exact size.

pub(crate) mod grain;
mod sectors;

use std::sync::{Mutex, MutexGuard, PoisonError};

use error::{Error, Result};
use sparse::BlockRead;

use crate::map::{Coding, Packed};
use grain::{grain, read_grain};
use sectors::unpack_sectors;

/// Unpackers that are not at work: threads take one and give it back.
#[derive(Default)]
pub struct Unpackers(Mutex<Vec<Unpacker>>);

impl Unpackers {
    /// Lends `work` an unpacker.
    ///
    /// # Errors
    /// Those of [`Unpacker::new`] and of `work`.
    pub fn lend<T>(&self, work: impl FnOnce(&mut Unpacker) -> Result<T>) -> Result<T> {
        let spare = self.lock().pop();
        let mut unpacker = match spare {
            Some(unpacker) => unpacker,
            None => Unpacker::new()?,
        };
        let result = work(&mut unpacker);
        self.lock().push(unpacker);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Unpacker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unpacks units and keeps what it needs for that; each thread has one of its own.
pub struct Unpacker {
    deflate: libdeflater::Decompressor,
    zstd: zstd::bulk::Decompressor<'static>,
    stored: Vec<u8>,
}

impl Unpacker {
    /// A new one.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when there is no memory for it.
    pub fn new() -> Result<Self> {
        let zstd = zstd::bulk::Decompressor::new()
            .map_err(|cause| Error::io("there is no decoder for zstd", cause))?;
        Ok(Unpacker {
            deflate: libdeflater::Decompressor::new(),
            zstd,
            stored: Vec::new(),
        })
    }

    /// Reads the unit `packed` from `file` and unpacks it into `unit`, which must be of
    /// [`Packed::unit`] bytes; returns the bytes read.
    ///
    /// # Errors
    /// Those of [`Unpacker::unpack`] and of reading.
    pub fn read(&mut self, file: &dyn BlockRead, packed: &Packed, unit: &mut [u8]) -> Result<u64> {
        let mut stored = std::mem::take(&mut self.stored);
        let read = read_stored(file, packed, &mut stored);
        let unpacked = read.and_then(|()| self.unpack(packed.coding, &stored, unit));
        let len = stored.len() as u64;
        self.stored = stored;
        match unpacked {
            Ok(()) => Ok(len),
            Err(error) if error.kind() == error::Kind::Io => Err(error),
            Err(error) => Err(error.at(format!("unit at byte {}", packed.offset))),
        }
    }

    /// Unpacks `stored` into `unit`, all of it.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it decompresses to more or less, or to nothing at all.
    pub fn unpack(&mut self, coding: Coding, stored: &[u8], unit: &mut [u8]) -> Result<()> {
        let wanted = unit.len();
        match coding {
            Coding::Deflate => exactly(
                self.deflate.deflate_decompress(stored, unit),
                "deflate",
                wanted,
            ),
            Coding::Zstd => self.unpack_zstd(stored, unit),
            Coding::Grain { sector, least } => {
                let data = grain(stored, sector)?;
                let unpacked = self.deflate.zlib_decompress(data, unit);
                match unpacked {
                    Ok(n) if n as u64 >= least => {
                        unit.get_mut(n..).unwrap_or_default().fill(0);
                        Ok(())
                    }
                    unpacked => exactly(unpacked, "zlib", wanted),
                }
            }
            Coding::Sectors { bitmap } => unpack_sectors(stored, bitmap, unit),
        }
    }

    /// The stored bytes go to the end of the last sector, and only the frame's own are wanted.
    fn unpack_zstd(&mut self, stored: &[u8], unit: &mut [u8]) -> Result<()> {
        let bad = |why: &str| Error::corrupt(format!("its zstd data cannot be unpacked: {why}"));
        let frame = zstd::zstd_safe::find_frame_compressed_size(stored)
            .map_err(|code| bad(zstd::zstd_safe::get_error_name(code)))?;
        let stored = stored.get(..frame).unwrap_or(stored);
        match self.zstd.decompress_to_buffer(stored, unit) {
            Ok(n) if n == unit.len() => Ok(()),
            Ok(n) => Err(wrong_size("zstd", n, unit.len())),
            Err(cause) => Err(bad(&cause.to_string())),
        }
    }
}

fn read_stored(file: &dyn BlockRead, packed: &Packed, stored: &mut Vec<u8>) -> Result<()> {
    let most = usize::try_from(packed.stored).unwrap_or(usize::MAX);
    stored.resize(most, 0);
    if let Coding::Grain { .. } = packed.coding {
        return read_grain(file, packed.offset, stored);
    }
    let read = file.read_at(packed.offset, stored)?;
    stored.truncate(read);
    Ok(())
}

fn exactly(
    unpacked: std::result::Result<usize, libdeflater::DecompressionError>,
    what: &str,
    wanted: usize,
) -> Result<()> {
    match unpacked {
        Ok(n) if n == wanted => Ok(()),
        Ok(n) => Err(wrong_size(what, n, wanted)),
        Err(libdeflater::DecompressionError::InsufficientSpace) => Err(Error::corrupt(format!(
            "its {what} data decompresses to more than {wanted} bytes"
        ))),
        Err(libdeflater::DecompressionError::BadData) => {
            Err(Error::corrupt(format!("its {what} data is damaged")))
        }
    }
}

fn wrong_size(what: &str, found: usize, wanted: usize) -> Error {
    Error::corrupt(format!(
        "its {what} data decompresses to {found} bytes instead of {wanted}"
    ))
}
