//! What all writers owe, and what their own tests share.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use error::{Error, Result};
use proptest::prelude::*;
use sparse::{BlockRead, BlockWrite};
use tempfile::NamedTempFile;

use super::{WriteOptions, check, granularity, is_ascending, writer};
use crate::Format;
use crate::test_util::{self, Memory, advised, give, qemu_img, random, read, read_by_qemu};

/// What is under test: a format, its options, and what qemu calls it.
struct Form {
    format: Format,
    given: &'static [(&'static str, &'static str)],
    in_qemu: &'static str,
}

const FORMS: [Form; 6] = [
    Form::new(Format::Vmdk, &[], "vmdk"),
    Form::new(Format::Vhd, &[], "vpc"),
    Form::new(Format::Vhd, &[("subformat", "fixed")], "vpc"),
    Form::new(Format::Vdi, &[], "vdi"),
    Form::new(Format::Vhdx, &[], "vhdx"),
    Form::new(Format::Vhdx, &[("block_size", "8M")], "vhdx"),
];

impl Form {
    const fn new(
        format: Format,
        given: &'static [(&'static str, &'static str)],
        in_qemu: &'static str,
    ) -> Self {
        Form {
            format,
            given,
            in_qemu,
        }
    }

    fn options(&self) -> WriteOptions {
        options(self.given)
    }

    /// A file to write to.
    fn memory(&self) -> Memory {
        memory(self.format, &self.options())
    }

    /// What writes a disk of `size` bytes to `memory`.
    fn writer(&self, size: u64, memory: &Memory) -> Box<dyn BlockWrite> {
        let inner = Box::new(memory.clone());
        writer(self.format, &self.options(), size, inner).unwrap()
    }

    fn written(&self, disk: &[u8]) -> Vec<u8> {
        written(self.format, &self.options(), disk)
    }

    fn sparse(&self, size: u64, ranges: &[(u64, &[u8])]) -> Vec<u8> {
        sparse_as(self.format, &self.options(), size, ranges)
    }

    /// Holds the file against `disk` with qemu-img and with our own reader.
    fn compare(&self, file: &[u8], disk: &[u8]) {
        let Form {
            format, in_qemu, ..
        } = *self;
        let mut disk = disk.to_vec();
        let whole = granularity(format, &self.options()).unwrap() as usize;
        disk.resize(disk.len().next_multiple_of(whole), 0);
        let stored = stored(file);
        assert_eq!(size_in_qemu(stored.path(), in_qemu), disk.len() as u64);
        assert!(read_by_qemu(stored.path(), in_qemu) == disk, "{self}");
        if format != Format::Vhd {
            // For VHD qemu-img knows no check.
            let path = stored.path().display().to_string();
            let found = qemu_img(&["check", "-f", in_qemu, &path]);
            assert!(found.starts_with("No errors"), "{found}");
        }
        assert!(read(format, file.to_vec()).unwrap() == disk, "{self}");
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.format, self.given)
    }
}

/// Two threads and these `-o KEY=VALUE`.
pub(super) fn options(given: &[(&str, &str)]) -> WriteOptions {
    let own = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
    WriteOptions {
        given: given.iter().map(own).collect(),
        threads: 2,
    }
}

/// What a file in `format` is written to: one that goes to pipes has to write in order here.
fn memory(format: Format, options: &WriteOptions) -> Memory {
    if is_ascending(format, options).unwrap() {
        Memory::strict()
    } else {
        Memory::default()
    }
}

/// `disk` as a file in `format`.
pub(super) fn written(format: Format, options: &WriteOptions, disk: &[u8]) -> Vec<u8> {
    let memory = memory(format, options);
    let inner = Box::new(memory.clone());
    let mut writer = writer(format, options, disk.len() as u64, inner).unwrap();
    give(&mut *writer, disk).unwrap();
    memory.file()
}

/// A disk of `size` bytes, nothing but these ranges, as a file in `format`.
pub(super) fn sparse(format: Format, size: u64, ranges: &[(u64, &[u8])]) -> Vec<u8> {
    sparse_as(format, &options(&[]), size, ranges)
}

/// The same with options.
pub(super) fn sparse_as(
    format: Format,
    options: &WriteOptions,
    size: u64,
    ranges: &[(u64, &[u8])],
) -> Vec<u8> {
    let memory = memory(format, options);
    let inner = Box::new(memory.clone());
    let mut writer = writer(format, options, size, inner).unwrap();
    let mut end = 0;
    for (offset, data) in ranges {
        writer.zero_at(end, offset - end).unwrap();
        writer.write_at(*offset, data).unwrap();
        end = offset + data.len() as u64;
    }
    writer.zero_at(end, size - end).unwrap();
    writer.finish(size).unwrap();
    memory.file()
}

