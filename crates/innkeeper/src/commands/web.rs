//! Options of every command that reads from servers.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use endpoint::Place;
use endpoint::source::http::{Authorities, Fingerprint, HttpOptions, Pin};
use error::{Error, Result, printable};
use host::Host;

use crate::output::tell;

/// How to talk to servers, and which to trust.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WebArgs {
    /// Send this header with every request for the source; may be given several times
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,

    /// Trust the certificates in this file (PEM or DER), of authorities or of servers themselves,
    /// beside those that the system trusts; may be given several times
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,

    /// Trust the source's https server by the SHA-256 fingerprint of its certificate, and by that alone
    #[arg(long, value_name = "sha256:HEX", value_parser = Fingerprint::parse)]
    fingerprint: Option<Fingerprint>,
}

impl WebArgs {
    /// What they mean for reading `source`, and, if that is not at a server, for the `list` of its
    /// checksums. A line comes before each further attempt unless the user wants quiet.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when an option makes no sense, [`error::Kind::Io`] when a file cannot
    /// be read.
    pub(super) fn options(
        &self,
        source: &Place,
        list: Option<&Place>,
        quiet: bool,
        host: &Host,
    ) -> Result<HttpOptions> {
        let headers = self.header.iter().map(|header| {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                // Not shown: what lacks its name may be a token.
                Error::usage("invalid --header: it has no colon").hint("write NAME: VALUE")
            })?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        });
        let options = HttpOptions {
            headers: headers.collect::<Result<_>>()?,
            pin: self.pin(source, list)?,
            pause: Arc::new(move |why: &Error, wait: Duration| pause(why, wait, quiet)),
            ..HttpOptions::default()
        };
        Ok(HttpOptions {
            authorities: self.authorities(&options, host)?,
            ..options
        })
    }

    fn authorities(&self, options: &HttpOptions, host: &Host) -> Result<Authorities> {
        let mut all = Authorities::default();
        for file in &self.ca {
            let place = Place::File(file.clone());
            let content = endpoint::source::read_small(&place, options, host)?;
            all = all.and(&Authorities::parse(&content).map_err(|error| error.at(place))?);
        }
        Ok(all)
    }

    /// The certificate of the server that the user has named.
    fn pin(&self, source: &Place, list: Option<&Place>) -> Result<Option<Pin>> {
        let Some(fingerprint) = self.fingerprint else {
            return Ok(None);
        };
        let url = [Some(source), list].into_iter().flatten();
        let url = url.into_iter().find_map(|place| match place {
            Place::Http(url) => Some(url),
            _ => None,
        });
        let Some(url) = url else {
            let text = "--fingerprint is for a source with an https address";
            return Err(Error::usage(text));
        };
        let pin = Pin::new(url, fingerprint);
        pin.map(Some)
            .map_err(|error| error.at(Place::Http(url.clone())))
    }
}

fn pause(why: &Error, wait: Duration, quiet: bool) -> Result<()> {
    if !quiet {
        let why = printable(&why.to_string());
        let seconds = wait.as_secs();
        tell(&format!("warning: {why}; trying again in {seconds} s"));
    }
    thread::sleep(wait);
    Ok(())
}
