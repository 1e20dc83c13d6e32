//! What the tests of all formats share: disks made by chance, files in memory, qemu-img.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use error::{Error, Result};
use proptest::prelude::*;
use sparse::BlockWrite;

use crate::{Advice, Format, Image, Location, OpenOptions, Unpacker};

/// A disk of data and holes: whole sectors of 512 bytes, so that every format can hold it.
pub(crate) fn disks() -> impl Strategy<Value = Vec<u8>> {
    let runs = prop::collection::vec((0u64..3, 1usize..400, any::<u64>()), 1..12);
    runs.prop_map(|runs| {
        let mut disk = Vec::new();
        for (kind, sectors, seed) in runs {
            let len = sectors * 512;
            match kind {
                0 => disk.resize(disk.len() + len, 0),
                1 => disk.extend(random(seed, len)),
                _ => disk.extend((0..len).map(|i| (i / 97) as u8 | 1)),
            }
        }
        disk
    })
}

/// `len` bytes that no compression makes smaller.
pub(crate) fn random(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// All of an image's content.
pub(crate) fn content(image: &mut Image) -> Result<Vec<u8>> {
    let mut disk = vec![0; image.size() as usize];
    let mut unpacker = Unpacker::new()?;
    let mut at = 0;
    while at < disk.len() {
        let extent = image.lookup(at as u64)?;
        assert!(extent.len > 0 && extent.len <= (disk.len() - at) as u64);
        let part = &mut disk[at..at + extent.len as usize];
        match extent.location {
            Location::Nowhere => {}
            Location::Below => panic!("nothing lies below"),
            Location::Plain { file, offset } => {
                let n = image.files()[file].read_at(offset, part)?;
                if n < part.len() {
                    return Err(Error::corrupt(format!(
                        "byte {} is not there",
                        offset + n as u64
                    )));
                }
            }
            Location::Packed(packed) => {
                let mut unit = vec![0xee; packed.unit as usize];
                unpacker.read(&*image.files()[packed.file], &packed, &mut unit)?;
                let skip = packed.skip as usize;
                part.copy_from_slice(&unit[skip..skip + part.len()]);
            }
        }
        at += extent.len as usize;
    }
    for most in [1, 511, 70_000] {
        assert!(image.head(most)? == disk[..most.min(disk.len())], "{most}");
    }
    Ok(disk)
}

/// Looks up an image from its beginning, if it could be opened, and fails where a stretch makes no sense.
pub(crate) fn walk(image: Result<Image>) {
    let Ok(mut image) = image else {
        return;
    };
    let mut at = 0;
    for _ in 0..1000 {
        if at == image.size() {
            return;
        }
        let Ok(extent) = image.lookup(at) else {
            return;
        };
        assert!(extent.len > 0 && extent.len <= image.size() - at);
        at += extent.len;
    }
}

/// All of the content of `file`, an image in `format`.
pub(crate) fn read(format: Format, file: Vec<u8>) -> Result<Vec<u8>> {
    content(&mut Image::open(
        format,
        Arc::new(file),
        &OpenOptions::default(),
    )?)
}

/// Why `file` is not read, as the user reads it.
pub(crate) fn refusal(format: Format, file: Vec<u8>) -> String {
    match read(format, file) {
        Ok(disk) => panic!("{} bytes were read", disk.len()),
        Err(error) => error.to_string(),
    }
}

/// `bytes` with `patch` at `offset`.
pub(crate) fn patched(bytes: &[u8], offset: usize, patch: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[offset..offset + patch.len()].copy_from_slice(patch);
    bytes
}

/// Runs qemu-img, which the tests cannot do without.
pub(crate) fn qemu_img(args: &[&str]) -> String {
    let run = Command::new("qemu-img").args(args).output();
    let output = run.expect("qemu-img is needed (Debian package qemu-utils)");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "qemu-img {args:?}: {told}{error}");
    told
}

/// `disk` in `format`, written by qemu-img with these `-o` options and other arguments.
pub(crate) fn by_qemu(disk: &[u8], format: &str, options: &str, more: &[&str]) -> Vec<u8> {
    let room = tempfile::tempdir().unwrap();
    let path = |name: &str| room.path().join(name).display().to_string();
    std::fs::write(path("raw"), disk).unwrap();
    let (from, to) = (path("raw"), path("image"));
    let mut args = vec!["convert", "-f", "raw", "-O", format];
    args.extend(more);
    if !options.is_empty() {
        args.extend(["-o", options]);
    }
    args.extend([from.as_str(), to.as_str()]);
    qemu_img(&args);
    std::fs::read(room.path().join("image")).unwrap()
}

