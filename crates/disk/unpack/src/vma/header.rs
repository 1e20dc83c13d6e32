//! The header of a backup.

use std::ops::Range;

use error::{Error, Result};
use sparse::SparseRead;

use super::fields::{be32, be64, check_sum, id};
use super::{BLOCK, CLUSTER};
use crate::archive::shown;
use crate::input::Input;

/// What a backup begins with.
pub(super) const MAGIC: &[u8] = b"VMA\0";
/// Bytes of the header without its blobs.
const FIXED: usize = 12 << 10;
/// Bytes of the longest header that is read; Proxmox VE writes 512 KiB at most.
const LONGEST: usize = 4 << 20;
/// Entries in the table of configurations, and in that of devices.
const ENTRIES: usize = 256;
/// Bytes of a device's name.
const NAME: usize = 255;
/// Bytes of the largest device: the number of a cluster has 32 bits.
const LARGEST: u64 = CLUSTER << 32;

/// A device in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its number, by which extents name it.
    pub id: u8,
    /// Its name as stored: `drive-scsi0`.
    pub name: String,
    /// Its size in bytes; of saved memory, whatever the header says.
    pub size: u64,
}

impl Device {
    /// Whether it is the memory of a guest that was running, and no disk.
    pub fn is_memory(&self) -> bool {
        self.name == "vmstate"
    }

    /// How many clusters it has, the last of which may reach past its end.
    pub(super) fn clusters(&self) -> u64 {
        self.size.div_ceil(CLUSTER)
    }

    /// Bytes of the device that cluster `number` holds.
    pub(super) fn bytes_of(&self, number: u32) -> u64 {
        if self.is_memory() {
            CLUSTER
        } else {
            CLUSTER.min(self.size.saturating_sub(u64::from(number) * CLUSTER))
        }
    }

    /// The mask of the blocks of cluster `number` that hold bytes of the device.
    pub(super) fn mask_of(&self, number: u32) -> u16 {
        let blocks = self.bytes_of(number).div_ceil(BLOCK);
        u16::MAX.checked_shr(16 - blocks as u32).unwrap_or(0)
    }
}

/// A configuration in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its name: `qemu-server.conf`.
    pub name: String,
    /// Where in the header it lies.
    range: Range<usize>,
}

/// What the header says.
pub(super) struct Header {
    bytes: Vec<u8>,
    pub(super) uuid: [u8; 16],
    /// In the order of their numbers.
    pub(super) devices: Vec<Device>,
    pub(super) configs: Vec<Config>,
}

impl Header {
    /// Reads the header that `input` begins with.
    ///
    /// # Errors
    /// As [`super::Vma::new`].
    pub(super) fn read<R: SparseRead>(input: &mut Input<R>) -> Result<Self> {
        let bytes = checked(input)?;
        let blobs = Blobs::of(&bytes)?;
        let configs = (0..ENTRIES).filter_map(|i| config(&bytes, &blobs, i).transpose());
        let devices = (1..ENTRIES).filter_map(|i| device(&bytes, &blobs, i).transpose());
        Ok(Header {
            uuid: id(&bytes, 8),
            configs: configs.collect::<Result<_>>()?,
            devices: devices.collect::<Result<_>>()?,
            bytes,
        })
    }

    /// The position in [`Header::devices`] of the device with this number.
    pub(super) fn device(&self, id: u8) -> Option<usize> {
        self.devices
            .binary_search_by_key(&id, |device| device.id)
            .ok()
    }

    /// What a configuration says.
    pub(super) fn blob(&self, config: &Config) -> &[u8] {
        self.bytes.get(config.range.clone()).unwrap_or_default()
    }
}

/// The bytes of the header, once its checksum was found right.
fn checked<R: SparseRead>(input: &mut Input<R>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.append(&mut bytes, FIXED, "the header")?;
    if !bytes.starts_with(MAGIC) {
        return Err(Error::corrupt("the VMA header does not begin with VMA"));
    }
    let version = be32(&bytes, 4);
    if version != 1 {
        let message = format!("is VMA version {version}, version 1 is read here");
        return Err(Error::unsupported(message));
    }
    let size = be32(&bytes, 56) as usize;
    if size > LONGEST {
        return Err(Error::unsupported(format!(
            "the VMA header has {size} bytes, more than {LONGEST} are not read here"
        )));
    }
    let Some(blobs) = size.checked_sub(FIXED) else {
        let message = format!("the VMA header has {size} bytes, it needs {FIXED}");
        return Err(Error::corrupt(message));
    };
    input.append(&mut bytes, blobs, "the header")?;
    check_sum(&bytes, 32, || "the VMA header".to_owned())?;
    Ok(bytes)
}

/// Where the blobs lie, each behind its length in 2 bytes.
struct Blobs<'a> {
    bytes: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Blobs<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self> {
        let (start, len) = (be32(bytes, 48) as usize, be32(bytes, 52) as usize);
        let end = start.saturating_add(len);
        if len > 0 && (start < FIXED || end > bytes.len()) {
            return Err(Error::corrupt(format!(
                "the blobs of the VMA header are bytes {start} to {end}, they belong in {FIXED} to {}",
                bytes.len()
            )));
        }
        Ok(Blobs { bytes, start, end })
    }

    /// Where the blob lies that `pointer` leads to; its length is little-endian, unlike all else.
    fn range(&self, pointer: u32) -> Option<Range<usize>> {
        let at = self.start.checked_add(pointer as usize)?;
        let len = self.bytes.get(at..self.end)?.first_chunk().copied()?;
        let (from, len) = (at + 2, usize::from(u16::from_le_bytes(len)));
        (len <= self.end - from).then_some(from..from + len)
    }

    /// The text up to its zero byte that `pointer` leads to.
    fn text(&self, pointer: u32) -> Option<String> {
        let text = self.bytes.get(self.range(pointer)?)?;
        let len = text.iter().position(|&byte| byte == 0)?;
        Some(String::from_utf8_lossy(text.get(..len)?).into_owned())
    }
}

fn config(bytes: &[u8], blobs: &Blobs<'_>, index: usize) -> Result<Option<Config>> {
    let (name, data) = (be32(bytes, 2044 + 4 * index), be32(bytes, 3068 + 4 * index));
    if name == 0 || data == 0 {
        return Ok(None);
    }
    match (blobs.text(name), blobs.range(data)) {
        (Some(name), Some(range)) => Ok(Some(Config { name, range })),
        _ => Err(Error::corrupt(format!(
            "configuration {index} of the VMA is not among its blobs: name at {name}, text at {data}"
        ))),
    }
}

fn device(bytes: &[u8], blobs: &Blobs<'_>, index: usize) -> Result<Option<Device>> {
    let at = 4096 + 32 * index;
    let (pointer, size) = (be32(bytes, at), be64(bytes, at + 8));
    if size == 0 {
        return Ok(None);
    }
    let name = blobs.text(pointer).filter(|name| !name.is_empty());
    let Some(name) = name.filter(|_| pointer > 0) else {
        return Err(Error::corrupt(format!(
            "device {index} of the VMA has no name"
        )));
    };
    if name.len() > NAME {
        return Err(Error::corrupt(format!(
            "device {index} of the VMA has a name of {} bytes, {NAME} are the most",
            name.len()
        )));
    }
    let device = Device {
        id: index as u8,
        name,
        size,
    };
    if device.is_memory() || size <= LARGEST {
        Ok(Some(device))
    } else {
        Err(Error::corrupt(format!(
            "{} has {size} bytes, more than a VMA has numbers for",
            shown(&device.name)
        )))
    }
}
