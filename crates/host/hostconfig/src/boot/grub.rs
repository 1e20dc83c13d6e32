//! `grub.cfg` of GRUB 2: run as far as its outcome is known.
//!
//! ```text
//! lexer → script (a tree) → machine: variables, conditions, functions, files  → items of the menu
//!                             │ unknown condition: both branches, merged              │ each item's commands are run
//!                             ▼                                                      ▼ with the variables at the end
//!                         $default ──────────────────────────── menu.choose ──→  entries
//! ```
//!
//! What is not understood leaves a gap in a text, a doubt on an entry, or an unknown default; never a guess.

mod bls;
mod commands;
mod condition;
mod environment;
mod files;
mod lexer;
mod load;
mod machine;
mod menu;
mod scope;
mod script;

use crate::boot::entry::{Boot, Entry, Loader, Selection};
use crate::source::Source;
use crate::surroundings::Surroundings;
use crate::traced::{Known, Place, Traced, Unknown};
use machine::Machine;
use menu::{Choice, Item, Kind, Leads, Menu, Node};

/// Most levels of submenus.
const DEEPEST: usize = 10;

/// Reads a GRUB configuration, whose other files (environment block, entries of the boot loader specification,
/// custom.cfg) are among `files`.
pub fn read(source: &Source, files: &dyn Surroundings) -> Boot {
    let mut machine = Machine::new(files);
    prepare(&mut machine, source);
    machine.run_file(source);
    let setting = machine.scope.get("default").cloned();
    let items = std::mem::take(&mut machine.menu);
    // What an entry does when it is chosen has no part in the choice.
    let doubt = machine.doubts.first().cloned();
    let mut entries = Vec::new();
    let menu = open(&mut machine, items, &mut entries, &[]);
    let choice = chosen(&menu, setting.as_ref(), doubt);
    Boot {
        loader: Loader::Grub,
        file: source.file.clone(),
        entries,
        default: Selection {
            setting,
            is_missing: choice.as_ref().is_ok_and(|choice| choice.is_missing),
            entry: choice.map(|choice| choice.entry),
        },
        doubts: machine.doubts,
    }
}

/// The variables that GRUB has before it reads a configuration.
fn prepare(machine: &mut Machine<'_>, source: &Source) {
    let place = source.place(error::Position::START);
    let path = source.file.to_string_lossy();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let features = [
        "feature_menuentry_id",
        "feature_menuentry_options",
        "feature_default_font_path",
        "feature_all_video_module",
        "feature_timeout_style",
        "feature_platform_search_hint",
        "feature_chainloader_bpb",
        "feature_ntldr",
        "feature_200_final",
        "feature_nativedisk_cmd",
    ];
    for feature in features {
        machine.scope.set(feature, Traced::at("y", place.clone()));
    }
    machine
        .scope
        .set("prefix", Traced::at(directory, place.clone()));
    let unknown = [
        ("root", "the variable 'root' is set when GRUB runs", None),
        ("grub_cpu", "GRUB's processor is not known", None),
        (
            "grub_platform",
            "GRUB's platform is not known",
            platforms(machine, directory),
        ),
    ];
    for (name, why, choices) in unknown {
        let value = match choices.as_deref() {
            Some([only]) => Traced::at(only.as_str(), place.clone()),
            _ => Traced::gap(place.clone(), why.into(), choices),
        };
        machine.scope.set(name, value);
        machine.scope.export(name);
    }
    machine.scope.export("prefix");
}

/// What GRUB may have been started by, as far as the modules beside its configuration tell.
fn platforms(machine: &Machine<'_>, directory: &str) -> Option<Vec<String>> {
    let is_there = |path: &str| machine.files.exists(path).ok();
    if is_there("/sys/firmware/efi")? {
        return Some(vec!["efi".into()]);
    }
    let has = |name: &str| is_there(&format!("{directory}/{name}"));
    let all = [
        ("i386-pc", "pc"),
        ("x86_64-efi", "efi"),
        ("arm64-efi", "efi"),
    ];
    let mut found: Vec<String> = Vec::new();
    for (name, platform) in all {
        if has(name)? {
            found.push(platform.into());
        }
    }
    found.dedup();
    if found.is_empty() {
        found = vec!["pc".into(), "efi".into()];
    }
    Some(found)
}

/// Runs the commands of items, with the variables as they are now, and adds what they load to `entries`.
fn open(
    machine: &mut Machine<'_>,
    items: Vec<Item>,
    entries: &mut Vec<Entry>,
    submenus: &[String],
) -> Menu {
    let mut menu = Menu {
        is_red_hat: items.iter().any(|item| matches!(item.kind, Kind::Bls(_))),
        ..Menu::default()
    };
    for mut item in items {
        let before = machine.scope.clone();
        machine.has_ended = false;
        machine.unsure = None;
        let leads = match item.kind {
            Kind::Submenu(ref block) => {
                let doubts = machine.doubts.len();
                machine.scope = machine.scope.inherited();
                machine.run(block);
                item.doubt = item.doubt.or(machine.doubts.get(doubts).cloned());
                let mut path = submenus.to_vec();
                path.push(item.title.as_str().to_owned());
                let below = std::mem::take(&mut machine.menu);
                if path.len() > DEEPEST {
                    let why = format!("more than {DEEPEST} submenus inside each other");
                    machine.doubt(Unknown::new(why).at(item.place));
                    continue;
                }
                Leads::Submenu(open(machine, below, entries, &path))
            }
            _ => {
                entries.push(entry(machine, &item, submenus));
                Leads::Entry(entries.len() - 1)
            }
        };
        machine.scope = before;
        menu.nodes.push(Node {
            title: item.title,
            id: item.id,
            doubt: item.doubt,
            leads,
        });
    }
    menu
}

fn entry(machine: &mut Machine<'_>, item: &Item, submenus: &[String]) -> Entry {
    let mut entry = match &item.kind {
        Kind::Bls(entry) => bls::with_variables(entry, &machine.scope),
        Kind::Submenu(_) => Entry::new(item.title.clone(), item.place.clone()),
        Kind::Entry(block) => {
            machine.scope.arguments = item.arguments.clone();
            machine.entry = Some(Entry::new(item.title.clone(), item.place.clone()));
            machine.run(block);
            // It was put there, and nothing takes it away.
            let empty = || Entry::new(item.title.clone(), item.place.clone());
            machine.entry.take().unwrap_or_else(empty)
        }
    };
    entry.id = item.id.clone();
    entry.submenus = submenus.to_vec();
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

#[cfg(test)]
mod tests;
