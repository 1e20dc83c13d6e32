//! Changes to configurations of guests.

use std::ops::Range;

use error::Result;
use vmconfig::xl::{self, Node, Statement, Text};

use super::Guest;
use crate::fix::Fix;

impl Guest {
    /// Writes `new` where the string or the number `old` is the value of `key`, or in its list.
    pub fn rewrite(&self, key: &str, old: &str, new: &str) -> Fix {
        let what = format!("set {key} to {}", xl::quote(new));
        let (key, old, new) = (key.to_owned(), old.to_owned(), xl::quote(new));
        Fix::new(&self.file, what, move |text| {
            let config = xl::parse(text)?;
            let nodes = match config.get(&key).map(|setting| &setting.value) {
                Some(Node::List(list)) => list.nodes.as_slice(),
                Some(node) => std::slice::from_ref(node),
                None => &[],
            };
            let spans = nodes.iter().filter_map(|node| match node {
                Node::Text(node) if node.text == old && is_whole(node, text) => {
                    Some(node.span.clone())
                }
                _ => None,
            });
            Ok(replaced(text, spans.collect(), &new))
        })
    }

    /// Writes `new` for every name `old` that is assigned to.
    pub fn rename(&self, old: &str, new: &str) -> Fix {
        let what = format!("write {new} for {old}");
        let (old, new) = (old.to_owned(), new.to_owned());
        Fix::new(&self.file, what, move |text| {
            let name = |statement: &Statement| {
                let start = statement.span.start;
                (statement.name == old).then_some(start..start + old.len())
            };
            let spans = xl::parse(text)?
                .statements
                .iter()
                .filter_map(name)
                .collect();
            Ok(replaced(text, spans, &new))
        })
    }

    /// Makes all of the file's text anew.
    pub fn change(
        &self,
        what: &str,
        edit: impl Fn(&str) -> Result<Option<String>> + Send + Sync + 'static,
    ) -> Fix {
        Fix::new(&self.file, what, edit)
    }
}

/// Whether the value is one string or number of the file, not one of several that `+=` joined.
fn is_whole(node: &Text, text: &str) -> bool {
    let written = text.get(node.span.clone()).unwrap_or_default();
    let read = xl::parse(&format!("a={written}\n"));
    let read = read
        .ok()
        .and_then(|config| Some(config.get("a")?.value.text() == Some(&node.text)));
    read == Some(true)
}

/// `text` with `new` in the place of each of `spans`; `None` where there is none.
fn replaced(text: &str, spans: Vec<Range<usize>>, new: &str) -> Option<String> {
    if spans.is_empty() {
        return None;
    }
    let mut changed = text.to_owned();
    for span in spans.into_iter().rev() {
        // Spans are those of the text itself.
        if changed.is_char_boundary(span.start) && changed.is_char_boundary(span.end) {
            changed.replace_range(span, new);
        }
    }
    Some(changed)
}
