//! The language of `disk=` (libxlu_disk_l.l): parameters, then positions, target first.

mod token;

use std::borrow::Cow;

use token::{Token, token};

use super::Wrong;
use super::number::atoi;

/// What one disk of a configuration says. The target is a path of the host the configuration is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// What holds the disk.
    pub target: Option<String>,
    /// Its format: `raw`, `qcow`, `qcow2`, `vhd`, `qed`, `empty`; `None` means raw.
    pub format: Option<String>,
    /// The guest's name for it.
    pub vdev: Option<String>,
    /// Whether the guest may only read it.
    pub read_only: bool,
    /// Whether it is a CD drive.
    pub cdrom: bool,
    /// The script that brings the target up; a program of the host.
    pub script: Option<String>,
    /// Which device model the guest sees: `xen`, `virtio`.
    pub specification: Option<String>,
    /// The domain that serves it, where it is not dom0.
    pub backend: Option<String>,
    /// What serves it: `phy`, `tap`, `qdisk`, `standalone`.
    pub backend_type: Option<String>,
    /// Everything else, as `name=value` or the bare name.
    pub others: Vec<String>,
    /// Where the parts are.
    pub at: Offsets,
    /// Deprecated spellings, in order.
    pub deprecated: Vec<Deprecated>,
}

/// Where the parts of a disk's specification begin, in bytes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Where [`Spec::target`] begins.
    pub target: Option<usize>,
    /// Where [`Spec::format`] begins.
    pub format: Option<usize>,
    /// Where [`Spec::vdev`] begins.
    pub vdev: Option<usize>,
    /// Where [`Spec::script`] begins.
    pub script: Option<usize>,
}

/// A spelling that xl-disk-configuration(5) calls deprecated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecated {
    /// The byte of the specification it begins at.
    pub at: usize,
    /// The spelling, `phy:` for instance.
    pub text: String,
    /// What to write instead of it; empty where it can just be left out.
    pub instead: &'static str,
}

/// The specification as it is read.
#[derive(Default)]
struct Reading {
    spec: Spec,
    /// The byte that the value being read begins at.
    at: usize,
    prefixed: bool,
    access_set: bool,
}

/// Reads one disk.
///
/// # Errors
/// The first thing libxlutil refuses.
pub fn parse(text: &str) -> Result<Spec, Wrong> {
    let mut reading = Reading::default();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (found, len) = token(rest);
        reading.at = at;
        match found {
            Token::Blank => {}
            Token::Prefix(prefix) => reading.prefix(prefix)?,
            Token::Named(name, value) => {
                reading.at += name.len() + usize::from(len > name.len());
                reading.named(name, value)?;
            }
            Token::Position(value) => reading.position(value)?,
            Token::Wrong(message) => {
                return Err(Wrong::new(at, rest.get(..len).unwrap_or(rest), message));
            }
        }
        at += len.max(1);
    }
    reading.finish()
}

impl Reading {
    fn finish(mut self) -> Result<Spec, Wrong> {
        if self.spec.cdrom {
            self.spec.read_only = true;
            if self.spec.target.as_deref().unwrap_or_default().is_empty() {
                self.spec.format = Some("empty".to_owned());
            }
        }
        match &self.spec {
            spec if spec.vdev.is_none() => Err(Wrong::whole("no vdev specified")),
            spec if spec.target.is_none() && !spec.cdrom => Err(Wrong::whole(
                "no target specified (and device not removable)",
            )),
            _ => Ok(self.spec),
        }
    }

    fn wrong(&self, near: &str, message: impl Into<Cow<'static, str>>) -> Wrong {
        Wrong::new(self.at, near, message)
    }

    fn deprecate(&mut self, text: String, instead: &'static str) {
        let at = self.at;
        self.spec.deprecated.push(Deprecated { at, text, instead });
    }

    fn prefix(&mut self, prefix: &str) -> Result<(), Wrong> {
        self.prefixed = true;
        let instead = match prefix {
            "raw" => "format=raw",
            "qcow" => "format=qcow",
            "qcow2" => "format=qcow2",
            "vhd" => "format=vhd",
            "iscsi" => "script=block-iscsi",
            "nbd" => "script=block-nbd",
            "enbd" => "script=block-enbd",
            "drbd" => "script=block-drbd",
            _ => "",
        };
        self.deprecate(format!("{prefix}:"), instead);
        match instead.split_once('=') {
            Some(("format", format)) => self.format(format),
            Some((_, script)) => {
                let saved = save(&mut self.spec.script, script);
                self.spec.at.script.get_or_insert(self.at);
                saved.map_err(|()| self.wrong(prefix, "script respecified"))
            }
            None => Ok(()),
        }
    }

