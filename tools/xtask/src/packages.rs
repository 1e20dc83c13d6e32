//! What tests and benchmarks need beside Rust, and how this machine gets it.

use error::{Error, Result};

use crate::shell::{cargo, command, output, run, which};

/// A program and the Debian package that holds it.
pub(crate) type Need = (&'static str, &'static str);

/// What the tests compare with.
const TESTS: &[Need] = &[
    // Files that are no programs are found by their path.
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
    ("e2fsck", "e2fsprogs"),
    ("gpg", "gpg"),
    ("gzip", "gzip"),
    ("igzip", "isal"),
    ("lbzip2", "lbzip2"),
    ("losetup", "mount"),
    ("lz4", "lz4"),
    ("lzop", "lzop"),
    ("mkfs.fat", "dosfstools"),
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
    ("tar", "tar"),
    ("unzip", "unzip"),
    ("xmllint", "libxml2-utils"),
    ("xz", "xz-utils"),
    ("zip", "zip"),
    ("zstd", "zstd"),
];

/// Installs what the tests need and this machine lacks.
///
/// # Errors
/// Something is missing and cannot be installed.
pub(crate) fn setup() -> Result<()> {
    install(TESTS)?;
    cargo_tool("nextest", "cargo-nextest")?;
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        output(&mut cargo(&[tool, "--version"]))
            .map_err(|error| error.hint(format!("rustup component add {component}")))?;
    }
    Ok(())
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
    let there = |need: &&Need| which(need.0).is_none();
    needs.iter().filter(there).copied().collect()
}
