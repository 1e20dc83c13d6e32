//! What no compiler sees: length, markers, hosts.

use std::path::Path;

use error::{Error, Result};

use crate::shell::{command, file_error, output, root};

/// Lines a Rust file may have before it should be split by meaning.
const LONGEST: usize = 600;

/// Words for work that nobody tracks; taken apart here so that this file passes.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Hosts that hand out packages. A mirror written into a tracked file breaks the build elsewhere.
const HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("deb.", "debian.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("pypi", ".org"),
    concat!("registry.", "npmjs"),
    concat!("docker", ".io"),
];

/// Where every lock file must say its packages come from: cargo's own default.
const SOURCE: &str = concat!(
    "registry+https://github.com/rust-lang/",
    "crates",
    ".io-index"
);

/// Reads every file that is tracked or about to be.
///
/// # Errors
/// One line says something that should not be in the repository, or a file is too long.
pub(super) fn check() -> Result<()> {
    let mut list = command(
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard"],
    );
    let files = output(&mut list)?;
    let mut bad = Vec::new();
    for name in files.lines() {
        let path = root().join(name);
        // Binary files and files just deleted have no prose.
        if !path.is_file() {
            continue;
        }
        if let Ok(text) = String::from_utf8(read(&path)?) {
            bad.extend(objections(name, &text));
        }
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Error::refused(bad.join("; ")))
    }
}

/// The file's first mebibyte: prose is shorter.
fn read(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(file_error(path))?;
    file.take(1 << 20)
        .read_to_end(&mut bytes)
        .map_err(file_error(path))?;
    Ok(bytes)
}

fn objections(name: &str, text: &str) -> Vec<String> {
    if name.ends_with("Cargo.lock") {
        let sources = text
            .lines()
            .filter_map(|line| line.strip_prefix("source = "));
        let other = sources.filter(|source| source.trim_matches('"') != SOURCE);
        return other
            .map(|source| format!("{name}: a package comes from {source}"))
            .collect();
    }
    let mut bad = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words = || line.split(|c: char| !c.is_ascii_alphanumeric());
        for marker in MARKERS
            .iter()
            .filter(|marker| words().any(|word| word == **marker))
        {
            bad.push(format!("{name}:{number}: {marker}: do it or file it"));
        }
        for host in HOSTS.iter().filter(|host| line.contains(**host)) {
            bad.push(format!("{name}:{number}: names the package host {host}"));
        }
    }
    let lines = text.lines().count();
    if name.ends_with(".rs") && lines > LONGEST {
        bad.push(format!(
            "{name}: {lines} lines, at most {LONGEST}: split it by meaning"
        ));
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_objection_names_its_line() {
        let text = format!("fine\n// {}: later\nsee {}\n", MARKERS[0], HOSTS[0]);
        let bad = objections("a.rs", &text);
        assert_eq!(bad.len(), 2, "{bad:?}");
        assert!(bad[0].starts_with("a.rs:2:") && bad[1].starts_with("a.rs:3:"));
        assert!(objections("a.rs", "a word such as METODOS").is_empty());
    }

    #[test]
    fn length_counts_for_code_only() {
        let long = "x\n".repeat(LONGEST + 1);
        assert_eq!(objections("a.rs", &long).len(), 1);
        assert!(objections("a.md", &long).is_empty());
    }

    #[test]
    fn lock_files_name_the_default_source() {
        assert!(objections("Cargo.lock", &format!("source = \"{SOURCE}\"\n")).is_empty());
        assert_eq!(
            objections("Cargo.lock", "source = \"registry+https://mirror\"\n").len(),
            1
        );
    }
}
