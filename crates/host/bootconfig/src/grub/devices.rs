//! GRUB's commands that ask what devices there are, and set variables to the answer.

use super::machine::{Machine, Status};
use super::options::{Options, Spec, Takes};
use crate::surroundings::{Key, Property, Search};
use hostconfig::{Known, Place, Traced, Unknown};

/// What `search` knows (grub-core/commands/search_wrap.c).
const SEARCH: [Spec; 14] = [
    ("file", Some('f'), Takes::Nothing),
    ("label", Some('l'), Takes::Nothing),
    ("fs-uuid", Some('u'), Takes::Nothing),
    ("part-uuid", Some('p'), Takes::Nothing),
    ("part-label", Some('L'), Takes::Nothing),
    ("set", Some('s'), Takes::Maybe),
    ("no-floppy", Some('n'), Takes::Nothing),
    ("hint", Some('h'), Takes::Value),
    ("hint-ieee1275", None, Takes::Value),
    ("hint-bios", None, Takes::Value),
    ("hint-baremetal", None, Takes::Value),
    ("hint-efi", None, Takes::Value),
    ("hint-arc", None, Takes::Value),
    ("root-dev-only", None, Takes::Nothing),
];

/// What `probe` knows (grub-core/commands/probe.c).
const PROBE: [Spec; 7] = [
    ("set", Some('s'), Takes::Value),
    ("driver", Some('d'), Takes::Nothing),
    ("partmap", Some('p'), Takes::Nothing),
    ("fs", Some('f'), Takes::Nothing),
    ("fs-uuid", Some('u'), Takes::Nothing),
    ("label", Some('l'), Takes::Nothing),
    ("part-uuid", None, Takes::Nothing),
];

const REGEXP: [Spec; 1] = [("set", Some('s'), Takes::Value)];

/// Most bytes of a pattern, and of what it is made into.
const LONGEST_PATTERN: usize = 256;
const LARGEST_PATTERN: usize = 16 << 10;
/// Most bytes of a text that is compared with one, and what each of them costs.
const LONGEST_TEXT: usize = 4 << 10;
const COMPARED: usize = 64;

