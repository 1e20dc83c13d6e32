//! The sentences of xl.cfg (libxlu_cfg_y.y): settings, the last of a name in force.

use std::collections::HashMap;
use std::ops::Range;

use super::lexer::{Kind, Lexer, Token};
use super::quote::{Places, unquote};
use super::{Fault, List, Node, Text, number};
use crate::limits::check_text;
use error::{Error, Position, Result};

/// How deep lists may be nested.
const DEPTH: usize = 16;

/// The most values a configuration may have.
const VALUES: usize = 50_000;

/// More faults than a user reads.
const FAULTS: usize = 100;

/// One name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value; what `+=` added is in it.
    pub value: Node,
    /// Where its last assignment begins.
    pub position: Position,
    /// Whether `+=` had a part in it; libxlutil takes no such number.
    pub added: bool,
}

/// One assignment, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The name it assigns to.
    pub name: String,
    /// Whether it is `+=`.
    pub add: bool,
    /// Where it begins.
    pub position: Position,
    /// The bytes of the file from the name to the end of the value.
    pub span: Range<usize>,
    /// The bytes of its value.
    pub value: Range<usize>,
    /// The bytes of each element of a list.
    pub elements: Vec<Range<usize>>,
}

/// A configuration: what it sets, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What is in force, in the order the names first appear.
    pub settings: Vec<Setting>,
    /// Every assignment, in the order of the file.
    pub statements: Vec<Statement>,
    /// What libxlutil refuses; it would take nothing of the file if there is any.
    pub faults: Vec<Fault>,
    index: HashMap<String, usize>,
}

impl Config {
    /// The setting called `name`.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.get(*self.index.get(name)?)
    }

    /// For how many virtual CPUs xl since 4.5 reads masks: `maxvcpus`, else `vcpus`, else none, whatever the guest then gets.
    /// `vnuma` counts them too, and is not looked into: `u64::MAX`.
    pub fn masked_vcpus(&self) -> u64 {
        if self.get("vnuma").is_some() {
            return u64::MAX;
        }
        let value = |name| number(self.get(name)?.value.text()?).ok();
        let most = value("maxvcpus").filter(|most| *most != 0);
        most.or_else(|| value("vcpus")).unwrap_or(0)
    }

    /// Remembers an assignment.
    fn state(&mut self, name: &Token<'_>, add: bool, value: &Node) {
        let elements = match value {
            Node::Text(_) => Vec::new(),
            Node::List(list) => list.nodes.iter().map(Node::span).collect(),
        };
        self.statements.push(Statement {
            name: name.text.to_owned(),
            add,
            position: name.position,
            span: name.at..value.span().end,
            value: value.span(),
            elements,
        });
    }

    /// Puts an assignment in force.
    fn set(&mut self, name: &Token<'_>, add: bool, value: Node) -> Result<(), Fault> {
        let Some(&index) = self.index.get(name.text) else {
            self.index.insert(name.text.to_owned(), self.settings.len());
            self.settings.push(Setting {
                name: name.text.to_owned(),
                value,
                position: name.position,
                added: add,
            });
            return Ok(());
        };
        let Some(setting) = self.settings.get_mut(index) else {
            return Ok(());
        };
        setting.position = name.position;
        setting.added = add;
        match (&mut setting.value, value) {
            (known, value) if !add => *known = value,
            (Node::Text(text), Node::Text(more)) => text.add(more),
            (Node::List(list), Node::List(more)) => {
                list.nodes.extend(more.nodes);
                list.span = more.span;
            }
            _ => return Err(name.fault("can't add [list] to \"string\" or vice versa")),
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS {
            self.faults.push(fault);
        }
    }
}

