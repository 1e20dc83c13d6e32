//! Files of assignments that a shell reads: /etc/default/grub, /etc/update-extlinux.conf, /etc/conf.d, ifcfg-*.
//!
//! Quotes, escapes and `$NAME` are read as a shell does (POSIX, 2.2 to 2.6), and `NAME+=` as bash does where the shell
//! is bash ([`Shell`]). What needs a shell to run, a command's output or a condition, leaves a gap.

mod dialect;
mod lexer;

use std::collections::BTreeMap;

pub use dialect::Shell;
use lexer::{Assigned, Lexer, Piece, Statement, Word};

use crate::source::Source;
use crate::traced::{Place, Traced, Unknown};

/// Most bytes of one value.
const LONGEST: usize = 1 << 16;

/// Most bytes of memory that names and values take, and the values from which they are made.
const MOST: usize = 4 << 20;

/// An assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it is set to, with a gap for what only a shell knows.
    pub value: Traced,
    /// Where the assignment begins.
    pub place: Place,
    /// Where the variable is set again without its old value in the new one: this assignment has no effect.
    pub overridden_by: Option<Place>,
}

/// The assignments of files that a shell reads one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignments {
    /// All of them, in their order.
    pub all: Vec<Assignment>,
    shell: Shell,
    /// The bytes of memory that values have taken.
    taken: usize,
    /// Stands for what is not read any more.
    rest: Option<Traced>,
    values: BTreeMap<String, Traced>,
    /// The assignments of each variable that have an effect so far.
    effective: BTreeMap<String, Vec<usize>>,
}

impl Assignments {
    /// None yet; `shell` reads the files. By default the shell is not known.
    pub fn new(shell: Shell) -> Self {
        Assignments {
            shell,
            ..Assignments::default()
        }
    }

    /// Reads one more file.
    pub fn add(&mut self, source: &Source) {
        let mut depth = 0usize;
        for statement in Lexer::new(source) {
            let Statement {
                words,
                is_conditional,
            } = statement;
            let mut words = words.as_slice();
            while let [first, rest @ ..] = words {
                let keyword = first.plain().unwrap_or_default();
                match keyword {
                    "if" | "while" | "until" | "for" | "case" | "{" => depth += 1,
                    "fi" | "done" | "esac" | "}" => depth = depth.saturating_sub(1),
                    "then" | "else" | "elif" | "do" | "!" | "export" | "readonly" => {}
                    _ => break,
                }
                words = rest;
            }
            self.statement(source, words, is_conditional || depth > 0);
            if self.rest.is_some() {
                return;
            }
        }
    }

    /// Why not all assignments are known: there are more than are looked at. Every value has a gap then.
    pub fn doubt(&self) -> Option<&Unknown> {
        self.rest.as_ref()?.doubt()
    }

    fn statement(&mut self, source: &Source, words: &[Word], is_conditional: bool) {
        // Before a command assignments are for that command alone.
        if words.iter().any(|word| word.assignment().is_none()) {
            return;
        }
        for word in words {
            if let Some(assigned) = word.assignment() {
                self.assign(source, &assigned, word, is_conditional);
            }
        }
    }

    fn assign(
        &mut self,
        source: &Source,
        assigned: &Assigned<'_>,
        word: &Word,
        is_conditional: bool,
    ) {
        let name = assigned.name;
        let place = source.place(word.position);
        let mut value = self.expand(source, assigned, word);
        if assigned.adds {
            value = self.added(name, &value, &place);
        }
        if is_conditional {
            value = self.either(name, &value, &place);
        }
        // It is kept twice.
        self.take(
            2 * (value.weight() + name.len() + size_of::<Assignment>()),
            &place,
        );
        if self.rest.is_some() {
            return;
        }
        let keeps = |piece: &Piece| matches!(piece, Piece::Variable(used, _) if used == name);
        if !is_conditional && !assigned.adds && !assigned.value.iter().any(keeps) {
            for earlier in self.effective.remove(name).unwrap_or_default() {
                self.all[earlier].overridden_by = Some(place.clone());
            }
        }
        let effective = self.effective.entry(name.to_owned()).or_default();
        effective.push(self.all.len());
        self.values.insert(name.to_owned(), value.clone());
        self.all.push(Assignment {
            name: name.to_owned(),
            value,
            place,
            overridden_by: None,
        });
    }

    fn expand(&mut self, source: &Source, assigned: &Assigned<'_>, word: &Word) -> Traced {
        let mut value = Traced::at("", source.place(assigned.position));
        for piece in &assigned.value {
            let more = match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(name, _) if self.values.contains_key(name) => self.value(name),
                Piece::Variable(name, position) => {
                    let why = format!("the variable '{name}' is not set in these files");
                    Traced::gap(source.place(*position), why, None)
                }
                Piece::Shell(position) => {
                    let why = "it is what a command prints or a shell works out".to_owned();
                    Traced::gap(source.place(*position), why, None)
                }
            };
            value.append(&more);
            self.take(more.weight(), &source.place(word.position));
            if value.as_str().len() > LONGEST || self.rest.is_some() {
                return too_long(source.place(word.position));
            }
        }
        value
    }

    /// The value of a variable to which `NAME+=` adds.
    fn added(&self, name: &str, more: &Traced, place: &Place) -> Traced {
        let mut value = self.value(name);
        match self.shell.refusal(name) {
            None => value.append(more),
            Some(why) => value.append(&Traced::gap(place.clone(), why, None)),
        }
        if value.as_str().len() > LONGEST {
            return too_long(place.clone());
        }
        value
    }

    /// The value of a variable that is set only if a condition holds.
    fn either(&self, name: &str, new: &Traced, place: &Place) -> Traced {
        let why = format!("the variable '{name}' depends on what the shell finds");
        let old = self.values.get(name).map_or(Ok(""), Traced::known);
        let choices = match (old, new.known()) {
            (Ok(old), Ok(new)) => Some(vec![old.to_owned(), new.to_owned()]),
            _ => None,
        };
        Traced::gap(place.clone(), why, choices)
    }

    /// Takes memory for what is at `place`; what goes beyond [`MOST`] is the end.
    fn take(&mut self, bytes: usize, place: &Place) {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken > MOST && self.rest.is_none() {
            let why = format!(
                "the assignments take more than {}",
                error::amount(MOST as u64)
            );
            self.rest = Some(Traced::gap(place.clone(), why, None));
        }
    }

    /// The last assignment of a variable, which counts.
    pub fn last(&self, name: &str) -> Option<&Assignment> {
        self.all.iter().rev().find(|one| one.name == name)
    }

    /// The value of a variable, with a gap if there are assignments that are not read; empty where it is not set.
    pub fn value(&self, name: &str) -> Traced {
        let mut value = self.values.get(name).cloned().unwrap_or_default();
        if let Some(rest) = &self.rest {
            value.append(rest);
        }
        value
    }
}

fn too_long(place: Place) -> Traced {
    let why = format!("a value is longer than {}", error::amount(LONGEST as u64));
    Traced::gap(place, why, None)
}

#[cfg(test)]
mod tests;
