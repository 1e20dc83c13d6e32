//! `cargo xtask dist`: one static executable for every host, and the packages that it comes in.

mod deb;
mod empty_root;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use error::{Error, Result};

use crate::packages::{Need, install};
use crate::shell::{cargo, command, file_error, output, run as run_command, target_directory};

/// What the executable is built for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The architecture as Debian calls it.
const ARCHITECTURE: &str = "amd64";

/// What packages are made with.
const NEEDS: &[Need] = &[
    ("dpkg-deb", "dpkg"),
    ("gzip", "gzip"),
    ("strip", "binutils"),
    ("tar", "tar"),
];

/// Shells whose completions are packed, with the file that each looks for below /usr/share.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "bash-completion/completions/innkeeper"),
    ("fish", "fish/vendor_completions.d/innkeeper.fish"),
    ("zsh", "zsh/vendor-completions/_innkeeper"),
];

/// What to do with the packages.
#[derive(Args)]
pub(crate) struct Options {
    /// Also run the executable in an empty root directory, with a name server and an https server in a
    /// network namespace (as root)
    #[arg(long)]
    check: bool,
    /// In that namespace: run this executable, in that directory
    #[arg(long, hide = true, num_args = 2, value_names = ["PROGRAM", "DIR"])]
    inside: Option<Vec<PathBuf>>,
}

/// Makes the executable and the packages, and says where they are.
///
/// # Errors
/// The program does not build, a tool fails, or the executable does not do what it should.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some([program, directory]) = options.inside.as_deref() {
        return empty_root::inside(program, directory);
    }
    install(NEEDS)?;
    let program = executable()?;
    let directory = target_directory()?.join("dist");
    let tree = directory.join("tree");
    recreate(&directory)?;
    fill(&tree, &program)?;
    for package in [tarball(&directory, &tree)?, deb::make(&directory, &tree)?] {
        let size = fs::metadata(&package).map_err(file_error(&package))?.len();
        println!("{} ({})", package.display(), error::amount(size));
    }
    if options.check {
        empty_root::check(&tree.join("usr/bin/innkeeper"))?;
    }
    Ok(())
}

/// Runs the executable in an empty root directory; what `cargo xtask test` does.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> Result<()> {
    run(&Options {
        check: true,
        inside: None,
    })
}

/// The static executable, built.
///
/// # Errors
/// The program does not build, or is not static.
pub(crate) fn executable() -> Result<PathBuf> {
    let mut build = cargo(&[
        "build",
        "--release",
        "--locked",
        "--package",
        "innkeeper",
        "--target",
        TARGET,
    ]);
    // For the target alone: what runs while building is not static.
    let flags = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS";
    run_command(build.env(flags, "-C target-feature=+crt-static"))?;
    let program = target_directory()?.join(TARGET).join("release/innkeeper");
    let headers = output(&mut command(
        "readelf",
        &["--program-headers", &program.display().to_string()],
    ))?;
    if headers.contains("INTERP") {
        return Err(Error::io(
            format!("{} is not static", program.display()),
            "it asks for a dynamic loader",
        ));
    }
    Ok(program)
}

/// The packages' files as they will be on a host, below `tree`.
fn fill(tree: &Path, program: &Path) -> Result<()> {
    let (bin, man) = (tree.join("usr/bin"), tree.join("usr/share/man/man1"));
    create(&bin)?;
    create(&man)?;
    let installed = bin.join("innkeeper");
    run_command(Command::new("strip").arg("-o").arg(&installed).arg(program))?;
    run_command(Command::new(&installed).args(["man", "--out"]).arg(&man))?;
    let mut pack = Command::new("gzip");
    for page in fs::read_dir(&man).map_err(file_error(&man))? {
        pack.arg(page.map_err(file_error(&man))?.path());
    }
    run_command(pack.arg("-9n"))?;
    for (shell, place) in COMPLETIONS {
        let script = output(Command::new(&installed).args(["completions", shell]))?;
        write(&tree.join("usr/share").join(place), &script)?;
    }
    let docs = tree.join("usr/share/doc/innkeeper");
    for name in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        let path = crate::shell::root().join(name);
        let text = fs::read_to_string(&path).map_err(file_error(&path))?;
        write(&docs.join(name), &text)?;
    }
    Ok(())
}

/// `innkeeper-VERSION-x86_64.tar.gz`, whose files are unpacked below `/`.
fn tarball(directory: &Path, tree: &Path) -> Result<PathBuf> {
    let package = directory.join(format!("innkeeper-{}-x86_64.tar.gz", version()));
    run_command(
        Command::new("tar")
            .args(["--owner=0", "--group=0", "--sort=name", "--mtime=@0"])
            .args(["--use-compress-program=gzip -9n", "-cf"])
            .arg(&package)
            .arg("-C")
            .arg(tree)
            .arg("usr"),
    )?;
    Ok(package)
}

/// The version of all packages.
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn recreate(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(file_error(directory))?;
    }
    create(directory)
}

fn create(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(file_error(directory))
}

/// Writes `text` to the file at `path`, whose directory is made.
fn write(path: &Path, text: &str) -> Result<()> {
    create(path.parent().unwrap_or(path))?;
    fs::write(path, text).map_err(file_error(path))
}
