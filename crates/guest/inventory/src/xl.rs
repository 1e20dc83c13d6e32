//! Guests of xl: `/etc/xen/*.cfg`, `/etc/xen/auto` (xendomains(8)), and what `xl list` prints.

use std::path::PathBuf;
use std::time::Duration;

use error::{Error, Result};
use exec::Tool;
use host::{Host, Hypervisor};
use vmconfig::Kind;

use crate::configuration::of_xl;
use crate::source::guest;
use crate::{Guest, Inventory, State, Toolstack};

/// How long xl may take: it asks the hypervisor and xenstore, nothing else.
const TIME: Duration = Duration::from_secs(10);

/// A domain that runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u32,
    /// Its memory in MiB.
    pub memory: u64,
    /// How many vCPUs it has.
    pub vcpus: u32,
    /// What it does, in a word.
    pub state: &'static str,
}

/// Marks the guests of Xen that run, and adds those that have no configuration here.
pub(crate) fn states(host: &Host, cancelled: &dyn Fn() -> bool, inventory: &mut Inventory) {
    if !host.is_live() {
        return;
    }
    let is_dom0 = host
        .hypervisor()
        .map(|hypervisor| hypervisor == Hypervisor::XenDom0);
    let domains = is_dom0.and_then(|is_dom0| {
        if is_dom0 {
            domains(host, TIME, cancelled)
        } else {
            Ok(Vec::new())
        }
    });
    match domains {
        Ok(domains) => running(&domains, inventory),
        Err(error) => {
            for guest in inventory.guests.iter_mut().filter(|it| on_xen(it)) {
                guest.state = State::NotKnown;
            }
            inventory.errors.push(error);
        }
    }
}

/// Whether `xl list` shows it while it runs.
fn on_xen(guest: &Guest) -> bool {
    matches!(guest.toolstack, Toolstack::Xl | Toolstack::LibvirtXen)
}

/// Adds the configurations.
pub(crate) fn configured(host: &Host, inventory: &mut Inventory) {
    for configuration in inventory.kept(of_xl(host.files())) {
        let autostart = configuration.autostart.is_some();
        add(host, configuration.file, autostart, inventory);
    }
}

fn add(host: &Host, path: PathBuf, autostart: bool, inventory: &mut Inventory) {
    match guest(host, path, Toolstack::Xl, vmconfig::xl::read) {
        Ok(mut guest) => {
            let kind = guest.vm.as_ref().and_then(|vm| vm.kind.as_ref());
            // xl's own default on x86.
            let kind = kind.map_or(Kind::Pv, |kind| kind.value);
            guest.kind = Some(kind.name().to_owned());
            guest.autostart = autostart;
            inventory.guests.push(guest);
        }
        Err(error) => inventory.errors.push(error),
    }
}

/// The domains that run, without dom0, as `xl list` prints them within `limit`.
///
/// # Errors
/// xl fails, or prints what is not understood.
pub fn domains(host: &Host, limit: Duration, cancelled: &dyn Fn() -> bool) -> Result<Vec<Domain>> {
    let list = Tool::new("xl").args(["list"]).time_limit(limit);
    let output = list.succeed(host, cancelled)?;
    parse(output.text()?)
}

/// Reads what `xl list` prints: names may have blanks, the columns behind them do not.
pub(crate) fn parse(text: &str) -> Result<Vec<Domain>> {
    let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let mut domains = Vec::new();
    for line in lines {
        let domain = domain(line).ok_or_else(|| {
            let message = "xl list printed a line that is not understood";
            Error::io(message, line.trim())
        })?;
        if domain.id != 0 {
            domains.push(domain);
        }
    }
    Ok(domains)
}

fn domain(line: &str) -> Option<Domain> {
    let mut rest = line.trim_end();
    let mut column = || {
        let (before, word) = rest.rsplit_once([' ', '\t'])?;
        rest = before.trim_end();
        Some(word)
    };
    let (_time, state) = (column()?, column()?);
    let vcpus = column()?.parse().ok()?;
    let memory = column()?.parse().ok()?;
    let id = column()?.parse().ok()?;
    Some(Domain {
        name: rest.trim_start().to_owned(),
        id,
        memory,
        vcpus,
        state: word(state),
    })
}

/// The letters of xl list's column State in a word; a domain that waits for something to do is running.
fn word(letters: &str) -> &'static str {
    let has = |letter| letters.contains(letter);
    if has('c') {
        "crashed"
    } else if has('d') {
        "dying"
    } else if has('s') {
        "shut down"
    } else if has('p') {
        "paused"
    } else {
        "running"
    }
}

fn running(domains: &[Domain], inventory: &mut Inventory) {
    for domain in domains {
        let named = |guest: &&mut Guest| guest.name.as_deref() == Some(&domain.name);
        let guests = inventory.guests.iter_mut().filter(|guest| on_xen(guest));
        let mut known = false;
        for guest in guests.filter(named) {
            known = true;
            mark(guest, domain);
        }
        if !known {
            let mut guest = Guest::unconfigured(&domain.name, Toolstack::Xl);
            mark(&mut guest, domain);
            inventory.guests.push(guest);
        }
    }
}

/// Says of `guest` what its domain says.
fn mark(guest: &mut Guest, domain: &Domain) {
    guest.state = State::Active(domain.state.to_owned());
    guest.id = Some(domain.id);
    guest.memory = Some(domain.memory << 20);
    guest.vcpus = Some(domain.vcpus);
}
