//! Which lines of each parser the committed seeds reach.
//!
//! ```text
//! seeds, given files ─ replay TARGET FILE…  a run for each target, compiled with -Cinstrument-coverage
//!                          │ TARGET.profraw
//!                     llvm-profdata merge   one profile: a line counts that any run has reached
//!                          │
//!                     llvm-cov export       the lines that hold code, file by file
//!                          │
//!                     Lines of each parser  ─► a row each, and the places not reached in a file
//! ```
//!
//! A line counts when the compiler has made code of it: tests, comments and derived code do not, nor do the functions
//! that [`exempt`] names.

mod exempt;
mod lcov;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use error::{Error, Result};

use super::{files, given};
use crate::shell::{command, file_error, output, root, run};
use lcov::Lines;

/// What a target is there for: its parser's files, as paths below `crates` without `.rs`. What is in a directory of that
/// name counts as well, unless it is named for another parser.
const PARSERS: &[(&str, &[&str])] = &[
    ("bzip2", &["disk/unpack/src/bzip2"]),
    ("deflate64", &["disk/unpack/src/inflate"]),
    ("guest", &["guest/vmconfig/src"]),
    ("gzip", &["disk/unpack/src/gzip"]),
    ("inflate", &["disk/unpack/src/inflate"]),
    (
        "languages",
        &[
            "guest/vmconfig/src/libvirt",
            "guest/vmconfig/src/opennebula",
            "guest/vmconfig/src/ovf/write",
            "guest/vmconfig/src/vm",
            "guest/vmconfig/src/xl/quote",
            "guest/vmconfig/src/xl/write",
        ],
    ),
    ("layers", &["disk/unpack/src/layer"]),
    ("lz4", &["disk/unpack/src/lz4"]),
    ("lzma", &["disk/unpack/src/lzma", "disk/unpack/src/xz/lzma"]),
    ("lzop", &["disk/unpack/src/lzop"]),
    ("manifest", &["disk/unpack/src/manifest"]),
    ("packages", &["host/packages/src"]),
    ("qcow2", &["disk/diskimage/src/qcow2"]),
    ("recognise", &["io/recognise/src"]),
    ("settings", &["host/hostconfig/src"]),
    ("tar", &["disk/unpack/src/tar"]),
    ("vbox", &["guest/vmconfig/src/vbox"]),
    ("vdi", &["disk/diskimage/src/vdi"]),
    ("vhd", &["disk/diskimage/src/vhd"]),
    ("vhdx", &["disk/diskimage/src/vhdx"]),
    ("vma", &["disk/unpack/src/vma"]),
    ("vmdk", &["disk/diskimage/src/vmdk"]),
    ("vmdk_stream", &["disk/diskimage/src/vmdk/stream"]),
    ("xl", &["guest/vmconfig/src/xl"]),
    ("xva", &["disk/unpack/src/xva"]),
    ("xz", &["disk/unpack/src/xz"]),
    ("zip", &["disk/unpack/src/zip"]),
    ("zstd", &["disk/unpack/src/zstd"]),
];

/// Reads the seeds of all targets, and prints for each wanted one how many lines of its parser they reach. The places
/// that they do not reach go into a file; those of a `named` target are printed as well.
///
/// # Errors
/// A tool is missing or fails.
pub(super) fn report(targets: &[String], named: bool) -> Result<()> {
    let tools = Tools::find()?;
    run(&mut replay("build", &tools.directory))?;
    let measured = tools.measure()?;
    let mut missed = String::new();
    for (target, _) in PARSERS {
        if targets.iter().any(|wanted| wanted == target) {
            let lines: Vec<&Lines> = of_parser(target, &measured).collect();
            println!("{}", row(target, &lines));
            for file in lines {
                missed.push_str(&places(file));
            }
        }
    }
    if named {
        print!("{missed}");
        return Ok(());
    }
    let list = tools.directory.join("missed.txt");
    fs::write(&list, missed).map_err(file_error(&list))?;
    println!("the lines that no seed reaches are in {}", list.display());
    Ok(())
}

