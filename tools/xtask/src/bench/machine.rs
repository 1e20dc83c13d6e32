//! What the figures were measured on and with.

use std::path::Path;

use error::{Error, Result};

use crate::shell::{command, file_error, output};

/// The programs whose versions matter, and how to ask them.
const VERSIONS: &[&[&str]] = &[
    &["rustc", "--version"],
    &["innkeeper", "--version"],
    &["tar", "--version"],
    &["gzip", "--version"],
    &["pigz", "--version"],
    &["igzip", "--version"],
    &["rapidgzip", "--version"],
    &["zstd", "--version"],
    &["xz", "--version"],
    &["nbdcopy", "--version"],
    &["qemu-img", "--version"],
];

/// The machine, the place and the versions, a line each.
///
/// # Errors
/// The machine does not say.
pub(super) fn describe(dir: &Path, tools: &Path) -> Result<Vec<String>> {
    let processor = field("/proc/cpuinfo", "model name")?;
    let cores = std::thread::available_parallelism()
        .map_err(|cause| Error::io("how many processors?", cause))?;
    let memory = field("/proc/meminfo", "MemTotal")?;
    let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    let kernel = output(&mut command("uname", &["-sr"]))?;
    let place = dir.display().to_string();
    let system = output(&mut command(
        "stat",
        &["--file-system", "--format=%T", &place],
    ))?;
    let mut lines = vec![
        format!(
            "{processor}, {cores} processors, {:.0} GiB of memory, {}",
            kib as f64 / 1048576.0,
            kernel.trim()
        ),
        format!("inputs and targets on {}, page cache warm", system.trim()),
    ];
    let path = std::env::var("PATH").unwrap_or_default();
    for words in VERSIONS {
        let (Some(program), arguments) = (words.first(), words.get(1..).unwrap_or_default()) else {
            continue;
        };
        let mut ask = command(program, arguments);
        ask.env("PATH", format!("{}:{path}", tools.display()));
        // A peer that was left out has no version.
        if let Ok(answer) = output(&mut ask) {
            lines.push(
                answer
                    .lines()
                    .find(|line| !line.is_empty())
                    .unwrap_or(program)
                    .trim()
                    .to_owned(),
            );
        }
    }
    Ok(lines)
}

/// The value of the first `name : value` line of a file.
fn field(file: &str, name: &str) -> Result<String> {
    let path = Path::new(file);
    let text = std::fs::read_to_string(path).map_err(file_error(path))?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let value = fields
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim());
    Ok(value.unwrap_or("unknown").to_owned())
}
