//! The text format of LVM's metadata (libdm/libdm-config.c): sections in braces, with numbers, strings and lists.

use error::{Error, Position, Result};

/// Most sections in each other. A segment is the fourth.
const DEPTH: usize = 8;

/// Most values of a text.
const VALUES: usize = 1 << 20;

/// A value. Strings are as they are written, with their escapes: what matters has none.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Number(u64),
    Text(&'a str),
    List(Vec<Value<'a>>),
    Section(Section<'a>),
}

/// Names and their values, in order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Section<'a>(Vec<(&'a str, Value<'a>)>);

impl<'a> Section<'a> {
    /// The sections in it.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'a str, &Section<'a>)> {
        self.0.iter().filter_map(|(name, value)| match value {
            Value::Section(section) => Some((*name, section)),
            _ => None,
        })
    }

    fn get(&self, name: &str) -> Option<&Value<'a>> {
        let found = self.0.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value)
    }

    pub(super) fn section(&self, name: &str) -> Option<&Section<'a>> {
        match self.get(name) {
            Some(Value::Section(section)) => Some(section),
            _ => None,
        }
    }

    /// # Errors
    /// [`error::Kind::Corrupt`] when there is no such number; the same below.
    pub(super) fn number(&self, name: &str) -> Result<u64> {
        match self.get(name) {
            Some(Value::Number(number)) => Ok(*number),
            _ => Err(missing("number", name)),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str> {
        match self.get(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(missing("string", name)),
        }
    }

    /// A list, also where it is written as its only value.
    pub(super) fn list(&self, name: &str) -> Result<&[Value<'a>]> {
        match self.get(name) {
            Some(Value::List(list)) => Ok(list),
            Some(Value::Section(_)) | None => Err(missing("list", name)),
            Some(value) => Ok(std::slice::from_ref(value)),
        }
    }
}

fn missing(what: &str, name: &str) -> Error {
    Error::corrupt(format!("the {what} '{name}' is missing"))
}

/// Parses the whole of `text`.
///
/// # Errors
/// [`error::Kind::Corrupt`] with the line and column, [`error::Kind::Unsupported`] for too many values.
pub(super) fn parse(text: &str) -> Result<Section<'_>> {
    let mut parser = Parser {
        text,
        at: 0,
        values: 0,
    };
    let section = parser.section(0)?;
    match parser.peek() {
        None => Ok(section),
        Some(_) => Err(parser.error("a closing brace too many")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    /// What follows after blanks and comments.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b'#' => {
                    let rest = &bytes[self.at..];
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    self.at += end.unwrap_or(rest.len());
                }
                byte if byte.is_ascii_whitespace() => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn error(&self, what: &str) -> Error {
        let position = Position::of(self.text, self.at);
        let (line, column) = (position.line, position.column);
        Error::corrupt(format!(
            "LVM metadata, line {line}, column {column}: {what}"
        ))
    }

    /// The letters from here on that `is_part` takes.
    fn word(&mut self, is_part: impl Fn(u8) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.bytes().position(|byte| !is_part(byte));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// The values up to a closing brace, which is not taken, or the end.
    fn section(&mut self, depth: usize) -> Result<Section<'a>> {
        let mut section = Section::default();
        while let Some(byte) = self.peek() {
            if byte == b'}' {
                break;
            }
            let ends = |byte: u8| byte.is_ascii_whitespace() || b"={}#[],\"".contains(&byte);
            let name = self.word(|byte| byte.is_ascii() && !ends(byte));
            if name.is_empty() {
                return Err(self.error("a name is missing"));
            }
            let value = match self.peek() {
                Some(b'=') => {
                    self.at += 1;
                    self.value()?
                }
                Some(b'{') => Value::Section(self.braces(depth + 1)?),
                _ => return Err(self.error("neither '=' nor '{' after a name")),
            };
            self.count()?;
            section.0.push((name, value));
        }
        Ok(section)
    }

    fn braces(&mut self, depth: usize) -> Result<Section<'a>> {
        if depth > DEPTH {
            return Err(self.error("too many sections in each other"));
        }
        self.at += 1;
        let section = self.section(depth)?;
        match self.peek() {
            Some(_) => self.at += 1,
            None => return Err(self.error("a closing brace is missing")),
        }
        Ok(section)
    }

    fn count(&mut self) -> Result<()> {
        self.values += 1;
        if self.values > VALUES {
            let text = format!("LVM metadata with more than {VALUES} values");
            return Err(Error::unsupported(text));
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Value<'a>> {
        if self.peek() != Some(b'[') {
            return self.scalar();
        }
        self.at += 1;
        let mut list = Vec::new();
        loop {
            match self.peek() {
                Some(b']') => break,
                Some(b',') => self.at += 1,
                _ => {
                    self.count()?;
                    list.push(self.scalar()?);
                }
            }
        }
        self.at += 1;
        Ok(Value::List(list))
    }

    fn scalar(&mut self) -> Result<Value<'a>> {
        if self.peek() == Some(b'"') {
            return self.quoted().map(Value::Text);
        }
        let word = self.word(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
        if word.is_empty() {
            return Err(self.error("a value is missing"));
        }
        // Numbers below zero and with fractions mean nothing here.
        Ok(word.parse().map_or(Value::Text(word), Value::Number))
    }

    fn quoted(&mut self) -> Result<&'a str> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut end = start;
        loop {
            match bytes.get(end) {
                None => return Err(self.error("a string without end")),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        Ok(&self.text[start..end])
    }
}
