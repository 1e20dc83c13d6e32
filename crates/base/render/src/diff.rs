//! What differs between two texts, line by line.

use error::printable;

use crate::look::{Look, Role};

/// Lines around a difference that are shown.
const CONTEXT: usize = 2;

/// Most pairs of lines that are compared; where there are more, the whole part in between counts as different.
const PAIRS: usize = 4_000_000;

/// A line of either text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Old(&'t str),
    New(&'t str),
}

/// The lines of `old` that are not in `new` with `-` in front, those of `new` that are not in `old` with `+`, and two equal ones
/// around each difference. Equal texts give an empty one. Control characters are escaped.
pub fn diff(old: &str, new: &str, look: &Look) -> String {
    let lines = lines(old, new);
    let mut text = String::new();
    let mut passed = None;
    for (index, line) in lines.iter().enumerate() {
        let around = index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(lines.len());
        let near = lines.get(around).unwrap_or_default();
        if near.iter().all(|line| matches!(line, Line::Same(_))) {
            continue;
        }
        if passed.is_some_and(|passed| passed + 1 < index) {
            text += &look.paint(Role::Faint, "   ⋮");
            text.push('\n');
        }
        passed = Some(index);
        text += &match line {
            Line::Same(line) => format!("  {}", printable(line)),
            Line::Old(line) => look.paint(Role::Error, &format!("- {}", printable(line))),
            Line::New(line) => look.paint(Role::Good, &format!("+ {}", printable(line))),
        };
        text.push('\n');
    }
    text
}

/// Both texts as one sequence.
fn lines<'t>(old: &'t str, new: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<_>, Vec<_>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let same =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = same(&mut old.iter().zip(&new));
    let tail = same(&mut old.iter().skip(head).rev().zip(new.iter().skip(head).rev()));
    let part = |all: &[&'t str]| all.get(head..all.len() - tail).unwrap_or_default().to_vec();
    let end = old.get(old.len() - tail..).unwrap_or_default();
    let mut lines: Vec<_> = old
        .iter()
        .take(head)
        .map(|line| Line::Same(without_end(line)))
        .collect();
    lines.extend(between(&part(&old), &part(&new)));
    lines.extend(end.iter().map(|line| Line::Same(without_end(line))));
    lines
}

/// The lines of two parts that begin and end differently, with as many equal ones as there can be.
fn between<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let width = new.len() + 1;
    // How many lines are equal at most from each pair of places on.
    let mut equal = vec![
        0_usize;
        if old.len() * new.len() > PAIRS {
            0
        } else {
            (old.len() + 1) * width
        }
    ];
    let at = |equal: &[usize], i: usize, j: usize| equal.get(i * width + j).copied().unwrap_or(0);
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let best = if old.get(i) == new.get(j) {
                at(&equal, i + 1, j + 1) + 1
            } else {
                at(&equal, i + 1, j).max(at(&equal, i, j + 1))
            };
            if let Some(slot) = equal.get_mut(i * width + j) {
                *slot = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    loop {
        match (old.get(i), new.get(j)) {
            (None, None) => return lines,
            (Some(a), Some(b)) if a == b && !equal.is_empty() => {
                lines.push(Line::Same(without_end(a)));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || at(&equal, i + 1, j) >= at(&equal, i, j + 1) => {
                lines.push(Line::Old(without_end(a)));
                i += 1;
            }
            (_, b) => {
                lines.extend(b.map(|line| Line::New(without_end(line))));
                j += 1;
            }
        }
    }
}

fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown_with_lines_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
        let new = "a\nb\nc\nD\nx\ne\nf\ng\nh\n";
        assert_eq!(
            diff(old, new, &Look::PLAIN),
            "  b\n  c\n- d\n+ D\n+ x\n  e\n  f\n  g\n  h\n- i\n"
        );
        let far = diff(
            "1\n2\n3\n4\n5\n6\n7\n8\n",
            "0\n2\n3\n4\n5\n6\n7\n9\n",
            &Look::PLAIN,
        );
        assert_eq!(far, "- 1\n+ 0\n  2\n  3\n   ⋮\n  6\n  7\n- 8\n+ 9\n");
        assert_eq!(diff(old, old, &Look::PLAIN), "");
        assert_eq!(diff("", "a\x1b", &Look::PLAIN), "+ a\\u{1b}\n");
    }

    #[test]
    fn very_long_parts_are_different_as_a_whole() {
        let lines = |word: &str| {
            (0..3000)
                .map(|n| format!("{word}{}\n", n % 7))
                .collect::<String>()
        };
        let text = diff(&lines("a"), &lines("b"), &Look::PLAIN);
        assert_eq!(
            text.lines().filter(|line| line.starts_with('-')).count(),
            3000
        );
        assert_eq!(
            text.lines().filter(|line| line.starts_with('+')).count(),
            3000
        );
    }
}
