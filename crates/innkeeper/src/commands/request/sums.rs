//! The digests that the source must have, from the list that `--checksums` names.

use std::ffi::OsStr;
use std::path::Path;

use endpoint::Place;
use endpoint::source::http::HttpOptions;
use error::{Error, Result};
use host::Host;
use sparse::ByteSource;
use transfer::Sums;

use crate::checksums::{List, Names};

/// Endings of the files that hold a signature of the one beside them.
const SIGNATURES: [&str; 5] = ["asc", "sig", "sign", "gpg", "minisig"];

/// A list that was fetched.
pub(super) struct Listed<'a> {
    place: &'a Place,
    list: List,
}

impl<'a> Listed<'a> {
    /// Fetches the list at `place`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for a source without a name, and those of
    /// [`endpoint::source::read_small`].
    pub(super) fn fetch(
        place: &'a Place,
        source: &Place,
        http: &HttpOptions,
        host: &Host,
    ) -> Result<Self> {
        if !matches!(source, Place::File(_) | Place::Http(_)) {
            return Err(Error::usage("--checksums needs a source with a name")
                .hint("give the sum itself with --sha256 or --sha512"));
        }
        let bytes = match (place, source) {
            // The headers may hold a secret, which is for the source's server only.
            (Place::Http(list), Place::Http(url)) if origin(list) != origin(url) => {
                let plain = HttpOptions {
                    headers: Vec::new(),
                    ..http.clone()
                };
                endpoint::source::read_small(place, &plain, host)?
            }
            _ => endpoint::source::read_small(place, http, host)?,
        };
        Ok(Listed {
            place,
            list: List::parse(&place.last_name(), &bytes),
        })
    }

    /// What it gives for `source`, which is `opened`: under the name that was asked for, or else
    /// under the one that a redirect led to.
    ///
    /// # Errors
    /// Those of [`List::find`].
    pub(super) fn sums(&self, source: &Place, opened: &dyn ByteSource) -> Result<Sums> {
        let mut names = vec![match source {
            Place::Http(url) => Names::of_url(url),
            other => Names::of_path(&other.to_string()),
        }];
        names.extend(opened.found_at().map(|url| Names::of_url(&url)));
        self.list.find(&names).map_err(|error| error.at(self.place))
    }

    /// That the list's signature, in it or beside it, was not looked at.
    pub(super) fn warnings(&self) -> Vec<Error> {
        let place = self.place;
        let within = self.list.signature().map(|kind| {
            let tool = match kind {
                "PGP" => "gpg --verify",
                _ => "signify -V",
            };
            Error::refused(format!("its {kind} signature was not verified"))
                .hint(format!("{tool} does that"))
        });
        let beside = match place {
            Place::File(path) => signature_beside(path),
            _ => None,
        };
        let warning = within.or(beside);
        warning
            .into_iter()
            .map(|warning| warning.at(place))
            .collect()
    }
}

fn signature_beside(list: &Path) -> Option<Error> {
    let names = SIGNATURES.iter().map(|ending| {
        let mut name = list.as_os_str().to_owned();
        name.push(OsStr::new("."));
        name.push(ending);
        name
    });
    let found = names.into_iter().find(|name| Path::new(name).exists())?;
    let text = format!("its signature in {} was not verified", found.display());
    Some(Error::refused(text))
}

/// Scheme, host and port of a URL, as they are written.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    &url[..end]
}
