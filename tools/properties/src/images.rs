//! Disk images, folded ([`testkit::fold`]): what is read at any offset and what is read in passing must
//! be the same disk, and a place that is asked for twice lies where it did. What an image names is behind it.

mod beside;
mod compare;
mod parts;

use std::sync::Arc;

use diskimage::{Extent, Image, Location, OpenOptions, Unpacker, VmdkStream};
use error::Result;
use sparse::{BlockRead, Piece, Run, SparseRead};
use testkit::fold;

use crate::folded::{Folded, FoldedSource};
use crate::seal;
use crate::told::{presentable, safe, told};

/// Bytes of the largest unit that a format may have packed: whoever unpacks needs that much memory.
const UNIT: u64 = 64 << 20;

/// Lookups after which a single reading goes no further.
const FEW: usize = 100;

/// Bytes of the largest packed unit that a single reading unpacks.
const SMALL_UNIT: u64 = 64 << 10;

/// Files that an image may name.
const FILES: usize = 4;

/// Bytes that a single reading takes of a stream.
const LITTLE: u64 = 256 << 10;

/// What an image's reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// qcow2.
    Qcow2,
    /// VDI.
    Vdi,
    /// VHD.
    Vhd,
    /// VHDX.
    Vhdx,
    /// VMDK.
    Vmdk,
    /// A streamOptimized VMDK as it passes.
    VmdkStream,
}

impl Format {
    /// All of them, in the order of the first byte that [`compared`] takes.
    pub const ALL: [Format; 6] = [
        Format::Qcow2,
        Format::Vdi,
        Format::Vhd,
        Format::Vhdx,
        Format::Vmdk,
        Format::VmdkStream,
    ];

    /// Reads the image that `data` is folded from once: some of its map and a little of what is packed in
    /// it. Its checksums are made right first: no fuzzer guesses them.
    ///
    /// # Errors
    /// What the reader says is wrong with it.
    pub fn read(self, data: &[u8]) -> Result<()> {
        let mut files = folded(data).map(|file| self.sealed(file));
        let file = files.next().unwrap_or_else(|| Folded::new(data));
        let read = match self {
            Format::VmdkStream => stream(&file),
            _ => map(self.reader(), file, &named(files)),
        };
        told(&read);
        read
    }

    /// Reads the image in all the ways there are, and compares: as it is, and with checksums that are right.
    ///
    /// # Errors
    /// What the reader says is wrong with it as it is.
    pub fn compare(self, data: &[u8]) -> Result<()> {
        let files: Vec<Folded> = folded(data).collect();
        let right = files.iter().map(|file| self.sealed(file.clone()));
        let right: Vec<Folded> = right.collect();
        if self != Format::VmdkStream && files != right {
            drop(self.compare_files(right));
        }
        self.compare_files(files)
    }

    /// Compares the ways to read the first of `files`, which may name the others.
    fn compare_files(self, files: Vec<Folded>) -> Result<()> {
        let mut files = files.into_iter();
        let file = files.next().map(|file| file.to_vec());
        let file = Arc::new(file.unwrap_or_default());
        match self {
            Format::VmdkStream => compare::vmdk_stream(&file),
            Format::Vmdk => {
                let how = named(files);
                told(&parts::compared(&file, &how));
                compare::image(self.reader(), &file, &how)
            }
            _ => compare::image(self.reader(), &file, &named(files)),
        }
    }

    /// The format as the reader calls it.
    fn reader(self) -> diskimage::Format {
        match self {
            Format::Qcow2 => diskimage::Format::Qcow,
            Format::Vdi => diskimage::Format::Vdi,
            Format::Vhd => diskimage::Format::Vhd,
            Format::Vhdx => diskimage::Format::Vhdx,
            Format::Vmdk | Format::VmdkStream => diskimage::Format::Vmdk,
        }
    }

    fn sealed(self, mut file: Folded) -> Folded {
        match self {
            Format::Vhd => seal::vhd(&mut file),
            Format::Vhdx => seal::vhdx(&mut file),
            _ => {}
        }
        file
    }
}

/// The image in `data`, and behind it the files that it may name.
fn folded(data: &[u8]) -> impl Iterator<Item = Folded> {
    let files = fold::images(data).into_iter().take(1 + FILES);
    files.map(Folded::new)
}

/// How an image is opened that may name `files`.
fn named(files: impl Iterator<Item = Folded>) -> OpenOptions {
    let files = files.map(|file| Arc::new(file) as Arc<dyn BlockRead>);
    OpenOptions {
        access: beside::access(files.collect()),
        ..OpenOptions::default()
    }
}

