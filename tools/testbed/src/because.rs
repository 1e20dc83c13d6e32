//! What a machine or a script said last, for a person who asks what went wrong.

use std::path::Path;

use error::{Error, printable};

/// Lines that are shown.
const LINES: usize = 25;

/// Adds the last lines of the `log`, for instance a console, kept in `path` to an error, as causes.
pub(crate) fn because_of(log: &str, error: Error, path: &Path) -> Error {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    let error = match last {
        [] => error.cause(format!("{log}: empty")),
        last => last.iter().fold(error, |error, line| {
            error.cause(format!("{log}: {}", printable(line)))
        }),
    };
    error.hint(format!("all of it is in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_become_causes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console");
        let about = |text: &str| {
            std::fs::write(&path, text).unwrap();
            because_of("console", Error::io("gone", "why"), &path)
        };
        let lines: String = (1..=30).map(|n| format!("line {n}\r\n")).collect();
        let error = about(&lines);
        assert_eq!(error.causes().len(), 1 + LINES);
        assert_eq!(error.causes()[1], "console: line 6");
        assert_eq!(error.causes()[LINES], "console: line 30");
        assert_eq!(about("").causes(), ["why", "console: empty"]);
    }
}
