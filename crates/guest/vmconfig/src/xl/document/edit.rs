//! Changes of a text: other bytes in place of some.

use std::ops::Range;

use super::literal::Literal;
use crate::xl::Statement;

/// Other text in place of the bytes of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub span: Range<usize>,
    pub text: String,
}

impl Edit {
    /// An assignment taken out: with its line, if it is alone there, and the comment behind it.
    pub fn removal(text: &str, statement: &Statement) -> Self {
        let Range { start, end } = statement.span.clone();
        let before = text.get(..start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let alone = before.get(line..).unwrap_or_default().trim().is_empty();
        let behind = text.get(end..).unwrap_or_default();
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let rest = behind.get(blanks..).unwrap_or_default();
        let span = match rest.chars().next() {
            Some(';') => start..end + blanks + 1,
            Some('#' | '\n') | None if alone => {
                let newline = rest.find('\n').map_or(rest.len(), |at| at + 1);
                line..end + blanks + newline
            }
            _ => start..end,
        };
        let text = String::new();
        Edit { span, text }
    }
}

/// Another value in place of the one in `span`, in its quotes.
pub(super) fn value(text: &str, span: &Range<usize>, value: &Literal) -> Edit {
    Edit {
        span: span.clone(),
        text: value.source(text.get(span.clone())),
    }
}
