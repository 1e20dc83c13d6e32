//! Where on the host a file is that a boot loader names.

use std::path::{Path, PathBuf};

use error::Result;
use host::Files;

use super::entry::Boot;

/// The paths of the host at which a file that a boot loader calls `path` may be, the likeliest first: the loader's paths
/// start at the file system that it found, which may be mounted on /boot or be the EFI system partition, or be the
/// subvolume of a btrfs. One without `/` at its start is in `directory`, that of the loader's configuration.
pub fn candidates(directory: &str, path: &str) -> Vec<String> {
    let path = match path.strip_prefix('(').and_then(|path| path.split_once(')')) {
        Some((_device, path)) => path,
        None => path,
    };
    let path = path.replace('\\', "/");
    let mut all = Vec::new();
    if !path.starts_with('/') {
        all.push(format!("{}/{path}", directory.trim_end_matches('/')));
    }
    let path = format!("/{}", path.trim_start_matches('/'));
    all.push(path.clone());
    for subvolume in ["/@", "/root"] {
        let below = path.strip_prefix(subvolume);
        all.extend(
            below
                .filter(|below| below.starts_with("/boot"))
                .map(str::to_owned),
        );
    }
    all.push(format!("/boot{path}"));
    all.push(format!("/boot/efi{path}"));
    all
}

/// The one path at which a file is that a boot loader calls `path`, where every device can be read by its name: without a
/// device before it on that of the configuration, and without `/` at its start in `directory`.
pub fn exact(directory: &str, path: &str) -> String {
    if path.starts_with(['/', '(']) {
        return path.to_owned();
    }
    format!("{}/{path}", directory.trim_end_matches('/'))
}

/// Where on the host the file is that `boot` calls `path`; `None` when it is at none of the [`candidates`].
///
/// # Errors
/// [`error::Kind::Io`] when that cannot be told.
pub fn locate(files: &Files, boot: &Boot, path: &str) -> Result<Option<PathBuf>> {
    let directory = boot.file.parent().unwrap_or(Path::new("/"));
    for candidate in candidates(&directory.to_string_lossy(), path) {
        if files.exists(&candidate)? {
            return Ok(Some(candidate.into()));
        }
    }
    Ok(None)
}
