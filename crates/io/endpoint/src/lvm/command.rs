//! Running LVM's commands and reading their reports.
//!
//! LVM has no stable library: its commands are its interface. They have no time limit and are not cancelled: a
//! report may wait for another command's lock, and a change must not be cut in the middle.

use std::path::PathBuf;

use error::{Error, Kind, Result};
use exec::{Output, Tool};
use host::Host;
use serde_json::Value;

use super::Volume;

/// What an administrator says about LVM in the environment (lvm(8), "ENVIRONMENT VARIABLES").
const ENVIRONMENT: [&str; 3] = ["LVM_SYSTEM_DIR", "DM_DEV_DIR", "DM_DISABLE_UDEV"];

/// LVM on one host.
#[derive(Clone, Debug)]
pub(crate) struct Lvm {
    host: Host,
}

/// A volume group, with all its volumes.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Bytes that belong to no volume.
    pub(crate) free: u64,
    /// Bytes in an extent, the unit of a volume's size; never 0.
    pub(crate) extent: u64,
    volumes: Vec<Logical>,
}

/// A logical volume as `lvs` reports it.
#[derive(Clone, Debug)]
pub(crate) struct Logical {
    name: String,
    /// The columns of `lv_attr`, which lvs(8) defines.
    attributes: Vec<u8>,
    /// The thin pool it is in.
    pub(crate) pool: Option<String>,
    /// The volume it was made from, whose content it may show where it has none of its own.
    origin: Option<String>,
    /// For a thin pool: bytes in a chunk.
    chunk: u64,
}

/// How a thin pool hands out its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    /// Bytes in each; never 0.
    pub(crate) size: u64,
    /// Whether one is zeroed before a volume gets it. Where it is not, a chunk written in part shows
    /// old data in its other part.
    pub(crate) cleared: bool,
}

impl Logical {
    fn attribute(&self, column: usize) -> u8 {
        self.attributes.get(column).copied().unwrap_or(b'-')
    }

    /// Whether it is a thin pool.
    pub(crate) fn is_thin_pool(&self) -> bool {
        self.attribute(0) == b't'
    }

    /// Whether it is a part or a container of volumes, not a volume that holds a disk: the pools
    /// and their data, metadata, spares and mirror images.
    pub(crate) fn is_internal(&self) -> bool {
        b"tTdDeiIlp".contains(&self.attribute(0))
    }

    /// Whether it can be written to, by its permissions.
    pub(crate) fn is_writable(&self) -> bool {
        self.attribute(1) == b'w'
    }

    /// Whether its device exists.
    pub(crate) fn is_active(&self) -> bool {
        self.attribute(4) == b'a'
    }

    /// Whether its device is open.
    pub(crate) fn is_open(&self) -> bool {
        self.attribute(5) == b'o'
    }

    /// For a thin pool: how it hands out its space.
    pub(crate) fn chunks(&self) -> Option<Chunks> {
        (self.is_thin_pool() && self.chunk > 0).then(|| Chunks {
            size: self.chunk,
            cleared: self.attribute(7) == b'z',
        })
    }
}

impl Group {
    /// The volume called `name`.
    pub(crate) fn find(&self, name: &str) -> Option<&Logical> {
        self.volumes.iter().find(|volume| volume.name == name)
    }

    /// What `volume` gets its space in, if it is a thin one that reads as zeros where it has none.
    pub(crate) fn chunks_of(&self, volume: &Logical) -> Option<Chunks> {
        let reads_zero = volume.attribute(0) == b'V' && volume.origin.is_none();
        let pool = volume.pool.as_deref().filter(|_| reads_zero)?;
        self.find(pool)?.chunks()
    }

    /// The size LVM gives to a volume that has to hold `size` bytes; `None` when there is no such
    /// number.
    pub(crate) fn rounded(&self, size: u64) -> Option<u64> {
        size.max(1).checked_next_multiple_of(self.extent)
    }
}

impl Lvm {
    /// LVM on `host`.
    pub(crate) fn new(host: &Host) -> Self {
        Lvm { host: host.clone() }
    }

    /// The host it is on.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Where `volume` has its device node once it is active.
    pub(crate) fn node(&self, volume: &Volume) -> PathBuf {
        self.host.dev().join(volume.path())
    }

