//! docs/commands has a page for every command, and the page names every option.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use error::{Error, Result};

use crate::shell::{cargo, file_error, output, root};

/// Commands that need no page: their man page says it all.
const WITHOUT_PAGE: &[&str] = &["help"];

/// Compares the pages with the program's own man pages, which come from its parser.
///
/// # Errors
/// A page is missing or does not name an option.
pub(crate) fn check() -> Result<()> {
    let man = tempfile::tempdir().map_err(|cause| Error::io("no temporary directory", cause))?;
    let place = man.path().display().to_string();
    let run = [
        "run",
        "--quiet",
        "--locked",
        "--package",
        "innkeeper",
        "--",
        "man",
        "--out",
        &place,
    ];
    output(&mut cargo(&run))?;
    let mut bad = Vec::new();
    for entry in fs::read_dir(man.path()).map_err(file_error(man.path()))? {
        let path = entry.map_err(file_error(man.path()))?.path();
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Some(command) = stem.strip_prefix("innkeeper-") else {
            continue;
        };
        if !WITHOUT_PAGE.contains(&command) {
            let options = options_in(&fs::read_to_string(&path).map_err(file_error(&path))?);
            bad.extend(objection(command, &options));
        }
    }
    if bad.is_empty() {
        println!("docs/commands names every command and option");
        Ok(())
    } else {
        Err(Error::refused(bad.join("; ")))
    }
}

fn objection(command: &str, options: &BTreeSet<String>) -> Option<String> {
    // A command of a group is on the group's page.
    let group = command.split('-').next().unwrap_or(command);
    let pages = [command, group].map(|page| Path::new("docs/commands").join(format!("{page}.md")));
    let name = pages.iter().find(|page| root().join(page).exists());
    let name = name.unwrap_or(&pages[0]);
    let Ok(page) = fs::read_to_string(root().join(name)) else {
        return Some(format!("{} is missing", name.display()));
    };
    let named = options_in(&page);
    let missing: Vec<_> = options.difference(&named).map(String::as_str).collect();
    let list = missing.join(" ");
    (!missing.is_empty()).then(|| format!("{} does not name {list}", name.display()))
}

/// The long options a text names, written plainly or as roff writes them (`\-\-to`).
fn options_in(text: &str) -> BTreeSet<String> {
    let plain = text.replace("\\-", "-");
    let in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    plain
        .match_indices("--")
        .filter(|(at, _)| !plain[..*at].ends_with(in_name))
        .map(|(at, _)| &plain[at..])
        .map(|from| &from[..from.find(|c| !in_name(c)).unwrap_or(from.len())])
        .filter(|option| option[2..].starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|option| !["--help", "--version"].contains(option))
        .map(|option| option.trim_end_matches('-').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_in_markdown_and_roff() {
        let found = |text| options_in(text).into_iter().collect::<Vec<_>>();
        assert_eq!(
            found("`--to PLACE`, --sha256=HEX; a -- b, ---, a--b"),
            ["--sha256", "--to"]
        );
        assert_eq!(
            found(r"\fB\-\-max\-size\fR \fISIZE\fR, \fB\-h\fR, \fB\-\-help\fR"),
            ["--max-size"]
        );
    }
}
