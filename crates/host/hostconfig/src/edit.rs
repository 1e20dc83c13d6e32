//! Changes of one setting in a text that keep everything else as it is: comments, order, quotes and blanks.

use error::{Error, Result};

use crate::cmdline::{CommandLine, Parameter, Reader};
use crate::shell::{Assignment, Assignments};
use crate::source::Source;
use crate::sysctl::Sysctl;
use crate::traced::Traced;

/// Sets an option of a command line that is a variable of a file a shell reads: `dom0_mem` in
/// `GRUB_CMDLINE_XEN_DEFAULT` of /etc/default/grub, or in `xen_opts` of /etc/update-extlinux.conf. `word` is the whole
/// word, `dom0_mem=2G` or `no-smt`; without one the option is taken out. The last word with this name is replaced and the
/// others are taken out; a new one comes at the end. A variable that is not set is added at the end of the file.
///
/// # Errors
/// [`error::Kind::Unsupported`] when the value is put together in a way that cannot be changed in this file: from
/// other variables or commands, or with quotes inside the word. [`error::Kind::Usage`] for a word with characters that a
/// shell or a command line would read otherwise.
pub fn set_option(
    source: &Source,
    variable: &str,
    reader: Reader,
    option: &str,
    word: Option<&str>,
) -> Result<String> {
    if let Some(word) = word.filter(|word| !is_plain(word)) {
        return Err(Error::usage(format!("invalid option '{word}'")));
    }
    let mut assignments = Assignments::default();
    assignments.add(source);
    if let Some(doubt) = assignments.doubt() {
        return Err(doubt.clone().into());
    }
    let Some(assignment) = assignments.last(variable) else {
        let Some(word) = word else {
            return Ok(source.text.clone());
        };
        let new = with_line(&source.text, &format!("{variable}=\"{word}\""));
        if is_set(source, &new, variable, reader, option, Some(word)) {
            return Ok(new);
        }
        let text = format!("'{variable}' cannot be added behind what is not understood");
        return Err(Error::unsupported(text).at(source.file.display()));
    };
    let line = CommandLine {
        reader,
        text: assignment.value.clone(),
    };
    let mut old = line.all(option);
    let last = old.pop();
    let mut changes = Vec::new();
    for parameter in &old {
        changes.push(Change::remove(source, span(source, parameter)?));
    }
    match (last, word) {
        (Some(last), Some(word)) => changes.push(Change::replace(span(source, &last)?, word)),
        (Some(last), None) => changes.push(Change::remove(source, span(source, &last)?)),
        (None, Some(word)) => changes.push(append(source, assignment, word)?),
        (None, None) => {}
    }
    let new = applied(&source.text, changes);
    if is_set(source, &new, variable, reader, option, word) {
        return Ok(new);
    }
    Err(unsupported(&assignment.value))
}

/// Whether a text sets the option to `word` and to nothing else: what is not understood of a file may hide a change.
fn is_set(
    source: &Source,
    text: &str,
    variable: &str,
    reader: Reader,
    option: &str,
    word: Option<&str>,
) -> bool {
    let mut assignments = Assignments::default();
    assignments.add(&Source::new(&source.file, text));
    let line = CommandLine {
        reader,
        text: assignments.value(variable),
    };
    let written = |parameter: &Parameter| match &parameter.value {
        Some(value) => format!("{}={value}", parameter.name),
        None => parameter.name.as_str().to_owned(),
    };
    let all: Vec<String> = line.all(option).iter().map(written).collect();
    all.iter().map(String::as_str).eq(word)
}

/// Sets a key of a file in the language of sysctl.conf; the last line that sets it is changed, or one is added.
///
/// # Errors
/// [`error::Kind::Usage`] for a key or a value with the end of a line in it.
pub fn set_sysctl(source: &Source, key: &str, value: &str) -> Result<String> {
    if key.is_empty() || key.contains(['\n', '=']) || value.contains('\n') {
        return Err(Error::usage(format!("invalid setting '{key} = {value}'")));
    }
    let mut sysctl = Sysctl::default();
    sysctl.add(source, true);
    let old = sysctl.last(key).and_then(|setting| setting.value.as_ref());
    match old {
        Some(old) => Ok(applied(
            &source.text,
            vec![Change::replace(whole(source, old)?, value)],
        )),
        None => Ok(with_line(&source.text, &format!("{key} = {value}"))),
    }
}

