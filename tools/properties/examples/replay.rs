//! `replay TARGET FILE…`: gives a fuzz target files without libFuzzer, so that any compiler can measure what they
//! reach.

use std::env::args;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = args().skip(1);
    let target = args.next().unwrap_or_default();
    let Some(property) = properties::targets::property(&target) else {
        eprintln!("there is no fuzz target '{target}'");
        return ExitCode::FAILURE;
    };
    for file in args {
        match fs::read(&file) {
            // Most input is refused, which is as good.
            Ok(data) => drop(property(&data)),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
