//! Targets that fail, end and forward, and passes that differ.

use std::path::Path;
use std::sync::Arc;

use error::{Error, Kind};
use sparse::BlockRead;

use super::*;

/// A target with a path that takes so many bytes of data; holes cost it nothing.
struct Small {
    memory: Memory,
    room: u64,
}

impl BlockWrite for Small {
    fn name(&self) -> &str {
        "small"
    }
    fn path(&self) -> Option<&Path> {
        Some(Path::new("/there"))
    }
    fn temporary(&self) -> Option<&Path> {
        Some(Path::new("/there.part"))
    }
    fn is_lasting(&self) -> bool {
        false
    }
    fn any_order(&self) -> bool {
        self.memory.any_order()
    }
    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        Ok(Some(Arc::new(b"back".to_vec())))
    }
    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let left = self.room.checked_sub(data.len() as u64);
        self.room = left.ok_or_else(|| Error::target("small is full"))?;
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
fn a_target_that_fails_says_so_and_is_aborted() {
    let disk = random(1, 4 << 20);
    for compression in COMPRESSIONS {
        for room in [0, 300_000, 2 << 20, 4 << 20] {
            let memory = Memory::default();
            let inner = Box::new(Small {
                memory: memory.clone(),
                room,
            });
            let options = options(compression, "64K");
            let mut writer = writer(Format::Qcow, &options, 4 << 20, inner).unwrap();
            let error = give(&mut *writer, &disk).unwrap_err();
            assert_eq!(error.to_string(), "small is full");
            writer.abort().unwrap();
            let state = memory.state.lock().unwrap();
            assert!(state.aborted && state.finished.is_none());
        }
    }
}

#[test]
fn holes_in_a_cluster_stay_holes() {
    let mut disk = vec![0; 2 << 20];
    for cluster in disk.chunks_mut(65_536) {
        cluster[8192..12_288].fill(5);
    }
    let memory = Memory::default();
    let inner = Box::new(Small {
        memory: memory.clone(),
        room: 256 << 10,
    });
    let mut writer = writer(Format::Qcow, &options("none", "64K"), 2 << 20, inner).unwrap();
    give(&mut *writer, &disk).unwrap();
    let file = memory.file();
    assert!(file.len() > 2 << 20);
    assert_holds(&file, &disk);
}

#[test]
fn what_a_target_is_shows_through() {
    let memory = Memory::default();
    let inner = Box::new(Small { memory, room: 0 });
    let writer = writer(Format::Qcow, &options("zstd", "64K"), 0, inner).unwrap();
    assert_eq!(writer.name(), "small");
    assert_eq!(writer.path(), Some(Path::new("/there")));
    assert_eq!(writer.temporary(), Some(Path::new("/there.part")));
    assert!(!writer.is_lasting() && !writer.any_order());
    assert_eq!(writer.read_back().unwrap().unwrap().size(), Some(4));
}

#[test]
fn without_its_header_a_file_is_none() {
    let disk = random(2, 1 << 20);
    let memory = Memory::default();
    let inner = Box::new(memory.clone());
    let mut writer = writer(Format::Qcow, &options("none", "64K"), 1 << 20, inner).unwrap();
    writer.write_at(0, &disk).unwrap();
    drop(writer);
    let state = memory.state.lock().unwrap();
    assert!(state.bytes.len() > 1 << 20);
    assert!(sparse::zero::is_zero(&state.bytes[..65_536]));
}

#[test]
fn a_pipe_needs_the_first_pass() {
    let inner = Box::new(Memory::strict());
    let error = writer(Format::Qcow, &options("none", "64K"), 0, inner)
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Unsupported);
    let message = "memory takes a qcow2 file only after a first pass over the disk";
    assert_eq!(error.to_string(), message);
    let measure = Measure::new(&options("none", "64K"), 512).unwrap();
    let error = measure.layout().unwrap_err();
    assert_eq!(error.to_string(), "the disk's layout is not known");
}

#[test]
fn both_passes_have_the_same_options() {
    let mut measure = Measure::new(&options("zlib", "64K"), 512).unwrap();
    measure.finish(512).unwrap();
    let layout = measure.layout().unwrap();
    for (options, size) in [
        (options("zstd", "64K"), 512),
        (options("zlib", "4K"), 512),
        (options("zlib", "64K"), 1024),
    ] {
        let inner = Box::new(Memory::strict());
        let error = streamed(&options, size, layout.clone(), inner)
            .err()
            .unwrap();
        assert_eq!(
            error.to_string(),
            "the two passes over the disk have not the same size and options"
        );
    }
}

#[test]
fn a_disk_that_changes_between_the_passes_is_noticed() {
    let disk = [mixed(2 << 20), random(3, 65_536)].concat();
    let hole = (0..disk.len())
        .step_by(4096)
        .find(|&at| sparse::zero::is_zero(&disk[at..at + 8192]))
        .unwrap();
    let filled = crate::test_util::patched(&disk, hole, &[1; 4096]);
    let emptied = crate::test_util::patched(&disk, 8192, &[0; 8192]);
    let shorter = disk[..2 << 20].to_vec();
    for compression in COMPRESSIONS {
        let options = options(compression, "4K");
        for (changed, byte) in [(&filled, hole), (&emptied, 8192), (&shorter, shorter.len())] {
            let error = second_pass(&options, &disk, changed).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the disk has changed between the two passes over it"
            );
            let expected = format!("its data at byte {byte} is not what it was");
            assert_eq!(error.causes(), [expected]);
        }
    }
    // As many bytes as before, and other ones: only compressed they have another length.
    let other = crate::test_util::patched(&disk, 200 << 10, &random(77, 2000));
    assert!(second_pass(&options("zlib", "4K"), &disk, &other).is_err());
    assert!(second_pass(&options("none", "4K"), &disk, &disk).is_ok());
}

fn second_pass(options: &WriteOptions, first: &[u8], second: &[u8]) -> Result<()> {
    let size = first.len() as u64;
    let measure = Measure::new(options, size)?;
    give(&mut measure.clone(), first)?;
    let inner = Box::new(Memory::strict());
    give(
        &mut *streamed(options, size, measure.layout()?, inner)?,
        second,
    )
}

#[test]
fn what_comes_out_of_order_or_behind_the_end_is_refused() {
    let fresh = || {
        let inner = Box::new(Memory::default());
        writer(Format::Qcow, &options("none", "64K"), 65_536, inner).unwrap()
    };
    let mut late = fresh();
    late.write_at(4096, &[1; 4096]).unwrap();
    assert!(late.write_at(0, &[1; 4096]).is_err());
    assert_eq!(
        fresh().write_at(65_536, &[1]).unwrap_err().kind(),
        Kind::Target
    );
    assert_eq!(fresh().finish(65_537).unwrap_err().kind(), Kind::Target);
}
