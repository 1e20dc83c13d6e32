//! The seeds of fuzz targets and damaged copies of them, for tests.

use std::fs;
use std::panic::{RefUnwindSafe, catch_unwind};
use std::path::Path;

use error::Result;

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

/// Whether the seed `name` need not be sound, and is as good as a damaged copy of one that is: it is called `bad-…`, or
/// fuzzing found it, and libFuzzer named it by its SHA-1.
fn is_bad(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let is_found = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_found || name.starts_with("bad-")
}

/// Calls `property` with all seeds of `target`, and with `copies` damaged ones of each that a tool made. Those are
/// sound; all others only have to do no harm.
pub fn run(target: &str, copies: u64, property: impl Fn(&[u8]) -> Result<()> + RefUnwindSafe) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    for (name, seed) in seeds {
        let told = property(&seed);
        if is_bad(&name) {
            continue;
        }
        told.unwrap_or_else(|error| panic!("{name}: {}", error.to_text()));
        for number in 0..copies {
            let copy = damaged(&seed, number);
            let held = catch_unwind(|| drop(property(&copy)));
            assert!(held.is_ok(), "{name}, damage {number}: see above");
        }
    }
}
