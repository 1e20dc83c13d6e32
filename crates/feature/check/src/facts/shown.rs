//! The certificates that the servers show which the question names.

use std::sync::Arc;
use std::thread;

use error::{Error, Result};

use super::{Facts, NotKnown};
use crate::certificate::Certificate;
use crate::tls::Server;

/// What a server shows.
#[derive(Debug)]
pub struct Shown {
    /// The server.
    pub server: Server,
    /// Its certificates, its own first; or why there are none, in one line.
    pub chain: std::result::Result<Vec<Certificate>, String>,
}

/// What each server shows.
#[derive(Debug)]
pub struct AllShown(pub Vec<Shown>);

impl Facts {
    /// What the servers show that the question names.
    ///
    /// # Errors
    /// No thread can be started for one.
    pub fn shown(&self) -> Result<Arc<AllShown>, NotKnown> {
        self.known("what servers show", |facts| {
            // Connecting and answering together have to be within the fact's own limit.
            let limit = facts.question().limit / 3;
            let ask = |server: Server| thread::spawn(move || show(server, limit));
            let asked: Vec<_> = facts.question().tls.iter().cloned().map(ask).collect();
            let shown = asked.into_iter().map(|asked| {
                asked
                    .join()
                    .map_err(|_| Error::new(error::Kind::Io, "asking a server failed"))
            });
            Ok(AllShown(shown.collect::<Result<_>>()?))
        })
    }
}

fn show(server: Server, limit: std::time::Duration) -> Shown {
    let chain = server.chain(limit);
    let chain = chain.map_err(|error| {
        let causes = error.causes().iter().map(|cause| format!(": {cause}"));
        causes.fold(error.to_string(), |text, cause| text + &cause)
    });
    Shown { server, chain }
}
