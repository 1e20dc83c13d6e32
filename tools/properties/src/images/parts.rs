//! A VMDK in several files, for a caller that has them one after another: what each of them is alone is what it is in the
//! disk that they make.

use std::sync::Arc;

use diskimage::streaming::{TableCache, pass_vmdk_part};
use diskimage::{
    Format, OpenOptions, VmdkPart, VmdkPartKind, VmdkParts, vmdk_is_part, vmdk_no_descriptor,
};
use error::Result;
use sparse::BlockRead;

use super::compare::{MEANS, SMALL, mapped, passes};
use crate::told::{presentable, told};

/// Compares the parts that the descriptor `file` names with the disk. A file that is no descriptor is itself read as
/// a part.
pub(super) fn compared(file: &Arc<Vec<u8>>, how: &OpenOptions) -> Result<()> {
    let Ok(parts) = VmdkParts::read(file) else {
        if vmdk_is_part(file) {
            presentable(&vmdk_no_descriptor());
        }
        return sparse_part(file, capacity(file)).map(drop);
    };
    let disk = mapped(Format::Vmdk, file, how);
    told(&disk);
    for part in &parts.files {
        let bytes = bytes(part, how)?;
        let end = part.start + part.len;
        assert!(end <= parts.size, "{part:?} of {}", parts.size);
        let place = part.start as usize..end.min(SMALL) as usize;
        if let Ok(Some(disk)) = &disk
            && let Some(alone) = alone(part, &bytes)?
        {
            assert!(disk.get(place) == Some(&alone), "{part:?} is another alone");
        }
    }
    Ok(())
}

/// What a part holds, whose file has these `bytes`; `None` when it is too much to be read.
fn alone(part: &VmdkPart, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    match part.kind {
        VmdkPartKind::Sparse => sparse_part(bytes, part.len),
        VmdkPartKind::Flat { offset } => {
            let end = offset.saturating_add(part.len);
            let held = bytes.get(offset as usize..end as usize);
            Ok(held.map(<[u8]>::to_vec))
        }
    }
}

/// What a sparse extent holds, `len` bytes; `None` when it is too much to be read.
fn sparse_part(bytes: &[u8], len: u64) -> Result<Option<Vec<u8>>> {
    if len > SMALL {
        return Ok(None);
    }
    let tables = Arc::new(TableCache::new(Some(bytes.len() as u64)));
    passes(bytes, |stream| pass_vmdk_part(stream, &tables, len, MEANS))
}

/// What the header of a sparse extent calls its size, in bytes; a little for what has none.
fn capacity(file: &[u8]) -> u64 {
    let sectors = file.get(12..20).and_then(|sectors| sectors.try_into().ok());
    sectors.map_or(512, u64::from_le_bytes).saturating_mul(512)
}

/// The bytes of a part's file, as many as there are.
fn bytes(part: &VmdkPart, how: &OpenOptions) -> Result<Vec<u8>> {
    let file = how.access.extent(&part.name)?;
    let size = file.as_ref().and_then(|file| file.size()).unwrap_or(0);
    let mut bytes = vec![0; size as usize];
    if let Some(file) = file {
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
    }
    Ok(bytes)
}
