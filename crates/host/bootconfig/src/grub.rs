//! `grub.cfg` of GRUB 2: run as far as its outcome is known.
//!
//! ```text
//! lexer → script (a tree) → machine: variables, conditions, functions, files  → items of the menu
//!                             │ unknown condition: both branches, merged              │ each item's commands are run
//!                             ▼                                                      ▼ with the variables at the end
//!                         $default ──────────────────────────── menu.choose ──→  entries
//! ```
//!
//! What is not understood leaves a gap in a text, a doubt on an entry, or an unknown default; never a guess. On a guest's
//! disks nothing of that is left to the running GRUB: the machine then takes devices, searches and the results of commands
//! from its [`Surroundings`], and both ways of a condition are run only where a user would have to answer.

mod bls;
mod commands;
mod condition;
mod devices;
mod entries;
mod environment;
mod files;
mod flow;
mod lexer;
mod load;
mod machine;
mod menu;
mod options;
mod scope;
mod script;
mod start;

use std::time::Duration;

use crate::entry::{Boot, Entry, Loader, Selection, Timeout};
use crate::surroundings::Surroundings;
use hostconfig::Source;
use hostconfig::{Known, Place, Traced, Unknown};
use machine::{Flow, Machine};
use menu::{Choice, Item, Kind, Leads, Menu, Node};
use script::Block;

/// Most levels of submenus.
const DEEPEST: usize = 10;

/// Reads a GRUB configuration, whose other files (environment block, entries of the boot loader specification,
/// custom.cfg) are among `files`.
pub fn read(source: &Source, files: &dyn Surroundings) -> Boot {
    let mut machine = Machine::new(files);
    start::prepare(&mut machine, source);
    let path = source.file.to_string_lossy();
    let path = match &machine.own {
        Some(device) if !path.starts_with('(') => format!("({device}){path}"),
        _ => path.into_owned(),
    };
    machine.run_file(source, &path);
    let setting = machine.scope.get("default").cloned();
    let timeout = waiting(machine.scope.get("timeout"));
    let fallback = machine.scope.get("fallback").cloned();
    let items = std::mem::take(&mut machine.menu);
    // What an entry does when it is chosen has no part in the choice.
    let doubt = machine.doubts.first().cloned();
    let mut entries = Vec::new();
    let menu = open(&mut machine, items, &mut entries, &Above::default());
    let choice = chosen(&menu, setting.as_ref(), doubt);
    let is_missing = choice.as_ref().is_ok_and(|choice| choice.is_missing);
    let entry = choice.map(|choice| choice.entry);
    let fallback = fallback.and_then(|setting| Some(menu.fallback(setting.known().ok()?)));
    Boot {
        loader: Loader::Grub,
        file: source.file.clone(),
        entries,
        unattended: entry.clone(),
        default: Selection {
            setting,
            is_missing,
            entry,
        },
        fallback: fallback.unwrap_or_default(),
        timeout,
        asks: None,
        doubts: machine.doubts,
    }
}

/// The submenus above a menu.
#[derive(Clone, Default)]
struct Above {
    titles: Vec<String>,
    /// One of them asks for a user.
    asks: Option<Place>,
}

/// Runs the commands of items, with the variables as they are now, and adds what they load to `entries`.
fn open(
    machine: &mut Machine<'_>,
    items: Vec<Item>,
    entries: &mut Vec<Entry>,
    above: &Above,
) -> Menu {
    let mut menu = Menu {
        is_red_hat: items.iter().any(|item| matches!(item.kind, Kind::Bls(_))),
        is_upstream: machine.own.is_some(),
        ..Menu::default()
    };
    for mut item in items {
        let before = machine.scope.clone();
        machine.unsure = None;
        let users = machine.scope.get("superusers");
        let users = users.filter(|_| item.is_restricted);
        let asks = users.map(|users| users.place().unwrap_or(&item.place).clone());
        let asks = above.asks.clone().or(asks);
        let leads = match item.kind {
            Kind::Submenu(ref block) => {
                let doubts = machine.doubts.len();
                machine.scope = machine.scope.inherited();
                machine.scope.unset("default");
                machine.scope.arguments = item.arguments.clone();
                run(machine, block);
                item.doubt = item.doubt.or(machine.doubts.get(doubts).cloned());
                let mut titles = above.titles.clone();
                titles.push(item.title.as_str().to_owned());
                let below = std::mem::take(&mut machine.menu);
                if titles.len() > DEEPEST {
                    let why = format!("more than {DEEPEST} submenus inside each other");
                    machine.doubt(Unknown::new(why).at(item.place));
                    machine.scope = before;
                    continue;
                }
                let default = machine.scope.get("default").cloned();
                let menu = open(machine, below, entries, &Above { titles, asks });
                Leads::Submenu(Menu { default, ..menu })
            }
            Kind::Entry(ref block) | Kind::Bls(ref block) => {
                let mut entry = entry(machine, &item, block);
                entry.submenus = above.titles.clone();
                entry.asks = asks.or(entry.asks);
                entries.push(entry);
                Leads::Entry(entries.len() - 1)
            }
        };
        machine.scope = before;
        if item.is_hidden {
            continue;
        }
        menu.nodes.push(Node {
            title: item.title,
            id: item.id,
            doubt: item.doubt,
            leads,
        });
    }
    menu
}

/// Runs what is behind an item that is chosen.
fn run(machine: &mut Machine<'_>, block: &Block) {
    machine.flow = Flow::Next;
    machine.functions_open += 1;
    machine.run(block);
    machine.functions_open -= 1;
}

fn entry(machine: &mut Machine<'_>, item: &Item, block: &Block) -> Entry {
    let empty = || Entry::new(item.title.clone(), item.place.clone());
    machine.scope.arguments = item.arguments.clone();
    let devices = machine.loops.clone();
    machine.entry = Some(empty());
    run(machine, block);
    machine.loops = devices;
    // It was put there, and nothing takes it away.
    let mut entry = machine.entry.take().unwrap_or_else(empty);
    entry.id = item.id.clone();
    if let Some(doubt) = &item.doubt {
        entry.doubt(doubt.clone());
    }
    entry
}

fn chosen(menu: &Menu, setting: Option<&Traced>, doubt: Option<Unknown>) -> Known<Choice> {
    if let Some(doubt) = doubt {
        return Err(doubt);
    }
    match setting {
        None => menu.choose(""),
        Some(setting) => {
            let place: Option<Place> = setting.place().cloned();
            let chosen = menu.choose(setting.known()?);
            chosen.map_err(|unknown| Unknown {
                place: unknown.place.or(place),
                ..unknown
            })
        }
    }
}

/// What the variable `timeout` says.
fn waiting(setting: Option<&Traced>) -> Known<Timeout> {
    let Some(setting) = setting else {
        return Ok(Timeout::Never);
    };
    let seconds = menu::number(setting.known()?);
    Ok(seconds.map_or(Timeout::Never, |seconds| {
        Timeout::After(Duration::from_secs(seconds as u64))
    }))
}

#[cfg(test)]
mod guests;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod tests;
