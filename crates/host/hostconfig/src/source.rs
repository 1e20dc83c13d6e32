//! A file of the host as text, and the characters of it with their positions.

use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;
use std::sync::Arc;

use error::{Position, Result};
use host::Files;

use crate::traced::{At, Place, Traced};

/// Most bytes of one file: ten times the longest grub.cfg seen.
pub const LARGEST: u64 = 1 << 20;

/// A file's name and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, as the host calls it.
    pub file: Arc<Path>,
    /// Its text. What is not UTF-8, in a comment or a title as a rule, is replaced by U+FFFD.
    pub text: String,
}

impl Source {
    /// A text that is in `file`.
    pub fn new(file: impl AsRef<Path>, text: impl Into<String>) -> Self {
        Source {
            file: file.as_ref().into(),
            text: text.into(),
        }
    }

    /// The file at `path`; `None` where there is none.
    ///
    /// # Errors
    /// Those of [`Files::read_within`], with a limit of [`LARGEST`].
    pub fn read(files: &Files, path: impl AsRef<Path>) -> Result<Option<Self>> {
        let path = path.as_ref();
        let content = files.read_within(path, LARGEST)?;
        Ok(content.map(|content| {
            let text = String::from_utf8_lossy(&content);
            Source::new(path, text)
        }))
    }

    /// The byte of the text at which `position` is; its end for what is behind it.
    pub fn offset(&self, position: Position) -> usize {
        let start = match position.line.checked_sub(2) {
            None => 0,
            Some(nth) => match self.text.match_indices('\n').nth(nth) {
                Some((newline, _)) => newline + 1,
                None => return self.text.len(),
            },
        };
        let line = &self.text[start..];
        let line = &line[..line.find('\n').unwrap_or(line.len())];
        let at = line.char_indices().nth(position.column.saturating_sub(1));
        start + at.map_or(line.len(), |(at, _)| at)
    }

    /// The first of `paths` that is there.
    ///
    /// # Errors
    /// Those of [`Source::read`].
    pub fn first(files: &Files, paths: &[&str]) -> Result<Option<Self>> {
        for path in paths {
            if let Some(source) = Self::read(files, path)? {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }

    /// Where `position` of it is.
    pub fn place(&self, position: Position) -> Place {
        Place {
            file: self.file.clone(),
            position,
        }
    }

    /// Whether every character of `value` that is said to be in this file is there.
    pub fn has(&self, value: &Traced) -> bool {
        value.as_str().char_indices().all(|(at, char)| {
            let place = value.place_at(at).filter(|place| place.file == self.file);
            place.is_none_or(|place| {
                let rest = self.text.get(self.offset(place.position)..);
                rest.and_then(|rest| rest.chars().next()) == Some(char)
            })
        })
    }

    /// Its lines without their ends. A carriage return before the end belongs to the line.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.text.split('\n').enumerate();
        lines.map(|(index, text)| Line {
            file: &self.file,
            number: index + 1,
            text,
        })
    }

    /// Its lines without comments (`#` first) and without blanks around them, those that end with a backslash joined
    /// with the next.
    pub fn joined_lines(&self) -> Vec<Traced> {
        let mut joined = Vec::new();
        let mut open: Option<Traced> = None;
        for line in self.lines() {
            let text = line.text.trim_end_matches('\r');
            if open.is_none() && text.trim_start().starts_with('#') {
                continue;
            }
            let (text, goes_on) = match text.strip_suffix('\\') {
                Some(text) => (text, true),
                None => (text, false),
            };
            let whole = open.get_or_insert_default();
            whole.append(&line.of(text));
            if !goes_on {
                joined.extend(open.take());
            }
        }
        joined.extend(open);
        joined.iter().map(Traced::trim).collect()
    }

    /// Its characters with their positions.
    pub fn characters(&self) -> Characters<'_> {
        Characters {
            rest: self.text.chars().peekable(),
            position: Position::START,
        }
    }
}

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub struct Line<'s> {
    /// The file it is in.
    pub file: &'s Arc<Path>,
    /// Counted from 1.
    pub number: usize,
    /// The line without its end.
    pub text: &'s str,
}

