//! What there is to say about one thing: a line a property.

use error::Error;

use crate::look::{Look, Role};
use crate::table::{Align, Cell, GAP};

/// Lines of `name  value`, the values in one column.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    rows: Vec<(Cell, Cell)>,
}

impl Fields {
    /// Adds a line. A value with a meaning gives it to its name, and is not coloured itself: it is long.
    pub fn add(&mut self, name: &str, value: impl Into<Cell>) -> &mut Self {
        let value = value.into();
        let name = Cell::new(name, value.role());
        self.rows.push((name, value.with_role(Role::Plain)));
        self
    }

    /// Adds an empty line.
    pub fn gap(&mut self) -> &mut Self {
        self.add("", "")
    }

    /// Adds a line for `error` under `name`, and one for its hint.
    pub fn trouble(&mut self, name: &str, role: Role, error: &Error) -> &mut Self {
        self.add(name, Cell::new(error.to_string(), role));
        if let Some(hint) = error.hint_text() {
            self.add("hint", Cell::new(hint, Role::Hint));
        }
        self
    }

    /// Adds a line for each of the `warnings`, and one for what can be done about it.
    pub fn warnings<'a>(&mut self, warnings: impl IntoIterator<Item = &'a Error>) -> &mut Self {
        for warning in warnings {
            self.trouble("warning", Role::Warning, warning);
        }
        self
    }

    /// The lines as text.
    pub fn render(&self, look: &Look) -> String {
        let widths = self.rows.iter().map(|(name, _)| name.width());
        let width = widths.max().unwrap_or(0);
        let line = |(name, value): &(Cell, Cell)| {
            let line = name.shown(width, Align::Left, look) + GAP + value.text();
            line.trim_end().to_owned() + "\n"
        };
        self.rows.iter().map(line).collect()
    }
}

impl<N: AsRef<str>, C: Into<Cell>> Extend<(N, C)> for Fields {
    fn extend<I: IntoIterator<Item = (N, C)>>(&mut self, rows: I) {
        for (name, value) in rows {
            self.add(name.as_ref(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_one_column_and_meanings_colour_the_names() {
        let mut fields = Fields::default();
        fields.extend([("size", "4 MiB")]);
        fields.gap();
        let error = Error::corrupt("is cut").at("d").hint("give all of it");
        fields.warnings([&error]);
        assert_eq!(
            fields.render(&Look::PLAIN),
            "size     4 MiB\n\nwarning  d: is cut\nhint     give all of it\n"
        );
        let colourful = Look {
            colour: true,
            width: None,
        };
        assert_eq!(
            fields.render(&colourful),
            "size     4 MiB\n\n\x1b[33mwarning\x1b[0m  d: is cut\n\x1b[36mhint\x1b[0m     give all of it\n"
        );
    }
}
