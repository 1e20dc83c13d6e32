//! The guests that run.

use std::collections::BTreeSet;
use std::sync::Arc;

use error::Result;

use super::{Facts, NotKnown};

/// The names of the guests that Xen runs now.
#[derive(Debug, Default)]
pub struct Running(pub BTreeSet<String>);

impl Facts {
    /// The guests that Xen runs now.
    ///
    /// # Errors
    /// Xen cannot be asked.
    pub fn running_guests(&self) -> Result<Arc<Running>, NotKnown> {
        self.known("the running guests", read)
    }
}

fn read(facts: &Facts) -> Result<Running> {
    let domains = inventory::domains(facts.host(), facts.question().limit, &exec::never)?;
    Ok(Running(
        domains.into_iter().map(|domain| domain.name).collect(),
    ))
}
