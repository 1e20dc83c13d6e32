//! GRUB's commands that change variables, the menu or the flow.

use std::rc::Rc;

use super::bls;
use super::condition::holds;
use super::environment;
use super::machine::{Machine, Status};
use super::menu::Kind;
use super::script::Block;
use hostconfig::{Place, Traced, Unknown};

/// Options of menuentry and submenu that have a value.
const WITH_VALUE: [&str; 5] = ["--class", "--users", "--hotkey", "--id", "--source"];

impl Machine<'_> {
    /// Runs a command that GRUB has; `None` for any other.
    pub(super) fn built_in(
        &mut self,
        name: &str,
        place: &Place,
        arguments: &[Traced],
        block: Option<&Block>,
    ) -> Option<Status> {
        let status = match (name, arguments) {
            ("set", [field, ..]) => self.set(field),
            ("unset", names) => {
                names
                    .iter()
                    .for_each(|name| self.scope.unset(name.as_str()));
                Some(true)
            }
            ("export", names) => {
                names
                    .iter()
                    .for_each(|name| self.scope.export(name.as_str()));
                Some(true)
            }
            ("true", _) => Some(true),
            ("false", _) => Some(false),
            ("[", [words @ .., end]) if *end == "]" => holds(words, self),
            ("test", words) => holds(words, self),
            ("menuentry" | "hiddenentry", _) => self.menu_entry(place, arguments, block, false),
            ("submenu", _) => self.menu_entry(place, arguments, block, true),
            ("load_env", _) => self.load_environment(arguments),
            ("source" | ".", [path, ..]) => self.source(path),
            ("configfile" | "normal", [path, ..]) => self.other_menu(path),
            ("extract_entries_source" | "extract_legacy_entries_source", _) => {
                self.doubt(Unknown::new("the menu is taken from another file").at(place.clone()));
                None
            }
            ("blscfg", _) => self.boot_loader_entries(place),
            ("return" | "exit" | "normal_exit", _) => {
                self.has_ended = true;
                None
            }
            (
                "search" | "search.fs_label" | "search.fs_uuid" | "search.file" | "probe"
                | "regexp" | "read" | "smbios" | "loopback" | "increment" | "decrement" | "getenv"
                | "get_efivar" | "rdmsr" | "inb" | "inw" | "inl" | "setpci" | "eval",
                _,
            ) => self.unknown_variables(name, place, arguments),
            _ => return None,
        };
        Some(status)
    }

    /// Sets the variables that a command is told to set to something that is not known.
    fn unknown_variables(&mut self, command: &str, place: &Place, words: &[Traced]) -> Status {
        let mut names = Vec::new();
        for (index, word) in words.iter().enumerate() {
            match word.as_str() {
                "--set" | "-s" => names.push(words.get(index + 1).map(Traced::as_str)),
                text => match text.strip_prefix("--set=") {
                    // `regexp --set=1:name`.
                    Some(set) => names.push(set.rsplit(':').next()),
                    None if index > 0 && command.starts_with("search.") => names.push(Some(text)),
                    None if matches!(command, "read" | "getenv" | "increment" | "decrement") => {
                        names.push(Some(text));
                    }
                    None => {}
                },
            }
        }
        for name in names.into_iter().flatten() {
            let why = format!("the variable '{name}' is set by '{command}' when GRUB runs");
            let value = Traced::gap(place.clone(), why, None);
            self.scope.set(name, value);
        }
        if command == "eval" {
            self.doubt(Unknown::new("'eval' is not followed").at(place.clone()));
        }
        None
    }

    fn menu_entry(
        &mut self,
        place: &Place,
        arguments: &[Traced],
        block: Option<&Block>,
        is_submenu: bool,
    ) -> Status {
        let (mut title, mut id) = (None, None);
        let mut words = Vec::new();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let text = word.as_str();
            if WITH_VALUE.contains(&text) {
                let value = rest.next();
                id = if text == "--id" { value.cloned() } else { id };
            } else if let Some(value) = text.strip_prefix("--id=") {
                id = Some(word.slice(text.len() - value.len(), text.len()));
            } else if !text.starts_with("--") {
                title.get_or_insert_with(|| word.clone());
                words.push(word.clone());
            }
        }
        let Some(title) = title else {
            return Some(false);
        };
        let block = block.cloned().unwrap_or_else(|| Rc::from([]));
        let kind = if is_submenu {
            Kind::Submenu(block)
        } else {
            Kind::Entry(block)
        };
        self.add(title, id, place.clone(), kind);
        if let Some(item) = self.menu.last_mut() {
            item.arguments = words.into();
        }
        Some(true)
    }

    fn load_environment(&mut self, arguments: &[Traced]) -> Status {
        let mut path = None;
        let mut wanted = Vec::new();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--file" | "-f" => path = rest.next().cloned(),
                text if text.starts_with("--file=") => path = Some(word.slice(7, text.len())),
                text if text.starts_with('-') => {}
                text => wanted.push(text),
            }
        }
        let path = path.unwrap_or_else(|| {
            let mut path = self.scope.get("prefix").cloned().unwrap_or_default();
            path.add("/grubenv");
            path
        });
        match self.find(&path) {
            Ok(None) => Some(false),
            Err(unknown) => {
                self.doubt(unknown);
                None
            }
            Ok(Some(source)) => {
                for (name, value) in environment::variables(&source) {
                    if wanted.is_empty() || wanted.contains(&name.as_str()) {
                        self.scope.set(&name, value);
                    }
                }
                Some(true)
            }
        }
    }

    /// Goes over to another configuration, which has a menu of its own.
    fn other_menu(&mut self, path: &Traced) -> Status {
        if self.entry.is_some() {
            let entry = self.entry.as_mut()?;
            entry.chained = Some(path.clone());
            return Some(true);
        }
        let before = std::mem::take(&mut self.menu);
        let status = self.source(path);
        if status != Some(true) || self.unsure.is_some() {
            let made = std::mem::replace(&mut self.menu, before);
            self.menu.extend(made);
            return status;
        }
        self.has_ended = true;
        status
    }

    fn boot_loader_entries(&mut self, place: &Place) -> Status {
        let directory = self.scope.get("blsdir").map(Traced::known).transpose();
        let found = directory.and_then(|directory| bls::entries(self.files, directory));
        match found {
            Ok(found) => {
                for entry in found {
                    let (title, id) = (entry.title.clone(), entry.id.clone());
                    let place = entry.place.clone();
                    self.add(title, id, place, Kind::Bls(Box::new(entry)));
                }
                Some(true)
            }
            Err(unknown) => {
                let Unknown { why, .. } = unknown;
                self.doubt(Unknown::new(why).at(place.clone()));
                None
            }
        }
    }
}
