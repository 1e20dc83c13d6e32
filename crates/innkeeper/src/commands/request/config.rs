//! `--config`: a configuration for the guest whose disks were imported.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use diskimage::Format;
use endpoint::Place;
use endpoint::target::Candidate;
use error::{Error, Result};
use host::Host;
use transfer::{Config, Guest, Imported, ImportedDisk, is_same_file};
use vmconfig::libvirt::Hypervisor;
use vmconfig::{Choice, Content, Disk, Origin, Vm, libvirt, opennebula, xl};

/// Disks of one guest that are looked at before the first one is written.
const LOOKED_AT: usize = 64;

/// Options about the guest's configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// Write a complete configuration for the guest to this file, with the origin of each value
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Write the configuration for this program
    #[arg(
        long,
        value_name = "LANGUAGE",
        default_value = "xl",
        requires = "config"
    )]
    config_for: Language,
}

/// Languages that describe a guest.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(in crate::commands) enum Language {
    /// xl.cfg, for Xen
    Xl,
    /// A libvirt domain, for KVM
    Libvirt,
    /// A libvirt domain, for Xen
    LibvirtXen,
    /// An OpenNebula template
    Opennebula,
}

/// A configuration that is to be written.
pub(super) struct Target {
    candidate: Box<dyn Candidate>,
    language: Language,
}

/// What became of it.
pub(in crate::commands) struct Written {
    /// The file.
    pub(in crate::commands) name: String,
    /// Why it is not there.
    pub(in crate::commands) result: Result<()>,
}

impl ConfigArgs {
    /// Where the configuration is to go.
    pub(super) fn place(&self) -> Result<Option<Place>> {
        match &self.config {
            Some(path) if path.as_os_str() == "-" => {
                Err(Error::usage("--config takes a file, not standard output"))
            }
            path => Ok(path.clone().map(Place::File)),
        }
    }

    /// Looks at `place`, where it is to go, and whether the language has disks in `format`.
    pub(super) fn check(
        &self,
        place: &Place,
        force: bool,
        format: Format,
        host: &Host,
    ) -> Result<Target> {
        let xl = matches!(self.config_for, Language::Xl);
        if xl && format != Format::Raw && !xl::has_format(format.name()) {
            let message = format!(
                "a disk of xl.cfg cannot have the format {:?}",
                format.name()
            );
            return Err(
                Error::usage(message).hint("give --config-for another, or leave --config out")
            );
        }
        Ok(Target {
            candidate: endpoint::target::check(place, &super::plain(force), host)?,
            language: self.config_for,
        })
    }
}

impl Target {
    /// Writes the configuration of the guest whose disks came from `source` and are in `format` now.
    /// Whatever becomes of it, the disks are there.
    pub(super) fn write(self, source: &str, imported: &Imported, format: Format) -> Written {
        let name = self.candidate.name().to_owned();
        if let Some(undecided) = imported
            .undecided
            .clone()
            .filter(|_| imported.guest.is_none())
        {
            let result = Err(undecided.at(&name));
            return Written { name, result };
        }
        let guest = guest(source, imported, format);
        let text = self.language.write(&guest);
        let result = text
            .map_err(|error| error.at(&name))
            .and_then(|text| write(self.candidate, &text, guest.has_secrets()));
        Written { name, result }
    }
}

/// Writes `text`; one with passwords in it is for its owner only.
fn write(candidate: Box<dyn Candidate>, text: &str, secret: bool) -> Result<()> {
    let mut file = candidate.open(None)?;
    let hide = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    let hidden = match file.temporary().filter(|_| secret).map(hide) {
        Some(Err(cause)) => Err(Error::io(
            format!("{} cannot be hidden from others", file.name()),
            cause,
        )),
        _ => Ok(()),
    };
    hidden
        .and_then(|()| file.write_at(0, text.as_bytes()))
        .and_then(|()| file.finish(text.len() as u64))
        .inspect_err(|_| drop(file.abort()))
}

impl Language {
    /// The description of `vm`.
    ///
    /// # Errors
    /// The language cannot say where a disk is.
    pub(in crate::commands) fn write(self, vm: &Vm) -> Result<String> {
        match self {
            Language::Xl => xl::write(vm),
            Language::Libvirt => libvirt::write(vm, Hypervisor::Kvm),
            Language::LibvirtXen => libvirt::write(vm, Hypervisor::Xen),
            Language::Opennebula => Ok(opennebula::write(vm)),
        }
    }
}

