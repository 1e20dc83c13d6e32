mod hostile;
mod writer;

use std::sync::Arc;

use error::Result;
use proptest::prelude::*;
use sparse::{DiskRead, Piece, SliceSource, SparseRead};

use super::{Stream, is_stream};
use crate::test_util::{by_qemu, content, disks, random, read};
use crate::{Format, Image, OpenOptions};
use writer::Writer;

const GRAIN: usize = 64 << 10;

/// All of the stream's disk, taken in pieces or in exchange for buffers.
fn taken(mut stream: Stream<impl SparseRead>, exchange: bool) -> Result<Vec<u8>> {
    let mut disk = vec![0; stream.size().unwrap() as usize];
    let mut covered = vec![false; disk.len()];
    let mut buffer = vec![0; 256 << 10].into_boxed_slice();
    loop {
        let at = stream.offset()? as usize;
        let data = match exchange
            .then(|| stream.exchange(&mut buffer))
            .transpose()?
            .flatten()
        {
            Some(n) => buffer[..n].to_vec(),
            None => match stream.peek()? {
                Piece::End => return Ok(disk),
                Piece::Zeros(_) => panic!("grains are data"),
                Piece::Data(data) => {
                    let data = data[..data.len().min(100_000)].to_vec();
                    stream.consume(data.len() as u64);
                    data
                }
            },
        };
        disk[at..at + data.len()].copy_from_slice(&data);
        assert!(covered[at..at + data.len()].iter().all(|covered| !covered));
        covered[at..at + data.len()].fill(true);
    }
}

fn streamed(file: &[u8], step: usize) -> Result<Vec<u8>> {
    taken(
        Stream::new(SliceSource::in_steps(file, step), 2)?,
        step.is_multiple_of(2),
    )
}

fn refusal(file: &[u8]) -> String {
    match streamed(file, 4096) {
        Ok(disk) => panic!("{} bytes were read", disk.len()),
        Err(error) => error.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn a_stream_is_the_disk(disk in disks(), step in 1usize..100_000) {
        let by_qemu = by_qemu(&disk, "vmdk", "subformat=streamOptimized", &[]);
        let orders: [fn(&mut Vec<usize>); 3] =
            [|_| {}, |grains| grains.reverse(), |grains| grains.sort_by_key(|grain| grain % 3)];
        let files = orders.map(|order| Writer::stream(&disk, order));
        for file in files.iter().chain([&by_qemu]) {
            prop_assert!(is_stream(&file[..512]));
            prop_assert!(streamed(file, step).unwrap() == disk);
            prop_assert!(read(Format::Vmdk, file.clone()).unwrap() == disk);
        }
    }
}

#[test]
fn what_we_write_for_tests_qemu_img_reads() {
    let disk = random(4, 5 * GRAIN);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), Writer::stream(&disk, |_| {})).unwrap();
    assert!(crate::test_util::read_by_qemu(file.path(), "vmdk") == disk);
}

#[test]
fn several_tables_and_holes_between() {
    let mut disk = vec![0; 1100 * GRAIN];
    for i in [0, 3, 511, 1099] {
        disk[i * GRAIN + 5] = 1;
    }
    let mut files = vec![Writer::stream(&disk, |_| {})];
    files.push(by_qemu(&disk, "vmdk", "subformat=streamOptimized", &[]));
    for file in &files {
        assert!(streamed(file, 8192).unwrap() == disk);
    }
    files.push(by_qemu(&disk, "vmdk", "", &[]));
    for file in files {
        let mut image = Image::open(Format::Vmdk, Arc::new(file), &OpenOptions::default()).unwrap();
        assert!(content(&mut image).unwrap() == disk);
    }
    let file = Arc::new(Writer::stream(&disk, |_| {}));
    let mut image = Image::open(Format::Vmdk, file, &OpenOptions::default()).unwrap();
    let hole = image.lookup(512 * GRAIN as u64).unwrap();
    assert_eq!(hole.len, 512 * GRAIN as u64, "a table that is not there");
}

#[test]
fn pieces_are_as_large_as_the_chunks_of_a_transfer() {
    let file = Writer::stream(&random(2, 9 * GRAIN), |_| {});
    let mut stream = Stream::new(SliceSource::new(&file), 1).unwrap();
    assert_eq!(stream.about().variant, "streamOptimized");
    assert_eq!(stream.about().unit, Some(GRAIN as u64));
    assert_eq!(
        (stream.size(), stream.is_in_order()),
        (Some(9 << 16), false)
    );
    let mut pieces = Vec::new();
    loop {
        let (at, len) = (stream.offset().unwrap(), stream.peek().unwrap().len());
        if len == 0 {
            break;
        }
        pieces.push((at >> 10, len >> 10));
        stream.consume(len);
    }
    assert_eq!(pieces, [(0, 256), (256, 256), (512, 64)]);
}

#[test]
fn signs_of_progress_are_passed_by() {
    let disk = random(2, 2 * GRAIN);
    let mut marker = Writer::default();
    marker.marker(0, 4);
    let mut file = Writer::stream(&disk, |_| {});
    // In the last sector before the grains, so that everything else stays where it is.
    file.splice(GRAIN - 512..GRAIN, marker.out);
    file[64] = 127;
    assert!(streamed(&file, 4096).unwrap() == disk);
}
