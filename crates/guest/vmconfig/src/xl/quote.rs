//! Strings of xl.cfg: with quotes and without.

/// What the quoted word `text` stands for (`xlu__cfgl_dequote`).
///
/// # Errors
/// What libxlutil says about a backslash it does not understand. It refuses every `\x`; of `\101` it
/// makes nothing at all, which is refused here.
pub(super) fn unquote(text: &str) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(text.len());
    let mut inner = text.chars();
    inner.next();
    inner.next_back();
    while let Some(c) = inner.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(match inner.next() {
            Some(c @ ('"' | '\'' | '\\')) => c,
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some('x') => {
                return Err(
                    "invalid digit after backslash hexnumerical character escape in quoted string",
                );
            }
            Some('0'..='7') => {
                return Err("libxlutil drops octal character escapes in quoted strings");
            }
            _ => return Err("invalid character after backlash in quoted string"),
        });
    }
    Ok(plain)
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
