//! Entries of the boot loader specification, as the GRUB of Fedora and Red Hat takes them (blscfg.c).

use std::cmp::Ordering;
use std::rc::Rc;

use super::lexer::{Lexer, Piece, Token, Word};
use super::machine::Machine;
use super::script::{Block, Statement};
use hostconfig::{Known, Place, Traced};
use hostconfig::{Line, Source};

/// Where they are on a host unless `$blsdir` says otherwise; the first that has any counts. /boot may be a file system of
/// its own.
const ON_HOST: [&str; 2] = ["/boot/loader/entries", "/loader/entries"];

/// Where they are on `$root`.
const ON_ROOT: [&str; 2] = ["/loader/entries", "/boot/loader/entries"];

/// Most entries.
const MOST: usize = 500;

/// An entry before its commands have been run.
pub(super) struct BlsEntry {
    pub(super) title: Traced,
    pub(super) id: Traced,
    pub(super) place: Place,
    pub(super) commands: Block,
    /// Whether it names users, and only those may start it.
    pub(super) is_restricted: bool,
}

/// The entries of a directory in the order of the menu: newest first.
pub(super) fn entries(
    machine: &mut Machine<'_>,
    directory: Option<&Traced>,
) -> Known<Vec<BlsEntry>> {
    let mut given: Vec<String> = Vec::new();
    match directory {
        Some(directory) => given = machine.candidates(directory)?,
        None if machine.own.is_none() => given.extend(ON_HOST.map(str::to_owned)),
        None => {
            for directory in ON_ROOT {
                let mut path = Traced::default();
                path.add(directory);
                given.extend(machine.candidates(&path)?);
            }
        }
    }
    for directory in given {
        let directory = directory.trim_end_matches('/');
        let mut names = machine.files.names(directory)?;
        names.retain(|name| name.ends_with(".conf"));
        names.truncate(MOST);
        if names.is_empty() {
            continue;
        }
        names.sort_by(|one, other| compare(stem(other), stem(one)));
        let mut entries = Vec::new();
        for name in names {
            let source = machine.read(&format!("{directory}/{name}"))?;
            entries.extend(source.and_then(|source| read(machine, &source, stem(&name))));
        }
        return Ok(entries);
    }
    Ok(Vec::new())
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".conf").unwrap_or(name)
}

/// The entry of one file; `None` where no kernel is named. What it loads is put together as the commands that GRUB
/// runs.
fn read(machine: &Machine<'_>, source: &Source, id: &str) -> Option<BlsEntry> {
    let start = source.place(error::Position::START);
    let mut title = Traced::default();
    let (mut options, mut linux) = (None, None);
    let mut path = Traced::default();
    let mut initrds = Vec::new();
    let mut users = Vec::new();
    for line in source.lines() {
        let (key, rest) = line.keyword();
        let rest = rest.trim();
        match key {
            "title" => title = line.of(rest),
            "linux" => {
                path = line.of(rest);
                linux = Some(words(source, &line, rest));
            }
            "initrd" => initrds.extend(words(source, &line, rest)),
            "grub_users" => users = words(source, &line, rest),
            // Only the first counts in GRUB; systemd-boot joins them.
            "options" if options.is_none() => options = Some(words(source, &line, rest)),
            _ => {}
        }
    }
    let linux = linux?;
    if title.is_empty() {
        title = path.clone();
    }
    let options = options.unwrap_or_else(|| vec![variable("default_kernelopts", &start)]);
    let place = path.place().unwrap_or(&start).clone();
    let mut all = early_initrds(machine, initrds.first().or(linux.first()));
    all.extend(initrds);
    let commands = [
        command("linux", &place, linux.into_iter().chain(options)),
        command("initrd", &place, all.into_iter()),
    ];
    let users = users.iter().flat_map(|word| machine.scope.expand(word));
    Some(BlsEntry {
        title,
        id: Traced::at(id, start.clone()),
        is_restricted: users.into_iter().any(|user| !user.text.is_empty()),
        place: start,
        commands: Rc::from(commands),
    })
}

/// The words of a value as GRUB's script has them.
fn words<'s>(source: &Source, line: &Line<'s>, value: &'s str) -> Vec<Word> {
    let mut lexer = Lexer::over(source, line.characters(value));
    let mut words = Vec::new();
    while let Ok(Some(Token::Word(word))) = lexer.next() {
        words.push(word);
    }
    words
}

fn command(name: &str, place: &Place, words: impl Iterator<Item = Word>) -> Statement {
    let name = Word::quoted(Traced::at(name, place.clone()), place.clone());
    let words = std::iter::once(name).chain(words).collect();
    let block = None;
    Statement::Command { words, block }
}

fn variable(name: &str, place: &Place) -> Word {
    let mut word = Word::quoted(Traced::default(), place.clone());
    word.is_quoted = false;
    word.pieces = vec![Piece::Variable {
        name: name.to_owned(),
        place: place.clone(),
        is_quoted: false,
    }];
    word
}

/// The files that `$early_initrd` names, which are beside those of the entry.
fn early_initrds(machine: &Machine<'_>, beside: Option<&Word>) -> Vec<Word> {
    let Some(early) = machine.scope.get("early_initrd") else {
        return Vec::new();
    };
    let beside = beside.and_then(|word| word.pieces.first());
    let directory = match beside {
        Some(Piece::Text(path)) => {
            let length = path.as_str().rfind('/').map_or(0, |slash| slash + 1);
            path.slice(0, length)
        }
        _ => Traced::default(),
    };
    let words = early.words().into_iter().filter_map(|name| {
        let place = name.place()?.clone();
        let mut path = Traced::default();
        if !name.as_str().starts_with('/') {
            path.append(&directory);
        }
        path.append(&name);
        Some(Word::quoted(path, place))
    });
    words.collect()
}

/// Compares names as rpm compares packages: name, version and release.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    let pairs = one.iter().zip(&other);
    pairs.fold(Ordering::Equal, |order, (one, other)| {
        order.then_with(|| versions(one, other))
    })
}

/// `NAME-VERSION-RELEASE`, or `NAME-VERSION`.
fn parts(package: &str) -> [&str; 3] {
    let Some((rest, release)) = package.rsplit_once('-') else {
        return [package, "", ""];
    };
    match rest.rsplit_once('-') {
        Some((name, version)) => [name, version, release],
        None => [rest, release, ""],
    }
}

/// `rpmvercmp`: runs of digits as numbers, runs of letters as text, `~` before everything.
fn versions(mut one: &str, mut other: &str) -> Ordering {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '~';
    loop {
        one = one.trim_start_matches(is_separator);
        other = other.trim_start_matches(is_separator);
        match (one.strip_prefix('~'), other.strip_prefix('~')) {
            (Some(rest), Some(other_rest)) => {
                (one, other) = (rest, other_rest);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        if one.is_empty() || other.is_empty() {
            return one.len().cmp(&other.len());
        }
        let is_number = one.starts_with(|c: char| c.is_ascii_digit());
        let (mine, my_rest) = run(one, is_number);
        let (theirs, their_rest) = run(other, is_number);
        let order = match (is_number, theirs) {
            (true, "") => Ordering::Greater,
            (false, "") => Ordering::Less,
            (true, _) => numbers(mine, theirs),
            (false, _) => mine.cmp(theirs),
        };
        if order.is_ne() {
            return order;
        }
        (one, other) = (my_rest, their_rest);
    }
}

fn run(text: &str, is_number: bool) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() && c.is_ascii_digit() == is_number;
    text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()))
}

fn numbers(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}
