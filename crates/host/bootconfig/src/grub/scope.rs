//! GRUB's variables, and words with their values put in.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::lexer::{Piece, Word};
use hostconfig::{Place, Traced};

/// Most variables; a configuration has fifty.
const MOST: usize = 200;
/// Most bytes of memory that a value takes, and what variables add to one word.
pub(super) const LONGEST: usize = 64 << 10;

/// Most values one variable is known to have one of.
const MOST_CHOICES: usize = 4;

/// The variables as they stand somewhere in a script.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Copied when it is changed: most of a script only reads it.
    variables: Rc<BTreeMap<String, Rc<Traced>>>,
    exported: BTreeSet<String>,
    /// `$1` and so on.
    pub(super) arguments: Rc<[Traced]>,
    /// What the last command ended with, `$?`; `None` where that is not known.
    pub(super) status: Option<bool>,
}

/// A word with the values of its variables put in.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) text: Traced,
    /// Whether it may stand for names of files.
    pub(super) has_wildcard: bool,
}

impl Scope {
    pub(super) fn set(&mut self, name: &str, value: Traced) {
        let value = if value.weight() > LONGEST {
            let place = value.place().cloned();
            let why = "the value is longer than is looked at".to_owned();
            place.map_or_else(Traced::default, |place| Traced::gap(place, why, None))
        } else {
            value
        };
        if self.variables.len() < MOST || self.variables.contains_key(name) {
            Rc::make_mut(&mut self.variables).insert(name.to_owned(), value.into());
        }
    }

    pub(super) fn unset(&mut self, name: &str) {
        if self.variables.contains_key(name) {
            Rc::make_mut(&mut self.variables).remove(name);
        }
    }

    pub(super) fn export(&mut self, name: &str) {
        if self.exported.len() < MOST {
            self.exported.insert(name.to_owned());
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Traced> {
        if let Ok(number) = name.parse::<usize>() {
            return self.arguments.get(number.checked_sub(1)?);
        }
        self.variables.get(name).map(Rc::as_ref)
    }

    /// What a submenu sees of it.
    pub(super) fn inherited(&self) -> Scope {
        let mut inherited = self.clone();
        let is_seen = |name: &String| self.exported.contains(name);
        Rc::make_mut(&mut inherited.variables).retain(|name, _| is_seen(name));
        inherited
    }

    /// What holds when either this or `other` does, and `place` decides which.
    pub(super) fn merged(mut self, other: Scope, place: &Place) -> Scope {
        if Rc::ptr_eq(&self.variables, &other.variables) {
            return self;
        }
        let mut names: BTreeSet<String> = self.variables.keys().cloned().collect();
        names.extend(other.variables.keys().cloned());
        for name in names {
            let (one, two) = (self.variables.get(&name), other.variables.get(&name));
            if one != two {
                let either = either(&name, one, two, place);
                Rc::make_mut(&mut self.variables).insert(name, either.into());
            }
        }
        self.exported.extend(other.exported);
        self
    }

    /// The words that `word` becomes: none for a variable that is empty, several for one that has blanks in it.
    pub(super) fn expand(&self, word: &Word) -> Vec<Field> {
        let mut has_wildcard = word.has_wildcard;
        let mut fields = Vec::new();
        let mut field = Traced::at("", word.place.clone());
        let mut is_field = word.is_quoted;
        let mut length = 0;
        for piece in &word.pieces {
            if length > LONGEST {
                let why = "the value is longer than is looked at".to_owned();
                field.append(&Traced::gap(word.place.clone(), why, None));
                is_field = true;
                break;
            }
            match piece {
                Piece::Text(text) => {
                    field.append(text);
                    is_field |= !text.is_empty();
                }
                Piece::Variable {
                    name,
                    place,
                    is_quoted,
                } => {
                    let value = self.value(name, place);
                    length += value.weight();
                    if *is_quoted {
                        field.append(&value);
                        is_field = true;
                        continue;
                    }
                    let parts = split(&value);
                    has_wildcard |= value.as_str().contains(['*', '?']);
                    for (index, part) in parts.iter().enumerate() {
                        if index > 0 && is_field {
                            fields.push(std::mem::take(&mut field));
                        }
                        field.append(part);
                        is_field = true;
                    }
                }
            }
        }
        if is_field {
            fields.push(field);
        }
        let field = |text| Field { text, has_wildcard };
        fields.into_iter().map(field).collect()
    }

    fn value(&self, name: &str, place: &Place) -> Traced {
        match name {
            "?" => match self.status {
                // Of the numbers of errors scripts only ask whether it is 0.
                Some(is_good) => Traced::at(if is_good { "0" } else { "1" }, place.clone()),
                None => {
                    let why = "'$?' is known only when GRUB runs".to_owned();
                    Traced::gap(place.clone(), why, None)
                }
            },
            "#" => Traced::at(self.arguments.len().to_string(), place.clone()),
            "*" | "@" => {
                let mut all = Traced::default();
                for (index, argument) in self.arguments.iter().enumerate() {
                    all.add(if index == 0 { "" } else { " " });
                    all.append(argument);
                }
                all
            }
            name => self.get(name).cloned().unwrap_or_default(),
        }
    }
}

/// The words in a value.
fn split(value: &Traced) -> Vec<Traced> {
    let text = value.as_str();
    if text.trim().is_empty() {
        return match value.gaps() {
            [] => Vec::new(),
            _ => vec![value.clone()],
        };
    }
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let words = text.split_whitespace().take(MOST);
    words
        .map(|word| value.slice(start(word), start(word) + word.len()))
        .collect()
}

fn either(name: &str, one: Option<&Rc<Traced>>, two: Option<&Rc<Traced>>, place: &Place) -> Traced {
    let why = format!("the variable '{name}' depends on what is known only when GRUB runs");
    let mut choices = Vec::new();
    for value in [one, two] {
        match value {
            None => choices.push(String::new()),
            Some(value) if value.gaps().is_empty() => choices.push(value.as_str().to_owned()),
            Some(value) => match value.gaps() {
                [gap] if value.is_empty() && gap.choices.is_some() => {
                    choices.extend(gap.choices.iter().flatten().cloned());
                }
                _ => return Traced::gap(place.clone(), why, None),
            },
        }
    }
    choices.sort();
    choices.dedup();
    match choices.as_slice() {
        [only] => Traced::at(only.as_str(), place.clone()),
        all if all.len() > MOST_CHOICES => Traced::gap(place.clone(), why, None),
        _ => Traced::gap(place.clone(), why, Some(choices)),
    }
}
