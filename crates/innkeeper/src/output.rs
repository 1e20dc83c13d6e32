//! Results on standard output, troubles on standard error, and the exit status.

use std::io::{self, Write};
use std::process::ExitCode;

use error::{Error, Kind, Result, amount};
use render::Look;
use serde_json::Value;

/// How a command ended: what to say about it, and as what.
#[derive(Debug, Default)]
pub(crate) struct End {
    errors: Vec<Error>,
    json: Json,
    found: bool,
}

/// The exit status of a command that did what it should, and found something to look at.
const FOUND: u8 = 5;

/// Where a JSON document about the end goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Json {
    /// Nowhere: text was asked for, or the document is there already.
    #[default]
    No,
    /// To standard output.
    Out,
    /// To standard error, because standard output carries a disk.
    Err,
}

impl End {
    /// Ends with these troubles, none for success.
    pub(crate) fn new(errors: Vec<Error>, json: Json) -> Self {
        End {
            errors,
            json,
            found: false,
        }
    }

    /// Ends well, with findings or without.
    pub(crate) fn found(found: bool) -> Self {
        End {
            found,
            ..End::default()
        }
    }
}

impl From<Result<()>> for End {
    fn from(result: Result<()>) -> Self {
        End::new(result.err().into_iter().collect(), Json::No)
    }
}

/// Tells the troubles and turns the end into an exit status: that of the first trouble.
pub(crate) fn exit(end: End) -> ExitCode {
    let Some(first) = end.errors.first() else {
        return ExitCode::from(if end.found { FOUND } else { 0 });
    };
    let document = render::failure(&end.errors);
    match end.json {
        Json::No => {}
        // Standard output that fails leaves standard error and the status.
        Json::Out => drop(print_json(&document)),
        Json::Err => tell(&render::document_text(&document)),
    }
    for error in &end.errors {
        if error.kind() != Kind::Closed {
            tell(&render::error_text(error, &err_look()));
        }
    }
    ExitCode::from(first.kind().exit_status())
}

/// Prints `bytes` as the result.
///
/// # Errors
/// [`Kind::Closed`] when the reader has gone, [`Kind::Io`] for anything else.
pub(crate) fn print(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    let printed = out.write_all(bytes).and_then(|()| out.flush());
    printed.map_err(|cause| match cause.kind() {
        io::ErrorKind::BrokenPipe => {
            Error::new(Kind::Closed, "standard output was closed by its reader")
        }
        _ => Error::io("standard output cannot be written", cause),
    })
}

/// Prints one JSON document as the result.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(document: &Value) -> Result<()> {
    print((render::document_text(document) + "\n").as_bytes())
}

/// Says something on standard error. That standard error is gone cannot be reported.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Tells a warning on standard error.
pub(crate) fn warn(warning: &Error) {
    tell(&render::warning_text(warning, &err_look()));
}

/// What standard output shows.
pub(crate) fn look() -> Look {
    Look::of(&io::stdout())
}

/// What standard error shows.
pub(crate) fn err_look() -> Look {
    Look::of(&io::stderr())
}

/// A rate, or a dash where nothing can be said.
pub(crate) fn rate(bytes: u64, seconds: f64) -> String {
    if seconds <= 0.0 {
        return "–".into();
    }
    format!("{}/s", amount((bytes as f64 / seconds) as u64))
}
