//! Kernel modules: which are loaded at boot, what modprobe is told, and which a kernel has.

use std::collections::BTreeSet;

use error::{Error, Result};
use host::Files;

use crate::drop_ins::{DropIns, list};
use crate::shell::{Assignments, Shell};
use crate::source::Source;
use crate::traced::{Known, Traced, Unknown};

/// Where names of modules to load are (modules-load.d(5)).
const LOAD: [&str; 5] = [
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
];

/// Where modprobe's configuration is (modprobe.d(5)).
const MODPROBE: [&str; 5] = [
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
];

/// What the host's files say of modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// Those that are loaded at boot, in no order that matters.
    pub loaded: Vec<Load>,
    /// Those that are not loaded for a device.
    pub blacklisted: Vec<Traced>,
    /// Parameters that modprobe gives.
    pub options: Vec<Load>,
    /// Commands that modprobe runs instead of loading.
    pub installs: Vec<Load>,
    /// Files that cannot be read, or not whole.
    pub errors: Vec<Error>,
}

/// A module and what is behind it on its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Its name as it is written.
    pub name: Traced,
    /// Parameters, or a command.
    pub rest: Traced,
}

impl Modules {
    /// Reads the host's files: /etc/modules, modules-load.d, OpenRC's /etc/conf.d/modules, modprobe.d.
    pub fn read(files: &Files) -> Self {
        let mut modules = Modules::default();
        let mut load = DropIns::read(files, &LOAD, ".conf");
        load.add(files, "/etc/modules");
        for source in &load.sources {
            modules.add_list(source);
        }
        let mut openrc = DropIns::default();
        openrc.add(files, "/etc/conf.d/modules");
        for source in &openrc.sources {
            modules.add_openrc(source, Shell::of(files));
        }
        let modprobe = DropIns::read(files, &MODPROBE, ".conf");
        for source in &modprobe.sources {
            modules.add_modprobe(source);
        }
        modules.errors.extend(load.errors);
        modules.errors.extend(openrc.errors);
        modules.errors.extend(modprobe.errors);
        modules
    }

    /// Whether a module is loaded at boot.
    pub fn loads(&self, name: &str) -> bool {
        let mut loaded = self.loaded.iter();
        loaded.any(|one| normal(one.name.as_str()) == normal(name))
    }

    /// Adds a file with a module a line.
    pub fn add_list(&mut self, source: &Source) {
        for line in source.lines() {
            let text = line.trimmed();
            if text.as_str().starts_with(['#', ';']) {
                continue;
            }
            let parts = text.split_word();
            self.loaded
                .extend(parts.map(|(name, rest)| Load { name, rest }));
        }
    }

    /// Adds OpenRC's `modules="…"`, whose name may have a kernel's version behind it.
    pub fn add_openrc(&mut self, source: &Source, shell: Shell) {
        let mut assignments = Assignments::new(shell);
        assignments.add(source);
        let doubt = assignments.doubt().cloned();
        self.errors.extend(doubt.map(Error::from));
        let is_list = |name: &str| name == "modules" || name.starts_with("modules_");
        let lists = assignments.all.iter().filter(|one| is_list(&one.name));
        for one in lists.filter(|one| one.overridden_by.is_none()) {
            let names = one.value.words();
            self.loaded.extend(names.into_iter().map(|name| Load {
                name,
                rest: Traced::default(),
            }));
        }
    }

    /// Adds a file of modprobe's.
    pub fn add_modprobe(&mut self, source: &Source) {
        for line in source.joined_lines() {
            let Some((word, rest)) = line.split_word() else {
                continue;
            };
            let parts = rest.split_word();
            let load = parts.map(|(name, rest)| Load { name, rest });
            match word.as_str() {
                "blacklist" => self.blacklisted.extend(load.map(|load| load.name)),
                "options" => self.options.extend(load),
                "install" => self.installs.extend(load),
                _ => {}
            }
        }
    }
}

/// The modules that a kernel has: as files, and built in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelModules {
    files: BTreeSet<String>,
    built_in: BTreeSet<String>,
    aliases: BTreeSet<String>,
}

/// How a kernel has a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Has {
    /// As a file, which has to be loaded.
    File,
    /// Built in.
    BuiltIn,
    /// Not at all.
    Nothing,
}

impl KernelModules {
    /// The versions of kernels whose modules the host has, sorted by their names.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when /lib/modules cannot be listed.
    pub fn versions(files: &Files) -> Result<Vec<String>> {
        let mut versions = list(files, "/lib/modules")?;
        if versions.is_empty() {
            versions = list(files, "/usr/lib/modules")?;
        }
        Ok(versions)
    }

