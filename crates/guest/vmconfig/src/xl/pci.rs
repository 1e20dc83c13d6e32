//! The language of `pci=` (libxlu_pci.c of Xen 4.17): a device of the host, its slot in the guest, options.

use super::Wrong;
use super::number::{atoi, leading};
use super::wrong::Part;

/// What one element of `pci=` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The device of the host; `None` where it is named.
    pub device: Option<Address>,
    /// Its name among those that `xl pci-assignable-add` gave.
    pub name: Option<String>,
    /// The slot of the guest's bus.
    pub slot: Option<u8>,
    /// Whether the guest may write to the whole configuration space.
    pub permissive: Option<bool>,
    /// Whether MSI is translated to INTx.
    pub msitranslate: Option<bool>,
    /// Whether it is taken from its driver.
    pub seize: Option<bool>,
    /// Whether the guest may manage its power.
    pub power_mgmt: Option<bool>,
    /// What happens where its reserved memory conflicts: `strict`, `relaxed`.
    pub rdm_policy: Option<String>,
}

/// A PCI device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Its domain, 0 as a rule.
    pub domain: u16,
    /// Its bus.
    pub bus: u8,
    /// Its number on the bus, at most 31.
    pub device: u8,
    /// Its function, at most 7; `None` for all, `*`.
    pub function: Option<u8>,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (domain, bus, device) = (self.domain, self.bus, self.device);
        write!(f, "{domain:04x}:{bus:02x}:{device:02x}.")?;
        match self.function {
            Some(function) => write!(f, "{function}"),
            None => f.write_str("*"),
        }
    }
}

/// What xl says of every specification that it cannot read.
const UNREADABLE: &str = "unable to parse PCI_SPEC_STRING for passthrough";

/// Reads one device.
///
/// # Errors
/// What libxlutil refuses.
pub fn parse(text: &str) -> Result<Spec, Wrong> {
    let mut spec = Spec::default();
    let mut at = 0;
    let whole = Part { at: 0, text };
    if let Some((address, len)) = address(text) {
        spec.device = Some(address);
        at = len;
        if let Some(behind) = rest(text, at).strip_prefix('@') {
            let (slot, len) = slot(behind).ok_or_else(|| whole.wrong("invalid slot"))?;
            spec.slot = Some(slot);
            at += 1 + len;
        }
        match rest(text, at) {
            "" => {}
            more if more.starts_with(',') => at += 1,
            more => return Err(Wrong::new(at, more, UNREADABLE)),
        }
    }
    while !rest(text, at).is_empty() {
        let part = rest(text, at);
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| Wrong::new(at, part, UNREADABLE))?;
        let value = value.split(',').next().unwrap_or_default();
        let value_at = at + name.len() + 1;
        spec.option(
            Part { at, text: name },
            Part {
                at: value_at,
                text: value,
            },
        )?;
        at = (value_at + value.len() + 1).min(text.len());
    }
    if spec.device.is_some() == spec.name.is_some() {
        return Err(Wrong::whole(UNREADABLE));
    }
    Ok(spec)
}

impl Spec {
    fn option(&mut self, name: Part<'_>, value: Part<'_>) -> Result<(), Wrong> {
        let flag = Some(atoi(value.text) != 0);
        match name.text {
            "bdf" => {
                let (address, _) = address(value.text).ok_or_else(|| value.wrong(UNREADABLE))?;
                self.device = Some(address);
            }
            "vslot" => {
                let (slot, _) = slot(value.text).ok_or_else(|| value.wrong("invalid slot"))?;
                self.slot = Some(slot);
            }
            "permissive" => self.permissive = flag,
            "msitranslate" => self.msitranslate = flag,
            "seize" => self.seize = flag,
            "power_mgmt" => self.power_mgmt = flag,
            "name" => self.name = Some(value.text.to_owned()),
            "rdm_policy" => {
                let policy = value.text.to_ascii_lowercase();
                if !matches!(policy.as_str(), "strict" | "relaxed" | "invalid") {
                    return Err(value.wrong("Unknown RDM policy"));
                }
                self.rdm_policy = Some(policy);
            }
            _ => return Err(name.wrong("Unknown PCI_SPEC_STRING option")),
        }
        Ok(())
    }
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// The address that `text` begins with, and the bytes it takes (`parse_bdf`).
fn address(text: &str) -> Option<(Address, usize)> {
    let digits = text.find(|c: char| !c.is_ascii_hexdigit() && c != ':');
    let colons = text.get(..digits.unwrap_or(text.len()))?;
    let mut reading = Reading { text, at: 0 };
    let domain = match colons.matches(':').count() {
        1 => 0,
        2 => reading.number(":")?,
        _ => return None,
    };
    let bus = reading.number(":")?;
    let device = reading.number(".")?;
    let function = if rest(text, reading.at).starts_with('*') {
        reading.at += 1;
        None
    } else {
        Some(reading.number("")?)
    };
    let small = |number: u64, most: u8| u8::try_from(number).ok().filter(|it| *it <= most);
    let address = Address {
        domain: u16::try_from(domain).ok()?,
        bus: small(bus, u8::MAX)?,
        device: small(device, 0x1f)?,
        function: match function {
            Some(function) => Some(small(function, 7)?),
            None => None,
        },
    };
    Some((address, reading.at))
}

struct Reading<'t> {
    text: &'t str,
    at: usize,
}

impl Reading<'_> {
    /// The next hexadecimal number, with `mark` behind it.
    fn number(&mut self, mark: &str) -> Option<u64> {
        let text = rest(self.text, self.at);
        let number = leading(text, 16);
        let behind = rest(text, number.len);
        if number.len == 0 || !behind.starts_with(mark) {
            return None;
        }
        self.at += number.len + mark.len();
        Some(number.value)
    }
}

fn slot(text: &str) -> Option<(u8, usize)> {
    let number = leading(text, 16);
    let slot = u8::try_from(number.value).ok().filter(|slot| *slot <= 0x1f);
    (number.len > 0).then_some((slot?, number.len))
}