    /// What is known about volume group `name`.
    ///
    /// # Errors
    /// [`Kind::Target`] when there is no such group, [`Kind::Io`] when LVM does not answer.
    pub(crate) fn group(&self, name: &str) -> Result<Group> {
        let columns = "vg_free,vg_extent_size";
        let output = self.run("vgs", &report(columns, name))?;
        if !output.status.success() {
            let message = format!("volume group {name} cannot be used");
            return Err(output.reasons(Error::target(message)));
        }
        let groups = rows("vgs", "vg", &output)?;
        let odd = || unreadable("vgs");
        let row = groups.first().ok_or_else(odd)?;
        let free = number(row, "vg_free").ok_or_else(odd)?;
        let extent = number(row, "vg_extent_size").filter(|&bytes| bytes > 0);
        let columns = "lv_name,lv_attr,pool_lv,origin,chunk_size";
        let volumes = rows("lvs", "lv", &self.succeed("lvs", &report(columns, name))?)?;
        Ok(Group {
            free,
            extent: extent.ok_or_else(odd)?,
            volumes: volumes
                .iter()
                .map(|row| logical(row).ok_or_else(|| unreadable("lvs")))
                .collect::<Result<_>>()?,
        })
    }

    /// Creates `volume` with `size` bytes, a multiple of the group's extent: in its thin pool if it
    /// names one, else with space of its own, whose first bytes LVM clears of signatures.
    ///
    /// # Errors
    /// [`Kind::Io`] with LVM's reasons. The volume may be there then, made by another program or by an
    /// lvcreate that failed late, at activating it for instance: it stays, and the hint tells of it.
    pub(crate) fn create(&self, volume: &Volume, size: u64) -> Result<()> {
        let size = format!("{size}b");
        let name = ["-y", "-n", &volume.name];
        let space = match &volume.pool {
            Some(pool) => ["-V", &size, "--thinpool", pool, &volume.group].to_vec(),
            None => ["-Wy", "-Zy", "-L", &size, &volume.group].to_vec(),
        };
        let created = self.succeed("lvcreate", &[&name[..], &space].concat());
        created.map(drop).map_err(|error| {
            let group = self.group(&volume.group);
            if group.is_ok_and(|group| group.find(&volume.name).is_some()) {
                let path = volume.path();
                error.hint(format!(
                    "{path} exists now and is kept: if no other program made it, lvremove {path}"
                ))
            } else {
                error
            }
        })
    }

    /// Removes `volume`.
    ///
    /// # Errors
    /// [`Kind::Io`] with LVM's reasons.
    pub(crate) fn remove(&self, volume: &Volume) -> Result<()> {
        self.succeed("lvremove", &["-f", &volume.path()])?;
        Ok(())
    }

    fn succeed(&self, program: &str, arguments: &[&str]) -> Result<Output> {
        self.run(program, arguments)?.success()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<Output> {
        let tool = Tool::new(program)
            .args(arguments)
            .env("LVM_SUPPRESS_FD_WARNINGS", "1")
            .without_time_limit();
        let tool = ENVIRONMENT.into_iter().fold(tool, Tool::pass_env);
        tool.run(&self.host, &exec::never)
    }
}

/// The arguments of a report of `columns` about `group`.
fn report<'a>(columns: &'a str, group: &'a str) -> Vec<&'a str> {
    let format = ["--reportformat", "json", "--units", "b", "--nosuffix"];
    [&format[..], &["-o", columns, group]].concat()
}

/// The rows of a report; LVM wraps them as `{"report":[{"lv":[{…}]}]}`.
fn rows(program: &str, rows: &str, output: &Output) -> Result<Vec<Value>> {
    let json = serde_json::from_slice(&output.stdout);
    let mut json: Value = json.map_err(|_| unreadable(program))?;
    match json.pointer_mut(&format!("/report/0/{rows}")) {
        Some(Value::Array(rows)) => Ok(std::mem::take(rows)),
        _ => Err(unreadable(program)),
    }
}

fn unreadable(program: &str) -> Error {
    Error::new(
        Kind::Io,
        format!("{program} gave no report that makes sense"),
    )
}

fn number(row: &Value, column: &str) -> Option<u64> {
    row.get(column)?.as_str()?.trim().parse().ok()
}

fn logical(row: &Value) -> Option<Logical> {
    let text = |column: &str| row.get(column).and_then(Value::as_str);
    let other = |column| {
        text(column)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    };
    Some(Logical {
        name: text("lv_name")?.to_owned(),
        attributes: text("lv_attr")?.as_bytes().to_vec(),
        pool: other("pool_lv"),
        origin: other("origin"),
        chunk: number(row, "chunk_size").unwrap_or(0),
    })
}
