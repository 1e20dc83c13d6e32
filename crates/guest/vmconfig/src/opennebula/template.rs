//! The language of templates (src/parsers/template_parser.l and .y of OpenNebula): `NAME = value` and
//! `NAME = [ KEY = value, … ]`, comments behind `#` at the beginning of a line.

use error::{Error, Position, Result};

/// The most attributes a template may have.
const ATTRIBUTES: usize = 10_000;

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    /// Its name in capitals.
    pub name: String,
    pub value: Value,
    /// Its line, counted from 1.
    pub line: usize,
}

/// The value of an attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// Names in capitals, and values.
    Vector(Vec<(String, String)>),
}

/// Reads a template.
///
/// # Errors
/// [`error::Kind::Corrupt`] with the place of what is none, [`error::Kind::Unsupported`] for too many attributes.
pub(super) fn parse(text: &str) -> Result<Vec<Attribute>> {
    let mut parser = Parser { text, at: 0 };
    let mut attributes = Vec::new();
    loop {
        parser.skip_comments();
        if parser.rest().is_empty() {
            return Ok(attributes);
        }
        if attributes.len() == ATTRIBUTES {
            return Err(Error::unsupported(format!(
                "it has more than {ATTRIBUTES} attributes"
            )));
        }
        let line = Position::of(text, parser.at).line;
        let name = parser.name()?;
        parser.mark('=')?;
        let value = if parser.takes('[') {
            Value::Vector(parser.vector()?)
        } else {
            Value::Text(parser.value("\n")?)
        };
        attributes.push(Attribute { name, value, line });
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str) -> Error {
        let place = Position::of(self.text, self.at);
        Error::corrupt(format!("{place}: expected {expected}"))
    }

    fn skip(&mut self, blank: fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(blank).len();
    }

    fn skip_comments(&mut self) {
        self.skip(char::is_whitespace);
        while self.rest().starts_with('#') {
            let rest = self.rest();
            self.at += rest.find('\n').unwrap_or(rest.len());
            self.skip(char::is_whitespace);
        }
    }

    fn name(&mut self) -> Result<String> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if name.is_empty() {
            return Err(self.wrong("the name of an attribute"));
        }
        let upper = name.to_ascii_uppercase();
        self.at += name.len();
        Ok(upper)
    }

    /// Whether `mark` is next, behind blanks; takes it.
    fn takes(&mut self, mark: char) -> bool {
        self.skip(|c| matches!(c, ' ' | '\t'));
        let is_next = self.rest().starts_with(mark);
        self.at += if is_next { mark.len_utf8() } else { 0 };
        is_next
    }

    fn mark(&mut self, mark: char) -> Result<()> {
        if self.takes(mark) {
            Ok(())
        } else {
            Err(self.wrong(&format!("'{mark}'")))
        }
    }

    /// A string in quotes, or what comes before one of `ends` without the blanks around it.
    fn value(&mut self, ends: &str) -> Result<String> {
        if self.takes('"') {
            return self.string();
        }
        let rest = self.rest();
        let end = rest.find(|c| ends.contains(c)).unwrap_or(rest.len());
        let value = rest.get(..end).unwrap_or_default().trim().to_owned();
        self.at += end;
        Ok(value)
    }

    /// A string as far as its quote. A backslash takes the meaning from a quote behind it.
    fn string(&mut self) -> Result<String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    text.push('"');
                    chars.next();
                }
                c => text.push(c),
            }
        }
        Err(self.wrong("a string that ends"))
    }

    /// Pairs as far as the bracket.
    fn vector(&mut self) -> Result<Vec<(String, String)>> {
        let mut pairs = Vec::new();
        loop {
            self.skip_comments();
            if self.takes(']') {
                return Ok(pairs);
            }
            if pairs.len() == ATTRIBUTES {
                return Err(Error::unsupported("it has too many attributes"));
            }
            let name = self.name()?;
            self.mark('=')?;
            pairs.push((name, self.value(",]\n")?));
            self.skip_comments();
            if !self.takes(',') && !self.rest().starts_with(']') {
                return Err(self.wrong("',' or ']'"));
            }
        }
    }
}
