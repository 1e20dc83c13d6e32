//! Names in Xen's sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use error::Result;

use super::Release;
use crate::shell::file_error;

/// Names, and the kinds of their values.
pub(super) type Names = BTreeMap<String, BTreeSet<String>>;

/// Where xl reads a guest's configuration, newest place first.
const XL: [&str; 2] = ["tools/xl/xl_parse.c", "tools/libxl/xl_cmdimpl.c"];

/// Keys of the configuration of a CPU pool, which the older of the two files reads too.
const OF_POOLS: [&str; 2] = ["nodes", "sched"];

/// Options that the boot code reads without a macro (arch/x86/boot/cmdline.c), and words that it passes over.
const BOOT: [&str; 6] = ["no-real-mode", "tboot", "edd", "edid", "vga", "placeholder"];

/// The releases that `directory` has sources of, oldest first.
///
/// # Errors
/// It cannot be read.
pub(super) fn releases(directory: &Path) -> Result<Vec<Release>> {
    let entries = std::fs::read_dir(directory).map_err(file_error(directory))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut releases: Vec<_> = names
        .filter_map(|name| super::release(&name).ok())
        .collect();
    releases.sort_unstable();
    Ok(releases)
}

/// The keys of xl.cfg; `None` where neither source nor list is there.
///
/// # Errors
/// A file cannot be read.
pub(super) fn keys(directory: &Path) -> Result<Option<Names>> {
    if let Some(names) = list(&directory.join("keys.txt"))? {
        return Ok(Some(names));
    }
    let Some(path) = XL
        .iter()
        .map(|name| directory.join(name))
        .find(|path| path.exists())
    else {
        return Ok(None);
    };
    let text = read(&path)?;
    let mut names = Names::new();
    for call in text.split("xlu_cfg_").skip(1) {
        let Some((function, name, pasted)) = getter(call) else {
            continue;
        };
        if OF_POOLS.contains(&name) {
            continue;
        }
        let kind = match function {
            function if function.contains("long") => "number",
            function if function.contains("defbool") => "boolean",
            function if function.contains("list") => "list",
            _ => "string",
        };
        let suffixes: &[&str] = if pasted { &["", "_pv", "_hvm"] } else { &[""] };
        for suffix in suffixes {
            names
                .entry(format!("{name}{suffix}"))
                .or_default()
                .insert(kind.to_owned());
        }
    }
    Ok(Some(names))
}

/// The function, the key, and whether a macro makes several keys of it, of a call like `get_long (config, "vcpus", …`.
fn getter(call: &str) -> Option<(&str, &str, bool)> {
    let (function, rest) = call.split_once('(')?;
    let function = function.trim();
    if !function.starts_with("get_") && !function.starts_with("replace_") {
        return None;
    }
    let rest = rest.trim_start().strip_prefix("config")?.trim_start();
    let rest = rest.strip_prefix(',')?.trim_start().strip_prefix('"')?;
    let (name, behind) = rest.split_once('"')?;
    Some((function, name, behind.starts_with('#')))
}

/// The options of the hypervisor's command line; `None` where its sources are not there.
///
/// # Errors
/// A file cannot be read.
pub(super) fn options(directory: &Path) -> Result<Option<Names>> {
    let sources = directory.join("xen");
    if !sources.is_dir() {
        return Ok(None);
    }
    let mut names: Names = BOOT
        .iter()
        .map(|name| ((*name).to_owned(), BTreeSet::new()))
        .collect();
    for path in files(&sources)? {
        let bytes = std::fs::read(&path).map_err(file_error(&path))?;
        let text = String::from_utf8_lossy(&bytes);
        for (at, _) in text.match_indices("param(\"") {
            let (before, rest) = text.split_at(at);
            let start = before
                .rfind(|c: char| !c.is_ascii_lowercase() && c != '_')
                .map_or(0, |at| at + 1);
            let word = before.get(start..).unwrap_or_default();
            let kind = word.split('_').next().unwrap_or_default();
            let name = rest.split('"').nth(1).unwrap_or_default();
            if matches!(
                kind,
                "custom" | "boolean" | "integer" | "size" | "string" | "ignore"
            ) {
                names
                    .entry(name.trim_end_matches('=').to_owned())
                    .or_default()
                    .insert(kind.to_owned());
            }
        }
    }
    Ok(Some(names))
}

/// A list of names, `name kind,kind` a line.
fn list(path: &Path) -> Result<Option<Names>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = read(path)?;
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let pair = |line: &str| {
        let (name, kinds) = line.split_once(' ').unwrap_or((line, ""));
        let kinds = kinds.split(',').filter(|kind| !kind.is_empty());
        (name.to_owned(), kinds.map(str::to_owned).collect())
    };
    Ok(Some(lines.map(pair).collect()))
}

/// Every C file below `directory`.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(directory).map_err(file_error(directory))?;
    for entry in entries.filter_map(std::result::Result::ok) {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|it| it == "c" || it == "h") {
            found.push(path);
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(file_error(path))
}
