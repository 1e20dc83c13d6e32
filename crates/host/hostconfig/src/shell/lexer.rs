//! A shell's words, as far as assignments need them.

use error::Position;

use crate::source::{Characters, Source};
use crate::traced::{Traced, Tracing};

/// A part of a word.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Traced),
    Variable(String, Position),
    /// What only a shell works out: `$(…)`, `` `…` ``, `${…}` with more than a name.
    Shell(Position),
}

#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) position: Position,
    pieces: Vec<Piece>,
    is_quoted: bool,
}

/// A word that is an assignment.
pub(super) struct Assigned<'w> {
    pub(super) name: &'w str,
    /// Whether it is `NAME+=`.
    pub(super) adds: bool,
    pub(super) value: Vec<Piece>,
    /// Where the value begins, its quote too.
    pub(super) position: Position,
}

/// A simple command.
pub(super) struct Statement {
    pub(super) words: Vec<Word>,
    /// Whether it is run only after another one has succeeded or failed, or in a shell of its own.
    pub(super) is_conditional: bool,
}

impl Word {
    /// Its text, if there is nothing else in it.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] if !self.is_quoted => Some(text.as_str()),
            _ => None,
        }
    }

    /// The assignment that it is; `None` for any other word.
    pub(super) fn assignment(&self) -> Option<Assigned<'_>> {
        let Some(Piece::Text(first)) = self.pieces.first() else {
            return None;
        };
        let (left, right) = first.as_str().split_once('=')?;
        let name = left.strip_suffix('+').unwrap_or(left);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.chars().all(is_part) && !name.starts_with(|c: char| c.is_ascii_digit());
        if name.is_empty() || !is_name {
            return None;
        }
        let behind = left.len() + 1;
        let mut value = vec![Piece::Text(first.slice(behind, behind + right.len()))];
        value.extend(self.pieces[1..].iter().cloned());
        Some(Assigned {
            name,
            adds: name != left,
            value,
            position: Position {
                column: self.position.column + behind,
                ..self.position
            },
        })
    }
}

pub(super) struct Lexer<'s> {
    source: &'s Source,
    rest: Characters<'s>,
    is_conditional: bool,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Lexer {
            source,
            rest: source.characters(),
            is_conditional: false,
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Word {
            position: self.rest.position(),
            pieces: Vec::new(),
            is_quoted: false,
        };
        let mut text = Tracing::new(&self.source.file, word.position);
        while let Some(char) = self.rest.peek() {
            match char {
                c if c.is_whitespace() || ";&|()<>".contains(c) => break,
                '\'' => self.single(&mut text),
                '"' => self.double(&mut text, &mut word),
                '$' | '`' => self.expansion(&mut text, &mut word),
                '\\' => self.escape(&mut text),
                _ => text.extend(self.rest.next()),
            }
            word.is_quoted |= matches!(char, '\'' | '"' | '\\');
        }
        self.flush(&mut text, &mut word);
        word
    }

    fn flush(&self, text: &mut Tracing<'s>, word: &mut Word) {
        let next = Tracing::new(&self.source.file, self.rest.position());
        let text = std::mem::replace(text, next);
        if !text.is_empty() {
            word.pieces.push(Piece::Text(text.finish()));
        }
    }

    fn single(&mut self, text: &mut Tracing<'s>) {
        self.rest.next();
        text.extend(self.rest.by_ref().take_while(|at| at.char != '\''));
    }

    fn double(&mut self, text: &mut Tracing<'s>, word: &mut Word) {
        self.rest.next();
        while let Some(char) = self.rest.peek() {
            match char {
                '"' => {
                    self.rest.next();
                    return;
                }
                '$' | '`' => self.expansion(text, word),
                '\\' => self.escape_in_quotes(text),
                _ => text.extend(self.rest.next()),
            }
        }
    }

    fn escape(&mut self, text: &mut Tracing<'s>) {
        self.rest.next();
        text.extend(self.rest.next().filter(|at| at.char != '\n'));
    }

    fn escape_in_quotes(&mut self, text: &mut Tracing<'s>) {
        let Some(backslash) = self.rest.next() else {
            return;
        };
        match self.rest.peek() {
            Some('$' | '`' | '"' | '\\') => text.extend(self.rest.next()),
            Some('\n') => _ = self.rest.next(),
            _ => text.push(backslash),
        }
    }

    fn expansion(&mut self, text: &mut Tracing<'s>, word: &mut Word) {
        let position = self.rest.position();
        let Some(first) = self.rest.next() else {
            return;
        };
        let piece = if first.char == '`' {
            _ = self.rest.by_ref().find(|at| at.char == '`');
            Piece::Shell(position)
        } else if self.rest.accept('(') {
            self.skip_to(')', '(');
            Piece::Shell(position)
        } else if self.rest.accept('{') {
            match self.name() {
                name if !name.is_empty() && self.rest.accept('}') => {
                    Piece::Variable(name, position)
                }
                _ => {
                    self.skip_to('}', '{');
                    Piece::Shell(position)
                }
            }
        } else {
            match self.name() {
                name if name.is_empty() => return text.push(first),
                name => Piece::Variable(name, position),
            }
        };
        self.flush(text, word);
        word.pieces.push(piece);
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        while let Some(at) = self.rest.next_if(is_part) {
            name.push(at.char);
        }
        name
    }

    /// Skips to the bracket that closes the one before.
    fn skip_to(&mut self, close: char, open: char) {
        let mut depth = 1usize;
        for at in self.rest.by_ref() {
            depth += usize::from(at.char == open);
            depth -= usize::from(at.char == close);
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_comment(&mut self) {
        while self.rest.next_if(|char| char != '\n').is_some() {}
    }

    /// Takes an operator, and returns whether what follows depends on what was before.
    fn operator(&mut self) -> bool {
        let first = self.rest.next().map(|at| at.char);
        let second = self.rest.next_if(|char| Some(char) == first);
        matches!(
            (first, second),
            (Some('&' | '|'), Some(_)) | (Some('|' | '('), _)
        )
    }
}

impl Iterator for Lexer<'_> {
    type Item = Statement;

    fn next(&mut self) -> Option<Statement> {
        let mut words = Vec::new();
        loop {
            match self.rest.peek() {
                None if words.is_empty() => return None,
                None => break,
                Some('\\') if self.continues() => {
                    self.rest.next();
                    self.rest.next();
                }
                Some('#') => self.skip_comment(),
                Some('\n' | ';' | '&' | '|' | '(' | ')') if !words.is_empty() => break,
                Some('\n' | ';' | ')') => {
                    self.rest.next();
                    self.is_conditional = false;
                }
                Some('&' | '|' | '(') => self.is_conditional = self.operator(),
                Some('<' | '>') => {
                    // A redirection belongs to a command.
                    self.rest.next();
                }
                Some(char) if char.is_whitespace() => _ = self.rest.next(),
                Some(_) => words.push(self.word()),
            }
        }
        Some(Statement {
            words,
            is_conditional: self.is_conditional,
        })
    }
}

impl Lexer<'_> {
    fn continues(&self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.accept('\\') && ahead.accept('\n')
    }
}
