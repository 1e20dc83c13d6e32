//! Paragraphs of dpkg's status file, as dpkg's `lib/dpkg/parse.c` and `lib/dpkg/fields.c` read them.

use error::Result;

use crate::lines::Lines;
use crate::package::{Package, Place, State, text};
use crate::store::Store;

/// How far a package is installed whose paragraph does not say so.
#[derive(Clone, Copy)]
pub(super) enum Default {
    /// In dpkg's own files.
    NotInstalled,
    /// In an image that was made without dpkg.
    Installed,
}

/// A paragraph about a package.
pub(super) struct Paragraph {
    pub(super) name: String,
    pub(super) architecture: Option<String>,
    version: String,
    source: Option<String>,
    /// `None` for a package that is not there.
    state: Option<State>,
}

impl Paragraph {
    /// The package it is about; `None` for one that is only known by name.
    pub(super) fn package(self) -> Option<Package> {
        Some(Package {
            state: self.state?,
            name: self.name,
            version: self.version,
            architecture: self.architecture,
            source: self.source,
            place: Place::default(),
        })
    }
}

/// The paragraphs of a file.
pub(super) struct Paragraphs<'a> {
    lines: Lines<'a>,
    default: Default,
}

impl<'a> Paragraphs<'a> {
    pub(super) fn new(store: &'a Store, default: Default) -> Self {
        let lines = Lines::all(store);
        Paragraphs { lines, default }
    }

    /// The next paragraph.
    ///
    /// # Errors
    /// Those of [`Lines::next`]; [`error::Kind::Corrupt`] for what dpkg would not read either.
    pub(super) fn next(&mut self) -> Result<Option<Paragraph>> {
        let mut fields = Fields::default();
        while let Some(line) = self.lines.next()? {
            let wrong = match line.split_first() {
                None if fields.is_any => break,
                None => continue,
                // The value of the last field goes on: of none that matters.
                Some((b' ' | b'\t', _)) if fields.is_any => continue,
                Some((b' ' | b'\t', _)) => {
                    Err("begins with a space, and there is no field before it")
                }
                Some(_) => fields.add(line),
            };
            wrong.map_err(|message| self.lines.corrupt(message))?;
        }
        if !fields.is_any {
            return Ok(None);
        }
        let paragraph = fields.paragraph(self.default);
        paragraph.map(Some).map_err(|message| {
            let message = format!("the paragraph that ends here {message}");
            self.lines.corrupt(&message)
        })
    }
}

/// Fields that are being read.
#[derive(std::default::Default)]
struct Fields {
    is_any: bool,
    package: Option<String>,
    status: Option<String>,
    version: Option<String>,
    /// The version whose configuration files are there.
    configured: Option<String>,
    architecture: Option<String>,
    source: Option<String>,
}

impl Fields {
    fn add(&mut self, line: &[u8]) -> Result<(), &'static str> {
        self.is_any = true;
        let colon = line.iter().position(|&byte| byte == b':');
        let Some((name, [_, value @ ..])) = colon.map(|colon| line.split_at(colon)) else {
            return Err("a field has no colon");
        };
        let field = match name.to_ascii_lowercase().as_slice() {
            b"package" => &mut self.package,
            b"status" => &mut self.status,
            b"version" => &mut self.version,
            b"config-version" => &mut self.configured,
            b"architecture" => &mut self.architecture,
            b"source" => &mut self.source,
            _ => return Ok(()),
        };
        if field.is_some() {
            return Err("a second value for a field of this paragraph");
        }
        *field = text(value);
        Ok(())
    }

    fn paragraph(self, default: Default) -> Result<Paragraph, &'static str> {
        let name = self.package.ok_or("has no field Package")?;
        if !is_name(&name) {
            return Err("has an invalid name of a package");
        }
        let state = match (self.status, default) {
            (Some(status), _) => state(&status)?,
            (None, Default::Installed) => Some(State::Installed),
            (None, Default::NotInstalled) => None,
        };
        let has_files = matches!(state, Some(State::Installed | State::Unpacked));
        if has_files && self.version.is_none() {
            return Err("has no field Version");
        }
        // The name, and its version in brackets where that is another one.
        let source = self
            .source
            .as_deref()
            .and_then(|source| source.split_whitespace().next());
        Ok(Paragraph {
            source: source.map(str::to_owned),
            version: self.version.or(self.configured).unwrap_or_default(),
            architecture: self.architecture,
            name,
            state,
        })
    }
}

/// The third word of the field Status: what is wanted, whether it has to be installed again, how far it is installed.
fn state(status: &str) -> Result<Option<State>, &'static str> {
    let mut words = status.split_whitespace();
    let (Some(_), Some(_), Some(word), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("has a field Status without three words");
    };
    Ok(match word {
        "installed" | "triggers-awaited" | "triggers-pending" => Some(State::Installed),
        "unpacked" | "half-configured" => Some(State::Unpacked),
        "half-installed" => Some(State::Partial),
        "config-files" => Some(State::Removed),
        "not-installed" => None,
        _ => return Err("has an unknown word in its field Status"),
    })
}

/// Whether dpkg takes it for the name of a package (`pkg_name_is_illegal`). It is part of the names of files.
fn is_name(name: &str) -> bool {
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte);
    name.bytes().all(is_in_name) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}