impl<'s> Line<'s> {
    /// The part of it from byte `start` to byte `end`.
    pub fn part(&self, start: usize, end: usize) -> Traced {
        let before = self.text.get(..start).unwrap_or(self.text);
        let position = Position {
            line: self.number,
            column: 1 + before.chars().count(),
        };
        let place = Place {
            file: self.file.clone(),
            position,
        };
        Traced::at(self.text.get(start..end).unwrap_or_default(), place)
    }

    /// The part of it that `part`, a slice of its text, is.
    pub fn of(&self, part: &'s str) -> Traced {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.part(start, start + part.len())
    }

    /// The characters of `part`, a slice of its text, with their positions.
    pub fn characters(&self, part: &'s str) -> Characters<'s> {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..start).unwrap_or(self.text);
        Characters {
            rest: part.chars().peekable(),
            position: Position {
                line: self.number,
                column: 1 + before.chars().count(),
            },
        }
    }

    /// Where its first character is that is not blank.
    pub fn of_start(&self) -> Place {
        let file = self.file.clone();
        let blanks = self.text.len() - self.text.trim_start().len();
        let position = Position {
            line: self.number,
            column: 1 + self.text[..blanks].chars().count(),
        };
        Place { file, position }
    }

    /// All of it without blanks around it.
    pub fn trimmed(&self) -> Traced {
        self.of(self.text.trim())
    }

    /// Its words, which blanks of any kind separate.
    pub fn words(&self) -> impl Iterator<Item = Traced> + use<'s> {
        let mut columns = self.columns();
        self.text
            .split_whitespace()
            .map(move |word| columns.of(word))
    }

    /// What finds the columns of its parts, from the first to the last.
    pub fn columns(&self) -> Columns<'s> {
        Columns {
            line: *self,
            seen: 0,
            column: 1,
        }
    }

    /// Its first word and what is behind the blanks after it.
    pub fn keyword(&self) -> (&'s str, &'s str) {
        let text = self.text.trim();
        match text.split_once(char::is_whitespace) {
            Some((word, rest)) => (word, rest.trim_start()),
            None => (text, &text[text.len()..]),
        }
    }
}

/// The columns of a line, counted from part to part: a line may be as long as a file.
pub struct Columns<'s> {
    line: Line<'s>,
    seen: usize,
    column: usize,
}

impl<'s> Columns<'s> {
    /// The part of the line that `part` is, a slice of its text behind the start of the one before.
    pub fn of(&mut self, part: &'s str) -> Traced {
        let start = (part.as_ptr() as usize).saturating_sub(self.line.text.as_ptr() as usize);
        let passed = self.line.text.get(self.seen..start).unwrap_or_default();
        self.column += passed.chars().count();
        self.seen = start;
        let position = Position {
            line: self.line.number,
            column: self.column,
        };
        let file = self.line.file.clone();
        Traced::at(part, Place { file, position })
    }
}

/// The characters of a text, one to look at ahead.
#[derive(Clone, Debug)]
pub struct Characters<'s> {
    rest: Peekable<Chars<'s>>,
    position: Position,
}

impl Characters<'_> {
    /// Where the next character is.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next character, which stays.
    pub fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    /// The next character if it is as `wanted` says.
    pub fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<At> {
        if self.peek().is_some_and(wanted) {
            return self.next();
        }
        None
    }

    /// Takes the next character if it is `wanted`.
    pub fn accept(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.next();
        }
        is_next
    }
}

impl Iterator for Characters<'_> {
    type Item = At;

    fn next(&mut self) -> Option<At> {
        let char = self.rest.next()?;
        let position = self.position;
        if char == '\n' {
            self.position.line += 1;
            self.position.column = 1;
        } else {
            self.position.column += 1;
        }
        Some(At { char, position })
    }
}