/// What qemu-img reads from `file`, an image in `format`.
pub(crate) fn read_by_qemu(file: &Path, format: &str) -> Vec<u8> {
    let room = tempfile::tempdir().unwrap();
    let to = room.path().join("raw");
    let (from, to_text) = (file.display().to_string(), to.display().to_string());
    qemu_img(&["convert", "-f", format, "-O", "raw", &from, &to_text]);
    std::fs::read(to).unwrap()
}

/// A target in memory, which checks how a writer uses its target.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) state: Arc<Mutex<MemoryState>>,
    /// Whether ranges have to come in ascending order.
    pub(crate) strict: bool,
}

/// What a [`Memory`] has been told.
#[derive(Default)]
pub(crate) struct MemoryState {
    pub(crate) bytes: Vec<u8>,
    /// One flag a byte that was accounted for.
    covered: Vec<bool>,
    end: u64,
    pub(crate) finished: Option<u64>,
    pub(crate) aborted: bool,
}

impl Memory {
    /// One that takes ranges in ascending order only, as a pipe does.
    pub(crate) fn strict() -> Self {
        Memory {
            strict: true,
            ..Memory::default()
        }
    }

    /// The file, which has to be finished.
    pub(crate) fn file(&self) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        assert_eq!(state.finished, Some(state.bytes.len() as u64), "finished");
        assert!(
            state.covered.iter().all(|&covered| covered),
            "all bytes are accounted for"
        );
        state.bytes.clone()
    }

    fn cover(&self, offset: u64, len: u64, data: Option<&[u8]>) {
        let mut state = self.state.lock().unwrap();
        assert!(state.finished.is_none() && !state.aborted);
        assert!(!self.strict || offset == state.end, "strictly ascending");
        let (start, end) = (offset as usize, (offset + len) as usize);
        state.end = offset + len;
        if state.bytes.len() < end {
            state.bytes.resize(end, 0);
            state.covered.resize(end, false);
        }
        for covered in &mut state.covered[start..end] {
            assert!(!*covered, "a byte of {start}..{end} was written before");
            *covered = true;
        }
        if let Some(data) = data {
            state.bytes[start..end].copy_from_slice(data);
        }
    }
}

impl BlockWrite for Memory {
    fn name(&self) -> &str {
        "memory"
    }
    fn path(&self) -> Option<&Path> {
        None
    }
    fn any_order(&self) -> bool {
        !self.strict
    }
    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.cover(offset, data.len() as u64, Some(data));
        Ok(())
    }
    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.cover(offset, len, None);
        Ok(())
    }
    fn finish(&mut self, size: u64) -> Result<()> {
        self.state.lock().unwrap().finished = Some(size);
        Ok(())
    }
    fn abort(&mut self) -> Result<()> {
        self.state.lock().unwrap().aborted = true;
        Ok(())
    }
}

/// Gives `disk` to `writer` as the engine does: in chunks, zeros in blocks of 4 KiB as holes.
pub(crate) fn give(writer: &mut dyn BlockWrite, disk: &[u8]) -> Result<()> {
    let mut at = 0;
    while at < disk.len() {
        let block = |at: usize| &disk[at..disk.len().min(at + 4096)];
        let zero = sparse::zero::is_zero(block(at));
        let start = at;
        while at < disk.len()
            && sparse::zero::is_zero(block(at)) == zero
            && (zero || at - start < 256 << 10)
        {
            at += block(at).len();
        }
        if zero {
            writer.zero_at(start as u64, (at - start) as u64)?
        } else {
            writer.write_at(start as u64, &disk[start..at])?
        }
    }
    writer.finish(disk.len() as u64)
}

#[test]
fn a_raw_disk_is_itself() {
    let disk = random(1, 5000);
    assert_eq!(read(Format::Raw, disk.clone()).unwrap(), disk);
    let memory = Memory::strict();
    let options = crate::write::WriteOptions::default();
    let mut writer =
        crate::write::writer(Format::Raw, &options, 5000, Box::new(memory.clone())).unwrap();
    give(&mut *writer, &disk).unwrap();
    assert_eq!(memory.file(), disk);
}

/// `error` as a user reads it, and the advice that it carries.
pub(crate) fn advised(error: &Error) -> String {
    let text = error.to_text();
    match error.advice::<Advice>() {
        Some(advice) => format!("{text}\nadvice: {advice:?}"),
        None => text,
    }
}
