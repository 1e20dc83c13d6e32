//! Finding a path below a directory without leaving it, on every kernel: openat2(2) came with Linux 5.6.
//!
//! ```text
//! for each component:   ".." → one directory up, at the root stay
//!                       link → its text takes the component's place; absolute → begin at the root again
//!                       else → descend, by a descriptor: what is renamed meanwhile leads nowhere else
//! ```

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Links that are followed on one path: as many as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Directories that may lie in each other; each is a descriptor.
const DEEPEST: usize = 128;

/// Where a path leads: a name in a directory. The name is no link, unless a last link was to be left alone.
pub(super) struct Found {
    /// The directories below the root, by name, the deepest last.
    directories: Vec<(OwnedFd, OsString)>,
    pub(super) name: OsString,
}

impl Found {
    /// The directory, which is `root` where nothing lies between.
    pub(super) fn directory<'a>(&'a self, root: &'a OwnedFd) -> BorrowedFd<'a> {
        deepest(&self.directories, root)
    }

    /// The path without links, from the root on.
    pub(super) fn path(&self) -> PathBuf {
        let mut path = PathBuf::from("/");
        path.extend(self.directories.iter().map(|(_, name)| name));
        if self.name != "." {
            path.push(&self.name);
        }
        path
    }
}

fn deepest<'a>(directories: &'a [(OwnedFd, OsString)], root: &'a OwnedFd) -> BorrowedFd<'a> {
    directories
        .last()
        .map_or(root.as_fd(), |(directory, _)| directory.as_fd())
}

/// Looks for `path` below `root`. With `follow_last` a link at its end is followed too.
pub(super) fn find(
    root: &OwnedFd,
    path: &Path,
    follow_last: bool,
) -> std::result::Result<Found, Errno> {
    let mut ahead = Vec::new();
    push(&mut ahead, path);
    let (mut directories, mut links) = (Vec::new(), 0);
    while let Some(name) = ahead.pop() {
        if name == ".." {
            directories.pop();
            continue;
        }
        let here = deepest(&directories, root);
        let status = rustix::fs::statat(here, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_link = FileType::from_raw_mode(status.st_mode).is_symlink();
        if is_link && (follow_last || !ahead.is_empty()) {
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP);
            }
            let target = rustix::fs::readlinkat(here, &name, Vec::new())?;
            let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
            if target.is_absolute() {
                directories.clear();
            }
            push(&mut ahead, &target);
        } else if ahead.is_empty() {
            return Ok(Found { directories, name });
        } else if directories.len() == DEEPEST {
            return Err(Errno::NAMETOOLONG);
        } else {
            let below = descend(here, &name)?;
            directories.push((below, name));
        }
    }
    // The root, or what a path with ".." at its end leads to.
    let name = ".".into();
    Ok(Found { directories, name })
}

/// Puts the components of `path` in front of those `ahead`, of which the last is the next.
fn push(ahead: &mut Vec<OsString>, path: &Path) {
    let components = path.components().rev();
    ahead.extend(components.filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    }));
}

fn descend(here: BorrowedFd<'_>, name: &OsStr) -> std::result::Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(here, name, flags, Mode::empty())
}
