//! The kinds of resources that are known, by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use crate::resource::Resource;
use crate::{file, knob};

/// Opens a resource by its target below a root directory, without touching it.
pub type Open = fn(root: &Path, target: &str) -> Result<Box<dyn Resource>>;

/// The kinds of resources that changes on a machine are made of.
pub struct Resources {
    root: PathBuf,
    kinds: BTreeMap<&'static str, Open>,
}

impl Resources {
    /// Files ([`mod@file`]) and knobs ([`knob`]) below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let resources = Resources {
            root: root.into(),
            kinds: BTreeMap::new(),
        };
        resources
            .with(file::KIND, file::open)
            .with(knob::KIND, knob::open)
    }

    /// Adds a kind under the name that journals use. The name must keep its meaning: a journal may be older than
    /// the program.
    pub fn with(mut self, kind: &'static str, open: Open) -> Self {
        self.kinds.insert(kind, open);
        self
    }

    /// The resource of `kind` that `target` names.
    ///
    /// # Errors
    /// Unsupported for an unknown kind; otherwise the kind's.
    pub fn open(&self, kind: &str, target: &str) -> Result<Box<dyn Resource>> {
        let Some(open) = self.kinds.get(kind) else {
            return Err(Error::unsupported(format!(
                "unknown kind of resource '{kind}'"
            )));
        };
        open(&self.root, target)
    }
}
