//! Images read in all the ways there are: at any offset, in passing, from a pipe, their snapshots too.

use std::sync::Arc;

use diskimage::streaming::{Passing, StreamLimits, TableCache, pass};
use diskimage::{
    Extent, FileAccess, Format, Image, Location, OpenOptions, Unpacker, VmdkStream, vmdk_is_stream,
};
use error::{Error, Kind, Result};
use sparse::{BlockRead, DiskRead, Piece, SliceSource};

use super::{again, sound};
use crate::told::{presentable, safe, told};

/// Bytes of the largest disk that is read to its end.
pub(super) const SMALL: u64 = 4 << 20;

/// Lookups after which nobody goes on.
const LOOKUPS: usize = 10_000;

/// Bytes unfolded from packed units after which nobody goes on.
const UNFOLDED: u64 = 32 << 20;

/// Memory of a pass: little, so that its limits are met.
const MEMORY: u64 = 1 << 20;

/// What a pass may spend.
pub(super) const MEANS: StreamLimits = StreamLimits {
    threads: 1,
    memory: MEMORY,
    max_size: u64::MAX,
    again: true,
};

/// Passes over one image, as many as the engine makes; each knows all tables that the one before has
/// seen mentioned.
const PASSES: usize = 6;

/// Runs a streamOptimized VMDK as it passes, and compares with its tables.
pub(super) fn vmdk_stream(file: &Arc<Vec<u8>>) -> Result<()> {
    let run = |step| {
        let stream = VmdkStream::new(SliceSource::in_steps(file, step), 2)?;
        taken(stream)
    };
    let (whole, cut) = (run(usize::MAX), run(1 + file.len() % 997));
    match (&whole, &cut) {
        (Err(error), Err(other)) => {
            presentable(error);
            assert_eq!(error.to_string(), other.to_string(), "how it was cut shows");
        }
        (whole, cut) => assert_eq!(whole.is_ok(), cut.is_ok(), "how it was cut shows"),
    }
    let found = whole?;
    assert!(found == cut?, "how it was cut shows in the disk");
    if let (Some(streamed), Ok(Some(mapped))) =
        (found, mapped(Format::Vmdk, file, &OpenOptions::default()))
    {
        assert!(
            streamed == mapped,
            "the stream and its tables are two disks"
        );
    }
    Ok(())
}

/// Reads an image in all the ways there are, and compares; `how` has access to the files that it names.
pub(super) fn image(format: Format, file: &Arc<Vec<u8>>, how: &OpenOptions) -> Result<()> {
    let looking = OpenOptions {
        access: FileAccess::looking(),
        ..how.clone()
    };
    let about = open(format, file, &looking).map(|image| {
        let about = image.about().clone();
        safe(&about.variant.escape_default().to_string());
        about
    });
    for snapshot in about
        .iter()
        .flat_map(|about| about.snapshots.iter().take(2))
    {
        let how = OpenOptions {
            snapshot: Some(snapshot.id.clone()),
            ..how.clone()
        };
        drop(both(format, file, &how));
    }
    both(format, file, how)
}

/// Reads an image at any offset and in passing.
fn both(format: Format, file: &Arc<Vec<u8>>, how: &OpenOptions) -> Result<()> {
    let mapped = mapped(format, file, how);
    let passed = passed(format, file, how, true);
    // Nobody can hold against a pipe what only its end shows, and matters to no byte of the disk.
    let piped = self::passed(format, file, how, false);
    told(&mapped);
    told(&passed);
    told(&piped);
    match (&mapped, &passed) {
        (Ok(Some(mapped)), Ok(Some(passed))) => {
            assert!(mapped == passed, "two disks in one image");
        }
        // In passing its copy is enough, and the footer at the end is not looked at.
        (Err(_), Ok(_)) if format == Format::Vhd => {}
        (Err(error), Ok(Some(_))) => panic!("in passing there is a disk, and else {error:?}"),
        (Ok(Some(_)), Err(error)) => {
            // Memory, or units that a stream cannot show twice; and nothing is beside a stream.
            let is_alone = error.kind() == Kind::Refused && how.access.beside().is_some();
            assert!(is_alone || error.kind() == Kind::Unsupported, "{error:?}");
        }
        _ => {}
    }
    if let (Ok(Some(passed)), Ok(Some(piped))) = (&passed, &piped) {
        assert!(passed == piped, "a pipe makes another disk of it");
    }
    mapped.map(|_| ())
}

fn open(format: Format, file: &Arc<Vec<u8>>, how: &OpenOptions) -> Result<Image> {
    Image::open(format, Arc::clone(file) as _, how)
}

