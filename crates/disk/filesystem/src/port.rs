//! The port that every file system implements.

use std::ops::ControlFlow;
use std::sync::Arc;

use error::Result;
use sparse::BlockRead;

/// A file, a directory or a link of one file system, by the numbers that the format has for it.
///
/// It is only valid in the file system that gave it. Nothing has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// The subvolume (btrfs); 0 where the format has only one tree.
    pub tree: u64,
    /// The inode's number, or the byte where its record starts.
    pub number: u64,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory, or a subvolume's root.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket.
    Special,
}

/// What is known of a node without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// The bytes of a file's content or of a link's target; of a directory whatever the format keeps there.
    pub size: u64,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name, in UTF-8 where the format has an encoding, else as the bytes are. Never empty, `.`, `..`, and without `/`.
    pub name: Vec<u8>,
    /// What it names.
    pub node: Node,
}

/// How a file system calls itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The format, as `blkid` and `/etc/fstab` call it: `ext4`, `xfs`, `vfat`.
    pub kind: &'static str,
    /// The volume's label; empty where it has none.
    pub label: String,
    /// Its UUID as `blkid` prints it (FAT: `1234-ABCD`, ISO 9660: the date); empty where it has none.
    pub uuid: String,
    /// What was done or left out that a user should know, a sentence each: "the journal was replayed in memory".
    pub notes: Vec<String>,
}

/// A file system that can be read.
///
/// Implementations trust nothing they read: every loop has an end that the data cannot move, every table a limit.
pub trait FileSystem: Send + Sync {
    /// What it calls itself.
    fn about(&self) -> &About;

    /// The topmost directory.
    fn root(&self) -> Node;

    /// The directory that is mounted by default, where that is another one than [`FileSystem::root`]: btrfs' default subvolume.
    fn mounted(&self) -> Node {
        self.root()
    }

    /// What `node` is.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it cannot be what the format says, [`error::Kind::Io`].
    fn metadata(&self, node: Node) -> Result<Metadata>;

    /// The content of a file or the target of a link, called `name` in messages. It is mapped once, here, so that reading it
    /// is quick.
    ///
    /// # Errors
    /// As [`FileSystem::metadata`]; [`error::Kind::Unsupported`] for what is encrypted or packed in a way that is not known.
    fn open(&self, node: Node, name: &str) -> Result<Arc<dyn BlockRead>>;

    /// Calls `visit` with each name in the directory `node`, in the order of the disk, until it breaks.
    ///
    /// # Errors
    /// As [`FileSystem::metadata`].
    fn entries(&self, node: Node, visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>)
    -> Result<()>;

    /// Whether upper and lower case are the same in the directory `node`.
    ///
    /// # Errors
    /// As [`FileSystem::metadata`].
    fn ignores_case(&self, node: Node) -> Result<bool> {
        let _ = node;
        Ok(false)
    }
}
