//! What is read: the bytes of one source, or the files of a folder.

use std::path::PathBuf;
use std::sync::Arc;

use error::Result;
use sparse::{ByteSource, Folder};

/// What is read.
pub enum Input {
    /// One source.
    Bytes {
        /// Its bytes.
        source: Box<dyn ByteSource>,
        /// Where it lies, if a description of a guest in it may have its disks read there.
        beside: Option<Beside>,
    },
    /// All files of a folder.
    Folder {
        /// What the user calls it.
        name: String,
        /// The folder.
        folder: Arc<dyn Folder>,
    },
}

/// Where a source lies.
#[derive(Clone)]
pub struct Beside {
    /// The folder that it lies in.
    pub folder: Arc<dyn Folder>,
    /// Its own name there.
    pub file: PathBuf,
}

/// Opens the same input once more. Fails as [`sparse::Again`] does.
pub(crate) type InputAgain = Box<dyn Fn() -> Result<Input>>;

impl Input {
    /// A source that lies nowhere in particular.
    pub fn bytes(source: impl ByteSource + 'static) -> Self {
        Input::Bytes {
            source: Box::new(source),
            beside: None,
        }
    }

    /// What the user calls it.
    pub fn name(&self) -> &str {
        match self {
            Input::Bytes { source, .. } => source.name(),
            Input::Folder { name, .. } => name,
        }
    }

    /// The number of bytes in it, where that is known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Input::Bytes { source, .. } => source.size(),
            Input::Folder { .. } => None,
        }
    }

    /// As [`ByteSource::hint`].
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Input::Bytes { source, .. } => source.hint(),
            Input::Folder { .. } => None,
        }
    }

    /// How to read it once more from the beginning, if it can be read twice.
    pub(crate) fn again(&self) -> Option<InputAgain> {
        match self {
            Input::Bytes { source, beside } => {
                let (again, beside) = (source.again()?, beside.clone());
                Some(Box::new(move || {
                    Ok(Input::Bytes {
                        source: again()?,
                        beside: beside.clone(),
                    })
                }))
            }
            Input::Folder { name, folder } => {
                let (name, folder) = (name.clone(), Arc::clone(folder));
                Some(Box::new(move || {
                    Ok(Input::Folder {
                        name: name.clone(),
                        folder: Arc::clone(&folder),
                    })
                }))
            }
        }
    }
}
