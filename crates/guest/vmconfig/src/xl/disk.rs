//! The language of `disk=` (libxlu_disk_l.l): parameters, then positions, target first.

mod token;

use token::{Token, token};

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
    /// Everything else, as `name=value` or the bare name.
    pub others: Vec<String>,
}

/// Something libxlutil refuses in a disk, in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The byte of the specification it begins at, counted from 0.
    pub at: usize,
    /// The text it is near; empty when it is the whole.
    pub near: String,
    /// What libxlutil says about it.
    pub message: &'static str,
}

/// The specification as it is read.
#[derive(Default)]
struct Reading {
    spec: Spec,
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
        let wrong = |(near, message): (&str, &'static str)| Wrong {
            at,
            near: near.to_owned(),
            message,
        };
        match found {
            Token::Blank => {}
            Token::Prefix(prefix) => reading.prefix(prefix).map_err(wrong)?,
            Token::Named(name, value) => reading.named(name, value).map_err(wrong)?,
            Token::Position(value) => reading.position(value).map_err(wrong)?,
            Token::Wrong(message) => {
                let near = rest.get(..len).unwrap_or(rest);
                return Err(wrong((near, message)));
            }
        }
        at += len.max(1);
    }
    reading.finish().map_err(|message| Wrong {
        at: 0,
        near: String::new(),
        message,
    })
}

/// The text something is near, and what is wrong.
type Fail<'t> = (&'t str, &'static str);

impl Reading {
    fn finish(mut self) -> Result<Spec, &'static str> {
        if self.spec.cdrom {
            self.spec.read_only = true;
            if self.spec.target.as_deref().unwrap_or_default().is_empty() {
                self.spec.format = Some("empty".to_owned());
            }
        }
        match &self.spec {
            spec if spec.vdev.is_none() => Err("no vdev specified"),
            spec if spec.target.is_none() && !spec.cdrom => {
                Err("no target specified (and device not removable)")
            }
            _ => Ok(self.spec),
        }
    }

    fn prefix<'t>(&mut self, prefix: &'t str) -> Result<(), Fail<'t>> {
        self.prefixed = true;
        match prefix {
            "raw" | "qcow" | "qcow2" | "vhd" => self.format(prefix),
            "iscsi" | "nbd" | "enbd" | "drbd" => {
                let script = format!("block-{prefix}");
                save(&mut self.spec.script, &script).map_err(|()| (prefix, "script respecified"))
            }
            _ => Ok(()),
        }
    }

    fn named<'t>(&mut self, name: &str, value: &'t str) -> Result<(), Fail<'t>> {
        let saved =
            |slot: &mut Option<String>, message| save(slot, value).map_err(|()| (value, message));
        match name {
            "format" => self.format(value),
            "access" => self.access(value),
            "cdrom" => self.cdrom(true),
            "devtype" => self.cdrom(value == "cdrom"),
            "vdev" => saved(&mut self.spec.vdev, "vdev respecified"),
            "script" => saved(&mut self.spec.script, "script respecified"),
            "target" => saved(&mut self.spec.target, "target respecified"),
            "specification" => match value {
                "xen" | "virtio" => saved(
                    &mut self.spec.specification,
                    "disk->specification respecified",
                ),
                _ => Err((value, "unknown value for specification")),
            },
            "backendtype" if !matches!(value, "phy" | "tap" | "qdisk" | "standalone") => {
                Err((value, "unknown value for backendtype"))
            }
            _ => {
                self.spec.others.push(match value {
                    "" => name.to_owned(),
                    value => format!("{name}={value}"),
                });
                Ok(())
            }
        }
    }

    fn position<'t>(&mut self, value: &'t str) -> Result<(), Fail<'t>> {
        match &self.spec {
            spec if spec.target.is_none() => self.spec.target = Some(value.to_owned()),
            spec if !self.prefixed && spec.format.is_none() => {
                let empty = spec.target.as_deref() == Some("");
                if empty && value.contains(':') {
                    self.vdev(value)?;
                    self.spec.format = Some("empty".to_owned());
                } else {
                    self.format(value)?
                }
            }
            spec if spec.vdev.is_none() => self.vdev(value)?,
            _ if !self.access_set => {
                self.access_set = true;
                self.access(value)?;
            }
            _ => return Err((value, "too many positional parameters")),
        }
        Ok(())
    }

    /// The guest's name, and what it is behind a colon.
    fn vdev<'t>(&mut self, value: &'t str) -> Result<(), Fail<'t>> {
        let (vdev, kind) = match value.rsplit_once(':') {
            Some((vdev, kind)) => (vdev, Some(kind)),
            None => (value, None),
        };
        self.spec.vdev = Some(vdev.to_owned());
        match kind {
            None => Ok(()),
            Some(kind @ ("cdrom" | "disk")) => self.cdrom(kind == "cdrom"),
            Some(kind) => Err((kind, "unknown deprecated type")),
        }
    }

    fn cdrom<'t>(&mut self, cdrom: bool) -> Result<(), Fail<'t>> {
        self.spec.cdrom = cdrom;
        Ok(())
    }

    fn format<'t>(&mut self, value: &'t str) -> Result<(), Fail<'t>> {
        let format = match value {
            "" => "raw",
            "raw" | "qcow" | "qcow2" | "vhd" | "empty" | "qed" => value,
            _ => return Err((value, "unknown value for format")),
        };
        match self.spec.format.as_deref() {
            Some(known) if known != format => Err((value, "format respecified")),
            _ => {
                self.spec.format = Some(format.to_owned());
                Ok(())
            }
        }
    }

    fn access<'t>(&mut self, value: &'t str) -> Result<(), Fail<'t>> {
        self.spec.read_only = match value {
            "r" | "ro" => true,
            "rw" | "w" | "" => false,
            _ => return Err((value, "unknown value for access")),
        };
        Ok(())
    }
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
