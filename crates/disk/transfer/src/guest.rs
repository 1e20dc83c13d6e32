//! The guest that the configurations beside a disk describe.

use error::{Error, Kind, Result};
use vmconfig::ovf::Offer;
use vmconfig::{Choice, Disk, Note, Origin, Vm, libvirt, ovf, proxmox, vbox, vmx, xl, xva};

use crate::advice::Advice;
use crate::classify::{Class, classify};
use crate::config::{Config, ConfigKind};
use crate::names::last_part;

/// Languages in the order in which they are believed: what was made to carry a guest elsewhere first.
const BEST: [ConfigKind; 7] = [
    ConfigKind::Ovf,
    ConfigKind::Xapi,
    ConfigKind::Proxmox,
    ConfigKind::Xl,
    ConfigKind::Libvirt,
    ConfigKind::Vmx,
    ConfigKind::Vbox,
];

/// What configurations say about a guest.
#[derive(Debug, Default)]
pub struct Guest {
    /// The guest by the best description that can be read.
    pub vm: Option<Vm>,
    /// What of it, and which better descriptions, could not be used.
    pub warnings: Vec<Error>,
    /// Why no guest is chosen of those that are described.
    pub undecided: Option<Error>,
}

impl Guest {
    /// Reads `configs`, the best language first, until one of them describes the guest that is meant by
    /// `choice`.
    pub fn described_by(configs: &[Config], choice: &Choice) -> Self {
        let mut guest = Guest::default();
        for config in in_order(configs) {
            match read(config, choice) {
                Ok(vm) => {
                    guest.warnings.extend(vm.faults.iter().map(fault));
                    guest.vm = Some(vm);
                    // Those that describe other guests are no matter then.
                    guest.undecided = None;
                    break;
                }
                Err(error) => match undecided(config, choice, &error) {
                    Some(advice) => {
                        let error = error.advise(advice).at(&config.member);
                        guest.undecided.get_or_insert(error);
                    }
                    None => guest.warnings.push(unused(config, error)),
                },
            }
        }
        guest
    }

    /// The guest that `bytes`, all of a file called `name`, describe in whatever language.
    ///
    /// # Errors
    /// They name the file: those of the language, and [`error::Kind::Refused`] for what is in none of
    /// them.
    pub fn in_file(name: &str, bytes: &[u8]) -> Result<Vm> {
        let class = classify(bytes, Some(bytes.len() as u64), None, false);
        let vm = class.and_then(|class| match class {
            Class::Config(kind) => read(
                &Config {
                    member: name.to_owned(),
                    kind,
                    text: vmconfig::decode(bytes).text,
                },
                &Choice::default(),
            ),
            _ => Err(Error::refused("does not describe a guest")
                .hint("an xl.cfg, libvirt's XML, an OVF, a .vmx or an ova.xml does")),
        });
        vm.map_err(|error| error.at(name))
    }
}

/// Whether one of `configs` names the file called `member`, whatever directory it lies in, as a raw disk.
pub(crate) fn names_as_raw(configs: &[Config], member: &str) -> bool {
    configs.iter().any(|config| {
        let disks = read(config, &Choice::default())
            .map(|vm| vm.disks)
            .unwrap_or_default();
        disks.iter().any(|disk| {
            let named = disk.source.as_deref().map(last_part) == Some(last_part(member));
            named && !disk.cdrom && is_raw(config.kind, disk)
        })
    })
}

/// Whether a description in the language `kind` says that `disk` is raw, which is what xl takes it for
/// when it says nothing.
pub(crate) fn is_raw(kind: ConfigKind, disk: &Disk) -> bool {
    match &disk.format {
        Some(format) => format.to_ascii_lowercase().contains("raw"),
        None => kind == ConfigKind::Xl,
    }
}

/// Whether the member of an archive called `member` is the file that a description calls `source`: their
/// last parts are the same, whatever directories they lie in and whatever separates those.
pub fn is_same_file(member: &str, source: &str) -> bool {
    let last = |name: &str| name.rsplit(['/', '\\', ':']).next().map(str::to_owned);
    !member.is_empty() && (member == source || last(member) == last(source))
}

