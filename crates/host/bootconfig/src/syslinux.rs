//! extlinux, syslinux and isolinux: `extlinux.conf` (doc/syslinux.txt, doc/menu.txt, com32/menu/readconfig.c).

mod config;

use config::{Config, Label};

use std::time::Duration;

use super::entry::{Boot, Entry, FileRef, Image, Loader, Selection, Timeout};
use crate::surroundings::Surroundings;
use hostconfig::Source;
use hostconfig::cmdline::Reader;
use hostconfig::{Known, Place, Traced, Unknown};

/// Reads a configuration, whose included files are among `files`.
pub fn read(source: &Source, files: &dyn Surroundings) -> Boot {
    let config = Config::read(source, files);
    let (setting, entry) = chosen(&config);
    let unattended = entry.clone();
    // Without a menu and a prompt the default starts at once, whatever TIMEOUT says.
    let timeout = if shows_menu(&config) || config.has_prompt {
        config.timeout()
    } else {
        Timeout::After(Duration::ZERO)
    };
    Boot {
        loader: Loader::Syslinux,
        file: source.file.clone(),
        entries: config
            .labels
            .iter()
            .map(|label| entry_of(label, &config))
            .collect(),
        default: Selection {
            is_missing: setting.is_some() && entry.is_err() && config.doubts.is_empty(),
            setting,
            entry,
        },
        unattended,
        fallback: Vec::new(),
        timeout: Ok(timeout),
        asks: None,
        doubts: config.doubts,
    }
}

/// What is started without anybody's help. Where a menu is shown, its default is; `DEFAULT` marks it only where the
/// menu is shown by `UI`.
fn chosen(config: &Config) -> (Option<Traced>, Known<usize>) {
    if let Some(doubt) = config.doubts.first() {
        return (config.default.clone(), Err(doubt.clone()));
    }
    let shows_menu = shows_menu(config);
    let ends = config.timeout() != Timeout::Never;
    let waits = shows_menu || (config.has_prompt && ends);
    if let Some(command) = config.on_timeout.as_ref().filter(|_| waits) {
        return (Some(command.clone()), named(config, command));
    }
    let named_default = config
        .default
        .as_ref()
        .filter(|default| !is_program(default));
    let by_name = named_default.map(|default| (Some(default.clone()), named(config, default)));
    if !shows_menu {
        let none = || Unknown::new("nothing says what is started: there is no DEFAULT");
        return by_name.unwrap_or_else(|| (None, Err(none())));
    }
    if let Some((setting, Ok(entry))) = by_name {
        return (setting, Ok(entry));
    }
    let marked = config
        .labels
        .iter()
        .position(|label| label.menu_default.is_some());
    let first = || config.labels.iter().position(|label| !label.is_hidden);
    let setting = marked.and_then(|at| config.labels.get(at)?.menu_default.clone());
    let entry = marked.or_else(first);
    (
        setting,
        entry.ok_or_else(|| Unknown::new("the menu is empty")),
    )
}

/// Whether a menu is shown: by `UI`, or by a program as the default.
fn shows_menu(config: &Config) -> bool {
    config.has_ui || config.default.as_ref().is_some_and(is_program)
}

fn is_program(command: &Traced) -> bool {
    first_word(command).to_ascii_lowercase().ends_with(".c32")
}

fn first_word(command: &Traced) -> &str {
    command
        .as_str()
        .split_whitespace()
        .next()
        .unwrap_or_default()
}

/// The label that a command line starts with.
fn named(config: &Config, command: &Traced) -> Known<usize> {
    let name = first_word(command);
    let exact = |label: &Label| label.name.as_str() == name;
    let alike = |label: &Label| label.name.as_str().eq_ignore_ascii_case(name);
    let found = config.labels.iter().position(exact);
    let found = found.or_else(|| config.labels.iter().position(alike));
    found.ok_or_else(|| Unknown {
        place: command.place().cloned(),
        ..Unknown::new(format!("there is no label '{name}'"))
    })
}

fn entry_of(label: &Label, config: &Config) -> Entry {
    let title = label.title.clone().unwrap_or_else(|| label.name.clone());
    let mut entry = Entry::new(title, label.place.clone());
    entry.id = Some(label.name.clone());
    entry.submenus = label.submenus.clone();
    let append = match &label.append {
        Some(append) if *append == "-" => None,
        Some(append) => Some(append),
        None => config.append.as_ref(),
    };
    let Some(kernel) = &label.kernel else {
        entry.chained = label.chained.clone();
        return entry;
    };
    let place = kernel.place().unwrap_or(&label.place);
    let path = kernel.as_str();
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if name == "mboot.c32" {
        multiboot(&mut entry, append, place);
    } else if name.ends_with(".c32") || name.ends_with(".bin") || name.ends_with(".0") {
        entry.chained = Some(kernel.clone());
    } else {
        let end = || kernel.place_at(path.len());
        let none = || Traced::at("", end().unwrap_or_else(|| place.clone()));
        let options = append.cloned().unwrap_or_else(none);
        let image = Image::new(Reader::Linux, place.clone(), kernel.clone(), options);
        let listed = image.options.all("initrd").pop().map(|word| word.items());
        entry.initrds = match &label.initrd {
            Some(initrd) => items(initrd),
            None => listed.unwrap_or_default(),
        }
        .into_iter()
        .map(FileRef::from)
        .collect();
        entry.kernel = Some(image);
    }
    entry
}

fn items(list: &Traced) -> Vec<Traced> {
    let mut items = Vec::new();
    let mut start = 0;
    for item in list.as_str().split(',') {
        items.push(list.slice(start, start + item.len()));
        start += item.len() + 1;
    }
    items
}

/// `APPEND xen.gz … --- vmlinuz … --- initrd` of mboot.c32.
fn multiboot(entry: &mut Entry, append: Option<&Traced>, place: &Place) {
    let Some(append) = append else {
        return;
    };
    let mut modules = Vec::new();
    let mut start = 0;
    for module in append.as_str().split("---") {
        modules.push(append.slice(start, start + module.len()));
        start += module.len() + "---".len();
    }
    let mut modules = modules.iter().filter_map(Traced::split_word);
    let image = |reader, (path, options): (Traced, Traced)| {
        let place = path.place().unwrap_or(place).clone();
        Image::new(reader, place, path, options)
    };
    entry.hypervisor = modules.next().map(|module| image(Reader::Xen, module));
    entry.kernel = modules.next().map(|module| image(Reader::Linux, module));
    entry.initrds = modules.map(|(path, _)| path.into()).collect();
}

#[cfg(test)]
mod tests;