/// Why nothing is written, or not to the end.
pub(super) fn told(result: Result<impl Sized>) -> String {
    advised(&result.err().unwrap())
}

/// `bytes` as a file.
pub(super) fn stored(bytes: &[u8]) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

/// The disk's size as qemu-img sees it.
pub(super) fn size_in_qemu(file: &Path, format: &str) -> u64 {
    let file = file.display().to_string();
    let info = qemu_img(&["info", "-f", format, &file]);
    let mut lines = info.lines();
    let size = lines.find_map(|line| line.strip_prefix("virtual size: "));
    let (_, bytes) = size.unwrap().split_once('(').unwrap();
    let digits = bytes.strip_suffix(" bytes)").unwrap();
    digits.parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn qemu_reads_what_is_written(disk in test_util::disks(), tail in 1usize..5000, seed: u64) {
        let mut disk = disk;
        disk.extend(random(seed, tail));
        for form in FORMS {
            form.compare(&form.written(&disk), &disk);
        }
    }
}

#[test]
fn several_blocks_and_tables_find_their_place() {
    // Data in the last grain of a VMDK's table and in the first of the next, and at the disk's end.
    let size = (64 << 20) + 512;
    let ranges = [
        (5 << 20, random(1, 8192)),
        ((32 << 20) - 4096, random(2, 12288)),
        (size - 512, random(3, 512)),
    ];
    let mut disk = vec![0; size as usize];
    for (offset, data) in &ranges {
        disk[*offset as usize..][..data.len()].copy_from_slice(data);
    }
    let ranges = ranges.each_ref().map(|(offset, data)| (*offset, &data[..]));
    for form in FORMS {
        form.compare(&form.sparse(size, &ranges), &disk);
    }
}

#[test]
fn nothing_but_holes_is_a_disk() {
    for form in FORMS {
        form.compare(&form.sparse(3 << 20, &[]), &[0; 3 << 20]);
    }
}

#[test]
fn a_disk_without_a_byte_is_one_where_a_format_has_it() {
    for form in FORMS {
        let whole = form.format == Format::Vdi || (form.format, form.given) == (Format::Vhd, &[]);
        if whole {
            form.compare(&form.sparse(0, &[]), &[]);
        }
    }
    for format in [Format::Vmdk, Format::Vhdx] {
        let refused = writer(format, &options(&[]), 0, Box::new(Memory::default()));
        let text = format!("error: a {format} disk has at least one sector, and this one no byte");
        assert_eq!(told(refused), text);
    }
}

#[test]
fn a_disk_that_ends_early_is_zeros_from_there_on() {
    for form in FORMS {
        let memory = form.memory();
        let mut writer = form.writer(3 << 20, &memory);
        let mut disk = random(1, 4096);
        writer.write_at(0, &disk).unwrap();
        writer.finish(4096).unwrap();
        disk.resize(3 << 20, 0);
        form.compare(&memory.file(), &disk);
    }
}

#[test]
fn the_same_disk_gives_the_same_file() {
    let mut disk = random(1, 3 << 20);
    disk[5 << 12..9 << 12].fill(0);
    disk[1 << 20..2 << 20].fill(0);
    for form in FORMS {
        let file = form.written(&disk);
        let memory = form.memory();
        let alone = WriteOptions {
            threads: 0,
            ..form.options()
        };
        let inner = Box::new(memory.clone());
        let mut writer = writer(form.format, &alone, disk.len() as u64, inner).unwrap();
        for (number, block) in disk.chunks(4096).enumerate() {
            let offset = number as u64 * 4096;
            if sparse::zero::is_zero(block) {
                writer.zero_at(offset, 4096).unwrap()
            } else {
                writer.write_at(offset, block).unwrap()
            }
        }
        writer.finish(disk.len() as u64).unwrap();
        assert!(memory.file() == file, "{form}");
    }
}

/// A target with all there is to tell, which takes so many ranges and no more.
struct Full {
    memory: Memory,
    room: usize,
}

