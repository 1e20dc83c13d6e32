//! Entries of the boot loader specification, as the GRUB of Fedora and Red Hat takes them (blscfg.c).

use std::cmp::Ordering;

use super::scope::{LONGEST, Scope};
use crate::entry::{Entry, FileRef, Image};
use crate::surroundings::Surroundings;
use hostconfig::cmdline::Reader;
use hostconfig::{Known, Traced};
use hostconfig::{Line, Source};

/// Where they are unless `$blsdir` says otherwise; the first that has any counts.
const DIRECTORIES: [&str; 2] = ["/boot/loader/entries", "/loader/entries"];

/// Most entries.
const MOST: usize = 500;

/// The entries of a directory in the order of the menu: newest first.
pub(super) fn entries(files: &dyn Surroundings, directory: Option<&str>) -> Known<Vec<Entry>> {
    let given: Vec<String> = match directory {
        Some(directory) => crate::paths::candidates("/", directory),
        None => DIRECTORIES.map(str::to_owned).to_vec(),
    };
    for directory in given {
        let mut names = files.names(&directory)?;
        names.retain(|name| name.ends_with(".conf"));
        names.truncate(MOST);
        if names.is_empty() {
            continue;
        }
        names.sort_by(|one, other| compare(stem(other), stem(one)));
        let mut entries = Vec::new();
        for name in names {
            let source = files.read(&format!("{directory}/{name}"))?;
            entries.extend(source.and_then(|source| read(&source, stem(&name))));
        }
        return Ok(entries);
    }
    Ok(Vec::new())
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".conf").unwrap_or(name)
}

/// The entry of one file; `None` where no kernel is named.
fn read(source: &Source, id: &str) -> Option<Entry> {
    let start = source.place(error::Position::START);
    let mut entry = Entry::new(Traced::default(), start.clone());
    let mut options = None;
    let mut path: Option<Traced> = None;
    for line in source.lines() {
        let (key, rest) = line.keyword();
        match key {
            "title" => entry.title = line.of(rest),
            "linux" => path = Some(line.of(rest)),
            "initrd" => entry.initrds.extend(words(&line).map(FileRef::from)),
            // Only the first counts in GRUB; systemd-boot joins them.
            "options" if options.is_none() => options = Some(line.of(rest)),
            _ => {}
        }
    }
    let path = path?;
    if entry.title.is_empty() {
        entry.title = path.clone();
    }
    entry.id = Some(Traced::at(id, start.clone()));
    let options = options.unwrap_or_else(|| Traced::at("$default_kernelopts", start.clone()));
    let place = path.place().cloned().unwrap_or(start);
    entry.kernel = Some(Image::new(Reader::Linux, place, path, options));
    Some(entry)
}

fn words(line: &Line<'_>) -> impl Iterator<Item = Traced> {
    line.words().skip(1)
}

/// The entry with the values of variables that it names.
pub(super) fn with_variables(entry: &Entry, scope: &Scope) -> Entry {
    let mut entry = entry.clone();
    if let Some(kernel) = &mut entry.kernel {
        kernel.file.path = expand(kernel.path(), scope);
        kernel.options.text = expand(&kernel.options.text, scope);
    }
    let mut initrds: Vec<Traced> = scope.get("early_initrd").cloned().into_iter().collect();
    initrds.extend(
        entry
            .initrds
            .iter()
            .map(|initrd| expand(&initrd.path, scope)),
    );
    initrds.retain(|initrd| !initrd.is_empty() || !initrd.gaps().is_empty());
    entry.initrds = initrds.into_iter().map(FileRef::from).collect();
    entry
}

/// `text` with the values of `$name` and `${name}` in it.
fn expand(text: &Traced, scope: &Scope) -> Traced {
    let whole = text.as_str();
    let mut expanded = Traced::default();
    let mut done = 0;
    while let Some(dollar) = whole[done..].find('$').map(|at| done + at) {
        if expanded.as_str().len() > LONGEST
            && let Some(place) = text.place()
        {
            let why = "the value is longer than is looked at".to_owned();
            expanded.append(&Traced::gap(place.clone(), why, None));
            return expanded;
        }
        let behind = &whole[dollar + 1..];
        let is_braced = behind.starts_with('{');
        let name = behind.strip_prefix('{').unwrap_or(behind);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())];
        let end = dollar + 1 + name.len() + 2 * usize::from(is_braced);
        let is_closed = !is_braced || whole.get(end - 1..end) == Some("}");
        if name.is_empty() || !is_closed {
            expanded.append(&text.slice(done, dollar + 1));
            done = dollar + 1;
            continue;
        }
        expanded.append(&text.slice(done, dollar));
        if let Some(value) = scope.get(name) {
            expanded.append(value);
        }
        done = end;
    }
    expanded.append(&text.slice(done, whole.len()));
    expanded
}

/// Compares names as rpm compares packages: name, version and release.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    let pairs = one.iter().zip(&other);
    pairs.fold(Ordering::Equal, |order, (one, other)| {
        order.then_with(|| versions(one, other))
    })
}

/// `NAME-VERSION-RELEASE`.
fn parts(package: &str) -> [&str; 3] {
    let Some((rest, release)) = package.rsplit_once('-') else {
        return [package, "", ""];
    };
    match rest.rsplit_once('-') {
        Some((name, version)) => [name, version, release],
        None => [rest, "", release],
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
