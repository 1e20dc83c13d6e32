//! Reading the way the tests do: without waiting, and without the machine's proxies.

use std::sync::Arc;

use endpoint::Advice;
use endpoint::source::http::{Http, HttpOptions, Proxies, shown};
use error::{Error, Result};
use sparse::{ByteSource, Fill};

/// Options under which no test waits.
pub fn quick() -> HttpOptions {
    HttpOptions {
        retries: 1,
        proxies: Proxies::none(),
        pause: Arc::new(|_, _| Ok(())),
        ..HttpOptions::default()
    }
}

/// All that `url` holds.
pub fn read(url: &str, options: &HttpOptions) -> Result<Vec<u8>> {
    read_on(&mut Http::open(url, options)?)
}

/// All that is left in `source`.
pub fn read_on(source: &mut Http) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 10_000];
    while let Fill::Data(n) = source.fill(&mut buffer)? {
        all.extend_from_slice(&buffer[..n]);
    }
    Ok(all)
}

/// What a user sees of the failure to read `url`, given the name that a program puts to it.
pub fn failure_of(url: &str, options: &HttpOptions) -> String {
    match read(url, options) {
        Ok(data) => format!("{} bytes", data.len()),
        Err(error) => as_text(&error.at(shown(url))),
    }
}

/// The error as a user reads it, and the advice that it carries.
pub fn as_text(error: &Error) -> String {
    let text = error.to_text();
    match error.advice::<Advice>() {
        Some(advice) => format!("{text}\nadvice: {advice:?}"),
        None => text,
    }
}
