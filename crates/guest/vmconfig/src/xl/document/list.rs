//! Changes of a list's elements. Those that stay keep what surrounds them.
//!
//! ```text
//! [ 'a',   # root
//!   'b' , # swap
//! ]
//!
//! item     lead      source  gap  comment
//! 1        " "       'a'     ""   "   # root"
//! 2        "\n  "    'b'     " "  " # swap"       close: "\n"
//! ```

use std::collections::VecDeque;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::edit::Edit;
use super::literal::Literal;
use crate::xl::Statement;

/// What a line of an element begins with in a list that has only comments.
const INDENT: &str = "    ";

/// An element with what surrounds it.
#[derive(Clone, Debug, Default)]
struct Item {
    /// What is before it: blanks, and lines with comments.
    lead: String,
    source: String,
    /// What is between it and its comma.
    gap: String,
    /// The comment on its line, with the blanks before.
    comment: String,
}

/// Other elements in the list of `statement`: those that differ change, new ones are written as their neighbours are. One
/// that goes takes its comment along, unless other elements are on its line.
pub(super) fn change(text: &str, statement: &Statement, elements: &[Literal]) -> Option<Edit> {
    let stated: Vec<Literal> = statement
        .elements
        .iter()
        .map(|span| Literal::read(text.get(span.clone()).unwrap_or_default()))
        .collect();
    let (items, mut list) = read(text, statement)?;
    let mut old = VecDeque::from(items);
    for change in capture_diff_slices(Algorithm::Myers, &stated, elements) {
        let mut new = elements.get(change.new_range())?.iter();
        for _ in change.old_range() {
            let mut item = old.pop_front()?;
            match new.next() {
                None => list.remove(item),
                Some(element) => {
                    if change.tag() != DiffTag::Equal {
                        item.source = element.source(Some(&item.source));
                    }
                    list.keep(item);
                }
            }
        }
        for element in new {
            list.insert(element, old.make_contiguous());
        }
    }
    Some(Edit {
        span: statement.value.clone(),
        text: list.finish(),
    })
}

/// The elements of a list, and the list without them.
fn read(text: &str, statement: &Statement) -> Option<(Vec<Item>, List)> {
    let open = statement.value.start + 1;
    let end = statement.value.end.checked_sub(1)?;
    let line = text.get(..open)?.rfind('\n').map_or(0, |at| at + 1);
    let first = statement.elements.first().map_or(end, |span| span.start);
    let mut list = List {
        column: text.get(line..first)?.chars().count(),
        ..List::default()
    };
    let mut items = Vec::new();
    let mut lead = text.get(open..first)?;
    for (index, span) in statement.elements.iter().enumerate() {
        let next = statement.elements.get(index + 1);
        let behind = text.get(span.end..next.map_or(end, |next| next.start))?;
        let comma = comma(behind);
        let (gap, behind) = comma.map_or(("", behind), |at| (&behind[..at], &behind[at + 1..]));
        list.has_last_comma = comma.is_some();
        let is_comment = behind.trim_start_matches([' ', '\t']).starts_with('#');
        let line_end = behind.find('\n').filter(|_| is_comment).unwrap_or(0);
        let (comment, rest) = behind.split_at(line_end);
        items.push(Item {
            lead: lead.to_owned(),
            source: text.get(span.clone())?.to_owned(),
            gap: gap.to_owned(),
            comment: comment.to_owned(),
        });
        lead = rest;
    }
    list.model = items.last().map(|item| item.source.clone());
    lead.clone_into(&mut list.close);
    Some((items, list))
}

/// Where the comma is that no comment has.
fn comma(text: &str) -> Option<usize> {
    let mut is_comment = false;
    text.find(|c| {
        is_comment = c == '#' || (is_comment && c != '\n');
        c == ',' && !is_comment
    })
}

/// A list that is being put together.
#[derive(Debug, Default)]
struct List {
    done: Vec<Item>,
    /// What was before an element that is gone, whose place the next one takes.
    place: Option<String>,
    /// An element whose quotes new ones have.
    model: Option<String>,
    /// What is before the closing bracket.
    close: String,
    /// Whether the last element has a comma behind it too.
    has_last_comma: bool,
    /// Characters before the first element, on the line of the bracket.
    column: usize,
}

