//! The tokens of GRUB's script (grub-core/script/yylex.l).

use error::Position;

use hostconfig::{Characters, Source};
use hostconfig::{Place, Traced, Tracing};

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Characters; quoting is done with.
    Text(Traced),
    /// A variable's value, which is split into words unless it is quoted.
    Variable {
        name: String,
        place: Place,
        is_quoted: bool,
    },
}

/// A word before its variables have values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) place: Place,
    pub(super) pieces: Vec<Piece>,
    /// Whether any of it is in quotes: then it is no word of the language.
    pub(super) is_quoted: bool,
    /// Whether it has a `*` or `?` outside of quotes: then it may stand for names of files.
    pub(super) has_wildcard: bool,
}

impl Word {
    /// A word that is this text, whatever is in it.
    pub(super) fn quoted(text: Traced, place: Place) -> Self {
        Word {
            place,
            pieces: vec![Piece::Text(text)],
            is_quoted: true,
            has_wildcard: false,
        }
    }

    /// Its text, if it is a plain word without quotes and variables.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] if !self.is_quoted => Some(text.as_str()),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// `;` or the end of a line.
    End,
    Open,
    Close,
    /// `|`, `&`, `<`, `>`: reserved, and an error where they stand.
    Reserved(char),
}

pub(super) struct Lexer<'s> {
    source: &'s Source,
    rest: Characters<'s>,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        let rest = source.characters();
        Lexer { source, rest }
    }

    /// One for a part of the text.
    pub(super) fn over(source: &'s Source, rest: Characters<'s>) -> Self {
        Lexer { source, rest }
    }

    pub(super) fn position(&self) -> Position {
        self.rest.position()
    }

    /// The next token, or `None` at the end. An open quote is an `Err` with its place.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Position> {
        self.skip_blanks();
        let token = match self.rest.peek() {
            None => return Ok(None),
            Some('\n' | ';') => Token::End,
            Some('{') => Token::Open,
            Some('}') => Token::Close,
            Some(char @ ('|' | '&' | '<' | '>')) => Token::Reserved(char),
            Some(_) => return Ok(Some(Token::Word(self.word()?))),
        };
        self.rest.next();
        Ok(Some(token))
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.rest.peek() {
                Some(' ' | '\t' | '\r') => _ = self.rest.next(),
                Some('#') => self.skip_comment(),
                Some('\\') if self.is_continued() => {
                    self.rest.next();
                    self.rest.accept('\r');
                    self.rest.next();
                }
                _ => return,
            }
        }
    }

    fn skip_comment(&mut self) {
        while self.rest.peek().is_some_and(|char| char != '\n') {
            self.rest.next();
        }
    }

    /// Whether a backslash and the end of a line are next.
    fn is_continued(&self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.accept('\\') && {
            ahead.accept('\r');
            ahead.accept('\n')
        }
    }

    fn word(&mut self) -> Result<Word, Position> {
        let mut word = Word {
            place: self.source.place(self.position()),
            pieces: Vec::new(),
            is_quoted: false,
            has_wildcard: false,
        };
        let mut text = Tracing::new(&self.source.file, self.position());
        while let Some(char) = self.rest.peek() {
            match char {
                ' ' | '\t' | '\r' | '\n' | '{' | '}' | '|' | '&' | ';' | '<' | '>' => break,
                '\'' => self.single(&mut text)?,
                '"' => self.double(&mut text, &mut word)?,
                '$' => self.variable(&mut text, &mut word, false),
                '\\' => self.escape(&mut text),
                _ => text.extend(self.rest.next()),
            }
            word.is_quoted |= matches!(char, '\'' | '"' | '\\');
            word.has_wildcard |= matches!(char, '*' | '?');
        }
        self.flush(&mut text, &mut word);
        Ok(word)
    }

    /// Puts what has been read into the word.
    fn flush(&self, text: &mut Tracing<'s>, word: &mut Word) {
        let next = Tracing::new(&self.source.file, self.position());
        let text = std::mem::replace(text, next);
        if !text.is_empty() || word.pieces.is_empty() {
            word.pieces.push(Piece::Text(text.finish()));
        }
    }

    fn single(&mut self, text: &mut Tracing<'s>) -> Result<(), Position> {
        let open = self.position();
        self.rest.next();
        for at in self.rest.by_ref() {
            if at.char == '\'' {
                return Ok(());
            }
            text.push(at);
        }
        Err(open)
    }

    fn double(&mut self, text: &mut Tracing<'s>, word: &mut Word) -> Result<(), Position> {
        let open = self.position();
        self.rest.next();
        while let Some(char) = self.rest.peek() {
            match char {
                '"' => {
                    self.rest.next();
                    // An empty string is a piece too: "" is a word.
                    return Ok(());
                }
                '$' => self.variable(text, word, true),
                '\\' => self.escape_in_quotes(text),
                _ => text.extend(self.rest.next()),
            }
        }
        Err(open)
    }

    fn escape(&mut self, text: &mut Tracing<'s>) {
        let is_hex = self.is_hex();
        let Some(backslash) = self.rest.next() else {
            return;
        };
        // Upstream drops the backslash, but configurations are written for Red Hat's GRUB, which keeps it.
        if is_hex {
            return text.push(backslash);
        }
        self.rest.accept('\r');
        text.extend(self.rest.next().filter(|at| at.char != '\n'));
    }

    /// Whether `\xHH` is next.
    fn is_hex(&self) -> bool {
        let mut ahead = self.rest.clone();
        let is_digit = |ahead: &mut Characters<'_>| {
            let next = ahead.next();
            next.is_some_and(|at| at.char.is_ascii_hexdigit())
        };
        ahead.accept('\\') && ahead.accept('x') && is_digit(&mut ahead) && is_digit(&mut ahead)
    }

    fn escape_in_quotes(&mut self, text: &mut Tracing<'s>) {
        let Some(backslash) = self.rest.next() else {
            return;
        };
        match self.rest.peek() {
            Some('$' | '"' | '\\') => text.extend(self.rest.next()),
            Some('\n') => _ = self.rest.next(),
            _ => text.push(backslash),
        }
    }

    /// Takes `$name`, `${name}`, `$1`, `$?`, `$#`, `$*`, `$@`; a `$` with nothing behind it is itself.
    fn variable(&mut self, text: &mut Tracing<'s>, word: &mut Word, is_quoted: bool) {
        let place = self.source.place(self.position());
        let mut ahead = self.rest.clone();
        let dollar = ahead.next();
        let is_braced = ahead.accept('{');
        let name = variable_name(&mut ahead);
        if name.is_empty() || is_braced && !ahead.accept('}') {
            text.extend(dollar);
            self.rest.next();
            return;
        }
        self.rest = ahead;
        self.flush(text, word);
        word.pieces.push(Piece::Variable {
            name,
            place,
            is_quoted,
        });
    }
}

fn variable_name(rest: &mut Characters<'_>) -> String {
    let mut name = String::new();
    if let Some(special @ ('?' | '#' | '*' | '@')) = rest.peek() {
        rest.next();
        return special.into();
    }
    let is_number = rest.peek().is_some_and(|char| char.is_ascii_digit());
    while let Some(char) = rest.peek() {
        let is_letter = char.is_ascii_alphabetic() || char == '_';
        if !char.is_ascii_digit() && (is_number || !is_letter) {
            break;
        }
        name.push(char);
        rest.next();
    }
    name
}
