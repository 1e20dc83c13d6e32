//! Configurations of guests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Position, Result};
use host::Files;
use inventory::Configuration;
use vmconfig::{Kind, xl};

use super::{Facts, NotKnown};
use crate::finding::Place;

/// The guests of a host.
#[derive(Debug, Default)]
pub struct Guests {
    /// Those that xl starts, by the paths of their configurations.
    pub xl: Vec<Guest>,
}

/// A guest's configuration in xl's language.
#[derive(Debug)]
pub struct Guest {
    /// Its file, a path of the host's own.
    pub file: PathBuf,
    /// What is in `/etc/xen/auto` for it.
    pub autostart: Option<PathBuf>,
    /// Its text; what is not UTF-8 is replaced.
    pub text: String,
    /// What it sets, and what libxlutil would refuse.
    pub config: xl::Config,
}

impl Guest {
    /// The guest's name, or else its file's.
    pub fn name(&self) -> &str {
        let name = self
            .config
            .get("name")
            .and_then(|setting| setting.value.text());
        let stem = self.file.file_stem().and_then(|stem| stem.to_str());
        name.or(stem).unwrap_or_default()
    }

    /// The value of the setting `key`, if that is a string or a number, and its place.
    pub fn value(&self, key: &str) -> Option<(&str, Place)> {
        match &self.config.get(key)?.value {
            xl::Node::Text(text) => Some(self.text(text)),
            xl::Node::List(_) => None,
        }
    }

    /// The number that the setting `key` is, as `strtol` reads it, and its place.
    pub fn number(&self, key: &str) -> Option<(u64, Place)> {
        let (text, place) = self.value(key)?;
        Some((xl::number(text).ok()?, place))
    }

    /// Whether the setting `key` is a list.
    pub fn is_list(&self, key: &str) -> bool {
        let value = self.config.get(key).map(|setting| &setting.value);
        matches!(value, Some(xl::Node::List(_)))
    }

    /// How many vCPUs it may have; `None` for what is not a number.
    pub fn max_vcpus(&self) -> Option<u64> {
        let keys = ["maxvcpus", "vcpus"].into_iter();
        let key = keys.into_iter().find(|key| self.config.get(key).is_some());
        key.map_or(Some(1), |key| Some(self.number(key)?.0))
    }

    /// Whether the setting `key` is a number other than 0.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.number(key).map(|(number, _)| number != 0)
    }

    /// The strings and numbers in the list `key`, or the only one.
    pub fn texts(&self, key: &str) -> Vec<&xl::Text> {
        let nodes = match self.config.get(key).map(|setting| &setting.value) {
            Some(xl::Node::List(list)) => list.nodes.as_slice(),
            Some(node) => std::slice::from_ref(node),
            None => &[],
        };
        let texts = nodes.iter().filter_map(|node| match node {
            xl::Node::Text(text) => Some(text),
            xl::Node::List(_) => None,
        });
        texts.collect()
    }

    /// The strings and numbers in the list `key`, or the only one, with their places.
    pub fn values(&self, key: &str) -> Vec<(&str, Place)> {
        let texts = self.texts(key).into_iter();
        texts.map(|text| self.text(text)).collect()
    }

    /// Its disks, as libxlutil reads them, with their places; those that it refuses are passed over.
    pub fn disks(&self) -> Vec<(xl::disk::Spec, Place)> {
        let read = |(text, place)| Some((xl::disk::parse(text).ok()?, place));
        self.values("disk").into_iter().filter_map(read).collect()
    }

    /// The absolute path of what holds a disk, if that is a file or a device of dom0: not where a script makes it, and not
    /// where another guest serves it.
    pub fn own_target(disk: &xl::disk::Spec) -> Option<&str> {
        let of_dom0 = matches!(disk.backend.as_deref(), None | Some("0" | "Domain-0"));
        let target = disk
            .target
            .as_deref()
            .filter(|_| of_dom0 && disk.script.is_none());
        target.filter(|target| target.starts_with('/'))
    }

    /// Its network cards, as xl reads them, with their places; those with a word that xl does not know are passed over.
    pub fn vifs(&self) -> Vec<(xl::vif::Spec, Place)> {
        let read = |(text, place)| Some((xl::vif::parse(text).ok()?, place));
        self.values("vif").into_iter().filter_map(read).collect()
    }

    /// A string or a number, and its place with quotes.
    pub fn text<'g>(&self, text: &'g xl::Text) -> (&'g str, Place) {
        let written = self.text.get(text.span.clone()).unwrap_or_default();
        (&text.text, self.at(text.position, written.chars().count()))
    }

    /// Whether it is a guest of this type: `pv`, `pvh` or `hvm`, as `type=` or `builder=` say; `pv` if neither does.
    pub fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// Its type: `pv`, `pvh` or `hvm`, or what stands there instead.
    pub fn kind(&self) -> &str {
        let named = self.value("type").map(|(text, _)| text);
        let built = self.value("builder").map(|(text, _)| text);
        match (named, built) {
            (Some(named), _) => named,
            (None, Some(built)) if xl::kind::of_builder(built) == Some(Kind::Hvm) => "hvm",
            _ => "pv",
        }
    }

    /// What is wrong inside of a string: the part that it is near, or all of the string.
    pub fn wrong(&self, text: &xl::Text, wrong: &xl::Wrong) -> Place {
        match wrong.near.chars().count() {
            0 => self.text(text).1,
            length => self.at(text.place(wrong.at), length),
        }
    }

    /// `length` characters of its file from `position`.
    pub fn at(&self, position: Position, length: usize) -> Place {
        Place::at(&self.file, position, length)
    }

    /// The name of a setting, where it was last assigned.
    pub fn setting(&self, setting: &xl::Setting) -> Place {
        self.at(setting.position, setting.name.len())
    }
}

impl Facts {
    /// The configurations of guests. One that cannot be read is missing.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn guests(&self) -> Result<Arc<Guests>, NotKnown> {
        self.known("guests", read)
    }
}

fn read(facts: &Facts) -> Result<Guests> {
    let files = facts.host().files();
    let mut guests = Guests::default();
    for Configuration { file, autostart } in configurations(files, &facts.question().guests)? {
        match guest(files, &file, autostart) {
            Ok(Some(guest)) => guests.xl.push(guest),
            Ok(None) => {}
            Err(error) => facts.miss(NotKnown::new("guests", error.to_string())),
        }
    }
    Ok(guests)
}

fn guest(files: &Files, file: &Path, autostart: Option<PathBuf>) -> Result<Option<Guest>> {
    let Some(bytes) = files.read(file)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let config =
        xl::parse(&text).map_err(|error| error.within(&files.real(file).to_string_lossy()))?;
    Ok(Some(Guest {
        file: file.to_owned(),
        autostart,
        text,
        config,
    }))
}

/// The host's configurations, and `more`.
fn configurations(files: &Files, more: &[PathBuf]) -> Result<Vec<Configuration>> {
    let mut found = inventory::of_xl(files)?;
    for file in more {
        if !found.iter().any(|one| one.file == *file) {
            found.push(Configuration {
                file: file.clone(),
                autostart: None,
            });
        }
    }
    Ok(found)
}
