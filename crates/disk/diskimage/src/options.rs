//! How an image is to be opened.

use error::{Error, Result};

use crate::{Advice, FileAccess, Format};

/// How an image is to be opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// What may be opened beside the image itself.
    pub access: FileAccess,
    /// The internal snapshot that is wanted instead of the present state, by its name or its id.
    pub snapshot: Option<String>,
    /// Whether the image is read in the order of its file, once: then no lookup may read what is
    /// among the data.
    pub in_file_order: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            access: FileAccess::none(),
            snapshot: None,
            in_file_order: false,
        }
    }
}

impl OpenOptions {
    /// Sees to it that a disk in `format` can be opened so.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when a snapshot is wanted and the format has none.
    pub fn suits(&self, format: Format) -> Result<()> {
        if self.snapshot.is_some() && format != Format::Qcow {
            let message = format!("is a {format} disk, which has no internal snapshots");
            return Err(Error::refused(message).advise(Advice::NoSnapshot));
        }
        Ok(())
    }

    /// How the image below is to be opened: its own files are where it is, and a snapshot is wanted of
    /// the image on top only.
    pub(crate) fn of_image_below(&self) -> OpenOptions {
        OpenOptions {
            access: self.access.of_image_below(),
            snapshot: None,
            in_file_order: self.in_file_order,
        }
    }
}
