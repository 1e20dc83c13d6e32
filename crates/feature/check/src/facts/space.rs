//! Free space where the host boots from.

use std::sync::Arc;

use error::{Error, Result};
use exec::Tool;

use super::{Facts, NotKnown};

/// Where boot loaders, kernels and hypervisors are.
const DIRECTORIES: [&str; 4] = ["/boot", "/boot/efi", "/efi", "/boot/firmware"];

/// The space in a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Where it is mounted, as the host calls it.
    pub point: String,
    /// How much it takes, in bytes.
    pub size: u64,
    /// What is free for files, in bytes.
    pub free: u64,
}

/// The space in each file system.
#[derive(Debug, Default)]
pub struct Spaces(pub Vec<Space>);

impl Facts {
    /// The space in the file systems of /boot and of the EFI system partition, each once.
    ///
    /// # Errors
    /// df cannot be asked: the host does not run.
    pub fn boot_space(&self) -> Result<Arc<Spaces>, NotKnown> {
        self.known("free space", read)
    }
}

fn read(facts: &Facts) -> Result<Spaces> {
    let mut spaces = Spaces::default();
    for directory in DIRECTORIES {
        if !facts.host().files().exists(directory)? {
            continue;
        }
        let tool = Tool::new("df").args(["-P", "-k", directory]);
        let output = tool
            .time_limit(facts.question().limit)
            .succeed(facts.host(), &exec::never)?;
        let space = output.text()?.lines().nth(1).and_then(space);
        let space =
            space.ok_or_else(|| Error::corrupt(format!("df prints nothing for {directory}")))?;
        if !spaces.0.contains(&space) {
            spaces.0.push(space);
        }
    }
    Ok(spaces)
}

/// A line of what df prints: device, size, used, free, percent, mount point; in KiB.
fn space(line: &str) -> Option<Space> {
    let words: Vec<_> = line.split_whitespace().collect();
    let kib = |index: usize| words.get(index)?.parse::<u64>().ok()?.checked_mul(1024);
    Some(Space {
        size: kib(1)?,
        free: kib(3)?,
        point: words.get(5)?.to_string(),
    })
}
