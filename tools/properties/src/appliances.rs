//! What appliances are made of: an XVA's disk is what its members say one by one, and a VMA's devices are the same side
//! by side and alone.

use error::Result;
use md5::{Digest, Md5};
use sparse::{DiskRead, Piece, SliceSource, SparseRead};
use unpack::Limits;
use unpack::archive::{Archive, MemberKind};
use unpack::tar::Tar;
use unpack::vma::Vma;
use unpack::xva::{Disk, reference};

use crate::told::{presentable, told};

/// Bytes of a disk after which nobody reads on.
const ENOUGH: u64 = 4 << 20;

/// The same for a single reading.
const LITTLE: u64 = 128 << 10;

/// Reads an XVA once: the first four bytes are the size of its disks, little-endian, the rest is the archive.
pub fn xva(data: &[u8]) -> Result<()> {
    let Some((size, archive)) = sized(data) else {
        return Ok(());
    };
    let read = disks(archive, size % LITTLE, 1 + archive.len() % 997).map(drop);
    told(&read);
    read
}

/// The size of an XVA's disks, and the archive.
fn sized(data: &[u8]) -> Option<(u64, &[u8])> {
    let (&size, archive) = data.split_first_chunk()?;
    Some((u64::from(u32::from_le_bytes(size)) % ENOUGH, archive))
}

/// Reads a VMA once, the checksums of its headers made right, so that what lies behind them is reached.
pub fn vma(data: &[u8]) -> Result<()> {
    let mut sealed = data.to_vec();
    seal(&mut sealed);
    let devices = Vma::new(SliceSource::new(&sealed)).map(|vma| (0..vma.devices().len()).collect());
    let step = 1 + data.len() % 997;
    let read = devices.and_then(|all: Vec<usize>| devices_of(&sealed, step, &all));
    told(&read);
    read.map(drop)
}

/// Compares the ways to read an XVA, where the first byte is even, or else a VMA; the rest is the data.
pub fn compared(data: &[u8]) -> Result<()> {
    match data.split_first() {
        Some((format, data)) if format.is_multiple_of(2) => xva_compared(data),
        Some((_, data)) => vma_compared(data),
        None => Ok(()),
    }
}

/// Reads an XVA in one piece, in small ones, and member by member.
pub fn xva_compared(data: &[u8]) -> Result<()> {
    let Some((size, archive)) = sized(data) else {
        return Ok(());
    };
    let (whole, cut) = (
        disks(archive, size, usize::MAX),
        disks(archive, size, 1 + archive.len() % 997),
    );
    match (whole, cut) {
        (Err(error), Err(other)) => {
            presentable(&error);
            assert_eq!(error.to_string(), other.to_string(), "how it was cut shows");
            Err(error)
        }
        (Ok(whole), Ok(cut)) => {
            assert!(whole == cut, "how it was cut shows");
            for (number, (name, disk)) in whole.iter().enumerate() {
                // A name that comes again means another disk, which is hard to find again.
                let first = whole.iter().position(|(other, _)| other == name);
                let is_first = first == Some(number);
                assert!(
                    !is_first || *disk == plain(archive, name, disk.len()),
                    "{name}"
                );
            }
            Ok(())
        }
        (whole, cut) => panic!("{:?} in one piece, {:?} in many", whole.err(), cut.err()),
    }
}

/// Reads a VMA in one piece, in small ones, and each of its devices alone: as it is, and with the checksums of its
/// headers made right.
pub fn vma_compared(data: &[u8]) -> Result<()> {
    let mut sealed = data.to_vec();
    seal(&mut sealed);
    told(&backup(&sealed));
    backup(data)
}

/// Reads the devices of a VMA side by side, in one piece and in small ones, and one alone.
fn backup(data: &[u8]) -> Result<()> {
    let devices = Vma::new(SliceSource::new(data))?.devices().len();
    let all: Vec<usize> = (0..devices).collect();
    let (whole, cut) = (
        devices_of(data, usize::MAX, &all),
        devices_of(data, 1 + data.len() % 997, &all),
    );
    told(&first_disk(data));
    let said = |sums: &Result<Vec<u64>>| sums.clone().map_err(|error| error.to_string());
    told(&whole);
    assert_eq!(said(&whole), said(&cut), "how it was cut shows");
    for index in all.iter().take(3) {
        let alone = devices_of(data, usize::MAX, &[*index]);
        let same = whole.clone().map(|sums| vec![sums[*index]]);
        assert_eq!(said(&alone), said(&same), "what lies beside it shows");
    }
    whole.map(drop)
}

