//! The guest that the configurations beside a disk describe.

use report::{Error, Result};
use vmconfig::{Vm, libvirt, ovf, proxmox, vmx, xl, xva};

use crate::classify::{Class, ConfigKind, classify};
use crate::names::last_part;
use crate::seen::Config;

/// Languages in the order in which they are believed: what was made to carry a guest elsewhere first.
const BEST: [ConfigKind; 6] = [
    ConfigKind::Ovf,
    ConfigKind::Xapi,
    ConfigKind::Proxmox,
    ConfigKind::Xl,
    ConfigKind::Libvirt,
    ConfigKind::Vmx,
];

/// What configurations say about a guest.
#[derive(Debug, Default)]
pub struct Guest {
    /// The guest by the best description that can be read.
    pub vm: Option<Vm>,
    /// Why better descriptions could not be used.
    pub warnings: Vec<Error>,
}

impl Guest {
    /// Reads `configs`, the best language first, until one of them describes a guest.
    pub fn described_by(configs: &[Config]) -> Self {
        let of = |kind: ConfigKind| configs.iter().filter(move |config| config.kind == kind);
        let mut guest = Guest::default();
        for config in BEST.into_iter().flat_map(of) {
            match read(config) {
                Ok(vm) => {
                    guest.vm = Some(vm);
                    break;
                }
                Err(error) => guest.warnings.push(unused(config, error)),
            }
        }
        guest
    }

    /// The guest that `bytes`, all of a file called `name`, describe in whatever language.
    ///
    /// # Errors
    /// They name the file: those of the language, and [`report::Kind::Refused`] for what is in none of
    /// them.
    pub fn in_file(name: &str, bytes: &[u8]) -> Result<Vm> {
        let class = classify(bytes, Some(bytes.len() as u64), None, false);
        let vm = class.and_then(|class| match class {
            Class::Config(kind) => read(&Config {
                member: name.to_owned(),
                kind,
                text: String::from_utf8_lossy(bytes).into_owned(),
            }),
            _ => Err(Error::refused("does not describe a guest")
                .hint("an xl.cfg, libvirt's XML, an OVF, a .vmx or an ova.xml does")),
        });
        vm.map_err(|error| error.at(name))
    }
}

/// Whether one of `configs` names the file called `member`, whatever directory it lies in, as a raw disk.
pub(crate) fn names_as_raw(configs: &[Config], member: &str) -> bool {
    let is_raw = |kind: ConfigKind, format: Option<&str>| match (kind, format) {
        // There, what has no format is raw.
        (ConfigKind::Xl, None) => true,
        (_, Some(format)) => format.to_ascii_lowercase().contains("raw"),
        _ => false,
    };
    configs.iter().any(|config| {
        let disks = read(config).map(|vm| vm.disks).unwrap_or_default();
        disks.iter().any(|disk| {
            let named = disk.source.as_deref().map(last_part) == Some(last_part(member));
            named && !disk.cdrom && is_raw(config.kind, disk.format.as_deref())
        })
    })
}

/// Reads the description in `config`.
///
/// # Errors
/// Those of the language's reader.
pub(crate) fn read(config: &Config) -> Result<Vm> {
    let (text, member) = (&config.text, &config.member);
    match config.kind {
        ConfigKind::Ovf => ovf::read(text, member),
        ConfigKind::Xapi => xva::read(text, member),
        ConfigKind::Xl => xl::read(text, member),
        ConfigKind::Libvirt => libvirt::read(text, member),
        ConfigKind::Vmx => vmx::read(text, member),
        ConfigKind::Proxmox => proxmox::read(text, member),
        ConfigKind::Vbox => Err(Error::unsupported(
            "descriptions of VirtualBox are not read",
        )),
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
        let guest = Guest::described_by(&configs);
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
        let guest = Guest::described_by(&[]);
        assert!(guest.vm.is_none() && guest.warnings.is_empty());
    }
}
