//! A line of a text with a mark under the place that is meant.

use error::{Position, printable};
use unicode_width::UnicodeWidthStr;

use crate::look::{Look, Role};

/// Columns of an excerpt where the stream does not tell, or tells more.
const WIDEST: usize = 120;
/// Columns of the line that are shown on the narrowest terminal.
const NARROWEST: usize = 20;
/// What a tab is shown as.
const TAB: &str = "    ";
/// Where a line was cut.
const CUT: &str = "…";

/// `line`, which is line `position.line` of its text (with or without its line end), with a mark under the
/// `length` characters from `position.column` on; at least one, and none behind the line's end except that end itself.
/// Two lines, each with a line end.
///
/// A long line is cut around the place. Tabs become blanks and control characters are escaped, the mark stays
/// under its characters.
///
/// ```text
///   12 | vcpus = True
///      |         ^^^^
/// ```
pub fn excerpt(line: &str, position: Position, length: usize, look: &Look) -> String {
    let number = position.line.to_string();
    let gutter = number.len() + "   | ".len();
    let room = look.width.unwrap_or(WIDEST).min(WIDEST);
    let room = room.saturating_sub(gutter).max(NARROWEST);
    let (text, before, marked) = cut(line, position.column, length, room);
    let number = look.paint(Role::Faint, &format!("  {number} |"));
    let empty = look.paint(Role::Faint, &format!("{} |", " ".repeat(gutter - 3)));
    let mark = look.paint(Role::Heading, &"^".repeat(marked.max(1)));
    let shown = format!("{number} {text}");
    format!(
        "{}\n{empty} {}{mark}\n",
        shown.trim_end(),
        " ".repeat(before)
    )
}

/// What is shown of `line` in `room` columns, the columns before the mark and those of the mark itself.
fn cut(line: &str, column: usize, length: usize, room: usize) -> (String, usize, usize) {
    let line = line.trim_end_matches(['\n', '\r']);
    let skipped = column.saturating_sub(1).saturating_sub(room);
    let glyphs: Vec<String> = line
        .chars()
        .skip(skipped)
        .take(3 * room)
        .map(glyph)
        .collect();
    let more = line.chars().nth(skipped + glyphs.len()).is_some();
    let start = (column.saturating_sub(1) - skipped).min(glyphs.len());
    let end = start.saturating_add(length).min(glyphs.len());
    let width = |part: &[String]| part.iter().map(|glyph| glyph.width()).sum::<usize>();
    let window = if skipped == 0 && !more && width(&glyphs) <= room {
        0..glyphs.len()
    } else {
        window(&glyphs, start..end, room - 2)
    };
    let part = |from: usize, to: usize| glyphs.get(from..to).unwrap_or_default();
    let mut text = part(window.start, window.end).concat();
    let mut before = width(part(window.start, start));
    let marked = width(part(start, end.min(window.end)));
    if skipped + window.start > 0 {
        text.insert_str(0, CUT);
        before += 1;
    }
    if more || window.end < glyphs.len() {
        text += CUT;
    }
    (text, before, marked)
}

/// The glyphs that fit into `room` columns: those of `marked`, then those around them.
fn window(
    glyphs: &[String],
    marked: std::ops::Range<usize>,
    mut room: usize,
) -> std::ops::Range<usize> {
    let mut window = marked.start..marked.start;
    let mut take = |index: Option<usize>| {
        let width = index.and_then(|index| glyphs.get(index)).map(|g| g.width());
        let fits = width.is_some_and(|width| width <= room);
        room -= width.filter(|_| fits).unwrap_or_default();
        fits
    };
    while window.end < marked.end && take(Some(window.end)) {
        window.end += 1;
    }
    loop {
        let left = take(window.start.checked_sub(1));
        window.start -= usize::from(left);
        let right = take(Some(window.end));
        window.end += usize::from(right);
        if !left && !right {
            return window;
        }
    }
}

/// A character as it is shown.
fn glyph(c: char) -> String {
    match c {
        '\t' => TAB.to_owned(),
        c => printable(c.encode_utf8(&mut [0; 4])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn the_mark_is_under_its_characters() {
        assert_eq!(
            excerpt("vcpus = True\r\n", at(12, 9), 4, &Look::PLAIN),
            "  12 | vcpus = True\n     |         ^^^^\n"
        );
        // An end that is missing is behind the last character.
        assert_eq!(
            excerpt("a = [", at(3, 6), 0, &Look::PLAIN),
            "  3 | a = [\n    |      ^\n"
        );
        assert_eq!(excerpt("", at(1, 7), 9, &Look::PLAIN), "  1 |\n    | ^\n");
    }

    #[test]
    fn tabs_wide_and_control_characters_keep_the_mark_in_place() {
        assert_eq!(
            excerpt("\tn\u{1b} = '日本' x", at(1, 8), 2, &Look::PLAIN),
            "  1 |     n\\u{1b} = '日本' x\n    |                ^^^^\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}HERE{}", "a".repeat(5000), "b".repeat(5000));
        let narrow = Look {
            colour: false,
            width: Some(31),
        };
        assert_eq!(
            excerpt(&line, at(7, 5001), 4, &narrow),
            "  7 | …aaaaaaaaaaHEREbbbbbbbbb…\n    |            ^^^^\n"
        );
        for (column, length) in [(1, 1), (10004, 1), (1, 10004), (20000, 5), (5001, 4)] {
            let text = excerpt(&line, at(7, column), length, &narrow);
            assert!(text.lines().all(|line| line.width() <= 31), "{text}");
            assert!(text.contains('^'), "{text}");
        }
    }

    #[test]
    fn the_number_is_faint_and_the_mark_bold() {
        let colourful = Look {
            colour: true,
            width: None,
        };
        assert_eq!(
            excerpt("a", at(1, 1), 1, &colourful),
            "\x1b[2m  1 |\x1b[0m a\n\x1b[2m    |\x1b[0m \x1b[1m^\x1b[0m\n"
        );
    }
}
