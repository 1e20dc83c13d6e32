//! The files that an image names: its extents, and the images below it.

use std::sync::Arc;

use diskimage::{Directory, FileAccess, vdi_id};
use error::{Error, Result};
use sparse::BlockRead;

/// Files whose names end in their numbers, from 1.
struct Beside(Vec<Arc<dyn BlockRead>>);

/// Access to `files` for an image: by a name with a number in it the file of that number is meant, by any other the first
/// one.
pub(super) fn access(files: Vec<Arc<dyn BlockRead>>) -> FileAccess {
    if files.is_empty() {
        return FileAccess::none();
    }
    let files = Arc::new(Beside(files));
    FileAccess::none()
        .with_extents_beside(Arc::clone(&files) as _)
        .with_images_below(files)
}

/// The first number in `name`, or 1.
fn number(name: &str) -> usize {
    let mut numbers = name.split(|c: char| !c.is_ascii_digit());
    let first = numbers.find(|digits| !digits.is_empty());
    first.and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

impl Directory for Beside {
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        let file = number(name)
            .checked_sub(1)
            .and_then(|number| self.0.get(number));
        file.cloned()
            .ok_or_else(|| Error::io("cannot be opened", "it is not there"))
    }

    fn open_by_id(&self, id: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        let has_id = |file: &&Arc<dyn BlockRead>| {
            let found = vdi_id(&***file).ok().flatten();
            found.is_some_and(|found| found == id)
        };
        Ok(self.0.iter().find(has_id).cloned())
    }
}
