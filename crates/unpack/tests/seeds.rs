//! Every decoder and archive reader over the fuzz seeds and damaged copies of them: what the fuzz
//! targets look for, looked for a little by every test run.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../fuzz/src/lib.rs"]
mod properties;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use report::Result;

/// Damaged copies of each seed.
const COPIES: u64 = 150;

/// The seeds of a target: the file's name and what it holds.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let files = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let paths = files.map(|file| file.expect("a directory that can be read").path());
    let read =
        |path: std::path::PathBuf| (path.display().to_string(), fs::read(&path).expect("a seed"));
    let mut seeds: Vec<_> = paths.map(read).collect();
    seeds.sort();
    seeds
}

/// A copy of `seed` with one thing wrong; `number` decides what and where.
fn damaged(seed: &[u8], number: u64) -> Vec<u8> {
    let mut copy = seed.to_vec();
    // A multiplicative hash: positions all over the seed, the same in every run.
    let random = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let at = (random >> 16) as usize % seed.len().max(1);
    match number % 6 {
        // Cut, more often near the end, where sums and sizes are.
        0 => copy.truncate(at),
        1 => copy.truncate(seed.len().saturating_sub(1 + at % 24)),
        // Lose or repeat a few bytes.
        2 => drop(copy.drain(at..(at + 5).min(seed.len()))),
        3 => copy.extend_from_slice(&seed[at..(at + 300).min(seed.len())]),
        // Flip a bit, more often near the start, where headers are.
        4 => flip(&mut copy, at, random),
        _ => flip(&mut copy, at % 64, random),
    }
    copy
}

fn flip(bytes: &mut [u8], at: usize, random: u64) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << (random >> 60 & 7);
    }
}

fn run(target: &str, property: fn(&[u8]) -> Result<()>) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    for (name, seed) in seeds {
        property(&seed).unwrap_or_else(|error| panic!("{name}: {}", error.to_text()));
        for number in 0..COPIES {
            let copy = damaged(&seed, number);
            let held = catch_unwind(|| drop(property(&copy)));
            assert!(held.is_ok(), "{name}, damage {number}: see above");
        }
    }
}

#[test]
fn inflate() {
    run("inflate", properties::inflate);
}

#[test]
fn gzip() {
    run("gzip", properties::gzip);
}

#[test]
fn xz() {
    run("xz", properties::xz);
}

#[test]
fn zstd() {
    run("zstd", properties::zstd);
}

#[test]
fn bzip2() {
    run("bzip2", properties::bzip2);
}

#[test]
fn lz4() {
    run("lz4", properties::lz4);
}

#[test]
fn tar() {
    run("tar", properties::tar);
}

#[test]
fn zip() {
    run("zip", properties::zip);
}

#[test]
fn layers() {
    run("layers", properties::layers);
}
