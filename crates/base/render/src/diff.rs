//! What changes in a text, as `diff -u` shows it.

use error::printable;
use similar::{ChangeTag, TextDiff};

use crate::look::{Look, Role};

/// Lines around each change.
const AROUND: usize = 3;

/// The lines of `before` that `after` has otherwise, with those around them, under the name of the file. Nothing where
/// both are the same.
pub fn diff(name: &str, before: &str, after: &str, look: &Look) -> String {
    let difference = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for hunk in difference
        .unified_diff()
        .context_radius(AROUND)
        .iter_hunks()
    {
        if text.is_empty() {
            let name = printable(name);
            text += &look.paint(Role::Heading, &format!("--- {name}\n+++ {name}"));
            text.push('\n');
        }
        text += &format!("{}\n", look.paint(Role::Faint, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ('-', Role::Error),
                ChangeTag::Insert => ('+', Role::Good),
                ChangeTag::Equal => (' ', Role::Plain),
            };
            let line = printable(change.value().trim_end_matches('\n'));
            text += &format!("{}\n", look.paint(role, &format!("{sign}{line}")));
            if change.missing_newline() {
                text += "\\ No newline at end of file\n";
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_and_what_is_around_it_is_shown() {
        let before = "1\n2\n3\n4\n5\n6\n";
        let shown = diff("a.cfg", before, "1\n2\n3\n4\n5\n7", &Look::PLAIN);
        let expected = "--- a.cfg\n+++ a.cfg\n@@ -3,4 +3,4 @@\n 3\n 4\n 5\n-6\n+7\n\\ No newline at end of file\n";
        assert_eq!(shown, expected);
        assert_eq!(diff("a.cfg", before, before, &Look::PLAIN), "");
    }
}
