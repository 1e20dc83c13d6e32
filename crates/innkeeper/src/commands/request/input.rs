//! Where disks come from, and what is beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diskimage::{Directory, FileAccess};
use endpoint::Place;
use endpoint::source::http::{Around, HttpOptions};
use error::Result;
use host::Host;
use sparse::{BlockRead, ByteSource, EntryKind, Folder, FolderEntry};
use transfer::{Beside, Input};

use super::Taken;

/// Names of a directory that are looked at.
const LISTED: usize = 100_000;

/// Opens `source`. The files that it names, or that are in it, are none of the places that are `taken`.
///
/// # Errors
/// Those of [`endpoint::source::open`].
pub(in crate::commands) fn open(
    source: &Place,
    http: &HttpOptions,
    taken: &Taken,
    host: &Host,
) -> Result<Input> {
    if let Place::File(path) = source
        && path.is_dir()
    {
        return Ok(Input::Folder {
            name: source.to_string(),
            folder: Arc::new(Opened::new(path, taken)?),
        });
    }
    Ok(Input::Bytes {
        source: endpoint::source::open(source, http, host)?,
        beside: beside(source, http, taken),
    })
}

/// Where a description of a guest at `source` may have its disks.
fn beside(source: &Place, http: &HttpOptions, taken: &Taken) -> Option<Beside> {
    match source {
        Place::File(path) => Some(Beside {
            folder: Arc::new(Opened::around(path, taken).ok()?),
            file: path.file_name()?.into(),
        }),
        Place::Http(url) => {
            let (around, file) = Around::of(url, http)?;
            Some(Beside {
                folder: Arc::new(around),
                file,
            })
        }
        Place::Stdio | Place::Volume(_) | Place::Nbd(_) => None,
    }
}

/// What every image may open: its extents, where it has a place that they can be beside.
pub(in crate::commands) fn extents_beside(source: &Place, taken: &Taken) -> FileAccess {
    match source {
        Place::File(path) => match Opened::around(path, taken) {
            Ok(beside) => FileAccess::none().with_extents_beside(Arc::new(beside)),
            // Then the source is not there either, which says more.
            Err(_) => FileAccess::none(),
        },
        _ => FileAccess::none(),
    }
}

/// A directory out of which files are opened, none of which is written by the same command.
pub(super) struct Opened {
    path: PathBuf,
    directory: endpoint::source::Directory,
    taken: Taken,
}

impl Opened {
    /// The directory at `path`.
    ///
    /// # Errors
    /// Those of [`endpoint::source::Directory::open`].
    pub(super) fn new(path: &Path, taken: &Taken) -> Result<Self> {
        Ok(Opened {
            path: path.to_owned(),
            directory: endpoint::source::Directory::open(path)?,
            taken: taken.clone(),
        })
    }

    /// The directory that the file at `path` is in.
    fn around(path: &Path, taken: &Taken) -> Result<Self> {
        Self::new(path.parent().unwrap_or(Path::new(".")), taken)
    }

    fn take(&self, name: &Path) -> Result<()> {
        self.taken.add_part(Place::File(self.path.join(name)))
    }
}

impl Directory for Opened {
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        let found = self.directory.find(Path::new(name));
        let found = found.map_err(|error| error.at(self.path.join(name).display()))?;
        let name = found.as_deref().and_then(Path::to_str).unwrap_or(name);
        let file = self.directory.file(name)?;
        self.take(Path::new(name))?;
        Ok(file)
    }

    fn has(&self, name: &str) -> bool {
        !matches!(self.directory.find(Path::new(name)), Ok(None))
    }

    fn look(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        self.directory.file(name)
    }

    fn names(&self) -> Result<Vec<String>> {
        self.directory.names(LISTED)
    }

    fn open_by_id(&self, id: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        let entries = self.directory.list()?.unwrap_or_default();
        let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
        for name in files.filter_map(|entry| entry.path.to_str()) {
            let Ok(file) = self.directory.file(name) else {
                continue;
            };
            if diskimage::vdi_id(&*file)?.as_deref() == Some(id) {
                self.take(Path::new(name))?;
                return Ok(Some(file));
            }
        }
        Ok(None)
    }
}

impl Folder for Opened {
    fn list(&self) -> Result<Option<Vec<FolderEntry>>> {
        self.directory.list()
    }

    fn find(&self, path: &Path) -> Result<Option<PathBuf>> {
        self.directory.find(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>> {
        let file = Folder::open(&self.directory, path)?;
        self.take(path)?;
        Ok(file)
    }
}
