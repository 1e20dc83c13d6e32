//! GRUB's menu, and the choice of an entry in it (grub-core/normal/menu.c).

use std::rc::Rc;

use super::script::Block;
use crate::boot::entry::Entry;
use crate::traced::{Known, Place, Traced, Unknown};

/// An item of a menu before its commands have been run.
pub(super) struct Item {
    pub(super) title: Traced,
    pub(super) id: Option<Traced>,
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// Why it may not be there.
    pub(super) doubt: Option<Unknown>,
    /// What its commands see as `$1` and so on.
    pub(super) arguments: Rc<[Traced]>,
}

/// What an item is.
pub(super) enum Kind {
    Entry(Block),
    Submenu(Block),
    /// An entry of the boot loader specification.
    Bls(Box<Entry>),
}

/// A menu as a tree over the entries.
#[derive(Debug, Default)]
pub(super) struct Menu {
    pub(super) nodes: Vec<Node>,
    /// Whether it has entries that only Red Hat's GRUB has, which reads a title first and a number then.
    pub(super) is_red_hat: bool,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) title: Traced,
    pub(super) id: Option<Traced>,
    pub(super) doubt: Option<Unknown>,
    pub(super) leads: Leads,
}

#[derive(Debug)]
pub(super) enum Leads {
    /// To the entry with this number.
    Entry(usize),
    Submenu(Menu),
}

/// An entry, and how it was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Its number.
    pub(super) entry: usize,
    /// Whether a menu has nothing by the name that was set: its first entry is chosen then.
    pub(super) is_missing: bool,
}

impl Menu {
    /// The entry that `setting` chooses.
    pub(super) fn choose(&self, setting: &str) -> Known<Choice> {
        let (own, below) = levels(setting);
        let (node, is_missing) = self.node(&own.replace(">>", ">"))?;
        match &node.leads {
            Leads::Entry(entry) => Ok(Choice {
                entry: *entry,
                is_missing,
            }),
            Leads::Submenu(menu) => {
                let choice = menu.choose(below.unwrap_or_default())?;
                Ok(Choice {
                    is_missing: is_missing || choice.is_missing,
                    ..choice
                })
            }
        }
    }

    /// The node with this number, title or id; the first for anything else, and whether it is that.
    fn node(&self, name: &str) -> Known<(&Node, bool)> {
        let is_called = |node: &&Node| {
            let id = node.id.as_ref().map(Traced::as_str);
            node.title.as_str() == name || id == Some(name)
        };
        let titled = self.nodes.iter().find(is_called);
        let number = number(name).filter(|_| !self.is_red_hat || titled.is_none());
        let found = match number {
            Some(number) => self.nodes.get(number),
            None => titled,
        };
        if number.is_some() && titled.is_some_and(|titled| !is_same(titled, found)) {
            let text =
                format!("'{name}' is both a number and a title, and versions of GRUB differ");
            return Err(Unknown::new(text));
        }
        let node = found.or(self.nodes.first());
        let node = node.ok_or_else(|| Unknown::new("the menu is empty"))?;
        // An entry before it that may not be there changes its number; one with its name could be it.
        let up_to = self
            .nodes
            .iter()
            .take_while(|other| !std::ptr::eq(*other, node));
        let is_counted = number.is_some() || found.is_none();
        let doubtful = |other: &&Node| other.doubt.is_some() && (is_counted || is_called(other));
        let doubt = up_to.chain([node]).find(doubtful);
        match doubt.and_then(|other| other.doubt.clone()) {
            Some(doubt) => Err(doubt),
            None => Ok((node, found.is_none() && !name.is_empty())),
        }
    }
}

fn is_same(one: &Node, other: Option<&Node>) -> bool {
    other.is_some_and(|other| std::ptr::eq(one, other))
}

/// The first level of a setting, in which `>` is doubled, and the levels below.
fn levels(setting: &str) -> (&str, Option<&str>) {
    let bytes = setting.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'>', Some(b'>')) => at += 2,
            (b'>', _) => return (&setting[..at], Some(&setting[at + 1..])),
            _ => at += 1,
        }
    }
    (setting, None)
}

/// The number that a setting begins with, as strtoul reads it.
fn number(name: &str) -> Option<usize> {
    let name = name.trim_start();
    let digits = name
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(name.len());
    if digits == 0 {
        return None;
    }
    // One that is too large is past the end.
    Some(name[..digits].parse().unwrap_or(usize::MAX))
}
