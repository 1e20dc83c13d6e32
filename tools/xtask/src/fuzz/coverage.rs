//! Which lines of each parser the seeds reach.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use error::{Error, Result};
use serde_json::Value;

use super::files;
use crate::shell::{command, file_error, output, root, run};

/// What a target is there for: its parser's files, as paths in the checkout without `.rs`. What lies in a
/// directory of that name counts as well.
const PARSERS: &[(&str, &[&str])] = &[
    ("bzip2", &["disk/unpack/src/bzip2"]),
    ("deflate64", &["disk/unpack/src/inflate"]),
    ("guest", &["guest/vmconfig/src"]),
    ("gzip", &["disk/unpack/src/gzip"]),
    ("inflate", &["disk/unpack/src/inflate"]),
    ("layers", &["disk/unpack/src/layer"]),
    ("lz4", &["disk/unpack/src/lz4"]),
    ("lzma", &["disk/unpack/src/lzma", "disk/unpack/src/xz/lzma"]),
    ("lzop", &["disk/unpack/src/lzop"]),
    ("manifest", &["disk/unpack/src/manifest"]),
    ("qcow2", &["disk/diskimage/src/qcow2"]),
    ("recognise", &["io/recognise/src"]),
    ("tar", &["disk/unpack/src/tar"]),
    ("vbox", &["guest/vmconfig/src/vbox"]),
    ("vdi", &["disk/diskimage/src/vdi"]),
    ("vhd", &["disk/diskimage/src/vhd"]),
    ("vhdx", &["disk/diskimage/src/vhdx"]),
    ("vma", &["disk/unpack/src/vma"]),
    ("vmdk", &["disk/diskimage/src/vmdk"]),
    ("vmdk_stream", &["disk/diskimage/src/vmdk/stream"]),
    ("xva", &["disk/unpack/src/xva"]),
    ("xz", &["disk/unpack/src/xz"]),
    ("zip", &["disk/unpack/src/zip"]),
    ("zstd", &["disk/unpack/src/zstd"]),
];

/// Measures the wanted targets, and prints for each how many lines of its parser its seeds reach; with
/// `each_file` also of each file.
///
/// # Errors
/// A tool is missing or fails.
pub(super) fn report(targets: &[String], each_file: bool) -> Result<()> {
    let tools = Tools::find()?;
    run(&mut replay("build", &tools.directory))?;
    for (target, parser) in PARSERS {
        if targets.iter().any(|wanted| wanted == target) {
            let lines = tools.measure(target, parser)?;
            print(target, &lines, each_file);
        }
    }
    Ok(())
}

/// How many lines a file has, and how many of them ran.
struct Lines {
    file: String,
    all: u64,
    reached: u64,
}

fn print(target: &str, lines: &[Lines], each_file: bool) {
    let sum = |number: fn(&Lines) -> u64| lines.iter().map(number).sum::<u64>();
    let line = |name: &str, all: u64, reached: u64| {
        let percent = 100.0 * reached as f64 / all.max(1) as f64;
        println!("{name:11} {percent:5.1} % of {all} lines");
    };
    line(target, sum(|file| file.all), sum(|file| file.reached));
    for file in lines.iter().filter(|_| each_file) {
        line(&format!("  {}", file.file), file.all, file.reached);
    }
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

    /// Gives `target` its seeds and reads what they reached of `parser`.
    fn measure(&self, target: &str, parser: &[&str]) -> Result<Vec<Lines>> {
        let raw = self.directory.join(format!("{target}.profraw"));
        let profile = self.directory.join(format!("{target}.profdata"));
        let binary = self.directory.join("debug/examples/replay");
        let mut seeds = files(&root().join("fuzz/seeds").join(target))?;
        seeds.sort();
        let mut replay = Command::new(&binary);
        replay
            .arg(target)
            .args(seeds)
            .env("LLVM_PROFILE_FILE", &raw);
        run(&mut replay)?;
        let merge = ["merge", "-sparse", "-o"];
        let mut merge = command(&self.tool("llvm-profdata"), &merge);
        run(merge.arg(&profile).arg(&raw))?;
        fs::remove_file(&raw).map_err(file_error(&raw))?;
        let mut export = command(&self.tool("llvm-cov"), &["export", "-summary-only"]);
        export.arg("-instr-profile").arg(&profile).arg(&binary);
        let summary: Value = serde_json::from_str(&output(&mut export)?)
            .map_err(|cause| Error::io("llvm-cov's report is not JSON", cause))?;
        Ok(lines(&summary, parser))
    }

    fn tool(&self, name: &str) -> String {
        self.binaries.join(name).to_string_lossy().into_owned()
    }
}

/// What a report of llvm-cov says of the files of `parser`.
fn lines(summary: &Value, parser: &[&str]) -> Vec<Lines> {
    let none = Vec::new();
    let files = summary["data"][0]["files"].as_array().unwrap_or(&none);
    let measured = files.iter().filter_map(|file| {
        let path = Path::new(file["filename"].as_str()?);
        let path = path.strip_prefix(root().join("crates")).ok()?;
        let whole = path.with_extension("");
        parser
            .iter()
            .any(|part| whole.starts_with(part))
            .then_some(())?;
        let count = &file["summary"]["lines"];
        Some(Lines {
            file: path.display().to_string(),
            all: count["count"].as_u64()?,
            reached: count["covered"].as_u64()?,
        })
    });
    measured.collect()
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
    use serde_json::json;

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
        assert_eq!(others, ["appliances", "images", "languages", "streams"]);
    }

    #[test]
    fn a_report_is_read() {
        let file = |name: &str| {
            json!({
                "filename": root().join("crates").join(name),
                "summary": { "lines": { "count": 10, "covered": 9 } },
            })
        };
        let names = [
            "disk/unpack/src/xz.rs",
            "disk/unpack/src/xz/range.rs",
            "disk/unpack/src/xzy.rs",
        ];
        let summary = json!({ "data": [{ "files": names.map(file) }] });
        let found = lines(&summary, &["disk/unpack/src/xz"]);
        let files: Vec<&str> = found.iter().map(|lines| lines.file.as_str()).collect();
        assert_eq!(files, names[..2]);
        assert_eq!((found[0].all, found[0].reached), (10, 9));
    }
}
