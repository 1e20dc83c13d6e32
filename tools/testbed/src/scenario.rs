//! Scenarios: shell scripts whose first comments say what they prove and on what machine.

use std::fs;
use std::path::Path;
use std::time::Duration;

use error::{Error, Result, parse_amount};
use testkit::shell::file_error;

/// A script and the machine it asks for.
///
/// Up to the first line that is no comment, every comment but `#!` is a directive `# KEY: VALUE`:
///
/// | key | value | without it |
/// |---|---|---|
/// | `proves` | one sentence | an error |
/// | `hosts` | 1 or 2; the script runs on the first, the second can be reached by ssh | 1 |
/// | `disk` | `NAME SIZE [SECTOR]`, an empty one, `/dev/testbed/NAME`; may be repeated | none |
/// | `nics` | network cards of each host, each on a wire to the same card of the other host | one less than hosts |
/// | `memory` | MiB of each host; dom0 has half of it | 2048 |
/// | `cpus` | pCPUs of each host; with more than one, HVM and PVH guests may crash | 1 |
/// | `limit` | seconds after which a hang is assumed | 1200 |
/// | `status` | the exit status it has to end with | 0 |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The file's name without `.sh`.
    pub name: String,
    /// What it proves.
    pub proves: String,
    /// Hosts, 1 or 2.
    pub hosts: u32,
    /// Disks beside dom0's own, of each host.
    pub disks: Vec<Disk>,
    /// Network cards of each host.
    pub nics: u32,
    /// Memory of each host in MiB.
    pub memory: u32,
    /// Physical CPUs of each host, as Xen sees them. QEMU 7.2 hands an HVM or PVH guest an interrupt twice
    /// when something stops the CPU right behind `vmrun`, which other CPUs do: it leaves the vector in
    /// `exception_index` (target/i386/tcg/sysemu/svm_helper.c, `SVM_EVTINJ_TYPE_INTR`).
    pub cpus: u32,
    /// How long it may take before somebody ends it. A backstop against hangs, no measure of speed.
    pub limit: Duration,
    /// The exit status it has to end with.
    pub status: i32,
    /// The script itself.
    pub script: String,
}

/// An empty disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name below `/dev/testbed`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Bytes of a sector, 512 or 4096.
    pub sector: u32,
}

/// Names that the testbed's own disks have.
const TAKEN: &[&str] = &["dom0", "images", "out"];

impl Scenario {
    /// Reads the scenario in `path`.
    ///
    /// # Errors
    /// It cannot be read, or a directive is invalid; the line is named.
    pub fn read(path: &Path) -> Result<Scenario> {
        let script = fs::read_to_string(path).map_err(file_error(path))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Scenario::parse(&name, script).map_err(|error| error.at(path.display()))
    }

    /// All of a directory, by name.
    ///
    /// # Errors
    /// As [`Scenario::read`]; or there are none.
    pub fn all(dir: &Path) -> Result<Vec<Scenario>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(dir).map_err(file_error(dir))? {
            paths.push(entry.map_err(file_error(dir))?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "sh"));
        paths.sort();
        if paths.is_empty() {
            Err(Error::usage("holds no scenarios").at(dir.display()))
        } else {
            paths.iter().map(|path| Scenario::read(path)).collect()
        }
    }

    /// One without directives that does nothing.
    pub fn bare(name: &str) -> Scenario {
        Scenario {
            name: name.to_owned(),
            proves: String::new(),
            hosts: 1,
            disks: Vec::new(),
            nics: 0,
            memory: 2048,
            cpus: 1,
            limit: Duration::from_secs(1200),
            status: 0,
            script: String::new(),
        }
    }

    fn parse(name: &str, script: String) -> Result<Scenario> {
        let mut scenario = Scenario::bare(name);
        let mut nics = None;
        for (index, line) in script.lines().enumerate() {
            let Some(comment) = line.strip_prefix('#') else {
                break;
            };
            if !comment.starts_with('!') {
                let read = scenario.directive(comment, &mut nics);
                read.map_err(|error| error.at(format!("line {}", index + 1)))?;
            }
        }
        if scenario.proves.is_empty() {
            return Err(Error::usage("does not say what it proves")
                .hint("begin it with a line '# proves: …'"));
        }
        scenario.nics = nics.unwrap_or(scenario.hosts - 1);
        if scenario.nics < scenario.hosts - 1 {
            return Err(Error::usage("two hosts without a wire between them"));
        }
        scenario.script = script;
        Ok(scenario)
    }

    fn directive(&mut self, comment: &str, nics: &mut Option<u32>) -> Result<()> {
        let (key, value) = comment.split_once(':').ok_or_else(|| {
            Error::usage("is no directive 'KEY: VALUE'")
                .hint("other comments come after an empty line")
        })?;
        let value = value.trim();
        match key.trim() {
            "proves" => self.proves = value.to_owned(),
            "hosts" => self.hosts = number(value, 1, 2)?,
            "disk" => {
                let disk = disk(value)?;
                let taken = self.disks.iter().any(|known| known.name == disk.name);
                if taken || TAKEN.contains(&disk.name.as_str()) {
                    return Err(Error::usage(format!(
                        "there is a disk {} already",
                        disk.name
                    )));
                }
                self.disks.push(disk);
            }
            "nics" => *nics = Some(number(value, 0, 8)?),
            "memory" => self.memory = number(value, 1024, 16384)?,
            "cpus" => self.cpus = number(value, 1, 64)?,
            "limit" => self.limit = Duration::from_secs(number(value, 1, 3600)?.into()),
            "status" => self.status = number(value, 0, 255)? as i32,
            key => return Err(Error::usage(format!("'{key}' is an unknown directive"))),
        }
        Ok(())
    }
}

fn number(text: &str, least: u32, most: u32) -> Result<u32> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| Error::usage(format!("'{text}' is no number from {least} to {most}")))
}

fn disk(text: &str) -> Result<Disk> {
    let words: Vec<_> = text.split_whitespace().collect();
    let (name, size, sector) = match words.as_slice() {
        [name, size] => (name, size, "512"),
        [name, size, sector] => (name, size, *sector),
        _ => {
            return Err(Error::usage(format!(
                "'{text}' is no disk NAME SIZE [SECTOR]"
            )));
        }
    };
    // It becomes an NVMe serial number, which has up to 20 characters.
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain || name.len() > 20 {
        return Err(Error::usage(format!(
            "'{name}' is no name of up to 20 letters and digits"
        )));
    }
    let sector = match sector {
        "512" => 512,
        "4096" => 4096,
        other => {
            return Err(Error::usage(format!(
                "sectors have 512 or 4096 bytes, not {other}"
            )));
        }
    };
    let size = parse_amount(size)?;
    if size == 0 || size % u64::from(sector) != 0 {
        return Err(Error::usage(format!(
            "{size} bytes are not whole sectors of {sector}"
        )));
    }
    Ok(Disk {
        name: (*name).to_owned(),
        size,
        sector,
    })
}

#[cfg(test)]
mod tests;