/// Reads a configuration. What libxlutil refuses is a fault, and reading goes on in the next line.
///
/// # Errors
/// [`error::Kind::Unsupported`] for a text that is too long or holds too much; faults are no errors.
pub fn parse(text: &str) -> Result<Config> {
    check_text(text)?;
    let mut parser = Parser {
        lexer: Lexer::new(text),
        config: Config::default(),
        values: 0,
    };
    loop {
        let read = parser.statement();
        if parser.values > VALUES {
            return Err(Error::unsupported(format!(
                "it has more than {VALUES} values"
            )));
        }
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(parser.config),
            Err(fault) => {
                // A word that is wrong by being the end of its line has that line behind it already.
                let passed = fault.near.is_empty();
                parser.config.fault(fault);
                if !passed {
                    parser.lexer.skip_line();
                }
            }
        }
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    config: Config,
    /// How many values there have been.
    values: usize,
}

impl<'t> Parser<'t> {
    /// Reads a statement; whether there is more.
    fn statement(&mut self) -> Result<bool, Fault> {
        let name = self.lexer.next()?;
        match name.kind {
            Kind::Newline | Kind::Mark(';') => return Ok(true),
            Kind::End => return Ok(false),
            Kind::Ident => {}
            _ => return Err(unexpected(&name, "$end or IDENT or NEWLINE or ';'")),
        }
        let equals = self.lexer.next()?;
        let add = match equals.kind {
            Kind::Mark('=') => false,
            Kind::Add => true,
            _ => return Err(unexpected(&equals, "+= or '='")),
        };
        let first = self.lexer.next()?;
        let value = self.value(first, 0)?;
        let end = self.lexer.next()?;
        match end.kind {
            Kind::Newline | Kind::Mark(';') | Kind::End => {}
            _ => return Err(unexpected(&end, "$end")),
        }
        self.config.state(&name, add, &value);
        self.config.set(&name, add, value)?;
        Ok(end.kind != Kind::End)
    }

    /// Reads the value that begins with `first`.
    fn value(&mut self, first: Token<'t>, depth: usize) -> Result<Node, Fault> {
        self.values += 1;
        if self.values > VALUES {
            return Err(first.fault("too many values"));
        }
        match first.kind {
            Kind::String => {
                let (text, places) = unquote(&first).map_err(|message| first.fault(message))?;
                Ok(text_node(&first, text, places))
            }
            Kind::Number => {
                let places = vec![(0, first.position)];
                Ok(text_node(&first, first.text.to_owned(), places))
            }
            Kind::Mark('[') if depth < DEPTH => self.list(&first, depth + 1),
            Kind::Mark('[') => Err(first.fault("lists are nested too deep")),
            _ => Err(unexpected(&first, "STRING or NUMBER or '['")),
        }
    }

    /// Reads the list that begins with `bracket` as far as its other bracket.
    fn list(&mut self, bracket: &Token<'t>, depth: usize) -> Result<Node, Fault> {
        let mut nodes = Vec::new();
        let end = loop {
            let first = self.next_in_list()?;
            match first.kind {
                Kind::Mark(']') => break first.end(),
                Kind::String | Kind::Number | Kind::Mark('[') => {
                    nodes.push(self.value(first, depth)?);
                }
                _ => return Err(unexpected(&first, "']'")),
            }
            let after = self.next_in_list()?;
            match after.kind {
                Kind::Mark(']') => break after.end(),
                Kind::Mark(',') => {}
                _ => return Err(unexpected(&after, "']'")),
            }
        };
        Ok(Node::List(List {
            nodes,
            position: bracket.position,
            span: bracket.at..end,
        }))
    }

    /// The next word; inside of a list lines have no end.
    fn next_in_list(&mut self) -> Result<Token<'t>, Fault> {
        loop {
            match self.lexer.next()? {
                token if token.kind == Kind::Newline => {}
                token => return Ok(token),
            }
        }
    }
}

fn text_node(token: &Token<'_>, text: String, places: Places) -> Node {
    Node::Text(Text {
        text,
        position: token.position,
        span: token.at..token.end(),
        places,
    })
}

fn unexpected(token: &Token<'_>, expected: &str) -> Fault {
    token.fault(format!(
        "syntax error, unexpected {}, expecting {expected}",
        token.kind.name()
    ))
}
