//! The language of `vif=` (`parse_nic_config` of xl_parse.c): parameters between commas.
//!
//! xl reads exactly `name=value`: with a blank in front of the `=` a parameter is unknown to it. It prints a message
//! about what it does not know and goes on, so such parameters have no effect; only a wrong `rate`, `devid` or `mtu` ends it.

mod rate;

pub use rate::Rate;

use super::Wrong;
use super::number::leading;
use super::wrong::{Part, parts};

/// What one network card of a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Its address, `00:16:3e:00:00:01`.
    pub mac: Option<String>,
    /// The bridge of the host.
    pub bridge: Option<String>,
    /// The card it pretends to be.
    pub model: Option<String>,
    /// `ioemu` or `vif`.
    pub kind: Option<String>,
    /// The program of the host that plugs it in.
    pub script: Option<String>,
    /// How much it may send.
    pub rate: Option<Rate>,
    /// Everything else that xl knows, as `name=value` or the bare name.
    pub others: Vec<String>,
    /// What xl prints a message about and ignores.
    pub ignored: Vec<Wrong>,
    /// Where `bridge` and `script` begin in the value, in bytes.
    pub at: Offsets,
}

/// Where parts of a card's specification begin, in bytes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Where [`Spec::mac`] begins.
    pub mac: Option<usize>,
    /// Where [`Spec::bridge`] begins.
    pub bridge: Option<usize>,
    /// Where [`Spec::script`] begins.
    pub script: Option<usize>,
}

/// The other names xl knows.
const OTHERS: &[&str] = &[
    "backend",
    "forwarddev",
    "gatewaydev",
    "ip",
    "netdev",
    "vifname",
];

/// Reads one network card; an empty text is one with nothing said about it.
///
/// # Errors
/// What xl refuses.
pub fn parse(text: &str) -> Result<Spec, Wrong> {
    let mut spec = Spec::default();
    for part in parts(text) {
        spec.take(part)?;
    }
    Ok(spec)
}

impl Spec {
    fn take(&mut self, part: Part<'_>) -> Result<(), Wrong> {
        let Some((name, value)) = part.pair() else {
            match part.text {
                "trusted" | "untrusted" => self.others.push(part.text.to_owned()),
                _ => self.ignored.push(part.wrong("unrecognized argument")),
            }
            return Ok(());
        };
        let text = || Some(value.text.to_owned());
        match name {
            "bridge" => (self.bridge, self.at.bridge) = (text(), Some(value.at)),
            "model" => self.model = text(),
            "script" => (self.script, self.at.script) = (text(), Some(value.at)),
            "rate" => self.rate = Some(rate::parse(value)?),
            "mac" => match mac(value.text) {
                Some(mac) => (self.mac, self.at.mac) = (Some(mac), Some(value.at)),
                None => self.ignored.push(value.wrong("Invalid parameter `mac'.")),
            },
            "type" => match value.text {
                "vif" | "ioemu" => self.kind = text(),
                _ => self.ignored.push(value.wrong("Invalid parameter `type'.")),
            },
            "accel" => self
                .ignored
                .push(part.wrong("the accel parameter for vifs is currently not supported")),
            "devid" | "mtu" => {
                let number = leading(value.text, 10);
                if number.len == 0 || number.value == u64::MAX {
                    return Err(value.wrong("failed to convert to number"));
                }
                self.others.push(part.text.to_owned());
            }
            name if OTHERS.contains(&name) || name.starts_with("colo_") => {
                self.others.push(part.text.to_owned());
            }
            _ => self.ignored.push(part.wrong("unrecognized argument")),
        }
        Ok(())
    }
}

/// Six hexadecimal numbers with one character of any kind between them.
fn mac(text: &str) -> Option<String> {
    let mut rest = text;
    let mut bytes = Vec::new();
    while bytes.len() < 6 {
        let number = leading(rest, 16);
        if number.len == 0 {
            return None;
        }
        bytes.push(format!("{:02x}", u8::try_from(number.value).ok()?));
        let mut behind = rest.get(number.len..)?.chars();
        behind.next();
        rest = behind.as_str();
    }
    Some(bytes.join(":"))
}
