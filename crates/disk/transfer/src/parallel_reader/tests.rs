use std::sync::{Condvar, Mutex};

use diskimage::{Format, OpenOptions};
use sparse::{BlockWrite, ParallelWrite};

use super::*;

/// A target in memory whose first writer stays in its write until another one comes.
#[derive(Default)]
struct Slow {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Default)]
struct State {
    writers: usize,
    bytes: Vec<u8>,
}

impl ParallelWrite for Slow {
    /// The first chunk goes another way.
    fn start(&self) -> u64 {
        CHUNK as u64
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        state.writers += 1;
        self.came.notify_all();
        let mut state = self
            .came
            .wait_while(state, |state| state.writers < 2)
            .unwrap();
        state.bytes[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }
}

struct Target(Arc<Slow>);

impl BlockWrite for Target {
    fn name(&self) -> &str {
        "slow"
    }

    fn path(&self) -> Option<&std::path::Path> {
        None
    }

    fn parallel(&mut self) -> Option<Arc<dyn ParallelWrite>> {
        Some(Arc::clone(&self.0) as _)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.0.state.lock().unwrap();
        state.bytes[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn zero_at(&mut self, _: u64, _: u64) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: u64) -> Result<()> {
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Spans that end with so many chunks of data, which packs, with zeros in them; the first begins so, too.
fn disk(chunks: usize) -> Vec<u8> {
    let mut disk = vec![0; 4 * SPAN as usize];
    let mut state = 1u32;
    let mut fill = |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 28) as u8;
        }
    };
    fill(&mut disk[..CHUNK]);
    for span in disk.chunks_mut(SPAN as usize) {
        let (_, last) = span.split_at_mut(span.len() - chunks * CHUNK);
        fill(last);
        last[100_000..150_000].fill(0);
    }
    disk.truncate(disk.len() - 70_144);
    disk
}

/// `disk` as a qcow2 with packed clusters of so many KiB.
fn packed(disk: &[u8], cluster: usize) -> Vec<u8> {
    let room = tempfile::tempdir().unwrap();
    let [raw, image] = ["raw", "image"].map(|name| room.path().join(name));
    std::fs::write(&raw, disk).unwrap();
    let done = std::process::Command::new("qemu-img")
        .args(["convert", "-c", "-O", "qcow2", "-f", "raw", "-o"])
        .arg(format!("cluster_size={cluster}k"))
        .args([&raw, &image])
        .status()
        .unwrap();
    assert!(done.success());
    std::fs::read(image).unwrap()
}

fn options(threads: usize) -> ReadOptions {
    ReadOptions {
        threads,
        buffers: 32,
        want_digest: true,
    }
}

#[test]
fn what_waits_while_another_thread_writes_is_written_in_the_end() {
    // A thread has come to the end of its span, or has more than it may keep.
    for (chunks, threads) in [(1, 2), (3, 2), (3, 8), (3, 40)] {
        check(&disk(chunks), threads);
    }
}

fn check(disk: &[u8], threads: usize) {
    let image = Image::open(
        Format::Qcow,
        Arc::new(packed(disk, 64)),
        &OpenOptions::default(),
    )
    .unwrap();
    let slow = Arc::new(Slow::default());
    slow.state.lock().unwrap().bytes = vec![0; disk.len()];
    let mut targets: Vec<Box<dyn BlockWrite>> = vec![Box::new(Target(Arc::clone(&slow)))];
    let direct = DirectWrite::of(&mut targets);
    let mut reader =
        ParallelReader::start(image, options(threads), direct, &Arc::default()).unwrap();
    let (mut at, mut hashes) = (0, Vec::new());
    while let Some(extent) = reader.next().unwrap() {
        let end = extent.end();
        match extent {
            Extent::Chunk(chunk) => {
                assert_eq!((at, chunk.offset), (0, 0));
                for run in chunk.runs() {
                    if let Some(data) = run.data {
                        targets[0].write_at(run.offset, data).unwrap();
                    }
                }
                hashes.extend(chunk.hashes().into_owned());
            }
            Extent::Written(written) => {
                assert_eq!(at, written.offset);
                hashes.extend(written.hashes);
            }
            Extent::Hole { offset, .. } => assert_eq!(at, offset),
        }
        at = end;
    }
    assert_eq!(at, disk.len() as u64);
    let slow = slow.state.lock().unwrap();
    assert!(slow.bytes == disk);
    assert!(slow.writers > 1);
    let blocks = disk.chunks(sparse::digest::BLOCK);
    let full = blocks.filter(|block| !sparse::zero::is_zero(block)).count();
    assert_eq!(hashes.len(), full);
    assert!(hashes.is_sorted_by_key(|(number, _)| *number));
}

#[test]
fn more_threads_than_buffers_wait_for_each_other_and_come_to_an_end() {
    let disk = disk(20);
    // Every unit takes eight buffers.
    let file = Arc::new(packed(&disk, 2048));
    for threads in [1, 8, 40] {
        let image = Image::open(
            Format::Qcow,
            Arc::clone(&file) as _,
            &OpenOptions::default(),
        )
        .unwrap();
        let mut reader =
            ParallelReader::start(image, options(threads), None, &Arc::default()).unwrap();
        let mut at = 0;
        while let Some(extent) = reader.next().unwrap() {
            if let Extent::Chunk(chunk) = &extent {
                let wanted = &disk[chunk.offset as usize..][..chunk.len()];
                for run in chunk.runs() {
                    let start = (run.offset - chunk.offset) as usize;
                    let wanted = &wanted[start..start + run.len as usize];
                    assert!(
                        run.data
                            .map_or(sparse::zero::is_zero(wanted), |data| data == wanted)
                    );
                }
            }
            at = extent.end();
        }
        assert_eq!(at, disk.len() as u64);
    }
}
