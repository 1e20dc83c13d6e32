//! `innkeeper man`: the manual pages, from the same definition as the parser.

use std::fs;
use std::path::{Path, PathBuf};

use clap_mangen::Man;
use report::{Error, Result};

use crate::cli;
use crate::output::{End, print};

/// `innkeeper man [--out DIR]`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write a page a command into this directory, instead of the program's own page to standard
    /// output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes the pages.
pub(crate) fn run(args: &Args) -> End {
    let mut program = cli::definition();
    program.build();
    End::from(match &args.out {
        Some(directory) => write_all(&program, directory),
        None => page(program).and_then(|page| print(&page)),
    })
}

fn write_all(program: &clap::Command, directory: &Path) -> Result<()> {
    for command in program.get_subcommands() {
        let name = format!("innkeeper-{}", command.get_name());
        write(
            command.clone().display_name(&name).name(name.clone()),
            directory,
            &name,
        )?;
    }
    write(program.clone(), directory, "innkeeper")
}

fn write(command: clap::Command, directory: &Path, name: &str) -> Result<()> {
    let path = directory.join(format!("{name}.1"));
    fs::write(&path, page(command)?)
        .map_err(|cause| Error::io("cannot be written", cause).at(path.display()))
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|cause| Error::io("no manual page", cause))?;
    Ok(page)
}