/// Makes a line, counted from 1, a comment.
///
/// # Errors
/// [`error::Kind::Usage`] when the text has no such line.
pub fn comment_out(source: &Source, line: usize) -> Result<String> {
    let count = source.text.lines().count();
    if line == 0 || line > count {
        return Err(Error::usage(format!(
            "no line {line}: the text has {count}"
        )));
    }
    let start = source.offset(error::Position { line, column: 1 });
    Ok(applied(
        &source.text,
        vec![Change::replace((start, start), "# ")],
    ))
}

/// Bytes of the text, and what comes in their place.
struct Change {
    start: usize,
    end: usize,
    text: String,
}

impl Change {
    fn replace((start, end): (usize, usize), text: &str) -> Self {
        let text = text.to_owned();
        Change { start, end, text }
    }

    /// Takes a word out, with the blank before it, or behind it where there is none before.
    fn remove(source: &Source, (start, end): (usize, usize)) -> Self {
        let bytes = source.text.as_bytes();
        let is_blank = |at: Option<usize>| at.is_some_and(|at| bytes.get(at) == Some(&b' '));
        let (start, end) = if is_blank(start.checked_sub(1)) {
            (start - 1, end)
        } else if is_blank(Some(end)) {
            (start, end + 1)
        } else {
            (start, end)
        };
        Self::replace((start, end), "")
    }
}

fn applied(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|change| change.start);
    let mut new = String::new();
    let mut done = 0;
    for change in changes {
        new += text.get(done..change.start).unwrap_or_default();
        new += &change.text;
        done = change.end.max(done);
    }
    new + text.get(done..).unwrap_or_default()
}

fn with_line(text: &str, line: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}{line}\n")
}

/// Whether a word is the same to a shell, in quotes or not, and to the reader of a command line.
fn is_plain(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-+=,.:@%/^".contains(c);
    !word.is_empty() && word.chars().all(is_part)
}

/// The bytes of the text that a word of the command line is.
fn span(source: &Source, parameter: &Parameter) -> Result<(usize, usize)> {
    let (start, mut end) = whole(source, &parameter.name)?;
    if let Some(value) = &parameter.value {
        let (value_start, value_end) = whole(source, value)?;
        if value_start != end + 1 {
            return Err(unsupported(&parameter.name));
        }
        end = value_end;
    }
    Ok((start, end))
}

/// The bytes of the text that are `part`, which must be written there as it is read.
fn whole(source: &Source, part: &Traced) -> Result<(usize, usize)> {
    let place = part.place().filter(|place| place.file == source.file);
    let start = place.map(|place| source.offset(place.position));
    let start = start.ok_or_else(|| unsupported(part))?;
    let end = start + part.as_str().len();
    if source.text.get(start..end) != Some(part.as_str()) || !part.gaps().is_empty() {
        return Err(unsupported(part));
    }
    Ok((start, end))
}

fn unsupported(part: &Traced) -> Error {
    let text = format!("'{part}' is put together from several parts, and cannot be changed");
    match part.place() {
        Some(place) => Error::unsupported(text).at(place),
        None => Error::unsupported(text),
    }
}

/// Adds a word at the end of a value, inside its quotes.
fn append(source: &Source, assignment: &Assignment, word: &str) -> Result<Change> {
    let value = &assignment.value;
    let name = source.offset(assignment.place.position) + assignment.name.len() + 1;
    let quote = source.text.get(name..).and_then(|rest| rest.chars().next());
    let Some(quote) = quote.filter(|quote| matches!(quote, '"' | '\'')) else {
        // Without quotes the value is one word at most.
        let (start, end) = match value.as_str() {
            "" if value.gaps().is_empty() => (name, name),
            _ => whole(source, value)?,
        };
        let blank = if value.is_empty() { "" } else { " " };
        let text = format!("\"{value}{blank}{word}\"");
        return Ok(Change::replace((start, end), &text));
    };
    let close = closing_quote(&source.text, name, quote).ok_or_else(|| unsupported(value))?;
    let before = source.text.get(name + 1..close).unwrap_or_default();
    let blank = if before.is_empty() || before.ends_with(' ') {
        ""
    } else {
        " "
    };
    Ok(Change::replace((close, close), &format!("{blank}{word}")))
}

