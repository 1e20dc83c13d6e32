//! Bridges in netplan's YAML: the keys below `bridges:`, and their `interfaces:`, in the forms in which they are written
//! by hand and by installers. Everything else of YAML is a doubt, not an answer.

use std::collections::BTreeSet;

use host::Files;

use super::{Bridge, Bridges, Program};
use crate::drop_ins::DropIns;
use crate::source::{Line, Source};
use crate::traced::{Traced, Unknown};

/// Of one name the first directory's counts (netplan(5)).
const DIRECTORIES: [&str; 3] = ["/run/netplan", "/etc/netplan", "/lib/netplan"];

pub(super) fn add(bridges: &mut Bridges, files: &Files) {
    let found = DropIns::read(files, &DIRECTORIES, ".yaml");
    bridges.errors.extend(found.errors);
    for source in &found.sources {
        if let Err(doubt) = file(bridges, source) {
            bridges.doubts.push(doubt);
        }
    }
    let matching: BTreeSet<_> = found.sources.iter().flat_map(matching).collect();
    for bridge in &mut bridges.found {
        if bridge.by == Program::Netplan {
            leave_out(bridge, &matching);
        }
    }
}

/// The ids whose interfaces are those that `match:` describes: such an id is no interface's name (netplan(5)).
fn matching(source: &Source) -> Vec<&str> {
    let mut all = Vec::new();
    // The keys that a line is below.
    let mut above: Vec<(usize, &str)> = Vec::new();
    for line in source.lines() {
        // What is not understood is a doubt already.
        let Ok(Some(key)) = key(line) else {
            continue;
        };
        above.retain(|(indent, _)| *indent < key.indent);
        if key.is_item {
            continue;
        }
        if key.name == "match" {
            all.extend(above.last().map(|(_, id)| *id));
        } else if key.value.starts_with('{') && key.value.contains("match:") {
            all.push(key.name);
        }
        above.push((key.indent, key.name));
    }
    all
}

/// Takes the ports out that are such ids: they are a doubt.
fn leave_out(bridge: &mut Bridge, matching: &BTreeSet<&str>) {
    let (unsure, ports) = std::mem::take(&mut bridge.ports)
        .into_iter()
        .partition(|port| matching.contains(port.as_str()));
    let unsure: Vec<Traced> = unsure;
    bridge.ports = ports;
    if let Some(id) = unsure.first() {
        bridge.doubt.get_or_insert(Unknown {
            why: format!("{id} is what matches, whatever its name"),
            place: id.place().cloned(),
        });
    }
}

/// Most ports on one line.
const MOST_PORTS: usize = 1000;

/// A line that is a key, or an item of a list.
struct Key<'s> {
    line: Line<'s>,
    indent: usize,
    is_item: bool,
    name: &'s str,
    value: &'s str,
}

fn file(bridges: &mut Bridges, source: &Source) -> Result<(), Unknown> {
    // Where the keys of bridges are, of options, and of the list of ports.
    let (mut inside, mut names, mut list) = (None, None, None);
    let mut bridge: Option<Traced> = None;
    for line in source.lines() {
        let Some(key) = key(line)? else {
            continue;
        };
        if inside.is_some_and(|indent| key.indent <= indent && !key.is_item) {
            (inside, names, list, bridge) = (None, None, None, None);
        }
        if inside.is_none() {
            if key.name == "bridges" && !key.is_item {
                plain(&key)?;
                inside = Some(key.indent);
            }
            continue;
        }
        if key.is_item {
            if let (Some(name), Some(_)) = (&bridge, list) {
                let port = item(&key, key.name)?;
                bridges.of(name.clone(), Program::Netplan).ports.push(port);
            }
            continue;
        }
        list = None;
        if key.indent <= *names.get_or_insert(key.indent) {
            let name = item(&key, key.name)?;
            bridges.of(name.clone(), Program::Netplan);
            if key.value != "{}" {
                plain(&key)?;
            }
            bridge = Some(name);
        } else if key.name == "interfaces" {
            match key.value {
                "" => list = Some(key.indent),
                value => {
                    let ports = flow(&key, value)?;
                    if let Some(name) = &bridge {
                        bridges
                            .of(name.clone(), Program::Netplan)
                            .ports
                            .extend(ports);
                    }
                }
            }
        }
    }
    Ok(())
}

/// The key or item of a line; `None` for an empty one. A bridge's definition may be in what is refused.
fn key(line: Line<'_>) -> Result<Option<Key<'_>>, Unknown> {
    let text = line.text.split(" #").next().unwrap_or_default().trim_end();
    let trimmed = text.trim_start_matches(' ');
    let indent = text.len() - trimmed.len();
    if trimmed.is_empty() || trimmed.starts_with(['#', '%']) || trimmed == "---" {
        return Ok(None);
    }
    let is_refused = trimmed.starts_with(['\t', '{', '[', '&', '*', '<', '?', '|', '>']);
    if is_refused {
        return Err(refused(&line));
    }
    let is_item = trimmed == "-" || trimmed.starts_with("- ");
    let body = trimmed
        .strip_prefix('-')
        .filter(|_| is_item)
        .unwrap_or(trimmed)
        .trim_start();
    let (name, value) = match body
        .split_once(": ")
        .or(body.strip_suffix(':').map(|key| (key, "")))
    {
        Some((name, value)) if !is_item => (name, value.trim()),
        _ => (body, ""),
    };
    let name = name.trim_matches(['"', '\'']);
    Ok(Some(Key {
        line,
        indent,
        is_item,
        name,
        value,
    }))
}

fn refused(line: &Line<'_>) -> Unknown {
    Unknown::new("more of YAML than is understood").at(line.of_start())
}

/// Refuses a key whose value is on its line, in a form that could have keys in it.
fn plain(key: &Key<'_>) -> Result<(), Unknown> {
    if key.value.is_empty() {
        return Ok(());
    }
    Err(refused(&key.line))
}

/// A name, which is a part of the key's line.
fn item<'s>(key: &Key<'s>, text: &'s str) -> Result<Traced, Unknown> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
    if text.is_empty() || !text.chars().all(is_name) {
        return Err(refused(&key.line));
    }
    Ok(key.line.of(text))
}

/// `[a, b]`.
fn flow<'s>(key: &Key<'s>, value: &'s str) -> Result<Vec<Traced>, Unknown> {
    let inside = value
        .strip_prefix('[')
        .and_then(|value| value.strip_suffix(']'));
    let inside = inside.ok_or_else(|| refused(&key.line))?;
    let items = inside
        .split(',')
        .map(|item| item.trim().trim_matches(['"', '\'']));
    let items: Vec<_> = items.filter(|text| !text.is_empty()).collect();
    if items.len() > MOST_PORTS {
        return Err(refused(&key.line));
    }
    items.into_iter().map(|text| item(key, text)).collect()
}
