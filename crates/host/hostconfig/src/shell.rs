//! Files of assignments that a shell reads: /etc/default/grub, /etc/update-extlinux.conf, /etc/conf.d, ifcfg-*.
//!
//! Quotes, escapes and `$NAME` are read as a shell does (POSIX, 2.2 to 2.6). What needs a shell to run, a command's output
//! or a condition, leaves a gap.

mod lexer;

use std::collections::BTreeMap;

use lexer::{Lexer, Piece, Statement, Word};

use crate::source::Source;
use crate::traced::{Place, Traced};

/// Most bytes of one value.
const LONGEST: usize = 1 << 16;

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
    values: BTreeMap<String, Traced>,
    /// The assignments of each variable that have an effect so far.
    effective: BTreeMap<String, Vec<usize>>,
}

impl Assignments {
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
        }
    }

    fn statement(&mut self, source: &Source, words: &[Word], is_conditional: bool) {
        // Before a command assignments are for that command alone.
        if words.iter().any(|word| word.assignment().is_none()) {
            return;
        }
        for word in words {
            if let Some((name, pieces)) = word.assignment() {
                self.assign(source, name, &pieces, word, is_conditional);
            }
        }
    }

    fn assign(
        &mut self,
        source: &Source,
        name: &str,
        pieces: &[Piece],
        word: &Word,
        is_conditional: bool,
    ) {
        let place = source.place(word.position);
        let mut value = self.expand(source, pieces, word);
        if is_conditional {
            let why = format!("the variable '{name}' depends on what the shell finds");
            let old = self.values.get(name).map_or(Ok(""), Traced::known);
            let choices = match (old, value.known()) {
                (Ok(old), Ok(new)) => Some(vec![old.to_owned(), new.to_owned()]),
                _ => None,
            };
            value = Traced::gap(place.clone(), why, choices);
        }
        let keeps = |piece: &Piece| matches!(piece, Piece::Variable(used, _) if used == name);
        if !is_conditional && !pieces.iter().any(keeps) {
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

    fn expand(&self, source: &Source, pieces: &[Piece], word: &Word) -> Traced {
        let mut value = Traced::at("", source.place(word.value_position()));
        for piece in pieces {
            match piece {
                Piece::Text(text) => value.append(text),
                Piece::Variable(name, _) if self.values.contains_key(name) => {
                    value.append(&self.values[name]);
                }
                Piece::Variable(name, position) => {
                    let why = format!("the variable '{name}' is not set in these files");
                    value.append(&Traced::gap(source.place(*position), why, None));
                }
                Piece::Shell(position) => {
                    let why = "it is what a command prints or a shell works out".to_owned();
                    value.append(&Traced::gap(source.place(*position), why, None));
                }
            }
            if value.as_str().len() > LONGEST {
                let why = "a value is longer than 64 KiB".to_owned();
                return Traced::gap(source.place(word.position), why, None);
            }
        }
        value
    }

    /// The last assignment of a variable, which counts.
    pub fn last(&self, name: &str) -> Option<&Assignment> {
        self.all.iter().rev().find(|one| one.name == name)
    }

    /// The value of a variable; empty where it is not set.
    pub fn value(&self, name: &str) -> Traced {
        self.values.get(name).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