    fn named(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        let at = Some(self.at);
        let spec = &mut self.spec;
        let saved = match name {
            "format" => return self.format(value),
            "access" => return self.access(value),
            "backendtype" => return self.backend_type(value),
            "specification" => return self.specification(value),
            "cdrom" | "devtype" => {
                spec.cdrom = name == "cdrom" || value == "cdrom";
                return Ok(());
            }
            "vdev" => {
                spec.at.vdev = at;
                save(&mut spec.vdev, value)
            }
            "script" => {
                spec.at.script = at;
                save(&mut spec.script, value)
            }
            "target" => {
                spec.at.target = at;
                save(&mut spec.target, value)
            }
            "backend" => save(&mut spec.backend, value),
            _ => return self.other(name, value),
        };
        saved.map_err(|()| self.wrong(value, format!("{name} respecified")))
    }

    /// What has no field of its own.
    fn other(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        if name == "colo-port" && atoi(value) == 0 {
            return Err(self.wrong(value, "unknown value for colo_port"));
        }
        let is_string = !matches!(name, "colo-port" | "grant_usage");
        let assigned = format!("{name}=");
        let known = |other: &String| other.starts_with(&assigned) && other.len() > assigned.len();
        if is_string && !value.is_empty() && self.spec.others.iter().any(known) {
            return Err(self.wrong(value, format!("{name} respecified")));
        }
        self.spec.others.push(match value {
            "" => name.to_owned(),
            value => format!("{assigned}{value}"),
        });
        Ok(())
    }

    fn position(&mut self, value: &str) -> Result<(), Wrong> {
        let spec = &mut self.spec;
        if spec.target.is_none() {
            spec.at.target = Some(self.at);
            spec.target = Some(value.to_owned());
            return Ok(());
        }
        if !self.prefixed && spec.format.is_none() {
            let empty = spec.target.as_deref() == Some("");
            if empty && value.contains(':') {
                self.vdev(value)?;
                self.spec.format = Some("empty".to_owned());
                return Ok(());
            }
            return self.format(value);
        }
        if spec.vdev.is_none() {
            return self.vdev(value);
        }
        if self.access_set {
            return Err(self.wrong(value, "too many positional parameters"));
        }
        self.access_set = true;
        self.access(value)
    }

    /// The guest's name, and what it is behind a colon.
    fn vdev(&mut self, value: &str) -> Result<(), Wrong> {
        self.spec.at.vdev = Some(self.at);
        let Some((vdev, kind)) = value.rsplit_once(':') else {
            self.spec.vdev = Some(value.to_owned());
            return Ok(());
        };
        self.spec.vdev = Some(vdev.to_owned());
        self.at += vdev.len();
        let instead = match kind {
            "cdrom" => "devtype=cdrom",
            "disk" => "devtype=disk",
            _ => {
                self.at += 1;
                return Err(self.wrong(kind, "unknown deprecated type"));
            }
        };
        self.spec.cdrom = kind == "cdrom";
        self.deprecate(format!(":{kind}"), instead);
        Ok(())
    }

    fn format(&mut self, value: &str) -> Result<(), Wrong> {
        let format = match value {
            "" => "raw",
            "raw" | "qcow" | "qcow2" | "vhd" | "empty" | "qed" => value,
            _ => return Err(self.wrong(value, "unknown value for format")),
        };
        if choose(&mut self.spec.format, format) {
            self.spec.at.format.get_or_insert(self.at);
            Ok(())
        } else {
            Err(self.wrong(value, "format respecified"))
        }
    }

    fn backend_type(&mut self, value: &str) -> Result<(), Wrong> {
        if !matches!(value, "phy" | "tap" | "qdisk" | "standalone") {
            Err(self.wrong(value, "unknown value for backendtype"))
        } else if choose(&mut self.spec.backend_type, value) {
            Ok(())
        } else {
            Err(self.wrong(value, "backend respecified"))
        }
    }

    fn specification(&mut self, value: &str) -> Result<(), Wrong> {
        if !matches!(value, "xen" | "virtio") {
            Err(self.wrong(value, "unknown value for specification"))
        } else if choose(&mut self.spec.specification, value) {
            Ok(())
        } else {
            Err(self.wrong(value, "specification respecified"))
        }
    }

    fn access(&mut self, value: &str) -> Result<(), Wrong> {
        self.spec.read_only = match value {
            "r" | "ro" => true,
            "rw" | "w" | "" => false,
            _ => return Err(self.wrong(value, "unknown value for access")),
        };
        Ok(())
    }
}

/// Sets what is not set to another value; whether it is.
fn choose(slot: &mut Option<String>, value: &str) -> bool {
    slot.get_or_insert_with(|| value.to_owned()) == value
}

/// Sets what is not set yet; an empty string may be overwritten.
fn save(slot: &mut Option<String>, value: &str) -> Result<(), ()> {
    match slot.as_deref() {
        None | Some("") => {
            *slot = Some(value.to_owned());
            Ok(())
        }
        Some(_) => Err(()),
    }
}
