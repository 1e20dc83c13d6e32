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

/// Other elements in the list of `statement`: those that differ change, those too many go, new ones come behind the last as
/// the last is written.
pub(super) fn list(text: &str, statement: &Statement, elements: &[Literal]) -> Vec<Edit> {
    let stated = &statement.elements;
    let mut edits: Vec<Edit> = stated
        .iter()
        .zip(elements)
        .filter(|(span, element)| !is_same(text, span, element))
        .map(|(span, element)| value(text, span, element))
        .collect();
    for index in elements.len()..stated.len() {
        edits.extend(without(text, statement, index));
    }
    if let Some(more) = elements.get(stated.len()..).filter(|more| !more.is_empty()) {
        edits.push(behind(text, statement, more));
    }
    edits
}

/// Whether the bytes of `span` stand for `element` already.
fn is_same(text: &str, span: &Range<usize>, element: &Literal) -> bool {
    Literal::read(text.get(span.clone()).unwrap_or_default()) == *element
}

/// Element `index` taken out: with what is before it, unless there is a comment in that.
fn without(text: &str, statement: &Statement, index: usize) -> Option<Edit> {
    let span = statement.elements.get(index)?.clone();
    let before = match index.checked_sub(1) {
        Some(before) => statement.elements.get(before)?.end,
        None => statement.value.start + 1,
    };
    let between = text.get(before..span.start)?;
    let span = if between.contains('#') {
        let behind = text.get(span.end..)?;
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let comma = behind.get(blanks..)?.starts_with(',');
        span.start..span.end + if comma { blanks + 1 } else { 0 }
    } else {
        before..span.end
    };
    let text = String::new();
    Some(Edit { span, text })
}

/// New elements behind the last one, on lines of their own where that has one.
fn behind(text: &str, statement: &Statement, more: &[Literal]) -> Edit {
    let Some(last) = statement.elements.last() else {
        let sources: Vec<_> = more.iter().map(|element| element.source(None)).collect();
        let at = statement.value.start + 1;
        return Edit {
            span: at..at,
            text: sources.join(", "),
        };
    };
    let before = text.get(..last.start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = before.get(line..).unwrap_or_default();
    let separator = if indent.trim().is_empty() && line > statement.value.start {
        format!(",\n{indent}")
    } else {
        ", ".to_owned()
    };
    let old = text.get(last.clone());
    let sources: Vec<_> = more
        .iter()
        .map(|element| separator.clone() + &element.source(old))
        .collect();
    Edit {
        span: last.end..last.end,
        text: sources.concat(),
    }
}
