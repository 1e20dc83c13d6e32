//! One image of a chain: what every format's reader makes of a file.

use std::sync::Arc;

use error::Error;
use sparse::BlockRead;

use crate::about::About;
use crate::format::Format;
use crate::map::Map;

/// An image by itself, before the images below it are open.
pub(crate) struct Layer {
    /// Where its bytes are.
    pub(crate) map: Box<dyn Map>,
    /// The files that the map counts by index.
    pub(crate) files: Vec<Arc<dyn BlockRead>>,
    /// What it says about itself.
    pub(crate) about: About,
    /// The image below it. `None` where there is none, and where it is not to be read.
    pub(crate) backing: Option<Backing>,
}

impl Layer {
    /// A layer with nothing below it.
    pub(crate) fn new(
        map: impl Map + 'static,
        files: Vec<Arc<dyn BlockRead>>,
        about: About,
    ) -> Self {
        Layer {
            map: Box::new(map),
            files,
            about,
            backing: None,
        }
    }

    /// The same layer on top of `backing`.
    pub(crate) fn on(self, backing: Option<Backing>) -> Self {
        Layer { backing, ..self }
    }
}

/// The image below a layer: a backing file or a parent. The layer's reader got the file from
/// [`crate::FileAccess`] and made sure that it is the one that is meant.
pub(crate) struct Backing {
    /// Its format.
    pub(crate) format: Format,
    /// Its file.
    pub(crate) file: Arc<dyn BlockRead>,
    /// How errors about it name it.
    pub(crate) place: Place,
}

/// How errors about an image below name it.
pub(crate) enum Place {
    /// After the images on top of it: `backing file "a": backing file "b": …`.
    InChain(String),
    /// By its own name only.
    Alone(String),
}

impl Place {
    /// Names the image in `error`, which is about it or about an image below it.
    pub(crate) fn name(&self, error: Error) -> Error {
        match self {
            Place::InChain(name) => error.at(name),
            Place::Alone(name) => error.within(name),
        }
    }
}
