//! Tables: columns as wide as what is in them, and no wider than the terminal.

use error::printable;
use unicode_width::UnicodeWidthStr;

use crate::look::{Look, Role};

/// What ends a text that was cut.
const CUT: char = '…';
/// Columns of text that a column keeps when others need room.
const LEAST: usize = 8;
/// Between two columns.
pub(crate) const GAP: &str = "  ";

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A column of a [`Table`].
#[derive(Clone, Debug)]
pub struct Column {
    title: String,
    align: Align,
}

impl Column {
    /// A column of words under `title`.
    pub fn words(title: impl Into<String>) -> Self {
        Column {
            title: title.into(),
            align: Align::Left,
        }
    }

    /// A column of numbers under `title`.
    pub fn numbers(title: impl Into<String>) -> Self {
        Column {
            title: title.into(),
            align: Align::Right,
        }
    }
}

/// A text in a table, on one line and safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// `text` with a meaning.
    pub fn new(text: impl AsRef<str>, role: Role) -> Self {
        Cell {
            text: printable(text.as_ref()),
            role,
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same text with another meaning.
    pub fn with_role(self, role: Role) -> Self {
        Cell { role, ..self }
    }

    /// What it means.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Columns that it takes on a terminal.
    pub(crate) fn width(&self) -> usize {
        self.text.width()
    }

    /// The text in a column of `width`, cut if it is longer and filled up if it is shorter.
    pub(crate) fn shown(&self, width: usize, align: Align, look: &Look) -> String {
        let text = cut(&self.text, width);
        let fill = " ".repeat(width.saturating_sub(text.width()));
        let text = look.paint(self.role, &text);
        match align {
            Align::Left => text + &fill,
            Align::Right => fill + &text,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::new(text, Role::Plain)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::new(text, Role::Plain)
    }
}

/// Rows under titles.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of `columns` without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Table {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: a cell for each column, from the left.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) -> &mut Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, a line a row. Where it is too wide for `look`, the widest columns are cut.
    pub fn render(&self, look: &Look) -> String {
        let titles: Vec<Cell> = self.columns.iter().map(title).collect();
        let mut widths: Vec<usize> = titles.iter().map(Cell::width).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(room) = look.width {
            squeeze(&mut widths, room);
        }
        let lines = std::iter::once(&titles).chain(&self.rows);
        lines.map(|row| self.line(row, &widths, look)).collect()
    }

    fn line(&self, row: &[Cell], widths: &[usize], look: &Look) -> String {
        let cells = self.columns.iter().zip(row).zip(widths);
        let cells: Vec<_> = cells
            .map(|((column, cell), width)| cell.shown(*width, column.align, look))
            .collect();
        cells.join(GAP).trim_end().to_owned() + "\n"
    }
}

fn title(column: &Column) -> Cell {
    Cell::new(&column.title, Role::Heading)
}

/// Takes from the widest of `widths` until they and the gaps between them fit into `room`.
fn squeeze(widths: &mut [usize], room: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    loop {
        let all = widths.iter().sum::<usize>() + gaps;
        match widths.iter_mut().max() {
            Some(widest) if all > room && *widest > LEAST => *widest -= 1,
            _ => return,
        }
    }
}

/// `text`, or as much of it as fits into `width` columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if kept.width() >= width {
            kept.pop();
            break;
        }
    }
    kept.push(CUT);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guests() -> Table {
        let mut table = Table::new([
            Column::words("guest"),
            Column::numbers("memory"),
            Column::words("state"),
        ]);
        table
            .row(["web01", "2 GiB", "running"])
            .row(["a much longer name", "512 MiB", "off"]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        assert_eq!(
            guests().render(&Look::PLAIN),
            "guest                memory  state\n\
             web01                 2 GiB  running\n\
             a much longer name  512 MiB  off\n"
        );
    }

    #[test]
    fn the_widest_column_gives_way_on_a_narrow_terminal() {
        let narrow = Look {
            colour: false,
            width: Some(30),
        };
        let text = guests().render(&narrow);
        assert_eq!(
            text,
            "guest          memory  state\n\
             web01           2 GiB  running\n\
             a much long…  512 MiB  off\n"
        );
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
    }

    #[test]
    fn meanings_show_as_colours_and_take_no_room() {
        let colourful = Look {
            colour: true,
            width: None,
        };
        let mut table = Table::new([Column::words("a"), Column::words("b")]);
        table.row([Cell::new("x", Role::Good), "y".into()]);
        assert_eq!(
            table.render(&colourful),
            "\x1b[1ma\x1b[0m  \x1b[1mb\x1b[0m\n\x1b[32mx\x1b[0m  y\n"
        );
    }

    #[test]
    fn wide_characters_count_twice_and_control_characters_are_escaped() {
        let mut table = Table::new([Column::words("n"), Column::words("m")]);
        table.row(["日本", "x"]).row(["a\x1b[31m", "y"]);
        assert_eq!(
            table.render(&Look::PLAIN),
            "n            m\n日本         x\na\\u{1b}[31m  y\n"
        );
    }
}
