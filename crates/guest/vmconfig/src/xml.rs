//! XML as descriptions of guests use it: elements, attributes, text; by local names, with the place of
//! every element. No document types, no entities of a document's own, bounded in every direction.
//!
//! Format: W3C, "Extensible Markup Language (XML) 1.0".

#[cfg(test)]
mod tests;

use error::{Error, Position, Result};
use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::limits::{check_text, one_line, shown};

/// How deep elements may be nested.
const DEPTH: usize = 64;

/// How many elements and attributes a document may have.
const ELEMENTS: usize = 250_000;

/// How many attributes an element may have.
const ATTRIBUTES: usize = 64;

/// An element and all in it.
#[derive(Clone, Debug)]
pub struct Element {
    /// Its name without a prefix.
    pub name: String,
    /// Where it begins.
    pub position: Position,
    /// Its attributes, without their prefixes, in order.
    pub attributes: Vec<(String, String)>,
    /// The elements in it, in order.
    pub children: Vec<Element>,
    /// The text directly in it, trimmed.
    pub text: String,
}

impl Element {
    /// The attribute called `name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first element in it called `name`.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The elements in it called `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element in it called `name`, unless it is empty.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        let text = self.child(name)?.text.as_str();
        (!text.is_empty()).then_some(text)
    }

    /// The element at the end of `path`.
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter()
            .try_fold(self, |element, name| element.child(name))
    }
}

/// Reads a document; returns its root.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not well-formed, [`error::Kind::Refused`] for a document
/// type, [`error::Kind::Unsupported`] for what is beyond all measure.
pub fn parse(text: &str) -> Result<Element> {
    check_text(text)?;
    // What a file was padded with.
    let text = text.trim_end_matches('\0');
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = false;
    let mut tree = Tree::new(text);
    loop {
        let before = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let line = tree.lines.at(reader.error_position()).line;
                return Err(Error::corrupt(format!(
                    "line {line}: XML: {}",
                    words(&error)
                )));
            }
        };
        let position = tree.lines.at(before);
        let line = position.line;
        match event {
            Event::Start(start) => tree.open(&start, position)?,
            Event::Empty(start) => {
                tree.open(&start, position)?;
                tree.close();
            }
            Event::End(_) => tree.close(),
            Event::Text(text) => tree.text(&text.xml10_content(), line)?,
            Event::CData(text) => tree.text(&text.xml10_content(), line)?,
            Event::GeneralRef(reference) => tree.text(&character(&reference, line)?, line)?,
            Event::DocType(_) => {
                return Err(Error::refused(format!(
                    "line {line}: XML: a document type has no place in a description of a guest"
                )));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return tree.finish(line),
        }
    }
}

/// What `&…;` stands for.
fn character(reference: &BytesRef<'_>, line: usize) -> Result<String> {
    let unknown = || {
        let name = shown(&reference.xml10_content());
        Error::corrupt(format!("line {line}: XML: &{name}; stands for nothing"))
    };
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => resolve_predefined_entity(&reference.xml10_content())
            .map(str::to_owned)
            .ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

/// The document as it grows.
struct Tree<'t> {
    lines: Lines<'t>,
    /// The elements that are open, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
}

impl<'t> Tree<'t> {
    fn new(text: &'t str) -> Self {
        Tree {
            lines: Lines {
                text: text.as_bytes(),
                at: 0,
                position: Position { line: 1, column: 1 },
            },
            open: Vec::new(),
            root: None,
            count: 0,
        }
    }

    fn open(&mut self, start: &BytesStart<'_>, position: Position) -> Result<()> {
        let line = position.line;
        if self.open.len() >= DEPTH {
            return Err(Error::unsupported(format!(
                "line {line}: XML: elements are nested more than {DEPTH} deep"
            )));
        }
        if self.root.is_some() {
            return Err(Error::corrupt(format!(
                "line {line}: XML: a second element follows the first"
            )));
        }
        let attributes = attributes(start, line)?;
        self.count += 1 + attributes.len();
        if self.count > ELEMENTS {
            return Err(Error::unsupported(format!(
                "line {line}: XML: there are more than {ELEMENTS} elements and attributes"
            )));
        }
        self.open.push(Element {
            name: local(start.name().as_ref()).to_owned(),
            position,
            attributes,
            children: Vec::new(),
            text: String::new(),
        });
        Ok(())
    }

    fn close(&mut self) {
        let Some(mut element) = self.open.pop() else {
            return;
        };
        element.text = element.text.trim().to_owned();
        // A document may have very many of them.
        element.children.shrink_to_fit();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str, line: usize) -> Result<()> {
        match self.open.last_mut() {
            Some(element) => element.text += text,
            None if text.trim_start_matches('\u{feff}').trim().is_empty() => {}
            None => {
                return Err(Error::corrupt(format!(
                    "line {line}: XML: text outside of all elements"
                )));
            }
        }
        Ok(())
    }

    fn finish(self, line: usize) -> Result<Element> {
        match (self.open.last(), self.root) {
            (Some(open), _) => Err(Error::corrupt(format!(
                "line {line}: XML: the text ends inside of <{}> of line {}",
                shown(&open.name),
                open.position.line
            ))),
            (None, Some(root)) => Ok(root),
            (None, None) => Err(Error::corrupt("XML: there is no element in it")),
        }
    }
}

fn attributes(start: &BytesStart<'_>, line: usize) -> Result<Vec<(String, String)>> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let wrong = |error: &dyn std::fmt::Display| {
            Error::corrupt(format!("line {line}: XML: attribute: {}", words(error)))
        };
        let attribute = attribute.map_err(|error| wrong(&error))?;
        if attributes.len() >= ATTRIBUTES {
            return Err(Error::unsupported(format!(
                "line {line}: XML: an element has more than {ATTRIBUTES} attributes"
            )));
        }
        let value = unescape(&attribute.value).map_err(|error| wrong(&error))?;
        let name = attribute.key.as_ref();
        // A namespace is declared: names are taken without them.
        if name != "xmlns" && !name.starts_with("xmlns:") {
            attributes.push((local(name).to_owned(), value.into_owned()));
        }
    }
    Ok(attributes)
}

/// What the parser says is wrong; it repeats the document's own words.
fn words(error: &dyn std::fmt::Display) -> String {
    one_line(&error.to_string(), 300)
}

/// `name` without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Lines of a text that is walked through once.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    position: Position,
}

impl Lines<'_> {
    /// Where byte `at` is; for a byte passed already, where the walk has come to.
    fn at(&mut self, at: u64) -> Position {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let passed = self.text.get(self.at..at.min(self.text.len()));
        for &byte in passed.unwrap_or_default() {
            self.at += 1;
            if byte == b'\n' {
                self.position.line += 1;
                self.position.column = 1;
            } else if byte & 0xc0 != 0x80 {
                // The first byte of a character.
                self.position.column += 1;
            }
        }
        self.position
    }
}

/// `text` for an XML document: between elements and between double quotes alike. Characters that XML
/// has no way to write become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&apos;",
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            '\r' => escaped += "&#13;",
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `text` for an XML comment, in one line.
pub(crate) fn comment(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in error::printable(text).chars() {
        // Two dashes would end it.
        if character == '-' && plain.ends_with('-') {
            plain.push(' ');
        }
        plain.push(character);
    }
    plain
}
