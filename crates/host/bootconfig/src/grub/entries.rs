//! GRUB's commands that put entries into the menu.

use std::rc::Rc;

use super::bls;
use super::machine::{Flow, Machine, Status};
use super::menu::Kind;
use super::options::{Options, Spec, Takes};
use super::script::Block;
use hostconfig::{Place, Traced, Unknown};

/// What `menuentry` knows (grub-core/commands/menuentry.c).
const MENU_ENTRY: [Spec; 6] = [
    ("class", None, Takes::Value),
    ("users", None, Takes::Value),
    ("hotkey", None, Takes::Value),
    ("source", None, Takes::Value),
    ("id", None, Takes::Value),
    ("unrestricted", None, Takes::Nothing),
];

impl Machine<'_> {
    pub(super) fn menu_entry(
        &mut self,
        command: &str,
        place: &Place,
        arguments: &[Traced],
        block: Option<&Block>,
    ) -> Status {
        let options = Options::parse(&MENU_ENTRY, arguments);
        let Some(title) = options.words.first().cloned() else {
            return Some(false);
        };
        let block = block.cloned().unwrap_or_else(|| Rc::from([]));
        let kind = if command == "submenu" {
            Kind::Submenu(block)
        } else {
            Kind::Entry(block)
        };
        let id = options.value("id").cloned();
        self.add(title, id, place.clone(), kind);
        if let Some(item) = self.menu.last_mut() {
            item.is_restricted = options.has("users") || !options.has("unrestricted");
            item.is_hidden = command == "hiddenentry";
            item.arguments = options.words.into();
        }
        Some(true)
    }

    /// Goes over to another configuration, which has a menu of its own; with `configfile` it sees exported variables
    /// only.
    pub(super) fn other_menu(&mut self, command: &str, path: &Traced) -> Status {
        if let Some(entry) = &mut self.entry {
            entry.chained = Some(path.clone());
            return Some(true);
        }
        let scope = match command {
            "configfile" if self.unsure.is_none() => self.scope.inherited(),
            _ => self.scope.clone(),
        };
        let menu = std::mem::take(&mut self.menu);
        let scope = std::mem::replace(&mut self.scope, scope);
        let status = self.source(path);
        if self.unsure.is_some() {
            let made = std::mem::replace(&mut self.menu, menu);
            self.menu.extend(made);
            return status;
        }
        if status == Some(true) && !self.menu.is_empty() {
            self.flow = Flow::End;
            return status;
        }
        self.menu = menu;
        self.scope = scope;
        status.map(|_| true)
    }

    /// `blscfg [DIRECTORY]`.
    pub(super) fn boot_loader_entries(&mut self, place: &Place, arguments: &[Traced]) -> Status {
        let given = arguments.first().filter(|word| word.as_str().contains('/'));
        let given = given.or(self.scope.get("blsdir")).cloned();
        match bls::entries(self, given.as_ref()) {
            Ok(found) => {
                for entry in found {
                    let kind = Kind::Bls(entry.commands);
                    self.add(entry.title, Some(entry.id), entry.place, kind);
                    if let Some(item) = self.menu.last_mut() {
                        item.is_restricted = entry.is_restricted;
                    }
                }
                Some(true)
            }
            Err(Unknown { why, .. }) => {
                self.doubt(Unknown::new(why).at(place.clone()));
                None
            }
        }
    }
}
