//! GRUB's menu, and the choice of an entry in it (grub-core/normal/menu.c).

use std::rc::Rc;

use super::script::Block;
use hostconfig::{Known, Place, Traced, Unknown};

/// Most entries that are tried one after the other.
const MOST_FALLBACKS: usize = 100;

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
    /// Whether the menu does not show it, and no number or title chooses it.
    pub(super) is_hidden: bool,
    /// Whether only users may start it, where there are any.
    pub(super) is_restricted: bool,
}

/// What an item is.
pub(super) enum Kind {
    Entry(Block),
    Submenu(Block),
    /// An entry of the boot loader specification.
    Bls(Block),
}

/// A menu as a tree over the entries.
#[derive(Debug, Default)]
pub(super) struct Menu {
    pub(super) nodes: Vec<Node>,
    /// Whether it has entries that only Red Hat's GRUB has, which reads a title first and a number then.
    pub(super) is_red_hat: bool,
    /// Whether it is to be said what upstream's GRUB does where Red Hat's may differ.
    pub(super) is_upstream: bool,
    /// The default that a submenu sets itself.
    pub(super) default: Option<Traced>,
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
                let choice = match &menu.default {
                    Some(own) => menu.choose(own.known()?),
                    None => menu.choose(below.unwrap_or_default()),
                }?;
                Ok(Choice {
                    is_missing: is_missing || choice.is_missing,
                    ..choice
                })
            }
        }
    }

    /// The entries that `setting`, the variable `fallback`, names by their numbers or as one title.
    pub(super) fn fallback(&self, setting: &str) -> Vec<usize> {
        let numbers = setting.split_whitespace().map_while(number);
        let mut nodes: Vec<&Node> = numbers
            .take(MOST_FALLBACKS)
            .filter_map(|number| self.nodes.get(number))
            .collect();
        if number(setting).is_none() {
            let is_called = |node: &&Node| node.is_called(setting);
            nodes.extend(self.nodes.iter().find(is_called));
        }
        let entry = |node: &Node| match &node.leads {
            Leads::Entry(entry) => Some(*entry),
            Leads::Submenu(menu) => menu.choose("").ok().map(|choice| choice.entry),
        };
        nodes.into_iter().filter_map(entry).collect()
    }

    /// The node with this number, title or id; the first for anything else, and whether it is that.
    fn node(&self, name: &str) -> Known<(&Node, bool)> {
        let is_called = |node: &&Node| node.is_called(name);
        let titled = self.nodes.iter().find(is_called);
        let number = number(name).filter(|_| !self.is_red_hat || titled.is_none());
        let found = match number {
            Some(number) => self.nodes.get(number),
            None => titled,
        };
        let is_open = number.is_some() && !self.is_upstream;
        if is_open && titled.is_some_and(|titled| !is_same(titled, found)) {
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

impl Node {
    fn is_called(&self, name: &str) -> bool {
        let id = self.id.as_ref().map(Traced::as_str);
        self.title.as_str() == name || id == Some(name)
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

/// The number that a setting begins with, as strtoul reads it with base 0.
pub(super) fn number(name: &str) -> Option<usize> {
    let name = name.trim_start();
    let (digits, base) = match name.strip_prefix("0x").or(name.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if name.starts_with('0') => (name, 8),
        None => (name, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(base));
    let digits = &digits[..end.unwrap_or(digits.len())];
    if digits.is_empty() {
        return None;
    }
    // One that is too large is past the end.
    Some(usize::from_str_radix(digits, base).unwrap_or(usize::MAX))
}