/// The disk by its map; `None` when it is too much to be read.
pub(super) fn mapped(
    format: Format,
    file: &Arc<Vec<u8>>,
    how: &OpenOptions,
) -> Result<Option<Vec<u8>>> {
    let mut image = open(format, file, how)?;
    let size = image.size();
    let mut disk = vec![0; if size > SMALL { 0 } else { size as usize }];
    let mut unpacker = Unpacker::new()?;
    let (mut at, mut unfolded) = (0, 0);
    let mut stretches = Vec::new();
    while at < size && stretches.len() < LOOKUPS && unfolded < UNFOLDED {
        let stretch = image.lookup(at)?;
        sound(&image, at, &stretch);
        stretches.push((at, stretch));
        let end = at + stretch.len;
        if let Some(part) = disk.get_mut(at as usize..end as usize) {
            unfolded += read(&image, &stretch, &mut unpacker, part)?;
        }
        at = end;
    }
    for (at, stretch) in stretches.into_iter().rev().step_by(7).take(300) {
        again(&mut image, at, &stretch);
    }
    Ok((at == size && size <= SMALL).then_some(disk))
}

/// Fills `part` with a stretch; tells the bytes unfolded for that.
fn read(image: &Image, stretch: &Extent, unpacker: &mut Unpacker, part: &mut [u8]) -> Result<u64> {
    match stretch.location {
        Location::Nowhere | Location::Below => Ok(0),
        Location::Plain { file, offset } => {
            if image.files()[file].read_at(offset, part)? == part.len() {
                Ok(0)
            } else {
                Err(Error::corrupt("the file ends inside the disk"))
            }
        }
        Location::Packed(packed) => {
            // Every byte has to be written by the unpacker.
            let mut unit = vec![0xee; packed.unit as usize];
            unpacker.read(&*image.files()[packed.file], &packed, &mut unit)?;
            let skip = packed.skip as usize;
            part.copy_from_slice(&unit[skip..skip + part.len()]);
            Ok(packed.unit)
        }
    }
}

/// The disk as it passes, the file's size known or not; `None` when it is too much to be read.
fn passed(
    format: Format,
    file: &Arc<Vec<u8>>,
    how: &OpenOptions,
    sized: bool,
) -> Result<Option<Vec<u8>>> {
    let sieve = Arc::new(TableCache::new(sized.then_some(file.len() as u64)));
    match open(format, file, how) {
        // Walking through all of its map may take long.
        Ok(image) if image.size() > SMALL => return Ok(None),
        // That one has a reader of its own.
        Ok(_) if format == Format::Vmdk && vmdk_is_stream(file) => return Ok(None),
        _ => {}
    }
    passes(file, |stream| pass(format, stream, &sieve, how, MEANS))
}

/// A disk out of as many passes over `file` as it takes.
pub(super) fn passes<'a>(
    file: &'a [u8],
    pass: impl Fn(SliceSource<'a>) -> Result<Passing<SliceSource<'a>>>,
) -> Result<Option<Vec<u8>>> {
    for _ in 0..PASSES {
        let stream = SliceSource::in_steps(file, 1 + file.len() % 7919);
        match pass(stream)? {
            Passing::Disk(disk) => return taken(*disk),
            Passing::Again => {}
        }
    }
    panic!("{PASSES} passes were not enough");
}

/// All of a disk, taken piece by piece; `None` when it is too much to be read.
fn taken(mut stream: impl DiskRead) -> Result<Option<Vec<u8>>> {
    let size = stream.size().expect("formats know their size");
    let small = size <= SMALL;
    let mut disk = vec![0; if small { size as usize } else { 0 }];
    let mut covered = vec![false; disk.len()];
    let mut last = 0;
    loop {
        let at = stream.offset()?;
        let sorted = stream.is_in_order();
        let len = match stream.peek()? {
            Piece::End => return Ok(small.then_some(disk)),
            Piece::Zeros(len) => len,
            Piece::Data(data) => {
                if small {
                    let place = at as usize..at as usize + data.len();
                    disk[place].copy_from_slice(data);
                }
                data.len() as u64
            }
        };
        assert!(len > 0, "an empty piece");
        assert!(
            at.checked_add(len).is_some_and(|end| end <= size),
            "{at}+{len} of {size}"
        );
        assert!(!sorted || at >= last, "{at} after {last} is not in order");
        last = at + len;
        if small {
            let place = &mut covered[at as usize..last as usize];
            assert!(!place.contains(&true), "on top of another piece");
            place.fill(true);
        }
        stream.consume(len);
    }
}
