//! The header of an extent: which clusters follow it, and which of their blocks.

use error::{Error, Result, hex};
use sparse::SparseRead;

use super::BLOCK;
use super::fields::{be16, be32, check_sum, id};
use super::header::{Device, Header};
use crate::archive::shown;
use crate::input::Input;

/// Bytes of the header.
const SIZE: usize = 512;
/// Clusters that it has room for.
const ROOM: usize = 59;

/// A cluster of a device in an extent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The device's position among the devices.
    pub(super) device: usize,
    /// The cluster's number in the device.
    pub(super) number: u32,
    /// Which blocks are stored, the first in the lowest bit.
    pub(super) mask: u16,
}

impl Entry {
    /// How many blocks are stored.
    pub(super) fn blocks(&self) -> u64 {
        self.mask.count_ones().into()
    }

    /// Bytes of `device` among them: the last block may reach past its end.
    pub(super) fn bytes(&self, device: &Device) -> u64 {
        let all = device.mask_of(self.number);
        let past = u64::from(all.count_ones()) * BLOCK - device.bytes_of(self.number);
        let blocks = u64::from((self.mask & all).count_ones()) * BLOCK;
        match self.mask & all & !(all >> 1) {
            0 => blocks,
            _ => blocks - past,
        }
    }
}

/// Reads the header of the extent that begins here.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it contradicts itself or `header`, and the input's.
pub(super) fn read<R: SparseRead>(input: &mut Input<R>, header: &Header) -> Result<Vec<Entry>> {
    let at = input.position();
    let bytes: [u8; SIZE] = input.array("the header of an extent")?;
    if !bytes.starts_with(b"VMAE\0\0") {
        return Err(Error::corrupt(format!(
            "no extent begins at byte {at} of the VMA"
        )));
    }
    let extent = || format!("the extent at byte {at} of the VMA");
    check_sum(&bytes, 24, extent)?;
    let uuid = id(&bytes, 8);
    if uuid != header.uuid {
        let (uuid, own) = (hex(&uuid), hex(&header.uuid));
        let message = format!("{} is of backup {uuid}, the header of {own}", extent());
        return Err(Error::corrupt(message));
    }
    let entries = (0..ROOM).filter_map(|i| entry(&bytes, 40 + 8 * i, header).transpose());
    let entries: Vec<Entry> = entries.collect::<Result<_>>()?;
    let claimed = u64::from(be16(&bytes, 6));
    let named: u64 = entries.iter().map(Entry::blocks).sum();
    if claimed == named {
        Ok(entries)
    } else {
        Err(Error::corrupt(format!(
            "{} has {claimed} blocks, its clusters have {named}",
            extent()
        )))
    }
}

/// The cluster that the 8 bytes at `at` name, if any: there is no device 0.
fn entry(bytes: &[u8], at: usize, header: &Header) -> Result<Option<Entry>> {
    let id = bytes.get(at + 3).copied().unwrap_or(0);
    let (mask, number) = (be16(bytes, at), be32(bytes, at + 4));
    if id == 0 {
        return Ok(None);
    }
    let index = header.device(id);
    let Some((index, device)) = index.and_then(|index| Some((index, header.devices.get(index)?)))
    else {
        let message = format!(
            "an extent of the VMA has a cluster of device {id}, which is not in the header"
        );
        return Err(Error::corrupt(message));
    };
    let name = shown(&device.name);
    if !device.is_memory() && u64::from(number) >= device.clusters() {
        let clusters = device.clusters();
        let message = format!("cluster {number} of {name} is behind its end: it has {clusters}");
        return Err(Error::corrupt(message));
    }
    // Some programs store the last cluster whole, wherever the device ends in it.
    let past = mask & !device.mask_of(number);
    if past != 0 && mask != u16::MAX {
        let (block, size) = (past.trailing_zeros(), device.size);
        return Err(Error::corrupt(format!(
            "block {block} of cluster {number} of {name} is behind its end, which is at byte {size}"
        )));
    }
    Ok(Some(Entry {
        device: index,
        number,
        mask,
    }))
}
