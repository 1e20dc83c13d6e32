//! The names in a directory. Hash trees look like empty entries to who reads the blocks one after another.

use std::ops::ControlFlow;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{byte, le16, le32};

use super::node;
use crate::port::DirEntry;

/// Visits the names of a whole directory, block by block.
pub(super) fn entries(
    content: &dyn BlockRead,
    block_size: u64,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<()> {
    let mut buffer = vec![0; block_size as usize];
    let size = content.size().unwrap_or(0);
    let mut at = 0;
    while at < size {
        let n = content.read_at(at, &mut buffer)?;
        let seen = block(&buffer[..n], visit).map_err(|error| error.at(format!("byte {at}")))?;
        if seen.is_break() {
            break;
        }
        at += block_size;
    }
    Ok(())
}

/// Visits the names of one block.
pub(super) fn block(
    bytes: &[u8],
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let number = le32(bytes, at);
        // In blocks of 64 KiB, 0 and 65535 are the whole block.
        let len = match usize::from(le16(bytes, at + 4)) {
            0 | 0xFFFF if bytes.len() == 1 << 16 => (1 << 16) - at,
            len => len,
        };
        // An inline directory's rest is zeros.
        if len == 0 && number == 0 && bytes[at..].iter().all(|byte| *byte == 0) {
            break;
        }
        let name_len = usize::from(byte(bytes, at + 6));
        if len < 8 + name_len || len % 4 != 0 || at + len > bytes.len() {
            return Err(Error::corrupt(format!(
                "a directory entry of {len} bytes with a name of {name_len} at byte {at} of {}",
                bytes.len()
            )));
        }
        let name = &bytes[at + 8..at + 8 + name_len];
        at += len;
        if number == 0 || name_len == 0 || name == b"." || name == b".." {
            continue;
        }
        let name = name.to_vec();
        let entry = DirEntry {
            name,
            node: node(number.into()),
        };
        if visit(entry).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
