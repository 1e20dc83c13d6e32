//! What tests and benchmarks need beside Rust, and how this machine gets it.

use std::path::Path;

use error::{Error, Result};

use crate::shell::{cargo, command, output, run, which};

/// A program, or the whole path of a file, and the Debian package that holds it.
pub(crate) type Need = (&'static str, &'static str);

/// What the tests compare with.
const TESTS: &[Need] = &[
    (
        "/usr/lib/x86_64-linux-gnu/libxlutil.so.4.17",
        "libxenmisc4.17",
    ),
    ("/usr/share/libvirt/schemas/domain.rng", "libvirt0"),
    ("b3sum", "b3sum"),
    ("bgzip", "tabix"),
    ("blkid", "util-linux"),
    ("bsdtar", "libarchive-tools"),
    ("bzip2", "bzip2"),
    ("cmp", "diffutils"),
    ("cpio", "cpio"),
    ("debugfs", "e2fsprogs"),
    ("e2fsck", "e2fsprogs"),
    ("gpg", "gpg"),
    ("gzip", "gzip"),
    ("igzip", "isal"),
    ("lbzip2", "lbzip2"),
    ("losetup", "mount"),
    ("lz4", "lz4"),
    ("lzop", "lzop"),
    ("mcopy", "mtools"),
    ("mkfs.btrfs", "btrfs-progs"),
    ("mkfs.fat", "dosfstools"),
    ("mkfs.xfs", "xfsprogs"),
    ("mksquashfs", "squashfs-tools"),
    ("mkswap", "util-linux"),
    ("nbdkit", "nbdkit"),
    ("openssl", "openssl"),
    ("pigz", "pigz"),
    ("pzstd", "zstd"),
    ("python3", "python3"),
    ("qemu-img", "qemu-utils"),
    ("qemu-io", "qemu-utils"),
    ("qemu-nbd", "qemu-utils"),
    ("swapon", "mount"),
    ("sfdisk", "fdisk"),
    ("tar", "tar"),
    ("unzip", "unzip"),
    ("xmllint", "libxml2-utils"),
    ("xorriso", "xorriso"),
    ("xz", "xz-utils"),
    ("zip", "zip"),
    ("zstd", "zstd"),
];

/// Bytes that building and testing take at least, the testbed's disks included.
const ROOM: u64 = 8 << 30;

/// Installs what the tests need and this machine lacks.
///
/// # Errors
/// Something is missing and cannot be installed, or the file system is too full to build and test in.
pub(crate) fn setup() -> Result<()> {
    has_room(Path::new(env!("CARGO_MANIFEST_DIR")), ROOM)?;
    install(TESTS)?;
    cargo_tool("nextest", "cargo-nextest")?;
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        output(&mut cargo(&[tool, "--version"]))
            .map_err(|error| error.hint(format!("rustup component add {component}")))?;
    }
    Ok(())
}

/// Whether the file system of `dir` has `bytes` free: a run that fills it fails late and in odd places.
fn has_room(dir: &Path, bytes: u64) -> Result<()> {
    let status = rustix::fs::statvfs(dir);
    let status = status.map_err(|cause| Error::io(format!("{}", dir.display()), cause))?;
    let free = status.f_bavail.saturating_mul(status.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    let mib = |bytes: u64| bytes >> 20;
    let message = format!(
        "{} has {} MiB free, and building and testing take {} MiB",
        dir.display(),
        mib(free),
        mib(bytes)
    );
    Err(Error::io(message, "the file system is too full").hint("cargo clean"))
}

/// Installs the packages of those programs that are missing.
///
/// # Errors
/// Something is missing and cannot be installed.
pub(crate) fn install(needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.iter().map(|&(_, package)| package);
    let list = packages.clone().collect::<Vec<_>>().join(" ");
    if !rustix::process::geteuid().is_root() || which("apt-get").is_none() {
        let programs: Vec<_> = missing.iter().map(|&(program, _)| program).collect();
        return Err(Error::io(
            format!("missing: {}", programs.join(", ")),
            "only root on a Debian system can have them installed here",
        )
        .hint(format!(
            "as root: apt-get install --no-install-recommends {list}"
        )));
    }
    println!("installing {list}");
    let apt = |args: &[&str]| {
        let mut apt = command("apt-get", args);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut apt)
    };
    apt(&["update", "-qq"])?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend(packages);
    apt(&args)?;
    match self::missing(needs).first() {
        None => Ok(()),
        Some((program, package)) => Err(Error::io(
            format!("{program} is missing still"),
            format!("package {package} is installed and does not hold it"),
        )),
    }
}

/// Installs a cargo subcommand from its sources unless it is there.
///
/// # Errors
/// It cannot be built.
pub(crate) fn cargo_tool(subcommand: &str, package: &str) -> Result<()> {
    if output(&mut cargo(&[subcommand, "--version"])).is_ok() {
        return Ok(());
    }
    println!("installing {package}");
    run(&mut cargo(&["install", "--locked", package]))
}

fn missing(needs: &[Need]) -> Vec<Need> {
    let missing = |need: &&Need| !is_there(need.0);
    needs.iter().filter(missing).copied().collect()
}

/// Whether this machine has a program, or a file that need not be one.
fn is_there(need: &str) -> bool {
    if need.starts_with('/') {
        return Path::new(need).exists();
    }
    which(need).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_system_is_told_before_anything_is_built() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(has_room(dir, 1).is_ok());
        let error = has_room(dir, u64::MAX).unwrap_err().to_text();
        assert!(error.contains("building and testing take"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_program_is_found_by_its_path() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let needs: &[Need] = &[(file, "file"), ("/nowhere/library.so", "library")];
        assert_eq!(missing(needs), [("/nowhere/library.so", "library")]);
    }

    #[test]
    fn programs_are_looked_for_on_the_path() {
        let needs: &[Need] = &[("sh", "dash"), ("no-such-program", "nothing")];
        assert_eq!(missing(needs), [("no-such-program", "nothing")]);
    }
}