/// Where the string that opens at `open` ends, if nothing of the word is behind it.
fn closing_quote(text: &str, open: usize, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, char) in text.get(open + 1..)?.char_indices() {
        let at = open + 1 + at;
        if char == quote && !is_escaped {
            let behind = text[at + 1..].chars().next();
            return behind
                .is_none_or(|c| c.is_whitespace() || c == ';')
                .then_some(at);
        }
        is_escaped = quote == '"' && char == '\\' && !is_escaped;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, option: &str, word: Option<&str>) -> String {
        let source = Source::new("/etc/default/grub", text);
        set_option(&source, "X", Reader::Xen, option, word).unwrap_or_else(|e| e.to_string())
    }

    #[test]
    fn one_option_is_changed_and_the_rest_stays() {
        let text = "# c\nX=\"a  smt=on  b\" # d\nY=1\n";
        assert_eq!(
            set(text, "smt", Some("smt=off")),
            "# c\nX=\"a  smt=off  b\" # d\nY=1\n"
        );
        assert_eq!(set(text, "smt", None), "# c\nX=\"a   b\" # d\nY=1\n");
        assert_eq!(
            set(text, "c", Some("c=1")),
            "# c\nX=\"a  smt=on  b c=1\" # d\nY=1\n"
        );
        assert_eq!(set("X='a=1 b a=2'\n", "a", Some("a=3")), "X='b a=3'\n");
        assert_eq!(set("X='a=1'\n", "a", None), "X=''\n");
        assert_eq!(set("X=\"\"\n", "a", Some("a=1")), "X=\"a=1\"\n");
        assert_eq!(set("X=\n", "a", Some("a=1")), "X=\"a=1\"\n");
        assert_eq!(set("X=b=1,c:2\n", "a", Some("a=1")), "X=\"b=1,c:2 a=1\"\n");
        assert_eq!(set("X=a=1,b\n", "a", Some("a=2")), "X=a=2\n");
        assert_eq!(set("Y=1", "a", Some("a=1")), "Y=1\nX=\"a=1\"\n");
        assert_eq!(set("Y=1", "a", None), "Y=1");
        assert_eq!(
            set("X=1\nX=\"b\"\n", "a", Some("a")),
            "X=1\nX=\"b a\"\n",
            "the last one"
        );
    }

    #[test]
    fn what_is_put_together_is_not_changed() {
        let put_together = |text: &str| set(text, "a", Some("a=3")).contains("cannot be changed");
        assert!(put_together("X=\"a=\"'1'\n"));
        assert!(put_together("X=$Y\n"));
        assert!(put_together("X=\"b\"'c'\n"));
        assert_eq!(
            set("X=\"b\"\n", "a", Some("a=$(x)")),
            "invalid option 'a=$(x)'"
        );
        assert_eq!(set("X=\"b\"\n", "a", Some("a b")), "invalid option 'a b'");
    }

    #[test]
    fn a_sysctl_keeps_its_place() {
        let source = Source::new("/etc/sysctl.conf", "# c\na.b = 1\n-a/b=2 \nc.d=3");
        let set = |key, value| set_sysctl(&source, key, value).unwrap();
        assert_eq!(set("a.b", "5"), "# c\na.b = 1\n-a/b=5 \nc.d=3");
        assert_eq!(set("e.f", "5"), "# c\na.b = 1\n-a/b=2 \nc.d=3\ne.f = 5\n");
        assert!(set_sysctl(&source, "a\nb", "1").is_err());
        assert_eq!(
            comment_out(&source, 2).unwrap(),
            "# c\n# a.b = 1\n-a/b=2 \nc.d=3"
        );
        assert_eq!(
            comment_out(&source, 9).unwrap_err().to_string(),
            "no line 9: the text has 4"
        );
    }
}
