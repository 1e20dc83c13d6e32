//! The words of xl.cfg (libxlu_cfg_l.l).

use error::Position;

use super::Fault;

/// What kind of word it is, by the name libxlutil calls it in its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident,
    Number,
    String,
    /// One of `, [ ] = ;`.
    Mark(char),
    /// `+=`.
    Add,
    Newline,
    End,
}

impl Kind {
    /// As it is called in a message.
    pub fn name(self) -> String {
        match self {
            Kind::Ident => "IDENT".to_owned(),
            Kind::Number => "NUMBER".to_owned(),
            Kind::String => "STRING".to_owned(),
            Kind::Mark(mark) => format!("'{mark}'"),
            Kind::Add => "+=".to_owned(),
            Kind::Newline => "NEWLINE".to_owned(),
            Kind::End => "$end".to_owned(),
        }
    }
}

/// A word and where it is.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    /// As it is written; a string with its quotes.
    pub text: &'t str,
    pub position: Position,
    /// The byte of the file that it begins at.
    pub at: usize,
}

impl Token<'_> {
    /// The byte of the file behind it.
    pub fn end(&self) -> usize {
        self.at + self.text.len()
    }

    /// A fault at this word.
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        let near = match self.kind {
            Kind::Newline => "",
            _ => self.text,
        };
        Fault::new(self.position, near, message)
    }
}

/// The words of a text, one after the other.
pub(super) struct Lexer<'t> {
    rest: &'t str,
    position: Position,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Lexer {
            rest: text,
            position: Position::START,
            at: 0,
        }
    }

    /// The next word; after the last one [`Kind::End`] for ever.
    ///
    /// # Errors
    /// What is no word; the next call goes on behind it.
    pub fn next(&mut self) -> Result<Token<'t>, Fault> {
        while self.rest.starts_with([' ', '\t']) {
            self.take(Kind::Newline, 1);
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(self.take(Kind::End, 0));
        };
        match first {
            '\n' => Ok(self.take(Kind::Newline, 1)),
            '#' => self.comment(),
            'a'..='z' => Ok(self.word(
                Kind::Ident,
                |c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.'),
            )),
            '0'..='9' => Ok(self.word(Kind::Number, |c| matches!(c, '0'..='9' | 'a'..='f' | 'x'))),
            ',' | '[' | ']' | '=' | ';' => Ok(self.take(Kind::Mark(first), 1)),
            '+' if self.rest.starts_with("+=") => Ok(self.take(Kind::Add, 2)),
            '"' | '\'' => self.string(first),
            _ => self.lexical_error(),
        }
    }

    /// Goes on behind the end of the line.
    pub fn skip_line(&mut self) {
        let len = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let line = self.rest.get(..len).unwrap_or_default();
        let kind = if line.ends_with('\n') {
            Kind::Newline
        } else {
            Kind::End
        };
        self.take(kind, len);
    }

    /// Takes `len` bytes as one word.
    fn take(&mut self, kind: Kind, len: usize) -> Token<'t> {
        let (text, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        let token = Token {
            kind,
            text,
            position: self.position,
            at: self.at,
        };
        self.rest = rest;
        self.at += text.len();
        if text.ends_with('\n') {
            self.position.line += 1;
            self.position.column = 1;
        } else {
            self.position.column += text.chars().count();
        }
        token
    }

    fn word(&mut self, kind: Kind, belongs: fn(char) -> bool) -> Token<'t> {
        let len = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        self.take(kind, len)
    }

    /// A comment ends its line and counts as its end. The last line has to have one.
    fn comment(&mut self) -> Result<Token<'t>, Fault> {
        match self.rest.find('\n') {
            Some(end) => Ok(self.take(Kind::Newline, end + 1)),
            None => self.lexical_error(),
        }
    }

    fn string(&mut self, quote: char) -> Result<Token<'t>, Fault> {
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return Ok(self.take(Kind::String, at + 1)),
                _ => {}
            }
        }
        self.lexical_error()
    }

    /// What is no word, as far as the next blank. Of one that is the last byte of the text, libxlutil's lexer makes
    /// nothing at all: it has no rule for the end behind it.
    fn lexical_error(&mut self) -> Result<Token<'t>, Fault> {
        if self.rest.len() == 1 {
            self.take(Kind::End, 1);
            return Ok(self.take(Kind::End, 0));
        }
        let len = self.rest.find([' ', '\t', '\n']).unwrap_or(self.rest.len());
        Err(self.take(Kind::End, len).fault("lexical error"))
    }
}