/// Configurations in the order in which they are believed; without those that were too long to be read,
/// and with old copies behind all others.
fn in_order(configs: &[Config]) -> impl Iterator<Item = &Config> {
    let is_old = |config: &Config| config.member.ends_with("-prev");
    let of = move |kind: ConfigKind, old: bool| {
        let is_one = move |config: &&Config| config.kind == kind && is_old(config) == old;
        configs.iter().filter(is_one)
    };
    let ordered = [false, true].into_iter().flat_map(move |old| {
        let kinds = BEST.into_iter();
        kinds.flat_map(move |kind| of(kind, old))
    });
    ordered.filter(|config| !config.text.is_empty())
}

/// Reads the description in `config` of the guest that is meant by `choice`.
///
/// # Errors
/// Those of the language's reader.
pub(crate) fn read(config: &Config, choice: &Choice) -> Result<Vm> {
    let (text, member) = (&config.text, &config.member);
    let vm = match config.kind {
        ConfigKind::Ovf => return ovf::choose(text, member, choice),
        ConfigKind::Xapi => return xva::choose(text, member, choice),
        ConfigKind::Xl => xl::read(text, member),
        ConfigKind::Libvirt => libvirt::read(text, member),
        ConfigKind::Vmx => vmx::read(text, member),
        ConfigKind::Proxmox => proxmox::read(text, member),
        ConfigKind::Vbox => vbox::read(text, member),
    }?;
    choice.check(vm.name.as_ref().map(|name| name.value.as_str()))?;
    Ok(vm)
}

/// What to do where `error` only says that nobody has chosen well among what `config` describes.
fn undecided(config: &Config, choice: &Choice, error: &Error) -> Option<Advice> {
    if error.kind() != Kind::Refused {
        return None;
    }
    let offer = match config.kind {
        ConfigKind::Ovf => ovf::offer(&config.text).ok()?,
        // Text that cannot be read is refused too.
        ConfigKind::Xapi => Offer {
            guests: xva::guests(&config.text).ok()?,
            ..Offer::default()
        },
        _ if choice.guest.is_none() => return None,
        _ => Offer::default(),
    };
    let offered = |deployment: &String| offer.deployments.contains(deployment);
    let deployment = choice.deployment.as_ref();
    Some(if deployment.is_some_and(|wanted| !offered(wanted)) {
        Advice::SelectDeployment
    } else {
        Advice::SelectGuest
    })
}

/// A part of a description that could not be used.
fn fault(note: &Note) -> Error {
    let error = Error::corrupt(&note.text);
    match &note.from {
        Origin::Stated { file, at } => error.at(at).at(file),
        Origin::Guess { .. } => error,
    }
}

fn unused(config: &Config, error: Error) -> Error {
    let kind = config.kind.name();
    Error::new(
        error.kind(),
        format!("the {kind} description is not used: {}", error.message()),
    )
    .because_of(error)
    .at(&config.member)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(member: &str, kind: ConfigKind, text: &str) -> Config {
        Config {
            member: member.into(),
            kind,
            text: text.into(),
        }
    }

    #[test]
    fn a_description_that_cannot_be_read_gives_way_and_is_told() {
        let configs = [
            config("guest.cfg", ConfigKind::Xl, "name = 'web01'\n"),
            config("guest.ovf", ConfigKind::Ovf, "<Envelope>"),
        ];
        let guest = Guest::described_by(&configs, &Choice::default());
        assert_eq!(guest.vm.unwrap().name.unwrap().value, "web01");
        let warning = &guest.warnings[0];
        assert_eq!(guest.warnings.len(), 1);
        assert!(
            warning
                .to_string()
                .starts_with("guest.ovf: the OVF description is not used: "),
            "{warning}"
        );
    }

    #[test]
    fn nothing_is_described_by_nothing() {
        let guest = Guest::described_by(&[], &Choice::default());
        assert!(guest.vm.is_none() && guest.warnings.is_empty());
    }
}