impl Machine<'_> {
    /// Runs a command that asks for devices; `None` for any other.
    pub(super) fn ask(&mut self, name: &str, place: &Place, words: &[Traced]) -> Option<Status> {
        let status = match name {
            "search" | "search.fs_label" | "search.fs_uuid" | "search.file" => {
                self.search(name, place, words)
            }
            "probe" => self.probe(place, words),
            "regexp" => self.regexp(place, words),
            "increment" | "decrement" => self.count(name, place, words),
            "loopback" => self.loop_device(words),
            "read" | "smbios" | "getenv" | "get_efivar" | "rdmsr" | "inb" | "inw" | "inl"
            | "setpci" | "hexdump" => {
                self.unknown_variables(name, place, words);
                None
            }
            _ => return None,
        };
        Some(status)
    }

    /// Sets a variable to the answer, to something that is not known where that is the answer, or leaves it.
    fn answer(
        &mut self,
        command: &str,
        place: &Place,
        variable: Option<&str>,
        answer: Known<Option<String>>,
    ) -> Status {
        let status = match &answer {
            Ok(value) => Some(value.is_some()),
            Err(_) => None,
        };
        let value = match answer {
            Ok(None) => return status,
            Ok(Some(value)) => Traced::at(value, place.clone()),
            Err(_) => {
                let name = variable.unwrap_or_default();
                let why = format!("the variable '{name}' is set by '{command}' when GRUB runs");
                Traced::gap(place.clone(), why, None)
            }
        };
        if let Some(variable) = variable {
            self.scope.set(variable, value);
        }
        status
    }

    /// `search` with options, and `search.fs_label NAME [VARIABLE [HINT…]]`.
    fn search(&mut self, command: &str, place: &Place, words: &[Traced]) -> Status {
        let options = Options::parse(&SEARCH, words);
        let mut names = options.words.iter();
        let wanted = names.next();
        let by = match command.strip_prefix("search.") {
            Some("fs_label") => "label",
            Some("fs_uuid") => "fs-uuid",
            Some(_) => "file",
            None => {
                let kinds = ["label", "fs-uuid", "file", "part-uuid", "part-label"];
                kinds
                    .into_iter()
                    .find(|kind| options.has(kind))
                    .unwrap_or_default()
            }
        };
        let is_short = command.starts_with("search.");
        let set = options.value("set");
        // GRUB before 1.99 had `--set` without a value: `search --fs-uuid --set UUID`.
        let (set, wanted) = match wanted {
            None => (None, set),
            wanted => (set, wanted),
        };
        let variable = if is_short {
            names.next().map(|name| name.as_str().to_owned())
        } else {
            let name = set.map_or("root", Traced::as_str);
            options.has("set").then(|| name.to_owned())
        };
        let hints = if is_short {
            names.map(Traced::as_str).collect()
        } else {
            let platform = match self.scope.get("grub_platform").map(Traced::as_str) {
                Some("efi") => "hint-efi",
                _ => "hint-bios",
            };
            let hints = options.values("hint").into_iter();
            let hints = hints.chain(options.values(platform));
            hints.map(Traced::as_str).collect()
        };
        let answer = match wanted {
            Some(wanted) => self.searched(by, wanted, hints, options.has("root-dev-only")),
            None => Ok(None),
        };
        self.answer(command, place, variable.as_deref(), answer)
    }

    fn searched(
        &self,
        by: &str,
        wanted: &Traced,
        hints: Vec<&str>,
        is_within_root: bool,
    ) -> Known<Option<String>> {
        let wanted = wanted.known()?;
        let key = match by {
            "label" => Key::Label(wanted),
            "fs-uuid" => Key::Uuid(wanted),
            "file" => Key::File(wanted),
            "part-uuid" => Key::PartUuid(wanted),
            "part-label" => Key::PartLabel(wanted),
            _ => return Ok(None),
        };
        let within = match self.scope.get("root") {
            Some(root) if is_within_root => Some(root.known()?),
            _ => None,
        };
        self.files.search(&Search { key, hints, within })
    }

    fn probe(&mut self, place: &Place, words: &[Traced]) -> Status {
        let options = Options::parse(&PROBE, words);
        let properties = [
            ("driver", Property::Driver),
            ("partmap", Property::PartitionTable),
            ("fs", Property::FileSystem),
            ("fs-uuid", Property::Uuid),
            ("label", Property::Label),
            ("part-uuid", Property::PartUuid),
        ];
        let property = properties.iter().find(|(name, _)| options.has(name));
        let answer = match (options.words.first(), property) {
            (Some(device), Some((_, property))) => self.probed(device, *property),
            _ => Ok(None),
        };
        let variable = options.value("set").map(|name| name.as_str().to_owned());
        self.answer("probe", place, variable.as_deref(), answer)
    }

    fn probed(&self, device: &Traced, property: Property) -> Known<Option<String>> {
        let name = device.known()?;
        let inside = name
            .strip_prefix('(')
            .and_then(|name| name.strip_suffix(')'));
        let device = self.device(inside.unwrap_or(name))?;
        self.files.probe(&device, property)
    }

    /// `regexp [--set [NUMBER:]VARIABLE]… PATTERN TEXT`; without a number the first group is meant.
    fn regexp(&mut self, place: &Place, words: &[Traced]) -> Status {
        let options = Options::parse(&REGEXP, words);
        let [pattern, text, ..] = options.words.as_slice() else {
            return Some(false);
        };
        let (Ok(pattern), Ok(known)) = (pattern.known(), text.known()) else {
            self.unknown_variables("regexp", place, words);
            return None;
        };
        let is_looked_at = pattern.len() <= LONGEST_PATTERN && known.len() <= LONGEST_TEXT;
        if !is_looked_at || !self.spend(LARGEST_PATTERN + COMPARED * known.len()) {
            return Some(false);
        }
        let compiled = regex_lite::RegexBuilder::new(pattern)
            .size_limit(LARGEST_PATTERN)
            .build();
        let Some(groups) = compiled.ok().and_then(|compiled| compiled.captures(known)) else {
            return Some(false);
        };
        for set in options.values("set") {
            let (number, name) = match set.as_str().split_once(':') {
                Some((number, name)) => (number.parse().unwrap_or(0), name),
                None => (1, set.as_str()),
            };
            if let Some(group) = groups.get(number) {
                let value = text.slice(group.start(), group.end());
                self.scope.set(name, value);
            }
        }
        Some(true)
    }

    /// `increment` and `decrement`, which only Red Hat's GRUB has.
    fn count(&mut self, command: &str, place: &Place, words: &[Traced]) -> Status {
        let name = words.first()?.as_str();
        let value = self.scope.get(name).cloned();
        let Some(value) = value else {
            return Some(false);
        };
        let Ok(known) = value.known() else {
            self.unknown_variables(command, place, words);
            return None;
        };
        let number = known.trim().parse::<i64>().unwrap_or(0);
        let number = match command {
            "increment" => number.saturating_add(1),
            _ => number.saturating_sub(1),
        };
        let value = Traced::at(number.to_string(), place.clone());
        self.scope.set(name, value);
        Some(true)
    }

    /// `loopback NAME FILE`.
    fn loop_device(&mut self, words: &[Traced]) -> Status {
        let options: [Spec; 1] = [("delete", Some('d'), Takes::Nothing)];
        let options = Options::parse(&options, words);
        match options.words.as_slice() {
            [name, ..] if options.has("delete") => {
                let was_there = self.loops.remove(name.as_str()).is_some();
                self.own.as_ref().map(|_| was_there)
            }
            [name, path, ..] => match self.loopback(name, path) {
                Ok(is_there) => Some(is_there),
                Err(unknown) => {
                    let entry = self.entry.as_mut().filter(|_| self.own.is_some());
                    entry
                        .into_iter()
                        .for_each(|entry| entry.doubt(unknown.clone()));
                    None
                }
            },
            _ => Some(false),
        }
    }

    /// Sets the variables that a command is told to set to something that is not known.
    fn unknown_variables(&mut self, command: &str, place: &Place, words: &[Traced]) {
        let mut names = Vec::new();
        for (index, word) in words.iter().enumerate() {
            match word.as_str() {
                "--set" | "-s" => names.push(words.get(index + 1).map(Traced::as_str)),
                text => match text.strip_prefix("--set=") {
                    Some(set) => names.push(Some(set)),
                    None if matches!(command, "read" | "getenv" | "increment" | "decrement") => {
                        names.push(Some(text));
                    }
                    None => {}
                },
            }
        }
        for name in names.into_iter().flatten() {
            // `regexp --set=1:name`.
            let name = name.rsplit(':').next().unwrap_or_default();
            let why = Unknown::new("it is known only when GRUB runs");
            self.answer(command, place, Some(name), Err(why));
        }
    }
}
