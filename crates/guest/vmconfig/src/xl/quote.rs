//! Strings of xl.cfg: with quotes and without.

use error::Position;

use super::lexer::Token;

/// From which byte of a text on characters count from which place of the file.
pub(super) type Places = Vec<(usize, Position)>;

/// What the quoted word `token` stands for (`xlu__cfgl_dequote`), and where its bytes are.
///
/// # Errors
/// What libxlutil says about a backslash it does not understand. It refuses every `\x`; of `\101` it
/// makes nothing at all, which is refused here.
pub(super) fn unquote(token: &Token<'_>) -> Result<(String, Places), &'static str> {
    let mut plain = String::with_capacity(token.text.len());
    let mut inner = token.text.chars();
    inner.next();
    inner.next_back();
    let mut place = token.position;
    place.column += 1;
    let mut places = vec![(0, place)];
    while let Some(c) = inner.next() {
        place.column += 1;
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(escaped(inner.next())?);
        place.column += 1;
        places.push((plain.len(), place));
    }
    Ok((plain, places))
}

/// The character that a backslash and `c` stand for.
fn escaped(c: Option<char>) -> Result<char, &'static str> {
    match c {
        Some(c @ ('"' | '\'' | '\\')) => Ok(c),
        Some('a') => Ok('\u{7}'),
        Some('b') => Ok('\u{8}'),
        Some('f') => Ok('\u{c}'),
        Some('n') => Ok('\n'),
        Some('r') => Ok('\r'),
        Some('t') => Ok('\t'),
        Some('v') => Ok('\u{b}'),
        Some('x') => {
            Err("invalid digit after backslash hexnumerical character escape in quoted string")
        }
        Some('0'..='7') => Err("libxlutil drops octal character escapes in quoted strings"),
        _ => Err("invalid character after backlash in quoted string"),
    }
}

/// `text` as a string of xl.cfg, in double quotes, in one line. Control characters that the language
/// cannot write become U+FFFD.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\u{7}' => quoted += "\\a",
            '\u{8}' => quoted += "\\b",
            '\u{c}' => quoted += "\\f",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '\u{b}' => quoted += "\\v",
            c if c.is_control() => quoted.push('\u{fffd}'),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
