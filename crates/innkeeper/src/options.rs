//! Options that every command has.

use crate::output::Json;
use crate::progress::{Mode, Reporter};

/// Options of every command that prints a result.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Show progress in this form
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: Mode,

    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    /// Print only errors, warnings and, in digest, the digest; show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl OutputArgs {
    /// Where a document about a failure goes.
    pub(crate) fn failed(&self) -> Json {
        if self.json { Json::Out } else { Json::No }
    }

    /// Shows how far the work is.
    pub(crate) fn reporter(&self) -> Reporter {
        Reporter::new(self.progress, self.quiet)
    }
}
