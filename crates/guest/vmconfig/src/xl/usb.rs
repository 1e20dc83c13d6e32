//! The languages of `usbctrl=` and `usbdev=` (`parse_usbctrl_config` and `parse_usbdev_config` of xl_parse.c, since Xen 4.7).

use super::Wrong;
use super::number::{atoi, leading};
use super::wrong::{Part, parts};

/// What one element of `usbctrl=` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controller {
    /// `auto`, `pv`, `devicemodel` or `qusb`.
    pub kind: Option<String>,
    /// The version of USB: 1, 2 or 3.
    pub version: Option<i32>,
    /// How many ports it has.
    pub ports: Option<i32>,
}

/// What one element of `usbdev=` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// `hostdev`.
    pub kind: Option<String>,
    /// The host's bus.
    pub bus: Option<u64>,
    /// The device's number on that bus.
    pub address: Option<u64>,
    /// The guest's controller, by its place in `usbctrl=`.
    pub controller: Option<i32>,
    /// The port of that controller.
    pub port: Option<i32>,
}

/// Reads one controller.
///
/// # Errors
/// What xl refuses.
pub fn controller(text: &str) -> Result<Controller, Wrong> {
    let mut spec = Controller::default();
    for part in parts(text) {
        let unknown = || part.wrong("Unknown string in usbctrl spec");
        let (name, value) = part.pair().ok_or_else(unknown)?;
        match name {
            "type" => spec.kind = Some(kind(value, &["auto", "pv", "devicemodel", "qusb"])?),
            "version" => spec.version = Some(atoi(value.text)),
            "ports" => spec.ports = Some(atoi(value.text)),
            _ => return Err(unknown()),
        }
    }
    Ok(spec)
}

/// Reads one device.
///
/// # Errors
/// What xl refuses.
pub fn device(text: &str) -> Result<Device, Wrong> {
    let mut spec = Device::default();
    for part in parts(text) {
        let unknown = || part.wrong("Unknown string in usbdev spec");
        let (name, value) = part.pair().ok_or_else(unknown)?;
        match name {
            "type" => spec.kind = Some(kind(value, &["hostdev"])?),
            "hostbus" => spec.bus = Some(leading(value.text, 0).value),
            "hostaddr" => spec.address = Some(leading(value.text, 0).value),
            "controller" => spec.controller = Some(atoi(value.text)),
            "port" => spec.port = Some(atoi(value.text)),
            _ => return Err(unknown()),
        }
    }
    Ok(spec)
}

/// One of `known`, whatever its case, as libxl's enumerations are read.
fn kind(value: Part<'_>, known: &[&str]) -> Result<String, Wrong> {
    let lower = value.text.to_ascii_lowercase();
    if known.contains(&lower.as_str()) {
        Ok(lower)
    } else {
        Err(value.wrong("Invalid usb type"))
    }
}
