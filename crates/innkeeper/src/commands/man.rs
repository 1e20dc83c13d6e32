//! `innkeeper man`: the manual pages, from the same definition as the parser.

use std::path::PathBuf;

use clap_mangen::Man;
use error::{Error, Result};

use crate::output::{End, print};

/// `innkeeper man [--out DIR]`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write a page a command into this directory, instead of the program's own page to standard
    /// output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes the pages of the command line that is defined by `definition`.
pub(crate) fn run(args: &Args, definition: clap::Command) -> End {
    End::from(match &args.out {
        Some(directory) => clap_mangen::generate_to(definition, directory)
            .map_err(|cause| Error::io("cannot be written", cause).at(directory.display())),
        None => page(definition).and_then(|page| print(&page)),
    })
}

fn page(definition: clap::Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(definition)
        .render(&mut page)
        .map_err(|cause| Error::io("no manual page", cause))?;
    Ok(page)
}
