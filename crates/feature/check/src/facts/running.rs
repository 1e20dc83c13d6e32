//! The guests that run.

use std::collections::BTreeSet;
use std::sync::Arc;

use error::Result;
use exec::Tool;

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

/// What `xl list` prints: a line for each guest, which begins with its name.
fn read(facts: &Facts) -> Result<Running> {
    let tool = Tool::new("xl").args(["list"]);
    let tool = tool.time_limit(facts.question().limit);
    let output = tool.succeed(facts.host(), &exec::never)?;
    let lines = output.text()?.lines().skip(1);
    let names = lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    Ok(Running(names.collect()))
}
