//! The same words with other blanks between them.

use error::Result;

use super::{Document, whole};
use crate::xl::lexer::{Kind, Lexer, Token};

/// What a line of a list over several lines begins with, for each bracket around it.
const INDENT: &str = "    ";

/// `text` as it should look: one assignment a line, blanks around `=` and behind commas, lists over several lines indented, no
/// blanks at the end of lines, at most one empty line in sequence, a line end at the end. Comments, quotes and the order stay.
///
/// # Errors
/// As [`Document::parse`], but a last line without its end is taken.
pub fn format(text: &str) -> Result<String> {
    let whole = whole(text)?;
    Document::parse(&whole)?;
    let mut lexer = Lexer::new(&whole);
    let mut page = Page::default();
    loop {
        let token = lexer.next().map_err(error::Error::from)?;
        if token.kind == Kind::End {
            return Ok(page.finish());
        }
        page.take(&token);
    }
}

/// What is written so far.
#[derive(Default)]
struct Page {
    text: String,
    /// The line in progress, without its indentation.
    line: String,
    depth: usize,
    /// Brackets open when the line began, less those that it begins by closing.
    indent: usize,
    /// Whether a blank is due before the next word.
    blank: bool,
    /// Whether the line's assignment has ended with `;`, so that only a comment may follow on the line.
    has_ended: bool,
}

impl Page {
    fn take(&mut self, token: &Token<'_>) {
        if std::mem::take(&mut self.has_ended)
            && !matches!(token.kind, Kind::Newline | Kind::Mark(';'))
        {
            self.end_line();
        }
        match token.kind {
            Kind::Newline if token.text.starts_with('#') => self.comment(token.text),
            Kind::Newline => self.end_line(),
            Kind::Mark(';') => self.has_ended = !self.line.is_empty(),
            Kind::Mark('=') => self.line += " = ",
            Kind::Add => self.line += " += ",
            Kind::Mark(',') => {
                self.line.push(',');
                self.blank = true;
            }
            Kind::Mark(']') => {
                self.depth = self.depth.saturating_sub(1);
                if self.line.is_empty() {
                    self.indent = self.depth;
                }
                self.blank = false;
                self.line.push(']');
            }
            _ => {
                if std::mem::take(&mut self.blank) && !self.line.is_empty() {
                    self.line.push(' ');
                }
                self.line += token.text;
                self.depth += usize::from(token.kind == Kind::Mark('['));
            }
        }
    }

    fn comment(&mut self, text: &str) {
        if !self.line.is_empty() {
            let length = self.line.trim_end().len();
            self.line.truncate(length);
            self.line += "  ";
        }
        self.line += text.trim_end();
        self.end_line();
    }

    fn end_line(&mut self) {
        let line = self.line.trim_end();
        if !line.is_empty() {
            self.text += &INDENT.repeat(self.indent);
            self.text += line;
            self.text.push('\n');
        } else if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        self.line.clear();
        self.indent = self.depth;
        self.blank = false;
    }

    fn finish(mut self) -> String {
        if !self.line.is_empty() {
            self.end_line();
        }
        let length = self.text.trim_end().len();
        self.text.truncate(length);
        if length > 0 {
            self.text.push('\n');
        }
        self.text
    }
}