    /// Reads what depmod has written for a version of the kernel.
    ///
    /// # Errors
    /// There is no modules.dep or no modules.builtin, or one cannot be read: what is not in them is then not known to be
    /// missing.
    pub fn read(files: &Files, version: &str) -> Known<Self> {
        let text = |name: &str| Self::text(files, version, name);
        let mut modules = KernelModules::default();
        for line in text("modules.dep")?.lines() {
            let path = line.split(':').next().unwrap_or_default();
            modules.files.extend(name_of(path));
        }
        modules.built_in = text("modules.builtin")?
            .lines()
            .filter_map(name_of)
            .collect();
        // Only needed for names that are not those of files.
        for line in text("modules.alias").unwrap_or_default().lines() {
            let mut words = line.split_whitespace();
            if let (Some("alias"), Some(alias)) = (words.next(), words.next())
                && !alias.contains(['*', ':'])
            {
                modules.aliases.insert(normal(alias));
            }
        }
        Ok(modules)
    }

    fn text(files: &Files, version: &str, name: &str) -> Known<String> {
        for directory in ["/lib/modules", "/usr/lib/modules"] {
            let path = format!("{directory}/{version}/{name}");
            let content = files.read(&path);
            match content.map_err(|error| Unknown::new(error.to_string()))? {
                None => {}
                Some(content) => return Ok(String::from_utf8_lossy(&content).into_owned()),
            }
        }
        Err(Unknown::new(format!(
            "there is no /lib/modules/{version}/{name}"
        )))
    }

    /// How it has the module `name`, whose `-` and `_` are the same.
    pub fn has(&self, name: &str) -> Has {
        let name = normal(name);
        if self.built_in.contains(&name) {
            Has::BuiltIn
        } else if self.files.contains(&name) || self.aliases.contains(&name) {
            Has::File
        } else {
            Has::Nothing
        }
    }
}

/// The module's name of `kernel/net/bridge/br_netfilter.ko.xz`.
fn name_of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let (name, _) = name.split_once(".ko")?;
    Some(normal(name))
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use testkit::machine::FakeHost;

    use super::*;

    fn host(files: &[(&str, &str)]) -> (FakeHost, host::Host) {
        let fake = FakeHost::new();
        for (path, text) in files {
            fake.write(path, text);
        }
        let host = host::Host::at(fake.root()).unwrap();
        (fake, host)
    }

    #[test]
    fn modules_are_named_in_several_files() {
        let (_fake, host) = host(&[
            ("etc/modules", "# no\nxen-netback\nloop max_loop=8\n\n"),
            ("usr/lib/modules-load.d/tun.conf", "tun\n"),
            ("etc/modules-load.d/tun.conf", "; none\n"),
            (
                "etc/conf.d/modules",
                "modules=\"bridge br_netfilter\"\nmodules_6_1=\"dummy\"\n",
            ),
            (
                "etc/modprobe.d/a.conf",
                "blacklist floppy\noptions loop \\\n  max_loop=8\ninstall usb-storage /bin/true\n# x\n",
            ),
        ]);
        let modules = Modules::read(host.files());
        assert_eq!(modules.errors, []);
        let names: Vec<_> = modules.loaded.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            names,
            ["xen-netback", "loop", "bridge", "br_netfilter", "dummy"]
        );
        assert_eq!(modules.loaded[1].rest, "max_loop=8");
        let place = |text: &Traced| text.place().unwrap().to_string();
        assert_eq!(place(&modules.loaded[3].name), "/etc/conf.d/modules:1:17");
        assert!(modules.loads("xen_netback") && !modules.loads("tun"));
        assert_eq!(modules.blacklisted, ["floppy"]);
        assert_eq!(modules.options[0].rest, "max_loop=8");
        assert_eq!(
            place(&modules.options[0].rest),
            "/etc/modprobe.d/a.conf:3:3"
        );
        assert_eq!(modules.installs[0].rest, "/bin/true");
    }

    #[test]
    fn a_kernel_has_modules_as_files_and_built_in() {
        let (_fake, host) = host(&[
            (
                "lib/modules/6.1/modules.dep",
                "kernel/net/br_netfilter.ko.xz: kernel/net/bridge.ko.xz\n",
            ),
            (
                "lib/modules/6.1/modules.builtin",
                "kernel/drivers/xen/xen-gntdev.ko\n",
            ),
            (
                "lib/modules/6.1/modules.alias",
                "alias pci:v* e1000\nalias netbk xen-netback\n",
            ),
            ("lib/modules/6.2/modules.dep", ""),
        ]);
        assert_eq!(
            KernelModules::versions(host.files()).unwrap(),
            ["6.1", "6.2"]
        );
        let modules = KernelModules::read(host.files(), "6.1").unwrap();
        assert_eq!(modules.has("br-netfilter"), Has::File);
        assert_eq!(modules.has("xen_gntdev"), Has::BuiltIn);
        assert_eq!(modules.has("netbk"), Has::File);
        assert_eq!(modules.has("evtchn"), Has::Nothing);
        let unknown = KernelModules::read(host.files(), "6.2").unwrap_err();
        assert_eq!(unknown.why, "there is no /lib/modules/6.2/modules.builtin");
    }
}
