//! `replay TARGET FILE…`: reads files as a fuzz target and the one that compares do, without libFuzzer, so that any
//! compiler can measure what they reach.

use std::env::args;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = args().skip(1);
    let target = args.next().unwrap_or_default();
    let Some(properties) = properties::targets::properties(&target) else {
        eprintln!("there is no fuzz target '{target}' with seeds");
        return ExitCode::FAILURE;
    };
    for file in args {
        let data = match fs::read(&file) {
            Ok(data) => data,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        };
        for property in properties {
            // Most input is refused, which is as good.
            drop(property(&data));
        }
    }
    ExitCode::SUCCESS
}