/// What was measured of the files of `target`'s parser.
fn of_parser<'a>(target: &'a str, measured: &'a [Lines]) -> impl Iterator<Item = &'a Lines> {
    measured
        .iter()
        .filter(move |lines| parsers(&lines.file).any(|parser| parser == target))
}

/// The parsers to which `file`, a path below `crates`, belongs: those that name it most closely.
fn parsers(file: &Path) -> impl Iterator<Item = &'static str> {
    let whole = file.with_extension("");
    let closeness = move |parts: &[&str]| {
        let close = parts.iter().filter(|part| whole.starts_with(part));
        close.map(|part| part.len()).max()
    };
    let closest = PARSERS
        .iter()
        .filter_map(|(_, parts)| closeness(parts))
        .max();
    let are_close = move |parts: &[&str]| closest.is_some() && closeness(parts) == closest;
    PARSERS
        .iter()
        .filter(move |(_, parts)| are_close(parts))
        .map(|(name, _)| *name)
}

/// How many of a parser's lines were reached.
fn row(target: &str, files: &[&Lines]) -> String {
    let all: usize = files.iter().map(|file| file.lines.len()).sum();
    let reached: usize = files.iter().map(|file| file.reached()).sum();
    let percent = 100.0 * reached as f64 / all.max(1) as f64;
    format!("{target:11} {percent:5.1} %  {reached:4} of {all:4} lines")
}

/// The places in a file that were not reached, a line of text each.
fn places(file: &Lines) -> String {
    let ranges = file.missed().into_iter();
    let path = file.file.display();
    let places = ranges.map(|(first, last)| {
        if first == last {
            format!("crates/{path}:{first}\n")
        } else {
            format!("crates/{path}:{first}-{last}\n")
        }
    });
    places.collect()
}

/// What belongs to the nightly compiler: its own version of LLVM wrote the profiles.
struct Tools {
    binaries: PathBuf,
    /// Where what is built for this goes.
    directory: PathBuf,
}

impl Tools {
    fn find() -> Result<Self> {
        let rustc = |what: &str| {
            let args = ["run", "nightly", "rustc", "--print", what];
            output(&mut command("rustup", &args))
        };
        let libraries = PathBuf::from(rustc("target-libdir")?.trim());
        let binaries = libraries.with_file_name("bin");
        if !binaries.join("llvm-cov").is_file() {
            return Err(
                Error::io("llvm-cov is missing", "it comes with the nightly compiler")
                    .hint("rustup component add llvm-tools --toolchain nightly"),
            );
        }
        Ok(Tools {
            binaries,
            directory: root().join("fuzz/target/coverage"),
        })
    }

    /// Reads the seeds of all targets; returns what they reached of this project's files, together.
    fn measure(&self) -> Result<Vec<Lines>> {
        let profile = self.directory.join("all.profdata");
        let mut merge = command(&self.tool("llvm-profdata"), &["merge", "-sparse", "-o"]);
        merge.arg(&profile);
        for seeds in files(&root().join("fuzz/seeds"))? {
            merge.arg(self.replay(&seeds)?);
        }
        run(&mut merge)?;
        let mut export = command(&self.tool("llvm-cov"), &["export", "-format=lcov"]);
        export.arg("-instr-profile").arg(&profile);
        export.arg(self.binary()).arg("-sources").arg(crates());
        let mut measured = lcov::read(&output(&mut export)?, &crates());
        for lines in &mut measured {
            let file = crates().join(&lines.file);
            let source = fs::read_to_string(&file).map_err(file_error(&file))?;
            lines.leave_out(&exempt::functions(&source));
        }
        Ok(measured)
    }

