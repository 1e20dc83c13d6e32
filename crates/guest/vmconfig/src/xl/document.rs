//! A configuration as text that can be changed in places: everything that a change does not mean stays as it is, byte for
//! byte.
//!
//! ```text
//! text ─ parse ─ statements (spans of bytes) ─┬ set, remove, set_element ─ text with other bytes in these spans
//!                                             └ format ─ the same words, other blanks
//! ```

mod edit;
mod format;
mod list;
mod literal;

pub use format::format;
pub use literal::Literal;

use super::{Config, Fault, Statement, parse};
use edit::Edit;
use error::{Error, Kind, Result};

/// A configuration and its text.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    config: Config,
}

impl Document {
    /// Reads a text that libxlutil takes.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] with the first fault of another; [`error::Kind::Unsupported`] for a text that is too long.
    pub fn parse(text: &str) -> Result<Self> {
        let config = parse(text)?;
        if let Some(fault) = config.faults.first() {
            return Err(Fault::clone(fault).into());
        }
        Ok(Document {
            text: text.to_owned(),
            config,
        })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it sets.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Gives the setting `name` a value. It changes where it was last assigned, in the quotes that are there; what `+=` added
    /// behind that goes. A new one comes at the end. Of a list that was a list, elements change one by one: those that
    /// stay keep their lines and comments.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for what cannot be a name of xl.cfg.
    pub fn set(&mut self, name: &str, value: &Literal) -> Result<()> {
        check_name(name)?;
        let stated = self.config.get(name).map(|setting| &setting.value);
        if stated.is_some_and(|node| value.says(node)) {
            return Ok(());
        }
        let statements = self.statements(name);
        let assigned = statements.iter().rposition(|statement| !statement.add);
        let Some(statement) = statements.get(assigned.unwrap_or(0)) else {
            return self.append(name, value);
        };
        let added = statements.iter().skip(assigned.unwrap_or(0) + 1);
        let mut edits: Vec<Edit> = added
            .map(|added| Edit::removal(&self.text, added))
            .collect();
        match (value, statement.add) {
            (Literal::List(elements), false) if self.is_list(statement) => {
                edits.extend(list::change(&self.text, statement, elements));
            }
            (_, false) => edits.push(edit::value(&self.text, &statement.value, value)),
            // Nothing was assigned before it was added to; a number cannot be added.
            (_, true) => edits.push(Edit {
                span: statement.span.clone(),
                text: format!("{name} = {}", value.source(None)),
            }),
        }
        self.apply(edits)
    }

    /// Takes every assignment of `name` out; whether there was one.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn remove(&mut self, name: &str) -> Result<bool> {
        check_name(name)?;
        let statements = self.statements(name);
        let edits: Vec<Edit> = statements
            .iter()
            .map(|statement| Edit::removal(&self.text, statement))
            .collect();
        let found = !edits.is_empty();
        self.apply(edits)?;
        Ok(found)
    }

    /// Gives element `index`, counted from 0, of the list `name` another value. Elements that `+=` added count behind the others.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] where there is no such element.
    pub fn set_element(&mut self, name: &str, index: usize, value: &Literal) -> Result<()> {
        let statements = self.statements(name);
        let from = statements.iter().rposition(|statement| !statement.add);
        let elements = statements.iter().skip(from.unwrap_or(0));
        let Some(span) = elements
            .flat_map(|statement| &statement.elements)
            .nth(index)
        else {
            return Err(Error::usage(format!("{name} has no element {index}")));
        };
        self.apply(vec![edit::value(&self.text, span, value)])
    }

    fn is_list(&self, statement: &Statement) -> bool {
        let source = self.text.get(statement.value.clone());
        source.is_some_and(|source| source.starts_with('['))
    }

    fn statements(&self, name: &str) -> Vec<Statement> {
        let statements = self.config.statements.iter();
        let named = statements.filter(|statement| statement.name == name);
        named.cloned().collect()
    }

    /// Adds a setting behind everything else.
    fn append(&mut self, name: &str, value: &Literal) -> Result<()> {
        let whole = whole(&self.text)?;
        self.adopt(&(whole + &format!("{name} = {}\n", value.source(None))))
    }

    /// Takes a text that a change has made. A fault in it is the program's, not the file's.
    fn adopt(&mut self, text: &str) -> Result<()> {
        *self = Document::parse(text).map_err(|error| match error.kind() {
            Kind::Corrupt => {
                Error::unsupported("internal error: the changed text is invalid").cause(&error)
            }
            _ => error,
        })?;
        Ok(())
    }

    /// Carries out changes of different places.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] for a text that is too long then.
    fn apply(&mut self, mut edits: Vec<Edit>) -> Result<()> {
        edits.sort_by_key(|edit| edit.span.start);
        let mut text = String::with_capacity(self.text.len());
        let mut at = 0;
        for edit in edits {
            text += self.text.get(at..edit.span.start).unwrap_or_default();
            text += &edit.text;
            at = edit.span.end.max(at);
        }
        text += self.text.get(at..).unwrap_or_default();
        self.adopt(&text)
    }
}

/// `text` with a line end at its end. A last byte that libxlutil passes over only because nothing is behind it goes.
fn whole(text: &str) -> Result<String> {
    if text.is_empty() || text.ends_with('\n') {
        return Ok(text.to_owned());
    }
    let ended = format!("{text}\n");
    let is_clean = |text: &str| parse(text).map(|config| config.faults.is_empty());
    if !is_clean(&ended)? && is_clean(text)? {
        let kept = text.len() - 1;
        return Ok(text.get(..kept).unwrap_or_default().to_owned() + "\n");
    }
    Ok(ended)
}

fn check_name(name: &str) -> Result<()> {
    let belongs = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.');
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(belongs) {
        Ok(())
    } else {
        Err(Error::usage(format!(
            "invalid name '{name}': names of xl.cfg are small letters, digits, '_' and '.'"
        )))
    }
}
