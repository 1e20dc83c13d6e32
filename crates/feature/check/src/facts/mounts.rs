//! What is to be mounted and is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::Result;

use super::{Facts, NotKnown};

/// The mount points of fstab(5) on which nothing is mounted: on a host that runs by the kernel's table, in a directory those
/// that are not there or empty.
#[derive(Debug, Default)]
pub struct Unmounted(Vec<PathBuf>);

impl Facts {
    /// The mount point above `path` that is in /etc/fstab and has nothing mounted on it.
    ///
    /// # Errors
    /// /etc/fstab or the table of mounts cannot be read.
    pub fn unmounted(&self, path: &Path) -> Result<Option<PathBuf>, NotKnown> {
        let all: Arc<Unmounted> = self.known("mounts", read)?;
        let above = all.0.iter().filter(|point| path.starts_with(point));
        Ok(above
            .max_by_key(|point| point.components().count())
            .cloned())
    }
}

fn read(facts: &Facts) -> Result<Unmounted> {
    let host = facts.host();
    let text = host.files().read("/etc/fstab")?.unwrap_or_default();
    let mounted = if host.is_live() {
        host.mounts()?
    } else {
        Vec::new()
    };
    let mut unmounted = Vec::new();
    for point in points(&String::from_utf8_lossy(&text)) {
        let is_mounted = if host.is_live() {
            mounted.iter().any(|mount| mount.point == point)
        } else {
            let names = host.files().list(&point)?;
            names.is_some_and(|names| !names.is_empty())
        };
        if !is_mounted {
            unmounted.push(point);
        }
    }
    Ok(Unmounted(unmounted))
}

/// The mount points of fstab(5) but for the root.
fn points(text: &str) -> Vec<PathBuf> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    let points = lines.filter_map(|line| line.split_whitespace().nth(1));
    let points = points.filter(|point| point.starts_with('/') && *point != "/");
    points
        .map(|point| PathBuf::from(point.replace("\\040", " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_the_second_words() {
        let text =
            "# a b\n/dev/sda1 / ext4\n/dev/sda2\t/srv/my\\040images xfs\n/dev/sda3 none swap\nx\n";
        assert_eq!(points(text), [Path::new("/srv/my images")]);
    }
}
