//! Arrows between the modules of a crate, as far as paths in its source show them.
//!
//! A module and what it contains are one thing to its siblings: `a::b` importing `c::d` is an arrow from `a`
//! to `c`. A module that imports from the one that contains it makes no arrow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Modules that pass a name on to each other, at most.
const PASSED_ON: usize = 4;

/// A module's name below the crate's root.
type Name = Vec<String>;

/// The modules of a crate that are no tests.
#[derive(Default)]
pub(crate) struct Tree {
    /// The paths in each module's source, and the names that it gives to paths by `use`.
    modules: BTreeMap<Name, Source>,
}

#[derive(Default)]
struct Source {
    /// Every path that is mentioned.
    paths: Vec<Name>,
    /// What a name that was imported stands for.
    names: BTreeMap<String, Name>,
}

impl Tree {
    /// The modules in the directory `source`.
    pub(crate) fn read(source: &Path) -> Self {
        let mut tree = Tree::default();
        tree.directory(source, &Vec::new());
        tree
    }

    fn directory(&mut self, directory: &Path, name: &Name) {
        let entries = fs::read_dir(directory).expect("a directory of source");
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let stem = path.file_stem().expect("a name").to_string_lossy();
            if matches!(&*stem, "tests" | "testing" | "test_util") {
                continue;
            }
            let inner: Name = name.iter().cloned().chain([stem.into_owned()]).collect();
            if path.is_dir() {
                self.directory(&path, &inner);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let root = name.is_empty() && matches!(&*inner[0], "lib" | "main");
                let text = fs::read_to_string(&path).expect("source");
                let at = if root { Vec::new() } else { inner };
                self.add(at, &text);
            }
        }
    }

    /// Adds the module called `at`, whose source is `text`.
    fn add(&mut self, at: Name, text: &str) {
        let mut source = Source::default();
        let text = without_comments(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(""));
        for statement in uses(&text) {
            for (path, name) in expanded(statement) {
                let path = absolute(&at, &path);
                source.names.insert(name, path.clone());
                source.paths.push(path);
            }
        }
        let inline = words(&text).into_iter().filter(|path| path.len() > 1);
        source.paths.extend(inline.map(|path| absolute(&at, &path)));
        self.modules.insert(at, source);
    }

    /// The module that `path` leads into, through names that modules pass on, at most `depth` of them.
    fn target(&self, path: &[String], depth: usize) -> Name {
        let mut at = Name::new();
        for (number, part) in path.iter().enumerate() {
            let inner: Name = at.iter().cloned().chain([part.clone()]).collect();
            if self.modules.contains_key(&inner) {
                at = inner;
                continue;
            }
            let names = self.modules.get(&at).map(|source| &source.names);
            return match names.and_then(|names| names.get(part)) {
                Some(passed_on) if depth > 0 => {
                    let rest = path.get(number + 1..).unwrap_or_default();
                    self.target(&[passed_on, rest].concat(), depth - 1)
                }
                _ => at,
            };
        }
        at
    }

    /// For each module, which of the modules in it import from which.
    fn arrows(&self) -> BTreeMap<Name, BTreeMap<String, BTreeSet<String>>> {
        let mut arrows: BTreeMap<Name, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (from, source) in &self.modules {
            for path in &source.paths {
                let to = self.target(path, PASSED_ON);
                let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
                    let within = from[..common].to_vec();
                    let inside = arrows.entry(within).or_default();
                    inside.entry(a.clone()).or_default().insert(b.clone());
                }
            }
        }
        arrows
    }
}

/// Circles of modules, each told once.
pub(crate) fn circles(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (within, arrows) in tree.arrows() {
        let reached = |from: &String| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(module) = next.pop() {
                for to in arrows.get(module).into_iter().flatten() {
                    if seen.insert(to.clone()) {
                        next.push(to);
                    }
                }
            }
            seen
        };
        let reach: BTreeMap<&String, BTreeSet<String>> =
            arrows.keys().map(|from| (from, reached(from))).collect();
        let mut told = BTreeSet::new();
        for (from, to) in &reach {
            let others = to.iter().filter(|to| *to != *from);
            let back = |to: &&String| reach.get(to).is_some_and(|back| back.contains(*from));
            let mut circle: Vec<&String> = others.filter(back).collect();
            if circle.is_empty() || told.contains(*from) {
                continue;
            }
            circle.push(from);
            circle.sort();
            told.extend(circle.iter().map(|module| (*module).clone()));
            let names: Vec<String> = circle
                .iter()
                .map(|module| [&within[..], &[(*module).clone()]].concat().join("::"))
                .collect();
            found.push(names.join(", "));
        }
    }
    found
}

