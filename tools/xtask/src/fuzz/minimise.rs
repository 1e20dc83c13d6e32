//! What fuzzing has found, made small enough to be kept among the seeds.

use std::fs;
use std::path::{Path, PathBuf};

use error::Result;

use super::{LANGUAGES, files, is_comparing, libfuzzer, seeds_of};
use crate::shell::{file_error, root, run as run_command};

/// Bytes of what was found that are kept for a target.
const KEPT: u64 = 16 << 10;

/// Adds to the seeds of a target what reaches more lines than they do, the smallest first, as much as a repository
/// should hold.
///
/// # Errors
/// libFuzzer fails, or a file cannot be written.
pub(super) fn run(target: &str, sanitizer: &[&str]) -> Result<()> {
    // What compares has its seeds from other targets.
    if is_comparing(target) || target == LANGUAGES {
        return Ok(());
    }
    let dirs = [seeds_of(target), format!("fuzz/corpus/{target}")];
    let mut merge = libfuzzer(target, sanitizer, &dirs);
    // How often a line runs is no reason to keep an input.
    merge.args(["-set_cover_merge=1", "-use_counters=0"]);
    run_command(&mut merge)?;
    let mut found = Vec::new();
    for file in files(&root().join(seeds_of(target)))? {
        if is_found(&file) {
            let len = fs::metadata(&file).map_err(file_error(&file))?.len();
            found.push((len, file));
        }
    }
    for file in too_much(found) {
        fs::remove_file(&file).map_err(file_error(&file))?;
    }
    Ok(())
}

/// Whether libFuzzer made `file`: it names what it finds by its SHA-1.
fn is_found(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    name.len() == 40 && name.iter().all(u8::is_ascii_hexdigit)
}

/// The largest of the files, so many that the others are short enough to be kept.
fn too_much(mut found: Vec<(u64, PathBuf)>) -> impl Iterator<Item = PathBuf> {
    found.sort();
    let mut sum = 0;
    let over = found.into_iter().skip_while(move |(len, _)| {
        sum += len;
        sum <= KEPT
    });
    over.map(|(_, file)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_are_kept() {
        let found = [9000, 100, 8000, 8001].map(|len| (len, PathBuf::from(len.to_string())));
        let over: Vec<PathBuf> = too_much(found.into()).collect();
        assert_eq!(over, [Path::new("9000")], "100 + 8000 + 8001 bytes fit");
        assert!(is_found(Path::new(
            "a/0123456789abcdef0123456789abcdef01234567"
        )));
        assert!(!is_found(Path::new(
            "a/0123456789abcdef0123456789abcdef0123456"
        )));
        assert!(!is_found(Path::new("gzip-9")));
    }
}
