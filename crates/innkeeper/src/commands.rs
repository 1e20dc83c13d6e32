//! One file a command.

pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod digest;
mod ending;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod man;
mod request;
mod told;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use place::source::http::HttpOptions;
use report::{Error, Result, printable};

use crate::cli::Command;
use crate::output::{End, tell};

/// Runs one command.
pub(crate) fn run(command: Command) -> End {
    match command {
        Command::Import(args) => import::run(*args),
        Command::Convert(args) => convert::run(*args),
        Command::Inspect(args) => inspect::run(args),
        Command::Digest(args) => digest::run(args),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// How to talk to servers: with what `--header` says, and a line before each further attempt unless
/// the person wants quiet.
///
/// # Errors
/// [`report::Kind::Usage`] when a header is none.
fn http_options(headers: &[String], quiet: bool) -> Result<HttpOptions> {
    let headers = headers.iter().map(|header| {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            // Not shown: what lacks its name may be a token.
            Error::usage("a --header has no colon").hint("write NAME: VALUE")
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    let pause = move |why: &Error, wait: Duration| {
        if !quiet {
            let why = printable(&why.to_string());
            tell(&format!(
                "warning: {why}; trying again in {} s",
                wait.as_secs()
            ));
        }
        thread::sleep(wait);
        Ok(())
    };
    Ok(HttpOptions {
        headers: headers.collect::<Result<_>>()?,
        pause: Arc::new(pause),
        ..HttpOptions::default()
    })
}
