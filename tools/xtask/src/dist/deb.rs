//! A package for Debian and what comes from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use error::Result;

use super::{ARCHITECTURE, version, write};
use crate::shell::run;

/// Makes the package out of `tree` and puts it into `directory`. deb(5), deb-control(5).
///
/// # Errors
/// dpkg-deb fails.
pub(super) fn make(directory: &Path, tree: &Path) -> Result<PathBuf> {
    let control = format!(
        "Package: innkeeper\n\
         Version: {}\n\
         Architecture: {ARCHITECTURE}\n\
         Maintainer: Innkeeper\n\
         Section: admin\n\
         Priority: optional\n\
         Recommends: lvm2\n\
         Description: manages virtual machines on Xen and KVM hosts\n \
         It takes guests' disks out of files, archives and servers, in any format and\n \
         compression, and writes them to volumes, devices and files.\n",
        version()
    );
    let staged = directory.join("deb");
    run(Command::new("cp").arg("-a").arg(tree).arg(&staged))?;
    write(&staged.join("DEBIAN/control"), &control)?;
    let package = directory.join(format!("innkeeper_{}_{ARCHITECTURE}.deb", version()));
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "--build"])
        .arg(&staged)
        .arg(&package)
        // The same files make the same package.
        .env("SOURCE_DATE_EPOCH", "0"))?;
    Ok(package)
}
