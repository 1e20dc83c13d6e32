//! The directives of a configuration and of those that it includes.

use std::time::Duration;

use crate::entry::Timeout;
use crate::paths::candidates;
use crate::surroundings::Surroundings;
use hostconfig::{Line, Source};
use hostconfig::{Place, Traced, Unknown};

/// Most files and submenus inside each other.
const DEEPEST: usize = 8;

/// Most labels.
const MOST: usize = 1000;

/// Most files that are included.
const MOST_FILES: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) labels: Vec<Label>,
    pub(super) default: Option<Traced>,
    pub(super) on_timeout: Option<Traced>,
    /// The global `APPEND`.
    pub(super) append: Option<Traced>,
    pub(super) has_ui: bool,
    /// Whether there is a prompt (`PROMPT 1`).
    pub(super) has_prompt: bool,
    /// After how many tenths of a second the default is started (`TIMEOUT`), unless a key is pressed; 0 is never.
    pub(super) timeout: u64,
    /// The same whatever is pressed (`TOTALTIMEOUT`).
    pub(super) total_timeout: u64,
    pub(super) doubts: Vec<Unknown>,
    submenus: Vec<String>,
    is_help: bool,
    files: usize,
}

#[derive(Debug)]
pub(super) struct Label {
    pub(super) name: Traced,
    pub(super) place: Place,
    pub(super) title: Option<Traced>,
    pub(super) kernel: Option<Traced>,
    pub(super) append: Option<Traced>,
    pub(super) initrd: Option<Traced>,
    /// What it goes over to instead of a kernel.
    pub(super) chained: Option<Traced>,
    /// The `MENU DEFAULT` of it.
    pub(super) menu_default: Option<Traced>,
    pub(super) is_hidden: bool,
    pub(super) submenus: Vec<String>,
}

impl Config {
    /// How long it waits where it waits at all: the shorter of the two times.
    pub(super) fn timeout(&self) -> Timeout {
        let times = [self.timeout, self.total_timeout];
        match times.into_iter().filter(|time| *time > 0).min() {
            Some(tenths) => Timeout::After(Duration::from_millis(tenths.saturating_mul(100))),
            None => Timeout::Never,
        }
    }

    pub(super) fn read(source: &Source, files: &dyn Surroundings) -> Self {
        let path = source.file.to_string_lossy();
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let mut config = Config::default();
        config.file(source, files, directory, 0);
        config
    }

    fn file(&mut self, source: &Source, files: &dyn Surroundings, directory: &str, depth: usize) {
        for line in source.lines() {
            let (word, rest) = line.keyword();
            let mut word = word.to_ascii_lowercase();
            let mut rest = rest;
            if self.is_help {
                self.is_help = word != "endtext";
                continue;
            }
            if word == "menu" {
                let (menu_word, menu_rest) = split(rest);
                word = format!("menu {}", menu_word.to_ascii_lowercase());
                rest = menu_rest;
            }
            match word.as_str() {
                "include" | "menu include" => self.include(&line, rest, files, directory, depth),
                "text" => self.is_help = split(rest).0.eq_ignore_ascii_case("help"),
                word => self.directive(word, &line, rest),
            }
        }
    }

    fn include(
        &mut self,
        line: &Line<'_>,
        rest: &str,
        files: &dyn Surroundings,
        directory: &str,
        depth: usize,
    ) {
        let name = split(rest).0;
        let place = || line.of_start();
        self.files += 1;
        if depth == DEEPEST || self.files > MOST_FILES {
            let why = Unknown::new("more files are included than are looked at");
            return self.doubt(why.at(place()));
        }
        for candidate in candidates(directory, name) {
            match files.read(&candidate) {
                Ok(None) => {}
                Ok(Some(source)) => return self.file(&source, files, directory, depth + 1),
                Err(unknown) => return self.doubt(unknown.at(place())),
            }
        }
        // One that is not there is passed over.
    }

    fn doubt(&mut self, doubt: Unknown) {
        doubt.add_to(&mut self.doubts);
    }

    fn directive<'s>(&mut self, word: &str, line: &Line<'s>, rest: &'s str) {
        let value = || line.of(rest);
        let name = split(rest).0;
        match word {
            "label" if self.labels.len() < MOST => self.labels.push(Label {
                name: line.of(name),
                place: line.of_start(),
                title: None,
                kernel: None,
                append: None,
                initrd: None,
                chained: None,
                menu_default: None,
                is_hidden: false,
                submenus: self.submenus.clone(),
            }),
            "label" => {
                let why = format!("more than {MOST} labels");
                self.doubt(Unknown::new(why).at(line.of_start()));
            }
            "default" => self.default = Some(value()),
            "ontimeout" => self.on_timeout = Some(value()),
            "ui" => self.has_ui = true,
            "prompt" => self.has_prompt = number(rest) > 0,
            "timeout" => self.timeout = number(rest),
            "totaltimeout" => self.total_timeout = number(rest),
            "menu begin" if self.submenus.len() < DEEPEST => self.submenus.push(rest.to_owned()),
            "menu end" => _ = self.submenus.pop(),
            "menu title" if !self.submenus.is_empty() => {
                if let Some(own) = self.submenus.last_mut() {
                    rest.clone_into(own);
                }
            }
            "append" if self.labels.is_empty() => self.append = Some(value()),
            word => {
                if let Some(label) = self.labels.last_mut() {
                    label.directive(word, line, rest);
                }
            }
        }
    }
}

impl Label {
    fn directive<'s>(&mut self, word: &str, line: &Line<'s>, rest: &'s str) {
        let value = Some(line.of(rest));
        match word {
            "kernel" | "linux" | "boot" | "com32" => self.kernel = value,
            "append" => self.append = value,
            "initrd" => self.initrd = value,
            "config" | "localboot" | "bss" | "pxe" | "fdimage" | "menu exit" | "menu goto" => {
                self.chained = value;
            }
            "menu label" => self.title = value.map(|title| without_mark(&title)),
            "menu default" => self.menu_default = Some(line.trimmed()),
            "menu hide" | "menu disable" => self.is_hidden = true,
            _ => {}
        }
    }
}

/// A menu's title without the `^` before its key.
fn without_mark(title: &Traced) -> Traced {
    let text = title.as_str();
    let Some(mark) = text.find('^') else {
        return title.clone();
    };
    let mut clean = title.slice(0, mark);
    clean.append(&title.slice(mark + 1, text.len()));
    clean
}

/// A number; 0 for what is none.
fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

fn split(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, &text[text.len()..]),
    }
}
