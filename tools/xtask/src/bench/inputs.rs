//! The files that are measured: a disk as guests have it, packed in every way.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use error::{Error, Result};

use super::jobs::Job;
use super::large;
use crate::example::partition_table;
use crate::shell::{file_error, run, which};

/// The disk's size in bytes, and how much of it holds data, at full scale.
const DISK: u64 = 8 << 30;
const DATA: u64 = 950_000_000;

/// Where files come from, and which share of the data, in hundredths.
const ROOTS: &[(&str, u64)] = &[("/usr/lib", 60), ("/usr/share", 25), ("/usr/bin", 15)];

/// The large disk, and the ranges of it that hold data: 40 of 256 KiB, far apart.
const TERABYTE: u64 = 1 << 40;
const RANGES: u64 = 40;
const RANGE: usize = 256 << 10;

/// What is made from the disk, and how. The commands run in the inputs' directory.
const PACKED: &[(&str, &str)] = &[
    ("disk.tar.gz", "tar -cf - guest/disk.img | gzip -6n"),
    ("disk.pigz.tar.gz", "tar -cf - guest/disk.img | pigz -n"),
    ("disk.sparse.tar.gz", "tar -Scf - guest/disk.img | gzip -6n"),
    ("disk.tar.zst", "tar -cf - guest/disk.img | zstd -q -3 -T0"),
    ("disk.tar.xz", "tar -cf - guest/disk.img | xz -T0"),
    ("disk.tar.bz2", "tar -cf - guest/disk.img | lbzip2"),
    ("disk.tar.lz4", "tar -cf - guest/disk.img | lz4 -q"),
    (
        "terabyte.tar",
        "tar --hole-detection=seek -Scf - terabyte.img",
    ),
];

/// Disk formats, by qemu-img; each command ends with the file's name.
const IMAGES: &[(&str, &str)] = &[
    (
        "disk.vmdk",
        "qemu-img convert -O vmdk -o subformat=streamOptimized guest/disk.img",
    ),
    (
        "disk.zlib.qcow2",
        "qemu-img convert -O qcow2 -c -o compression_type=zlib guest/disk.img",
    ),
    (
        "disk.zstd.qcow2",
        "qemu-img convert -O qcow2 -c -o compression_type=zstd guest/disk.img",
    ),
    ("disk.qcow2", "qemu-img convert -O qcow2 guest/disk.img"),
    ("disk.vdi", "qemu-img convert -O vdi guest/disk.img"),
    (
        "disk.vhd",
        "qemu-img convert -O vpc -o subformat=dynamic,force_size=on guest/disk.img",
    ),
    (
        "disk.vhdx",
        "qemu-img convert -O vhdx -o subformat=dynamic guest/disk.img",
    ),
];

/// What is made from the disk that has a directory of its own.
const LARGE: &[(&str, &str)] = &[
    ("large.qcow2", "qemu-img convert -O qcow2 large.img"),
    ("large.qcow2.zst", "zstd -q -3 -T0 <large.qcow2 >"),
];

/// What a file is called until it is complete.
const PART: &str = "part";

/// A part of the full size, `1/N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale(u64);

impl Scale {
    /// Whether nothing is made smaller.
    pub(super) fn is_full(self) -> bool {
        self.0 == 1
    }

    /// That part of `size`.
    fn of(self, size: u64) -> u64 {
        size / self.0
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_prefix("1/").unwrap_or(text);
        match number.parse() {
            Ok(1) => Ok(Scale(1)),
            Ok(n @ 2..=64) if text.starts_with("1/") => Ok(Scale(n)),
            _ => Err("give 1, or 1/2 down to 1/64".into()),
        }
    }
}

/// A directory that holds inputs, and what each of them is, a line each.
pub(super) struct Inputs {
    dir: PathBuf,
    lines: Vec<String>,
}

impl Inputs {
    /// Makes what the jobs need and is not there yet, in a directory of its own below `dir`.
    ///
    /// # Errors
    /// A tool fails, or this machine has not enough files to fill the disk.
    pub(super) fn make(dir: &Path, scale: Scale, jobs: &[&Job]) -> Result<Self> {
        let needed = |name: &str| jobs.iter().any(|job| job.needs(name));
        let mut inputs = Inputs::below(dir, scale)?;
        let guest = inputs.dir.join("guest");
        fs::create_dir_all(&guest).map_err(file_error(&guest))?;
        if needed("guest/disk.img") {
            inputs.disk("guest/disk.img", |file| {
                file_system(file, &guest.with_file_name("tree"), scale)
            })?;
        }
        if needed("terabyte.img") {
            inputs.disk("terabyte.img", terabyte)?;
        }
        for (name, command) in PACKED.iter().filter(|input| needed(input.0)) {
            inputs.made(name, &format!("{command} >"))?;
        }
        for (name, command) in IMAGES.iter().filter(|input| needed(input.0)) {
            inputs.made(name, command)?;
        }
        Ok(inputs)
    }