/// A sum over the bytes of each of the wanted devices, whatever their order.
fn devices_of(data: &[u8], step: usize, wanted: &[usize]) -> Result<Vec<u64>> {
    let mut vma = Vma::new(SliceSource::in_steps(data, step))?;
    for config in vma.configs() {
        let _ = vma.text(config);
    }
    let mut sums = vec![0u64; wanted.len()];
    let mut pieces = vma.disks(wanted.to_vec());
    while let Some((index, at)) = pieces.place()? {
        let piece = pieces.peek()?;
        assert!(!piece.is_empty(), "a place without a piece");
        if let Piece::Data(data) = piece {
            let bytes = (at..).zip(data).filter(|(_, byte)| **byte != 0);
            let odd = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
            let sum = bytes.fold(0u64, |sum, (at, &byte)| {
                sum.wrapping_add(odd(odd(at) ^ u64::from(byte)))
            });
            sums[index] = sums[index].wrapping_add(sum);
        }
        let len = piece.len();
        pieces.consume(len);
    }
    assert_eq!(pieces.peek()?, Piece::End, "the end has to stay");
    for (index, _) in vma.devices().iter().enumerate() {
        assert!(vma.stored(index) <= data.len() as u64, "more than there is");
    }
    Ok(sums)
}

/// Reads the first device of a VMA as a disk.
fn first_disk(data: &[u8]) -> Result<()> {
    let mut vma = Vma::new(SliceSource::new(data))?;
    let Some(size) = vma.devices().first().map(|device| device.size) else {
        return vma.finish();
    };
    let mut disk = vma.disk(0);
    assert_eq!(disk.size(), Some(size));
    assert!(!disk.is_in_order() && disk.is_whole());
    loop {
        let at = disk.offset()?;
        let len = disk.peek()?.len();
        if len == 0 {
            return Ok(());
        }
        assert!(
            at.checked_add(len).is_some_and(|end| end <= size),
            "{at}+{len} of {size}"
        );
        disk.consume(len);
    }
}

/// Makes the checksum of a VMA's header right, and those of the extents that follow each other behind it.
fn seal(data: &mut [u8]) {
    let size = data.get(56..60).and_then(|size| size.try_into().ok());
    let mut at = size.map_or(0, u32::from_be_bytes) as usize;
    seal_at(data, 0..at, 32);
    while let Some(head) = data.get(at..at.saturating_add(512)) {
        let blocks = usize::from(u16::from_be_bytes([head[6], head[7]]));
        seal_at(data, at..at + 512, 24);
        at += 512 + 4096 * blocks;
    }
}

fn seal_at(data: &mut [u8], range: std::ops::Range<usize>, at: usize) {
    if let Some(part) = data.get_mut(range).filter(|part| part.len() >= at + 16) {
        part[at..at + 16].fill(0);
        let sum = Md5::digest(&*part);
        part[at..at + 16].copy_from_slice(&sum);
    }
}

/// All disks of an archive, with what their members' names begin with.
fn disks(archive: &[u8], size: u64, step: usize) -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive = Tar::new(SliceSource::in_steps(archive, step), &Limits::default());
    let mut disks = Vec::new();
    let mut next = archive.next_member()?;
    while let Some(member) = next.take() {
        if reference(&member.name).is_none() {
            next = archive.next_member()?;
            continue;
        }
        let mut disk = Disk::start(&mut archive, member, size)?;
        assert!(disk.size() == Some(size) && disk.is_in_order());
        let content = content(&mut disk)?;
        assert_eq!(content.len() as u64, size, "longer or shorter than said");
        assert_eq!(disk.offset()?, size, "the end has to stay");
        assert!(disk.checksum().is_none_or(|name| !name.is_empty()));
        disks.push((disk.reference().to_owned(), content));
        next = disk.next()?;
    }
    Ok(disks)
}

fn content(stream: &mut dyn SparseRead) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let len = match stream.peek()? {
            Piece::End => return Ok(content),
            Piece::Zeros(n) => {
                assert!(n <= ENOUGH, "a hole of {n} bytes");
                content.resize(content.len() + n as usize, 0);
                n
            }
            Piece::Data(data) => {
                content.extend_from_slice(data);
                data.len() as u64
            }
        };
        assert!(len > 0, "an empty piece");
        stream.consume(len);
    }
}

/// The disk called `disk`, which is sound, member by member.
fn plain(archive: &[u8], disk: &str, size: usize) -> Vec<u8> {
    let mut archive = Tar::new(SliceSource::new(archive), &Limits::default());
    let (mut plain, mut unit, mut alive) = (vec![0; size], None, 0);
    while let Some(member) = archive.next_member().expect("read before") {
        let own = member.name.starts_with(&format!("{disk}/"));
        if unit.is_some() && (!own || member.kind == MemberKind::Directory) {
            break;
        }
        let Some((_, number)) = reference(&member.name).filter(|_| own) else {
            continue;
        };
        let mut chunk = content(archive.content()).expect("read before");
        let unit = *unit.get_or_insert(chunk.len());
        if chunk.is_empty() {
            alive += 1;
            continue;
        }
        let at = (number as usize - alive) * unit;
        chunk.truncate(size.saturating_sub(at));
        if let Some(place) = plain.get_mut(at..at + chunk.len()) {
            place.copy_from_slice(&chunk);
        }
    }
    plain
}
