//! GRUB's commands that change variables or the flow.

use super::condition::holds;
use super::environment;
use super::machine::{Flow, Machine, Status};
use super::options::{Options, Spec, Takes};
use super::script::Block;
use hostconfig::{Place, Traced, Unknown};

/// Commands that change nothing that is looked at, and whether they end well where nobody touches a key. One that is
/// not there ends well too (grub-core/script/execute.c).
const FAILING: [&str; 2] = ["keystatus", "loadfont"];

const LOAD_ENV: [Spec; 2] = [
    ("file", Some('f'), Takes::Value),
    ("skip-sig", Some('s'), Takes::Nothing),
];

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
            ("menuentry" | "hiddenentry" | "submenu", _) => {
                self.menu_entry(name, place, arguments, block)
            }
            ("load_env", _) => self.load_environment(arguments),
            ("source" | ".", [path, ..]) => self.source(path).map(|_| true),
            ("configfile" | "normal", [path, ..]) => self.other_menu(name, path),
            ("extract_entries_source" | "extract_legacy_entries_source", _) => {
                self.doubt(Unknown::new("the menu is taken from another file").at(place.clone()));
                None
            }
            ("blscfg", _) => self.boot_loader_entries(place, arguments),
            ("break" | "continue" | "return" | "exit" | "normal_exit" | "shift", _) => {
                self.leave(name, arguments)
            }
            ("eval", _) => {
                self.doubt(Unknown::new("'eval' is not followed").at(place.clone()));
                None
            }
            ("hwmatch", _) if self.own.is_some() => {
                // No card is on its list.
                self.scope.set("match", Traced::at("0", place.clone()));
                Some(true)
            }
            ("authenticate", _) => {
                if let Some(entry) = &mut self.entry {
                    entry.asks.get_or_insert(place.clone());
                }
                Some(true)
            }
            _ => return self.ask(name, place, arguments),
        };
        Some(status)
    }

    /// What a command ends with that changes neither the menu nor a variable.
    pub(super) fn other(&self, name: &str) -> Status {
        self.own.as_ref().map(|_| !FAILING.contains(&name))
    }

    fn leave(&mut self, name: &str, arguments: &[Traced]) -> Status {
        let number = arguments.first().map(Traced::as_str);
        let number = number.and_then(|number| number.parse().ok());
        match name {
            "break" if self.loops_open > 0 => self.flow = Flow::Break(number.unwrap_or(1)),
            "continue" if self.loops_open > 0 => self.flow = Flow::Continue(number.unwrap_or(1)),
            "return" if self.functions_open > 0 => self.flow = Flow::Return,
            "exit" | "normal_exit" => self.flow = Flow::End,
            "shift" => {
                let behind = self.scope.arguments.get(number.unwrap_or(1)..);
                self.scope.arguments = behind.unwrap_or_default().into();
            }
            // Outside of a loop or a function it is a mistake, and the script goes on.
            _ => return Some(false),
        }
        Some(number.unwrap_or(0) == 0 || name != "return")
    }

    fn load_environment(&mut self, arguments: &[Traced]) -> Status {
        let options = Options::parse(&LOAD_ENV, arguments);
        let path = options.value("file").cloned().unwrap_or_else(|| {
            let mut path = self.scope.get("prefix").cloned().unwrap_or_default();
            path.add("/grubenv");
            path
        });
        let source = match self.find(&path) {
            Ok(None) => return Some(false),
            Ok(Some(source)) => source,
            Err(unknown) => {
                self.doubt(unknown);
                return None;
            }
        };
        let variables = environment::variables(&source);
        let is_block = variables.is_some();
        for (name, value) in variables.into_iter().flatten() {
            let is_wanted = |word: &Traced| *word == name.as_str();
            if options.words.is_empty() || options.words.iter().any(is_wanted) {
                self.scope.set(&name, value);
            }
        }
        Some(is_block)
    }
}