    /// Reads the files in `seeds`, a directory called as a target, and what else the target is given to begin with;
    /// returns the profile of that.
    fn replay(&self, seeds: &Path) -> Result<PathBuf> {
        let target = seeds.file_name().unwrap_or_default();
        let raw = self.directory.join(target).with_extension("profraw");
        let dir = self.directory.join("given").join(target);
        given::write(&target.to_string_lossy(), &dir)?;
        let mut replay = Command::new(self.binary());
        replay.arg(target).args(files(seeds)?).args(files(&dir)?);
        run(replay.env("LLVM_PROFILE_FILE", &raw))?;
        Ok(raw)
    }

    fn binary(&self) -> PathBuf {
        self.directory.join("debug/examples/replay")
    }

    fn tool(&self, name: &str) -> String {
        self.binaries.join(name).to_string_lossy().into_owned()
    }
}

/// Where the program's own source is.
fn crates() -> PathBuf {
    root().join("crates")
}

/// cargo, building the example that gives a target its seeds.
fn replay(task: &str, directory: &Path) -> Command {
    let mut cargo = command("rustup", &["run", "nightly", "cargo", task]);
    cargo
        .args([
            "--package",
            "properties",
            "--example",
            "replay",
            "--target-dir",
        ])
        .arg(directory)
        .env("RUSTFLAGS", "-Cinstrument-coverage")
        // Build scripts are measured too, which nobody wants to read.
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .env_remove("CARGO")
        .env_remove("RUSTC");
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belongs(file: &str) -> Vec<&'static str> {
        parsers(Path::new(file)).collect()
    }

    #[test]
    fn every_parser_has_files_and_every_reader_a_parser() {
        for (target, parser) in PARSERS {
            for part in *parser {
                let path = root().join("crates").join(part);
                assert!(
                    path.is_dir() || path.with_extension("rs").is_file(),
                    "{target}: {part}"
                );
            }
        }
        let named = |target: &String| PARSERS.iter().any(|(name, _)| name == target);
        let others: Vec<String> = super::super::targets().unwrap();
        let others: Vec<String> = others.into_iter().filter(|target| !named(target)).collect();
        assert_eq!(others, ["appliances", "images", "streams"]);
    }

    #[test]
    fn a_file_belongs_to_the_parser_that_names_it_most_closely() {
        assert_eq!(belongs("disk/diskimage/src/vmdk/row.rs"), ["vmdk"]);
        assert_eq!(
            belongs("disk/diskimage/src/vmdk/stream.rs"),
            ["vmdk_stream"]
        );
        assert_eq!(
            belongs("disk/diskimage/src/vmdk/stream/scan.rs"),
            ["vmdk_stream"]
        );
        assert_eq!(belongs("guest/vmconfig/src/vmx/entries.rs"), ["guest"]);
        assert_eq!(belongs("guest/vmconfig/src/xl/lexer.rs"), ["xl"]);
        assert_eq!(
            belongs("guest/vmconfig/src/xl/write/devices.rs"),
            ["languages"]
        );
        assert_eq!(
            belongs("disk/unpack/src/inflate.rs"),
            ["deflate64", "inflate"]
        );
        assert_eq!(belongs("disk/unpack/src/xzy.rs"), [""; 0]);
    }

    #[test]
    fn a_parser_is_a_row_and_the_places_that_were_missed() {
        let (xz, range) = (
            Lines {
                file: "disk/unpack/src/xz.rs".into(),
                lines: vec![(1, true), (2, false), (3, false), (6, true), (9, false)],
            },
            Lines {
                file: "disk/unpack/src/xz/range.rs".into(),
                lines: vec![(7, true); 5],
            },
        );
        assert_eq!(
            row("xz", &[&xz, &range]),
            "xz           70.0 %     7 of   10 lines"
        );
        let missed = "crates/disk/unpack/src/xz.rs:2-3\ncrates/disk/unpack/src/xz.rs:9\n";
        assert_eq!(places(&xz) + &places(&range), missed);
    }
}