impl BlockWrite for Full {
    fn name(&self) -> &str {
        "full"
    }
    fn path(&self) -> Option<&Path> {
        Some(Path::new("path"))
    }
    fn any_order(&self) -> bool {
        self.memory.any_order()
    }
    fn is_lasting(&self) -> bool {
        false
    }
    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        Ok(Some(Arc::new(b"back".to_vec())))
    }
    fn temporary(&self) -> Option<&Path> {
        Some(Path::new("temporary"))
    }
    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let room = self.room.checked_sub(1);
        self.room = room.ok_or_else(|| Error::io("full cannot be written", "no space"))?;
        self.memory.write_at(offset, data)
    }
    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.memory.zero_at(offset, len)
    }
    fn finish(&mut self, size: u64) -> Result<()> {
        self.memory.finish(size)
    }
    fn abort(&mut self) -> Result<()> {
        self.memory.abort()
    }
}

#[test]
fn a_target_that_fails_leaves_nothing_that_looks_complete() {
    let mut disk = random(1, 5 << 20);
    disk[1 << 20..4 << 20].fill(0);
    for form in FORMS {
        let complete = (0..).take_while(|&room| {
            let memory = form.memory();
            let inner = Box::new(Full {
                memory: memory.clone(),
                room,
            });
            let size = disk.len() as u64;
            let mut writer = writer(form.format, &form.options(), size, inner).unwrap();
            let Err(error) = give(&mut *writer, &disk) else {
                return false;
            };
            let text = "error: full cannot be written\n  because: no space";
            assert_eq!(error.to_text(), text);
            writer.abort().unwrap();
            let state = memory.state.lock().unwrap();
            assert!(state.aborted && state.finished.is_none());
            assert!(
                read(form.format, state.bytes.clone()).is_err(),
                "{form} {room}"
            );
            true
        });
        assert!(complete.count() > 3, "{form}");
    }
}

#[test]
fn what_is_asked_about_the_target_the_target_answers() {
    for form in FORMS {
        let inner = Box::new(Full {
            memory: form.memory(),
            room: 0,
        });
        let writer = writer(form.format, &form.options(), 512, inner).unwrap();
        assert_eq!(writer.name(), "full");
        assert_eq!(writer.path(), Some(Path::new("path")));
        assert_eq!(writer.temporary(), Some(Path::new("temporary")));
        assert!(!writer.any_order() && !writer.is_lasting());
        let back = writer.read_back().unwrap().unwrap();
        assert_eq!(back.size(), Some(4));
    }
}

#[test]
fn ranges_out_of_order_and_beyond_the_end_are_errors() {
    for form in FORMS {
        let start = || form.writer(8192, &form.memory());
        let late = "error: byte 0 of the disk came after byte 8192";
        let mut writer = start();
        writer.zero_at(4096, 4096).unwrap();
        assert_eq!(told(writer.write_at(0, &[1])), late);
        let long = "error: the disk was announced with 8192 bytes and has at least 8193";
        assert_eq!(told(start().write_at(8192, &[1])), long);
        assert_eq!(told(start().zero_at(1, 8192)), long);
        assert_eq!(told(start().finish(8193)), long);
    }
}

#[test]
fn options_that_no_format_has_are_named() {
    for format in FORMS.map(|form| form.format) {
        let hint = match format {
            Format::Vmdk => "one of: level, adapter_type",
            Format::Vhd => "one of: subformat",
            Format::Vhdx => "one of: subformat, block_size, logical_sector_size",
            _ => "leave it out",
        };
        let text = format!("error: {format} has no option 'colour'\nhint: {hint}");
        let options = options(&[("colour", "red")]);
        assert_eq!(told(check(format, &options)), text);
        let inner = Box::new(Memory::default());
        assert_eq!(told(writer(format, &options, 512, inner)), text);
    }
}

#[test]
fn sizes_beyond_a_format_are_refused() {
    let cases = [
        (Format::Vmdk, (62 << 40) + 1),
        (Format::Vhd, (2040 << 30) + 1),
        (Format::Vdi, (64 << 40) + 1),
        (Format::Vhdx, (64 << 40) + 1),
    ];
    for (format, size) in cases {
        for size in [size, u64::MAX] {
            let inner = Box::new(Memory::default());
            let error = writer(format, &options(&[]), size, inner).err().unwrap();
            assert_eq!(error.kind(), error::Kind::Unsupported, "{format} {size}");
        }
        let inner = Box::new(Memory::default());
        assert!(writer(format, &options(&[]), size - 1, inner).is_ok());
    }
}

#[test]
fn tables_before_data_need_a_target_that_takes_any_order() {
    for format in [Format::Vhd, Format::Vhdx, Format::Vdi] {
        let inner = Box::new(Memory::strict());
        let text = format!(
            "error: {format} has its table before its data, and memory takes bytes in ascending order only\n\
             advice: ChooseVmdk"
        );
        assert_eq!(told(writer(format, &options(&[]), 512, inner)), text);
    }
}
