//! Values to be written.

use crate::xl::{Node, parse, quote};

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Literal {
    /// A string, or a number: what it stands for.
    Text(String),
    /// A list.
    List(Vec<Literal>),
}

impl Literal {
    /// What `text` means where a user gives a value: a string in quotes, a number or a list as xl.cfg writes them, and
    /// everything else a string as it stands.
    pub fn read(text: &str) -> Self {
        let config = parse(&format!("a={text}\n")).ok();
        let config =
            config.filter(|config| config.faults.is_empty() && config.statements.len() == 1);
        match config.as_ref().and_then(|config| config.get("a")) {
            Some(setting) => Literal::of(&setting.value),
            None => Literal::Text(text.to_owned()),
        }
    }

    /// The value of a setting.
    pub fn of(node: &Node) -> Self {
        match node {
            Node::Text(text) => Literal::Text(text.text.clone()),
            Node::List(list) => Literal::List(list.nodes.iter().map(Literal::of).collect()),
        }
    }

    /// Whether `node` is this value already.
    pub fn says(&self, node: &Node) -> bool {
        Literal::of(node) == *self
    }

    /// As it is written in place of `old`: in the same quotes, and bare if `old` is and it is a number.
    pub(super) fn source(&self, old: Option<&str>) -> String {
        match self {
            Literal::List(list) => {
                let elements: Vec<_> = list.iter().map(|it| it.source(None)).collect();
                format!("[{}]", elements.join(", "))
            }
            Literal::Text(text) => match old.and_then(|old| old.chars().next()) {
                Some('\'')
                    if !text.contains(['\'', '\\']) && !text.chars().any(char::is_control) =>
                {
                    format!("'{text}'")
                }
                Some('"' | '\'') => quote(text),
                _ if is_number(text) => text.clone(),
                _ => quote(text),
            },
        }
    }
}

/// Whether xl.cfg can say `text` without quotes.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| matches!(c, '0'..='9' | 'a'..='f' | 'x'))
}
