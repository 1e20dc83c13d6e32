//! What goes into an OVA beside the disk.

use std::ffi::OsStr;

use endpoint::Place;
use endpoint::source::http::HttpOptions;
use error::Result;
use host::Host;
use transfer::Guest;
use vmconfig::Vm;

use super::names::{plain, stem};

/// What the files in the OVA are called that goes to `to`, or comes from `source` where `to` is a pipe.
pub(super) fn name(to: &OsStr, source: &Place) -> String {
    let last = match Place::parse(to) {
        Ok(place @ Place::File(_)) => place.last_name(),
        _ => return plain(&stem(&source.last_name())),
    };
    let name = match last.rsplit_once('.') {
        Some((name, ending)) if ending.eq_ignore_ascii_case("ova") => name,
        _ => last.as_str(),
    };
    plain(name)
}

/// The guest that the file at `place` describes. The source's headers and its server's fingerprint, which
/// `http` may have, are nothing to others.
///
/// # Errors
/// Those of reading it, and those of [`Guest::in_file`].
pub(super) fn guest(place: &Place, http: &HttpOptions, host: &Host) -> Result<Vm> {
    let plain = HttpOptions {
        headers: Vec::new(),
        pin: None,
        ..http.clone()
    };
    let bytes = endpoint::source::read_small(place, &plain, host)?;
    Guest::in_file(&place.to_string(), &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_called_as_its_file() {
        let source = Place::parse("http://host/a/web%20server.tar.gz").unwrap();
        let cases = [
            ("/srv/web-1.2.ova", "web-1.2"),
            ("Web.OVA", "Web"),
            ("web", "web"),
            ("a b/../c d.ova", "c-d"),
        ];
        for (to, expected) in cases {
            assert_eq!(name(to.as_ref(), &source), expected, "{to}");
        }
        assert!(!name("-".as_ref(), &source).contains(['%', ' ', '.']));
    }
}
