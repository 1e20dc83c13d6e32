//! All that an image stores, in the order of its file.

use error::{Error, Result, amount};

use super::StreamLimits;
use crate::{About, Advice, Image, Location, Packed};

/// A stored run and where in the disk it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// Where in the file it begins.
    pub(super) offset: u64,
    /// Bytes it takes there, at most for packed ones.
    pub(super) stored: u64,
    /// Where in the disk it begins.
    pub(super) guest: u64,
    /// Bytes of the disk it gives.
    pub(super) len: u64,
    /// How it is packed, if it is.
    pub(super) packed: Option<Packed>,
}

/// The stored runs of an image in the order of its file, and the disk's size.
pub(super) struct Extents {
    pub(super) size: u64,
    pub(super) about: About,
    pub(super) extents: Vec<Stored>,
}

impl Extents {
    /// Walks through the whole map of `image`, unless it is larger than the limit.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when the image is in more than the one file that passes, or in too
    /// many pieces; those of [`Image::lookup`].
    pub(super) fn of(mut image: Image, limits: StreamLimits) -> Result<Self> {
        if image.files().len() > 1 {
            return Err(Error::unsupported(
                "consists of more than one file: it cannot be read in one pass",
            )
            .advise(Advice::GiveFile));
        }
        let (size, memory) = (image.size(), limits.memory);
        let end = if size > limits.max_size { 0 } else { size };
        let most = memory / size_of::<Stored>() as u64;
        let mut extents: Vec<Stored> = Vec::new();
        let mut at = 0;
        while at < end {
            let extent = image.lookup(at)?;
            let stored = match extent.location {
                Location::Nowhere | Location::Below => None,
                Location::Plain { offset, .. } => Some(Stored {
                    offset,
                    stored: extent.len,
                    guest: at,
                    len: extent.len,
                    packed: None,
                }),
                Location::Packed(packed) => Some(Stored {
                    offset: packed.offset,
                    stored: packed.stored,
                    guest: at,
                    len: extent.len,
                    packed: Some(packed),
                }),
            };
            if let Some(stored) = stored {
                let full = extents.len() as u64 >= most;
                match extents.last_mut() {
                    Some(last) if last.goes_on_with(&stored) => {
                        last.stored += stored.stored;
                        last.len += stored.len;
                    }
                    _ if full => return Err(too_many(memory)),
                    _ => extents.push(stored),
                }
            }
            at += extent.len;
        }
        extents.sort_unstable_by_key(|run| (run.offset, run.guest));
        extents.shrink_to_fit();
        let about = image.about().clone();
        Ok(Extents {
            size,
            about,
            extents,
        })
    }

    /// Whether the order of the file is that of the disk.
    pub(super) fn is_in_order(&self) -> bool {
        self.extents.is_sorted_by_key(|run| run.guest)
    }
}

impl Stored {
    fn goes_on_with(&self, next: &Stored) -> bool {
        self.packed.is_none()
            && next.packed.is_none()
            && self.offset + self.stored == next.offset
            && self.guest + self.len == next.guest
    }
}

fn too_many(memory: u64) -> Error {
    let message = format!(
        "is stored in so many pieces that their list takes more than {}",
        amount(memory)
    );
    Error::unsupported(message).advise(Advice::RaiseMemory)
}