    /// Makes the disk of 2 TiB and what is made from it, as [`Inputs::make`].
    ///
    /// # Errors
    /// A tool fails, or there is not enough room.
    pub(super) fn make_large(dir: &Path, scale: Scale) -> Result<Self> {
        let mut inputs = Inputs::below(dir, scale)?;
        if !inputs.dir.join(large::NAME).exists() {
            large::room(dir, scale.of(large::DATA))?;
        }
        inputs.disk(large::NAME, |file| {
            large::write(file, scale.of(large::DATA))
        })?;
        for (name, command) in LARGE {
            inputs.made(name, command)?;
        }
        Ok(inputs)
    }

    fn below(dir: &Path, scale: Scale) -> Result<Self> {
        let dir = dir.join(format!("inputs-{}", scale.0));
        fs::create_dir_all(&dir).map_err(file_error(&dir))?;
        let lines = Vec::new();
        Ok(Inputs { dir, lines })
    }

    /// Where they are.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What they are, a line each.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// A disk that `make` writes.
    fn disk(&mut self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let found = self.once(name, make)?;
        let (size, data) = (found.len() >> 20, megabytes(found.blocks() * 512));
        self.lines
            .push(format!("`{name}`: {size} MiB, {data} of it data"));
        Ok(())
    }

    /// A file that `command` makes, which lacks nothing but its name at the end.
    fn made(&mut self, name: &str, command: &str) -> Result<()> {
        let found = self.once(name, |_| {
            let mut bash = Command::new("bash");
            bash.args(["-o", "pipefail", "-c"])
                .arg(format!("{command} {PART}"))
                .current_dir(&self.dir);
            run(&mut bash)
        })?;
        let command = command.trim_end_matches(" >");
        let size = megabytes(found.len());
        self.lines.push(format!("`{name}`: {size}, by `{command}`"));
        Ok(())
    }

    /// Makes a file under another name and renames it, so that what is there is complete.
    fn once(&self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<fs::Metadata> {
        let file = self.dir.join(name);
        if !file.exists() {
            eprintln!("making {name}");
            let part = self.dir.join(PART);
            let _ = fs::remove_file(&part);
            make(&part)?;
            fs::rename(&part, &file).map_err(file_error(&file))?;
        }
        fs::metadata(&file).map_err(file_error(&file))
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// An ext4 file system with files of this machine, which are gathered in `tree`.
fn file_system(file: &Path, tree: &Path, scale: Scale) -> Result<()> {
    for (root, share) in ROOTS {
        let want = scale.of(DATA) * share / 100;
        let missing = gather(Path::new(root), tree, want)?;
        if missing > want / 10 {
            let found = want - missing;
            let message = format!("{root} holds {found} bytes, the disk needs {want}");
            return Err(Error::unsupported(message).hint("give --scale 1/8"));
        }
    }
    let program = which("mke2fs").unwrap_or_else(|| "mke2fs".into());
    let size = format!("{}k", scale.of(DISK) >> 10);
    let mut make = Command::new(program);
    make.args(["-q", "-F", "-t", "ext4", "-d"])
        .arg(tree)
        .arg(file)
        .arg(size);
    run(&mut make)?;
    fs::remove_dir_all(tree).map_err(file_error(tree))
}

/// Copies files below `from` to the same place below `to`, in the order of their names, until `want`
/// bytes are there; returns how many are missing.
fn gather(from: &Path, to: &Path, want: u64) -> Result<u64> {
    let entries = fs::read_dir(from).map_err(file_error(from))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut missing = want;
    for path in paths {
        if missing == 0 {
            break;
        }
        let found = fs::symlink_metadata(&path).map_err(file_error(&path))?;
        if found.is_dir() {
            missing = gather(&path, to, missing)?;
        } else if found.is_file() && found.len() <= missing {
            copy(&path, to)?;
            missing -= found.len();
        }
    }
    Ok(missing)
}

fn copy(file: &Path, to: &Path) -> Result<()> {
    let target = to.join(file.strip_prefix("/").unwrap_or(file));
    let parent = target.parent().unwrap_or(to);
    fs::create_dir_all(parent).map_err(file_error(parent))?;
    fs::copy(file, &target).map_err(file_error(file)).map(drop)
}

/// A sparse file of 1 TiB.
fn terabyte(path: &Path) -> Result<()> {
    let file = File::create(path).map_err(file_error(path))?;
    file.set_len(TERABYTE).map_err(file_error(path))?;
    for range in 0..RANGES {
        let bytes = large::noise(range + 1, RANGE);
        file.write_all_at(&bytes, (TERABYTE / RANGES * range) & !4095)
            .map_err(file_error(path))?;
    }
    // Its beginning makes it a disk.
    file.write_all_at(&partition_table(TERABYTE), 0)
        .map_err(file_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_unit_fractions() {
        assert_eq!("1".parse(), Ok(Scale(1)));
        assert_eq!("1/8".parse(), Ok(Scale(8)));
        for bad in ["", "0", "1/0", "8", "1/65", "2/8", "0.5"] {
            assert!(bad.parse::<Scale>().is_err(), "{bad}");
        }
    }
}
