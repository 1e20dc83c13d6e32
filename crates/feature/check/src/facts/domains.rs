//! Guests of libvirt.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Kind, Result};
use host::Files;
use inventory::Configuration;
use vmconfig::xml::{self, Element};

use super::{Facts, NotKnown};
use crate::finding::Place;

/// What the guests are called among facts.
const FACT: &str = "libvirt's guests";

/// libvirt's drivers, for QEMU and for Xen.
const DRIVERS: [&str; 2] = ["qemu", "libxl"];

/// The guests that libvirt has.
#[derive(Debug, Default)]
pub struct Domains {
    /// Those that can be read, by their paths.
    pub all: Vec<Domain>,
    /// Definitions that libvirt cannot make sense of either.
    pub refused: Vec<Refused>,
}

/// A definition that is not well-formed, and why.
#[derive(Debug)]
pub struct Refused {
    /// Its file, a path of the host's own.
    pub file: PathBuf,
    /// Why, in one line.
    pub reason: String,
}

/// A guest of libvirt.
#[derive(Debug)]
pub struct Domain {
    /// Its file, a path of the host's own.
    pub file: PathBuf,
    /// Whether it starts with the host.
    pub autostarts: bool,
    /// Its definition: `<domain>`.
    pub root: Element,
}

impl Domain {
    /// Its name.
    pub fn name(&self) -> &str {
        self.root.text_of("name").unwrap_or_default()
    }

    /// Its devices of this kind: `disk`, `interface`.
    pub fn devices<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = &'d Element> {
        let devices = self.root.child("devices").into_iter();
        devices.flat_map(move |devices| devices.all(kind))
    }

    /// An element, to the end of its line.
    pub fn place(&self, element: &Element) -> Place {
        Place::at(&self.file, element.position, 0)
    }

    /// Whether Xen runs it.
    pub fn is_of_xen(&self) -> bool {
        self.root.attribute("type") == Some("xen")
    }

    /// The machine that QEMU makes for it: `pc-q35-7.2`.
    pub fn machine(&self) -> Option<(&str, &Element)> {
        let kind = self.root.at(&["os", "type"])?;
        Some((kind.attribute("machine")?, kind))
    }
}

impl Facts {
    /// The guests of libvirt. One whose definition cannot be read, or that libvirt refuses, is missing.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn domains(&self) -> Result<Arc<Domains>, NotKnown> {
        let domains = self.definitions()?;
        for refused in &domains.refused {
            let reason = format!("{}: {}", refused.file.display(), refused.reason);
            self.miss(NotKnown::new(FACT, reason));
        }
        Ok(domains)
    }

    /// The same for the one that looks at what libvirt refuses: that is not missing.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(crate) fn definitions(&self) -> Result<Arc<Domains>, NotKnown> {
        self.known(FACT, read)
    }
}

fn read(facts: &Facts) -> Result<Domains> {
    let files = facts.host().files();
    let mut domains = Domains::default();
    for driver in DRIVERS {
        for Configuration { file, autostart } in inventory::of_libvirt(files, driver)? {
            match root(files, &file) {
                Ok(Some(root)) => domains.all.push(Domain {
                    file,
                    autostarts: autostart.is_some(),
                    root,
                }),
                Ok(None) => {}
                Err(error) if error.kind() == Kind::Corrupt => {
                    let reason = error.to_string();
                    domains.refused.push(Refused { file, reason });
                }
                Err(error) => facts.miss(NotKnown::new(FACT, error.to_string())),
            }
        }
    }
    Ok(domains)
}

/// The definition in a file; `None` for one of something else.
fn root(files: &Files, file: &Path) -> Result<Option<Element>> {
    let bytes = files.read(file)?.unwrap_or_default();
    let root = xml::parse(&String::from_utf8_lossy(&bytes))?;
    Ok(Some(root).filter(|root| root.name == "domain"))
}
