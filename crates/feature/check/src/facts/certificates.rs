//! Certificates that services of the host use.
//!
//! Only files that a service names are looked at: those at a place of its own (XAPI, Proxmox VE, Cockpit), and those that
//! its configuration names. What is in /etc/ssl/certs is nobody's own, and much of it expired long ago.

mod named;
mod pem;

use std::path::PathBuf;
use std::sync::Arc;

use error::Result;
use host::Files;

use super::{Facts, NotKnown};
use crate::certificate::Certificate;
use crate::finding::Place;

/// Where distributions keep the authorities that they trust.
const TRUSTED: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
];

/// Most bytes of a file of certificates.
const LARGEST: u64 = 4 << 20;

/// What a service uses a file of certificates for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Its own certificate, and those that lead to an authority.
    Own,
    /// The authorities that it trusts.
    Authorities,
}

/// A file of certificates that a service uses.
#[derive(Debug)]
pub struct Used {
    /// The service: `libvirt`.
    pub service: &'static str,
    /// What it uses it for.
    pub purpose: Purpose,
    /// The file, a path of the host's own.
    pub file: PathBuf,
    /// Where the service's configuration names the file, if it has to be named there.
    pub named: Option<Place>,
    /// What is in it; `None` where it is not there.
    pub content: Option<Content>,
}

impl Used {
    /// Whether the service made the certificate itself, with an authority of its own that no other host knows: Cockpit's
    /// 0-self-signed.cert (cockpit-tls(8)).
    pub fn is_made_by_service(&self) -> bool {
        let name = self.file.file_name().unwrap_or_default();
        self.service == "Cockpit" && name.to_string_lossy().starts_with("0-self-signed")
    }
}

/// What is in a file of certificates.
#[derive(Debug, Default)]
pub struct Content {
    /// The certificates, in order, each with the place where it begins.
    pub certificates: Vec<(Place, Certificate)>,
    /// Where blocks begin that say that they are certificates and are none.
    pub unreadable: Vec<Place>,
}

/// The certificates that services of the host use.
#[derive(Debug, Default)]
pub struct Certificates {
    /// The files, by service.
    pub used: Vec<Used>,
    /// Files that cannot be read, and why.
    pub unread: Vec<String>,
}

impl Certificates {
    /// Those that services show to others, each with its place and its service.
    pub fn own(&self) -> impl Iterator<Item = (&Used, &Place, &Certificate)> {
        let own = self.used.iter().filter(|used| used.purpose == Purpose::Own);
        own.flat_map(|used| {
            let certificates = used
                .content
                .iter()
                .flat_map(|content| &content.certificates);
            certificates.map(move |(place, certificate)| (used, place, certificate))
        })
    }

    /// That all have been read.
    ///
    /// # Errors
    /// One has not.
    pub fn all_read(&self) -> Result<(), NotKnown> {
        match self.unread.first() {
            None => Ok(()),
            Some(reason) => Err(NotKnown::new("certificates", reason.clone())),
        }
    }
}

/// The names of the authorities that the distribution trusts.
struct Trusted(Vec<String>);

impl Facts {
    /// The certificates that services use.
    ///
    /// # Errors
    /// A configuration of a service cannot be read.
    pub fn certificates(&self) -> Result<Arc<Certificates>, NotKnown> {
        self.known("certificates", read)
    }

    /// Whether the distribution trusts the authority of this name, as [`Certificate`] has it.
    ///
    /// # Errors
    /// Its file of authorities cannot be read.
    pub fn is_trusted(&self, authority: &str) -> Result<bool, NotKnown> {
        let trusted = self.known("the authorities that are trusted", |facts| {
            let mut names = Vec::new();
            for file in TRUSTED {
                let content = content(facts.host().files(), file.into())?;
                let certificates = content.into_iter().flat_map(|content| content.certificates);
                names.extend(certificates.map(|(_, certificate)| certificate.subject));
            }
            Ok(Trusted(names))
        })?;
        Ok(trusted.0.iter().any(|name| name == authority))
    }
}

fn read(facts: &Facts) -> Result<Certificates> {
    let files = facts.host().files();
    let mut all = Certificates::default();
    for named in named::all(files)? {
        let file = named.file;
        let content = match content(files, file.clone()) {
            Ok(content) => content,
            Err(error) => {
                all.unread.push(error.to_string());
                continue;
            }
        };
        all.used.push(Used {
            service: named.service,
            purpose: named.purpose,
            file,
            named: named.place,
            content,
        });
    }
    Ok(all)
}

fn content(files: &Files, file: PathBuf) -> Result<Option<Content>> {
    let Some(bytes) = files.read_within(&file, LARGEST)? else {
        return Ok(None);
    };
    let mut content = Content::default();
    for block in pem::certificates(&String::from_utf8_lossy(&bytes)) {
        let place = Place::at(&file, block.position, 0);
        match block.der.as_deref().and_then(Certificate::parse) {
            Some(certificate) => content.certificates.push((place, certificate)),
            None => content.unreadable.push(place),
        }
    }
    Ok(Some(content))
}
