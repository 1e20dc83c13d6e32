//! The configuration of `xen.efi` (xen/common/efi/boot.c, docs/misc/efi.pandoc).

use std::time::Duration;

use super::entry::{Boot, Entry, FileRef, Image, Loader, Selection, Timeout};
use super::paths::candidates;
use crate::surroundings::Surroundings;
use hostconfig::Source;
use hostconfig::cmdline::Reader;
use hostconfig::{Known, Traced, Unknown};

/// Most files that a configuration goes over to, one from the other.
const MOST_CHAINED: usize = 8;

/// Most sections.
const MOST_SECTIONS: usize = 100;

/// Reads a configuration; those that it goes over to (`chain=`) are among `files`.
pub fn read(source: &Source, files: &dyn Surroundings) -> Boot {
    let mut config = Config::parse(source);
    let setting = config.value(Some("global"), "default");
    let section = setting.as_ref().map(|name| name.as_str().to_owned());
    let mut doubts = Vec::new();
    let mut entries = config.entries();
    for _ in 0..MOST_CHAINED {
        let chain = config.value(Some("global"), "chain");
        let Some(chain) = chain.filter(|_| config.value(section.as_deref(), "kernel").is_none())
        else {
            break;
        };
        match chained(source, &chain, files) {
            Ok(next) => config = Config::parse(&next),
            Err(unknown) => {
                doubts.push(unknown);
                break;
            }
        }
        entries.extend(config.entries());
    }
    let entry = match doubts.first() {
        Some(doubt) => Err(doubt.clone()),
        None => config.chosen(section.as_deref(), &entries),
    };
    let unattended = entry.clone();
    Boot {
        loader: Loader::XenEfi,
        file: source.file.clone(),
        entries,
        default: Selection {
            is_missing: doubts.is_empty() && !config.has_kernel(setting.as_ref()),
            setting,
            entry,
        },
        unattended,
        fallback: Vec::new(),
        timeout: Ok(Timeout::After(Duration::ZERO)),
        asks: None,
        doubts,
    }
}

fn chained(source: &Source, chain: &Traced, files: &dyn Surroundings) -> Known<Source> {
    let path = source.file.to_string_lossy();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    for candidate in candidates(directory, chain.as_str()) {
        if let Some(source) = files.read(&candidate)? {
            return Ok(source);
        }
    }
    let why = format!("the file '{chain}' that it goes over to is not there");
    let unknown = Unknown::new(why);
    Err(Unknown {
        place: chain.place().cloned(),
        ..unknown
    })
}

/// The lines of a configuration: those that count, without comments and blanks before them.
struct Config {
    lines: Vec<Traced>,
}

impl Config {
    /// Every control character ends a line, a tab too; `#` begins a comment wherever it is, `;` at the start. A last
    /// line without an end does not count.
    fn parse(source: &Source) -> Self {
        let mut lines = Vec::new();
        let whole = source.text.rfind(|c: char| c.is_ascii_control());
        let whole = Source {
            file: source.file.clone(),
            text: source.text[..whole.unwrap_or(0)].to_owned(),
        };
        for line in whole.lines() {
            let mut columns = line.columns();
            for part in line.text.split(|c: char| c.is_ascii_control()) {
                let part = part.trim_start();
                let part = match part.split_once('#') {
                    Some((before, _)) => before,
                    None => part,
                };
                if !part.is_empty() && !part.starts_with(';') {
                    lines.push(columns.of(part));
                }
            }
        }
        Config { lines }
    }

    /// The first value of an item in the first section with this name; in any section for `None`.
    fn value(&self, section: Option<&str>, item: &str) -> Option<Traced> {
        let mut is_inside = section.is_none();
        for line in &self.lines {
            let text = line.as_str();
            match (text.strip_prefix('['), section) {
                (Some(_), Some(_)) if is_inside => return None,
                (Some(name), Some(section)) => {
                    let behind = name.strip_prefix(section);
                    is_inside = behind.is_some_and(|behind| behind.starts_with(']'));
                }
                _ if is_inside => {
                    let value = text
                        .strip_prefix(item)
                        .and_then(|rest| rest.strip_prefix('='));
                    if let Some(value) = value {
                        let value = value.trim_start();
                        return Some(line.slice(text.len() - value.len(), text.len()));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the section that is set has a kernel; true where none is set.
    fn has_kernel(&self, section: Option<&Traced>) -> bool {
        let kernel = |section: &Traced| self.value(Some(section.as_str()), "kernel");
        section.is_none_or(|section| kernel(section).is_some())
    }

    /// An entry for each section that has a kernel.
    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let section = |line: &&Traced| line.as_str().starts_with('[');
        for line in self.lines.iter().filter(section).take(MOST_SECTIONS) {
            let name = line.as_str().strip_prefix('[');
            let Some((name, _)) = name.and_then(|name| name.split_once(']')) else {
                continue;
            };
            let title = line.slice(1, 1 + name.len());
            if !entries.iter().any(|entry| entry.title == title.as_str()) {
                entries.extend(self.entry(Some(name), title));
            }
        }
        entries
    }

    fn entry(&self, section: Option<&str>, title: Traced) -> Option<Entry> {
        let kernel = self.value(section, "kernel")?;
        let place = title.place().or(kernel.place())?.clone();
        let mut entry = Entry::new(title, place.clone());
        entry.id = Some(entry.title.clone());
        let options = self
            .value(section, "options")
            .unwrap_or_else(|| Traced::at("", place));
        let at = options.place().or(kernel.place())?.clone();
        // The program itself, whose name no configuration has.
        let program = Traced::at("xen.efi", at.clone());
        entry.hypervisor = Some(Image::new(Reader::Xen, at, program, options));
        let at = kernel.place()?.clone();
        let (path, options) = kernel.split_word()?;
        entry.kernel = Some(Image::new(Reader::Linux, at, path, options));
        let ramdisk = self.value(section, "ramdisk");
        let microcode = || self.value(Some("global"), "ucode");
        let microcode = self.value(section, "ucode").or_else(microcode);
        let files = ramdisk.into_iter().chain(microcode);
        entry.initrds = files.map(FileRef::from).collect();
        Some(entry)
    }

    fn chosen(&self, section: Option<&str>, entries: &[Entry]) -> Known<usize> {
        let kernel = self.value(section, "kernel").ok_or_else(|| {
            let section = section.unwrap_or_default();
            Unknown::new(format!("the section '{section}' has no kernel"))
        })?;
        let loads = |entry: &Entry| {
            let image = entry.kernel.as_ref();
            image.is_some_and(|image| Some(&image.place) == kernel.place())
        };
        let found = entries.iter().position(loads);
        let none = || Unknown::new("the kernel is outside of every section");
        let found = found.ok_or_else(none)?;
        // Without a section the first of each item counts, wherever it is.
        let options = self.value(section, "options").unwrap_or_default();
        let own = entries[found]
            .hypervisor
            .as_ref()
            .map(|image| image.options.text.as_str());
        if own != Some(options.as_str()) {
            return Err(Unknown::new(
                "there is no default=, and items of several sections are mixed",
            ));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