impl List {
    fn keep(&mut self, mut item: Item) {
        item.lead = match self.place.take() {
            Some(place) => moved(&place, &item.lead),
            None => item.lead,
        };
        self.done.push(item);
    }

    fn remove(&mut self, item: Item) {
        let place = match self.place.take() {
            Some(place) => moved(&place, &item.lead),
            None => item.lead,
        };
        match self.done.last_mut() {
            // The comment is that of all elements on the line.
            Some(before) if !place.contains('\n') => before.comment += &item.comment,
            _ => self.place = Some(place),
        }
    }

    /// Puts a new element before those of `next`.
    fn insert(&mut self, element: &Literal, next: &mut [Item]) {
        let lead = match (self.done.last(), next) {
            (Some(before), next) => self.lead_behind(before, next.first()),
            (None, [next, others @ ..]) => lead_before(next, others.first()),
            (None, []) if self.close.contains('\n') => {
                let lead = comments(&self.close).to_owned() + line(&self.close) + INDENT;
                self.close = line(&self.close).to_owned();
                lead
            }
            (None, []) => self.close.clone(),
        };
        self.done.push(Item {
            lead,
            source: element.source(self.model.as_deref()),
            ..Item::default()
        });
    }

    fn lead_behind(&self, before: &Item, next: Option<&Item>) -> String {
        let next = next.filter(|next| self.done.len() == 1 && next.lead.contains('\n'));
        match next {
            _ if before.lead.contains('\n') => line(&before.lead).to_owned(),
            Some(next) => line(&next.lead).to_owned(),
            None if !before.comment.is_empty() => format!("\n{}", " ".repeat(self.column)),
            None => " ".to_owned(),
        }
    }

    fn finish(self) -> String {
        let mut text = "[".to_owned();
        let mut is_comment = false;
        let last = self.done.len();
        for (number, item) in (1..).zip(&self.done) {
            text += broken(is_comment, &item.lead);
            text += &item.lead;
            text += &item.source;
            text += &item.gap;
            if number < last || self.has_last_comma {
                text.push(',');
            }
            text += &item.comment;
            is_comment = !item.comment.is_empty();
        }
        let comments = self.place.as_deref().map_or("", comments);
        let close = comments.to_owned() + broken(!comments.is_empty(), &self.close) + &self.close;
        text + broken(is_comment, &close) + &close + "]"
    }
}

/// What is before an element that takes the place of another one, before which `place` was.
fn moved(place: &str, lead: &str) -> String {
    let keeps_line = place.contains('\n') && lead.contains('\n');
    let lead = if keeps_line || lead.contains('#') {
        lead
    } else {
        line(place)
    };
    comments(place).to_owned() + lead
}

/// What is before a new element in front of `next`, which then is behind it.
fn lead_before(next: &mut Item, second: Option<&Item>) -> String {
    let lead = next.lead.clone();
    match lead.find('\n') {
        Some(end) => {
            // A comment behind the bracket stays there.
            next.lead = lead[end..].to_owned();
            lead[..end].to_owned() + line(&lead)
        }
        None => {
            let second = second.filter(|second| second.lead.contains('\n'));
            next.lead = second.map_or(" ", |second| line(&second.lead)).to_owned();
            lead
        }
    }
}

/// The lines with comments in what is before an element.
fn comments(lead: &str) -> &str {
    let end = lead.rfind('\n').filter(|_| lead.contains('#'));
    &lead[..end.unwrap_or(0)]
}

/// The last line of it, with the line's end before.
fn line(lead: &str) -> &str {
    &lead[lead.rfind('\n').unwrap_or(0)..]
}

/// The end of a line, where a comment needs one before `next`.
fn broken(is_comment: bool, next: &str) -> &'static str {
    if is_comment && !next.starts_with('\n') {
        "\n"
    } else {
        ""
    }
}
