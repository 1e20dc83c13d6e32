//! The names by which a list may call a source.

use percent_encoding::percent_decode_str;

use super::line::Entry;

/// One path of a source, as it is and decoded where it is an address's.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    forms: Vec<String>,
}

impl Names {
    /// Of a file.
    pub(crate) fn of_path(path: &str) -> Self {
        Names {
            forms: vec![path.to_owned()],
        }
    }

    /// Of an address: lists give its path decoded or as it is.
    pub(crate) fn of_url(url: &str) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let mut forms = vec![decoded(path), path.to_owned()];
        forms.dedup();
        Names { forms }
    }

    /// The name without directories.
    pub(crate) fn last(&self) -> String {
        let path = self.forms.first().map(String::as_str);
        last(path.unwrap_or_default()).to_owned()
    }

    /// The entries for this source: those with its name as it is, or else decoded; of several in
    /// different directories those that share most of its path.
    pub(super) fn best<'a>(&self, entries: &'a [Entry]) -> Vec<&'a Entry> {
        let plain = |name: &str| vec![name.to_owned(), name.replace('\\', "/")];
        let found = self.best_by(entries, &plain);
        if found.is_empty() {
            self.best_by(entries, &|name| vec![decoded(name)])
        } else {
            found
        }
    }

    fn best_by<'a>(
        &self,
        entries: &'a [Entry],
        forms: &dyn Fn(&str) -> Vec<String>,
    ) -> Vec<&'a Entry> {
        let (mut most, mut best) = (0, Vec::new());
        for entry in entries {
            let Some(name) = &entry.name else { continue };
            let names = forms(name);
            let shared = names
                .iter()
                .flat_map(|name| self.forms.iter().map(|form| shared(form, name)));
            let shared = shared.max().unwrap_or(0);
            if shared > most {
                (most, best) = (shared, Vec::new());
            }
            if shared == most && most > 0 {
                best.push(entry);
            }
        }
        best
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How many parts two paths have in common, from the last one on.
fn shared(one: &str, other: &str) -> usize {
    let parts = |path| str::rsplit(path, '/').filter(|part| *part != ".");
    let both = parts(one).zip(parts(other));
    both.take_while(|(one, other)| one == other && !one.is_empty())
        .count()
}
