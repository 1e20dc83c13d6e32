//! `cargo xtask corpus DIR`: what the program makes of every file in a directory, held against what other
//! programs make of it.
//!
//! Each file is imported into a temporary directory, every disk in it to a raw file of its own, and each of
//! those is compared with what qemu-img and the tools of the archives and compressions read. A file is
//!
//! - *right* when every disk is the same, byte for byte;
//! - *refused* when the program says why it does not take it, and leaves nothing;
//! - *wrong* when bytes differ, when the program takes what the others say is broken or something else, when it
//!   crashes or does not end, and when it fails and leaves a file behind;
//! - *unjudged* when it is taken and no other program at hand reads it.

mod compare;
mod locate;
mod outcome;
mod peer;
mod program;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use error::{Error, Kind, Result, parse_amount};

use crate::shell::{built, file_error};
use outcome::{Outcome, Tally, Verdict};
use peer::Judgement;
use program::{Bounds, Ran};

/// Which files to try, and how.
#[derive(Args)]
pub(crate) struct Options {
    /// The directory with the files, and directories of them
    directory: PathBuf,
    /// Try this program instead of building it
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// How long one program may take for one file, in seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Let disks that are larger than this be refused
    #[arg(long, value_name = "SIZE", default_value = "64G", value_parser = parse_amount)]
    max_size: u64,
    /// Print one JSON document instead of the table
    #[arg(long)]
    json: bool,
}

/// Tries every file and tells what came of it.
///
/// # Errors
/// The directory cannot be read, the program cannot be built or started, or a file came out wrong.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => std::path::absolute(program).map_err(file_error(program))?,
        None => built()?,
    };
    let bounds = Bounds {
        patience: Duration::from_secs(options.seconds),
        max_size: options.max_size,
    };
    let mut tally = Tally::default();
    for file in files(&options.directory)? {
        let path = std::path::absolute(&file).map_err(file_error(&file))?;
        let verdict = judge(&program, &path, bounds)?;
        let name = file.strip_prefix(&options.directory).unwrap_or(&file);
        if !options.json {
            println!("{}", verdict.line(&name.to_string_lossy()));
        }
        tally.add(&name.to_string_lossy(), verdict);
    }
    if options.json {
        println!("{:#}", tally.document())
    } else {
        print!("\n{}", tally.table())
    }
    match tally.count(Outcome::Wrong) {
        0 => Ok(()),
        wrong => {
            let message = format!("{wrong} of {} files came out wrong", tally.len());
            Err(Error::new(Kind::Io, message))
        }
    }
}

/// The regular files in `directory` and in those inside it, sorted; links are not followed.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).map_err(file_error(&directory))? {
            let entry = entry.map_err(file_error(&directory))?;
            let kind = entry.file_type().map_err(file_error(&entry.path()))?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What the program makes of `file`, and whether that is right.
fn judge(program: &Path, file: &Path, bounds: Bounds) -> Result<Verdict> {
    let room = tempfile::tempdir().map_err(file_error(&std::env::temp_dir()))?;
    let disks = match program::import(program, file, room.path(), bounds)? {
        Ran::Took(disks) => disks,
        Ran::Refused { kind, reason } => return Ok(Verdict::refused(&kind, &reason)),
        Ran::Wrong(reason) => return Ok(Verdict::new(Outcome::Wrong, reason)),
    };
    let told: Vec<_> = disks.iter().map(program::Taken::told).collect();
    let told = told.join("; ");
    let mut unjudged = None;
    for disk in &disks {
        let reason = |why: &str| match disk.member.as_str() {
            "" => why.to_owned(),
            member => format!("{member}: {why}"),
        };
        match peer::judge(file, disk, bounds)? {
            Judgement::Same => {}
            Judgement::Other(why) => return Ok(Verdict::new(Outcome::Wrong, reason(&why))),
            Judgement::Unknown(why) => drop(unjudged.get_or_insert(reason(&why))),
        }
    }
    Ok(match unjudged {
        None => Verdict::new(Outcome::Right, told),
        Some(why) => Verdict::new(Outcome::Unjudged, why),
    })
}