/// What the guest is called by the first of these that says so.
pub(super) fn guest_name(configs: &[Config], choice: &Choice) -> Option<String> {
    let vm = Guest::described_by(configs, choice).vm?;
    vm.name.map(|name| name.value)
}

/// The files that hold the guest's disks, by the first of these that says so, each once.
pub(super) fn disk_files(configs: &[Config], choice: &Choice) -> Vec<String> {
    let disks = Guest::described_by(configs, choice)
        .vm
        .map(|vm| vm.disks)
        .unwrap_or_default();
    let disks = disks.into_iter().filter(|disk| !disk.cdrom);
    let mut files = Vec::new();
    for file in disks.filter_map(|disk| disk.source) {
        if files.len() < LOOKED_AT && !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// The guest, its disks where they are now, completed with guesses.
fn guest(source: &str, imported: &Imported, format: Format) -> Vm {
    let mut vm = imported.guest.as_deref().cloned().unwrap_or_else(|| {
        let stem = super::names::stem(source);
        Vm::guess(&stem, Vec::new())
    });
    let place_format = (format != Format::Raw).then(|| format.name().to_owned());
    let mut unnamed = Vec::new();
    for disk in &imported.disks {
        let Some(place) = placed(disk) else { continue };
        let member = &disk.disk.member;
        let found = position(&vm, member);
        if let Some(described) = found.and_then(|index| vm.disks.get_mut(index)) {
            described.place = Some(place);
            described.place_format.clone_from(&place_format);
        } else if !set_aside(&mut vm, member, &place) {
            unnamed.push(place);
        }
    }
    plug_in_order(&mut vm, unnamed, place_format.as_deref());
    vm.complete();
    vm
}

/// Plugs in the disks at `places`, which no description names: in the order of the disks that nothing was
/// found for where there are as many, or else behind all others.
fn plug_in_order(vm: &mut Vm, places: Vec<String>, format: Option<&str>) {
    let is_free =
        |disk: &Disk| !disk.cdrom && disk.content != Content::Blank && disk.place.is_none();
    let free = vm.disks.iter().filter(|disk| is_free(disk)).count();
    if free != places.len() {
        let why = Origin::guess("the disk is not in the description");
        for _ in &places {
            let number = vm.disks.len();
            vm.disks.push(Disk::new(format!("disk{number}"), &why));
        }
    }
    let skipped = if free == places.len() { 0 } else { free };
    let disks = vm.disks.iter_mut().filter(|disk| is_free(disk));
    for (disk, place) in disks.skip(skipped).zip(places) {
        disk.place = Some(place);
        disk.place_format = format.map(str::to_owned);
    }
}

/// Remembers where an image is that is none of the guest's disks; whether `member` is one.
fn set_aside(vm: &mut Vm, member: &str, place: &str) -> bool {
    let mut images = vm.unplugged.iter_mut();
    match images.find(|image| is_same_file(member, &image.source)) {
        Some(image) => {
            image.place = Some(place.to_owned());
            true
        }
        None => false,
    }
}

/// The disk without a place whose file in the appliance, or whose id, is called as `member` is.
fn position(vm: &Vm, member: &str) -> Option<usize> {
    let free = |disk: &Disk| !member.is_empty() && disk.place.is_none();
    let file = |disk: &Disk| {
        let source = disk.source.as_deref();
        source.is_some_and(|source| is_same_file(member, source))
    };
    let named = |disk: &Disk| is_same_file(member, &disk.id);
    let find = |same: &dyn Fn(&Disk) -> bool| {
        let mut disks = vm.disks.iter();
        disks.position(|disk| free(disk) && same(disk))
    };
    find(&file).or_else(|| find(&named))
}

/// Where the disk is now: the first place that took it.
fn placed(disk: &ImportedDisk) -> Option<String> {
    let end = disk.targets.iter().find(|end| end.result.is_ok())?;
    Some(match &end.path {
        Some(path) => absolute(path),
        None => end.name.clone(),
    })
}

/// A configuration is read from elsewhere.
fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.to_string_lossy().into_owned()
}
