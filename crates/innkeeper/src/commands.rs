//! One file a command.

pub(crate) mod completions;
pub(crate) mod digest;
pub(crate) mod import;
pub(crate) mod man;

use place::source::http::HttpOptions;
use report::{Error, Result};

use crate::cli::Command;
use crate::output::End;

/// Runs one command.
pub(crate) fn run(command: Command) -> End {
    match command {
        Command::Import(args) => import::run(*args),
        Command::Digest(args) => digest::run(args),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// What `--header` says.
///
/// # Errors
/// [`report::Kind::Usage`] when a header is none.
fn http_options(headers: &[String]) -> Result<HttpOptions> {
    let headers = headers.iter().map(|header| {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            Error::usage(format!("'{header}' is no header")).hint("write NAME: VALUE")
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    Ok(HttpOptions {
        headers: headers.collect::<Result<_>>()?,
        ..HttpOptions::default()
    })
}
