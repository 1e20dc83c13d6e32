//! /etc/network/interfaces of ifupdown, ifupdown2 and ifupdown-ng (interfaces(5)), with the files that it names.

mod hook;
mod includes;

use error::Error;
use host::Files;

pub use hook::{Failure, Hook, Phase, failure};

use crate::source::Source;
use crate::traced::{Traced, Unknown};
use includes::Includes;

/// Where it is.
const FILE: &str = "/etc/network/interfaces";

/// The interfaces that are set up at boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// `iface` and `template` blocks, in their order. Several of one name add up.
    pub stanzas: Vec<Stanza>,
    /// Names behind `auto` and `allow-…`.
    pub started: Vec<Started>,
    /// What is not understood.
    pub doubts: Vec<Unknown>,
    /// Files that cannot be read.
    pub errors: Vec<Error>,
}

/// An interface that is brought up by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// `auto`, `hotplug` and so on: the word behind `allow-`.
    pub class: String,
    /// Its name, or a pattern.
    pub name: Traced,
}

/// An `iface` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// Whether it is only there for others to inherit (`template` of ifupdown-ng).
    pub is_template: bool,
    /// The interface's name, or a pattern.
    pub name: Traced,
    /// `inet`, `inet6`; ifupdown-ng needs none.
    pub family: Option<Traced>,
    /// `static`, `dhcp`, `manual`, …
    pub method: Option<Traced>,
    /// The blocks whose options it has too (`inherits`, `use` is an option).
    pub inherits: Vec<Traced>,
    /// Its lines.
    pub options: Vec<Setting>,
}

/// An option of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As it is written: `bridge_ports`, `bridge-ports`.
    pub name: Traced,
    /// The rest of the line.
    pub value: Traced,
}

impl Interfaces {
    /// Reads the host's; empty where it has none.
    pub fn read(files: &Files) -> Self {
        let mut all = Interfaces::default();
        let mut includes = Includes::new(files);
        match Source::read(files, FILE) {
            Ok(Some(source)) => all.add(&source, Some(&mut includes)),
            Ok(None) => {}
            Err(error) => all.errors.push(error),
        }
        all.errors.extend(includes.errors);
        all.doubts.extend(includes.doubts);
        all
    }

    /// Reads a text that names no other files; those that it does name are doubts.
    pub fn parse(source: &Source) -> Self {
        let mut all = Interfaces::default();
        all.add(source, None);
        all
    }

    fn add(&mut self, source: &Source, mut includes: Option<&mut Includes<'_>>) {
        // Lines of options belong to the block before, which a mapping or an auto line ends.
        let mut is_inside = false;
        for line in source.joined_lines() {
            let Some((word, rest)) = line.split_word() else {
                continue;
            };
            let keyword = word.as_str();
            match keyword {
                "source" | "source-directory" => match includes.as_deref_mut() {
                    Some(includes) => {
                        let found = includes.find(source, keyword, &rest);
                        includes.depth += 1;
                        for source in found {
                            self.add(&source, Some(&mut *includes));
                        }
                        includes.depth -= 1;
                    }
                    None => self.doubt(format!("'{keyword} {rest}' is not followed"), &word),
                },
                "iface" | "template" => self.stanza(&rest, keyword == "template"),
                "auto" => self.start("auto", &rest),
                "mapping" => self.doubt("a mapping is what its script prints".into(), &word),
                "no-auto-down" | "no-scripts" | "rename" => {}
                _ => match keyword.strip_prefix("allow-") {
                    Some(class) => self.start(class, &rest),
                    None => {
                        let value = rest;
                        self.option(is_inside, Setting { name: word, value });
                        continue;
                    }
                },
            }
            is_inside = matches!(keyword, "iface" | "template");
        }
    }

    fn doubt(&mut self, why: String, word: &Traced) {
        let place = word.place().cloned();
        Unknown { why, place }.add_to(&mut self.doubts);
    }

    fn start(&mut self, class: &str, names: &Traced) {
        let names = names.words().into_iter();
        self.started.extend(names.map(|name| Started {
            class: class.to_owned(),
            name,
        }));
    }

    fn stanza(&mut self, rest: &Traced, is_template: bool) {
        let mut words = rest.words().into_iter().peekable();
        let Some(name) = words.next() else {
            return;
        };
        let is_inherits = |word: &Traced| *word == "inherits";
        let family = words.next_if(|word| !is_inherits(word));
        let method = words.next_if(|word| !is_inherits(word));
        let inherits = match words.next() {
            Some(word) if is_inherits(&word) => words.collect(),
            _ => Vec::new(),
        };
        self.stanzas.push(Stanza {
            is_template,
            name,
            family,
            method,
            inherits,
            options: Vec::new(),
        });
    }

    fn option(&mut self, is_inside: bool, setting: Setting) {
        match self.stanzas.last_mut().filter(|_| is_inside) {
            // ifupdown-ng has it as an option too.
            Some(stanza) if setting.name == "inherit" => {
                stanza.inherits.extend(setting.value.words())
            }
            Some(stanza) => stanza.options.push(setting),
            // mapping has options of its own.
            None => {}
        }
    }

    /// The blocks of an interface, those that it inherits from behind them.
    pub fn of(&self, name: &str) -> Vec<&Stanza> {
        let mut found: Vec<&Stanza> = Vec::new();
        let is_own = |stanza: &&Stanza| stanza.name == name && !stanza.is_template;
        found.extend(self.stanzas.iter().filter(is_own));
        let mut at = 0;
        while at < found.len() && found.len() < 100 {
            for parent in found[at].inherits.iter().take(100) {
                let parents = self
                    .stanzas
                    .iter()
                    .filter(|one| one.name == parent.as_str());
                let new: Vec<_> = parents
                    .filter(|one| !found.iter().any(|known| std::ptr::eq(*known, *one)))
                    .collect();
                found.extend(new);
            }
            at += 1;
        }
        found
    }

    /// The commands of every block, in their order.
    pub fn hooks(&self) -> Vec<Hook<'_>> {
        let hooks = |stanza| hook::hooks(stanza);
        self.stanzas.iter().flat_map(hooks).collect()
    }

    /// Whether an interface is brought up at boot: it is behind `auto`, or behind `allow-hotplug`.
    pub fn is_started(&self, name: &str) -> bool {
        let mut started = self.started.iter();
        started.any(|one| matches!(one.class.as_str(), "auto" | "hotplug") && one.name == name)
    }
}

impl Stanza {
    /// The options with this name, whose `-` and `_` are the same.
    pub fn options(&self, name: &str) -> impl Iterator<Item = &Setting> {
        let wanted = name.replace('_', "-");
        self.options
            .iter()
            .filter(move |option| option.name.as_str().replace('_', "-") == wanted)
    }
}

#[cfg(test)]
mod tests;
