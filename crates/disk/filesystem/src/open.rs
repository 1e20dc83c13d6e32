//! Which file system a volume holds.

use std::sync::Arc;

use error::Result;
use sparse::BlockRead;

use crate::port::FileSystem;
use crate::{Btrfs, Ext, Fat, Iso9660, Squashfs, Xfs};

/// What opens a volume as one format.
type Opener = fn(Arc<dyn BlockRead>) -> Result<Option<Arc<dyn FileSystem>>>;

/// Opens the file system on `volume`; `None` where there is none that is read.
///
/// What is told by a signature of its own comes first. FAT is last: its boot sector has none, and may be left over, or lead to
/// another file system.
///
/// # Errors
/// [`error::Kind::Corrupt`] and [`error::Kind::Unsupported`] as the format says, [`error::Kind::Io`].
pub fn open(volume: &Arc<dyn BlockRead>) -> Result<Option<Arc<dyn FileSystem>>> {
    let all: [Opener; 6] = [
        |volume| Ok(shared(Ext::open(volume)?)),
        |volume| Ok(shared(Xfs::open(volume)?)),
        |volume| Ok(shared(Btrfs::open(volume)?)),
        |volume| Ok(shared(Squashfs::open(volume)?)),
        |volume| Ok(shared(Iso9660::open(volume)?)),
        |volume| Ok(shared(Fat::open(volume)?)),
    ];
    for open in all {
        if let Some(system) = open(Arc::clone(volume))? {
            return Ok(Some(system));
        }
    }
    Ok(None)
}

fn shared<S: FileSystem + 'static>(system: Option<S>) -> Option<Arc<dyn FileSystem>> {
    system.map(|system| Arc::new(system) as Arc<dyn FileSystem>)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What a script makes of the file `disk`, in a directory with another one in it.
    fn made_by(script: &str) -> Option<&'static str> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("root")).unwrap();
        std::fs::write(directory.path().join("root/hello"), "world").unwrap();
        let made = Command::new("sh")
            .args(["-ec", script])
            .current_dir(directory.path())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let bytes = std::fs::read(directory.path().join("disk")).unwrap();
        let volume: Arc<dyn BlockRead> = Arc::new(bytes);
        open(&volume).unwrap().map(|system| system.about().kind)
    }

    #[test]
    fn each_file_system_is_told_from_the_others() {
        for (script, kind) in [
            ("mke2fs -q -t ext2 disk 4M", Some("ext2")),
            ("mke2fs -q -t ext4 disk 16M", Some("ext4")),
            ("truncate -s 320M disk; mkfs.xfs -q disk", Some("xfs")),
            ("truncate -s 120M disk; mkfs.btrfs -q disk", Some("btrfs")),
            ("mksquashfs root disk -quiet -no-progress", Some("squashfs")),
            (
                "xorriso -as mkisofs -quiet -R -o disk root",
                Some("iso9660"),
            ),
            ("truncate -s 8M disk; mkfs.fat disk", Some("vfat")),
            // What FAT left in front of another one.
            (
                "truncate -s 8M disk; mkfs.fat disk; mke2fs -q -F disk",
                Some("ext2"),
            ),
            ("truncate -s 8M disk", None),
            ("printf x >disk", None),
        ] {
            assert_eq!(made_by(script), kind, "{script}");
        }
    }
}
