//! Values of xl.cfg, and where in the file they are.

use std::ops::Range;

use error::Position;

use super::quote::Places;
use super::{Fault, Wrong};

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A string or a number.
    Text(Text),
    /// A list of values.
    List(List),
}

/// A string or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it stands for, without quotes and escapes.
    pub text: String,
    /// Where it begins, with its quote.
    pub position: Position,
    /// The bytes of the file that it takes, with its quotes; of a string that `+=` added to, those of the last part.
    pub span: Range<usize>,
    /// Where bytes of `text` are in the file: from the first of each pair on, characters count from the second.
    pub(super) places: Places,
}

/// A list of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What is in it.
    pub nodes: Vec<Node>,
    /// Where its bracket is.
    pub position: Position,
    /// The bytes of the file that it takes, with its brackets; of a list that `+=` added to, those of the last part.
    pub span: Range<usize>,
}

impl Node {
    /// The text, unless it is a list.
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(&text.text),
            Node::List(_) => None,
        }
    }

    /// Where it begins.
    pub fn position(&self) -> Position {
        match self {
            Node::Text(text) => text.position,
            Node::List(list) => list.position,
        }
    }

    /// The bytes of the file that it takes.
    pub fn span(&self) -> Range<usize> {
        match self {
            Node::Text(text) => text.span.clone(),
            Node::List(list) => list.span.clone(),
        }
    }

    /// As one line shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Node::Text(text) => super::quote(&text.text),
            Node::List(list) => {
                let shown: Vec<_> = list.nodes.iter().map(Node::shown).collect();
                format!("[{}]", shown.join(", "))
            }
        }
    }
}

impl Text {
    /// Where byte `at` of the text is in the file.
    pub fn place(&self, at: usize) -> Position {
        let index = self.places.partition_point(|(from, _)| *from <= at);
        let Some((from, start)) = index.checked_sub(1).and_then(|at| self.places.get(at)) else {
            return self.position;
        };
        let passed = self.text.get(*from..at.min(self.text.len()));
        Position {
            line: start.line,
            column: start.column + passed.map_or(0, |passed| passed.chars().count()),
        }
    }

    /// What is wrong inside of the text as a fault of the file.
    pub fn fault(&self, wrong: &Wrong) -> Fault {
        Fault::new(self.place(wrong.at), &wrong.near, wrong.message.as_ref())
    }

    /// Adds what `+=` says.
    pub(super) fn add(&mut self, more: Text) {
        let len = self.text.len();
        let moved = more.places.into_iter().map(|(at, place)| (len + at, place));
        self.places.extend(moved);
        self.text += &more.text;
        self.span = more.span;
    }
}
