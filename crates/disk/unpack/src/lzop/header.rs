//! How a file that lzop packed begins.

use error::{Error, Result};
use libdeflater::adler32;
use sparse::SparseRead;

use super::wrong;
use crate::input::Input;

/// What it begins with.
pub(crate) const MAGIC: &[u8] = b"\x89LZO\0\r\n\x1a\n";
/// The version from which on a header has three more fields.
const LATER: u16 = 0x0940;
/// The last version that is known; a file says which one it needs at least.
const KNOWN: u16 = 0x1040;
/// What errors call it.
const WHAT: &str = "a file's header";

/// Bits of the field of flags.
mod flag {
    pub(super) const ADLER32: u32 = 1;
    pub(super) const PACKED_ADLER32: u32 = 1 << 1;
    pub(super) const EXTRA: u32 = 1 << 6;
    pub(super) const CRC32: u32 = 1 << 8;
    pub(super) const PACKED_CRC32: u32 = 1 << 9;
    pub(super) const MULTIPART: u32 = 1 << 10;
    pub(super) const FILTER: u32 = 1 << 11;
    pub(super) const HEADER_CRC32: u32 = 1 << 12;
}

/// What a header says about the blocks behind it: which checksums they have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) adler32: bool,
    pub(super) crc32: bool,
    pub(super) packed_adler32: bool,
    pub(super) packed_crc32: bool,
}

impl Header {
    /// Reads the header of file number `file`.
    ///
    /// # Errors
    /// As [`super::Lzop`].
    pub(super) fn read<R: SparseRead>(input: &mut Input<R>, file: u64) -> Result<Self> {
        let at = input.position();
        let magic: [u8; 9] = input.array(WHAT)?;
        if magic != MAGIC {
            let message = format!("cannot begin with what is at byte {at}");
            return Err(wrong(file, message));
        }
        let mut fields = Fields {
            input,
            bytes: Vec::new(),
        };
        let (version, _library) = (fields.short()?, fields.short()?);
        let later = version >= LATER;
        let needed = if later { fields.short()? } else { version };
        let method = fields.byte()?;
        if later {
            let _level = fields.byte()?;
        }
        let flags = fields.long()?;
        let is = |flag: u32| flags & flag != 0;
        if is(flag::FILTER) {
            let _filter = fields.long()?;
        }
        // The file's mode and its time.
        fields.skip(if later { 12 } else { 8 })?;
        let name = fields.byte()?;
        fields.skip(name.into())?;
        fields.check(is(flag::HEADER_CRC32), file)?;
        if is(flag::EXTRA) {
            let len = fields.input.array(WHAT).map(u32::from_be_bytes)?;
            fields.input.skip(u64::from(len) + 4, WHAT)?;
        }
        let beyond = match (needed, method) {
            (needed, _) if needed > KNOWN => format!("version {needed:#06x}"),
            (_, 0 | 4..) => format!("method {method}"),
            _ if is(flag::FILTER) => "a filter".to_owned(),
            _ if is(flag::MULTIPART) => "further parts".to_owned(),
            _ => {
                return Ok(Header {
                    adler32: is(flag::ADLER32),
                    crc32: is(flag::CRC32),
                    packed_adler32: is(flag::PACKED_ADLER32),
                    packed_crc32: is(flag::PACKED_CRC32),
                });
            }
        };
        let message = format!("lzop file {file} has {beyond}, which is not read here");
        Err(Error::unsupported(message))
    }
}

/// The fields that the checksum covers, as they are read.
struct Fields<'a, R> {
    input: &'a mut Input<R>,
    bytes: Vec<u8>,
}

impl<R: SparseRead> Fields<'_, R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let field = self.input.array(WHAT)?;
        self.bytes.extend_from_slice(&field);
        Ok(field)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    fn short(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Reads fields that do not matter here.
    fn skip(&mut self, bytes: usize) -> Result<()> {
        self.input.append(&mut self.bytes, bytes, WHAT)
    }

    fn check(&mut self, crc32: bool, file: u64) -> Result<()> {
        let told = self.input.array(WHAT).map(u32::from_be_bytes)?;
        let (found, name) = if crc32 {
            (crc32fast::hash(&self.bytes), "CRC-32")
        } else {
            (adler32(&self.bytes), "Adler-32")
        };
        if told == found {
            Ok(())
        } else {
            Err(wrong(
                file,
                format!("the header has the {name} {found:#010x}, it should be {told:#010x}"),
            ))
        }
    }
}