/// Compares the ways to read what the first byte says, one of [`Format::ALL`]; the rest is the image.
///
/// # Errors
/// What the reader says is wrong with it.
pub fn compared(data: &[u8]) -> Result<()> {
    let Some((&format, data)) = data.split_first() else {
        return Ok(());
    };
    Format::ALL[usize::from(format) % Format::ALL.len()].compare(data)
}

/// Reads the beginning of an image's map, and asks for some of it again.
fn map(format: diskimage::Format, file: Folded, how: &OpenOptions) -> Result<()> {
    let mut image = Image::open(format, Arc::new(file), how)?;
    safe(&image.about().variant.escape_default().to_string());
    let size = image.size();
    let (mut at, mut extents, mut unpacked) = (0, Vec::new(), false);
    while at < size && extents.len() < FEW {
        let extent = image.lookup(at)?;
        sound(&image, at, &extent);
        if !unpacked {
            unpacked = unpack(&image, &extent)?;
        }
        extents.push((at, extent));
        at += extent.len;
    }
    for (at, extent) in extents.into_iter().rev().step_by(7).take(10) {
        again(&mut image, at, &extent);
    }
    Ok(())
}

/// Unpacks a small packed unit; `false` when this is none.
fn unpack(image: &Image, extent: &Extent) -> Result<bool> {
    let Location::Packed(packed) = extent.location else {
        return Ok(false);
    };
    if packed.unit > SMALL_UNIT || packed.stored > SMALL_UNIT {
        return Ok(false);
    }
    let mut unit = vec![0; packed.unit as usize];
    Unpacker::new()?.read(&*image.files()[packed.file], &packed, &mut unit)?;
    Ok(true)
}

/// Reads the beginning of a streamOptimized VMDK as it passes.
fn stream(file: &Folded) -> Result<()> {
    let mut stream = VmdkStream::new(FoldedSource::new(file), 1)?;
    safe(&stream.about().variant.escape_default().to_string());
    let mut taken = 0;
    while taken < LITTLE {
        let len = match stream.peek()? {
            Piece::End => break,
            // A hole costs a step.
            Piece::Zeros(len) => (len, 512),
            Piece::Data(data) => (data.len() as u64, data.len() as u64),
        };
        stream.consume(len.0);
        taken += len.1;
    }
    Ok(())
}

/// What every stretch must be.
fn sound(image: &Image, at: u64, stretch: &Extent) {
    assert!(
        stretch.len > 0 && stretch.len <= image.size() - at,
        "{stretch:?} at {at} of {}",
        image.size()
    );
    match stretch.location {
        Location::Nowhere => {}
        Location::Below => panic!("what is below is nobody's business"),
        Location::Plain { file, offset } => {
            in_file(&**image.files().get(file).expect("a file"), offset)
        }
        Location::Packed(packed) => {
            assert!(packed.file < image.files().len());
            assert!(
                packed.unit <= UNIT && packed.stored <= 2 * UNIT,
                "{packed:?}"
            );
            let end = packed.skip.checked_add(stretch.len);
            assert!(end.is_some_and(|end| end <= packed.unit), "{stretch:?}");
        }
    }
}

/// What a file says of a place in it.
fn in_file(file: &dyn BlockRead, offset: u64) {
    assert!(
        file.check_unchanged().is_ok() && !file.is_far(),
        "memory stays"
    );
    assert_eq!(file.name(), "memory");
    match file.run_at(offset) {
        Ok(Run::Data(len) | Run::Hole(len)) => assert!(len > 0, "an empty run at {offset}"),
        Ok(Run::End) => assert!(file.size().is_none_or(|size| size <= offset)),
        Err(error) => presentable(&error),
    }
}

/// The middle of a stretch lies in its middle, whatever was asked for before.
fn again(image: &mut Image, at: u64, stretch: &Extent) {
    let half = stretch.len / 2;
    let found = image.lookup(at + half);
    let found = found.unwrap_or_else(|error| panic!("{stretch:?} at {at}, and then {error:?}"));
    sound(image, at + half, &found);
    let expected = match stretch.location {
        Location::Plain { file, offset } => Location::Plain {
            file,
            offset: offset + half,
        },
        Location::Packed(packed) => Location::Packed(diskimage::Packed {
            skip: packed.skip + half,
            ..packed
        }),
        other => other,
    };
    assert_eq!(
        found.location, expected,
        "byte {half} of {stretch:?} at {at}"
    );
}