/// `text` without comments; strings stay.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start() {
        comment if comment.starts_with("//") => "",
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The trees of all `use` statements, without the word and the semicolon.
fn uses(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let line = text[..at].rsplit('\n').next().unwrap_or("").trim();
        let visible = line.is_empty() || line.starts_with("pub");
        if let (true, Some(end)) = (visible, text[at..].find(';')) {
            found.push(&text[at + 4..at + end]);
        }
    }
    found
}

/// The paths of a `use` tree, each with the name that it gets.
fn expanded(tree: &str) -> Vec<(Name, String)> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path: Name = path.trim().split("::").map(str::to_owned).collect();
        let last = path.last().cloned().unwrap_or_default();
        let name = if name.is_empty() {
            last
        } else {
            name.trim().to_owned()
        };
        return vec![(path, name)];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut parts, mut start) = (0, Vec::new(), 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| expanded(&format!("{prefix}{}", part.trim())))
        .map(|(mut path, name)| {
            if path.last().is_some_and(|last| last == "self") {
                path.pop();
                let name = path.last().cloned().unwrap_or_default();
                return (path, name);
            }
            (path, name)
        })
        .collect()
}

/// All paths in `text`.
fn words(text: &str) -> Vec<Name> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c| !part(c)).filter(|word| word.contains("::"));
    words
        .map(|word| {
            let parts = word.split("::").filter(|part| !part.is_empty());
            parts
                .map(|part| part.trim_matches(':').to_owned())
                .collect()
        })
        .collect()
}

/// `path` as it is mentioned in the module `at`, from the crate's root on.
fn absolute(at: &Name, path: &[String]) -> Name {
    let supers = path.iter().take_while(|part| *part == "super").count();
    match path.first().map(String::as_str) {
        Some("crate") => path[1..].to_vec(),
        Some("super") => {
            let outer = at.len().saturating_sub(supers);
            [&at[..outer], &path[supers..]].concat()
        }
        Some("self") => [at, &path[1..]].concat(),
        _ => [at, path].concat(),
    }
}

#[test]
fn circles_are_found() {
    let tree = |sources: &[(&str, &str)]| {
        let mut tree = Tree::default();
        for (name, text) in sources {
            let name = name.split("::").filter(|part| !part.is_empty());
            tree.add(name.map(str::to_owned).collect(), text);
        }
        circles(&tree)
    };
    let none: [&str; 0] = [];
    // What contains another may be used by it, and lower ones by higher ones.
    assert_eq!(
        tree(&[
            ("", ""),
            ("a", "use b::B;"),
            ("a::b", "use super::A;\nuse crate::c::C;"),
            ("c", "")
        ]),
        none
    );
    let circle = ["a, c"];
    assert_eq!(
        tree(&[
            ("", ""),
            ("a", ""),
            ("a::b", "use crate::c::C;"),
            ("c", "use crate::a;")
        ]),
        circle
    );
    // Through a name that is passed on, in a group, in a path without `use`.
    assert_eq!(
        tree(&[
            ("", "pub use a::A;"),
            ("a", "fn f(x: super::c::C) {}"),
            ("c", "use crate::{A, d::{self, D}};"),
            ("d", "")
        ]),
        circle
    );
    assert_eq!(
        tree(&[
            ("", ""),
            (
                "a",
                "// use crate::c;\nfn f() {}\n#[cfg(test)]\nmod tests {\nuse crate::c;\n}"
            ),
            ("c", "use crate::a;")
        ]),
        none
    );
    assert_eq!(
        tree(&[
            ("", ""),
            ("x", ""),
            ("x::a", "use super::b::B;"),
            ("x::b", "use super::c::C;"),
            ("x::c", "use super::a::A;")
        ]),
        ["x::a, x::b, x::c"]
    );
}
