//! What the host's configuration sets at boot: sysctl, modules, network interfaces.

use std::sync::Arc;

use error::Result;
use hostconfig::Place as Traced;
use hostconfig::bridges::interfaces_present;
use hostconfig::interfaces::Interfaces;
use hostconfig::modules::{Has, KernelModules, Modules};
use hostconfig::sysctl::{Reader, Setting, Sysctl};
use vmconfig::xen::Release;

use super::{Facts, NotKnown};
use crate::finding::Place;
use crate::release::release_of;

/// Keys of sysctl that are there only while a module is loaded.
const NEED_MODULES: [(&str, &str); 8] = [
    ("net/bridge/", "br_netfilter"),
    ("net/netfilter/nf_conntrack", "nf_conntrack"),
    ("net/nf_conntrack_max", "nf_conntrack"),
    ("net/ipv4/netfilter/ip_conntrack", "nf_conntrack"),
    ("net/ipv4/vs/", "ip_vs"),
    ("fs/nfs/", "lockd"),
    ("sunrpc/", "sunrpc"),
    ("dev/raid/", "md_mod"),
];

/// The options of a kernel that build such a module in.
const BUILT_IN: [(&str, &str); 6] = [
    ("br_netfilter", "BRIDGE_NETFILTER"),
    ("nf_conntrack", "NF_CONNTRACK"),
    ("ip_vs", "IP_VS"),
    ("lockd", "LOCKD"),
    ("sunrpc", "SUNRPC"),
    ("md_mod", "BLK_DEV_MD"),
];

/// The modules of the kernels that are installed.
#[derive(Debug, Default)]
pub struct Installed(Vec<KernelModules>);

impl Installed {
    /// Whether there is a kernel, and none has the module called `name`.
    pub fn lack(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|kernel| kernel.has(name) == Has::Nothing)
    }
}

/// The network interfaces that the host has; `None` where that cannot be seen.
#[derive(Debug)]
pub struct Present(pub Option<Vec<String>>);

impl Facts {
    /// What sysctl sets at boot.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sysctl(&self) -> Result<Arc<Sysctl>, NotKnown> {
        self.known("sysctl", |facts| {
            let reader = facts
                .host()
                .init_system()
                .map_or(Reader::Procps, Reader::of);
            let sysctl = Sysctl::read(facts.host().files(), reader);
            first(sysctl.errors.first()).map(|()| sysctl)
        })
    }

    /// Which modules are loaded at boot.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn modules(&self) -> Result<Arc<Modules>, NotKnown> {
        self.known("modules", |facts| {
            let modules = Modules::read(facts.host().files());
            first(modules.errors.first()).map(|()| modules)
        })
    }

    /// Which modules the kernels have that are installed.
    ///
    /// # Errors
    /// The directories of modules cannot be listed. A kernel whose tables are not there counts as none.
    pub fn installed_modules(&self) -> Result<Arc<Installed>, NotKnown> {
        self.known("the kernels' modules", |facts| {
            let files = facts.host().files();
            let versions = KernelModules::versions(files)?;
            let read = versions
                .iter()
                .filter_map(|version| KernelModules::read(files, version).ok());
            Ok(Installed(read.collect()))
        })
    }

    /// The interfaces of /etc/network/interfaces.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn interfaces(&self) -> Result<Arc<Interfaces>, NotKnown> {
        self.known("/etc/network/interfaces", |facts| {
            let interfaces = Interfaces::read(facts.host().files());
            first(interfaces.errors.first()).map(|()| interfaces)
        })
    }

    /// The network interfaces that the host has.
    ///
    /// # Errors
    /// /sys/class/net cannot be listed.
    pub fn interfaces_present(&self) -> Result<Arc<Present>, NotKnown> {
        self.known("network interfaces", |facts| {
            interfaces_present(facts.host().files()).map(Present)
        })
    }

    /// The module that has to be loaded before `setting` can be made, and which nothing loads before that.
    ///
    /// # Errors
    /// What loads modules is not known.
    pub fn module_lacking(&self, setting: &Setting) -> Result<Option<&'static str>, NotKnown> {
        let needs = NEED_MODULES
            .iter()
            .find(|(start, _)| setting.path.starts_with(start));
        let Some((_, module)) = needs.copied() else {
            return Ok(None);
        };
        let modules = self.modules()?;
        let by_modprobe = modules
            .installs
            .iter()
            .any(|one| names(one.rest.as_str(), module));
        let interfaces = self.interfaces()?;
        let by_hook = interfaces
            .hooks()
            .iter()
            .any(|hook| names(hook.command.as_str(), module));
        let loaded = modules.loads(module) || by_modprobe || by_hook || self.is_built_in(module)?;
        Ok((!loaded && !self.is_loaded_by_firewall(module)?).then_some(module))
    }

    /// Whether every kernel in /boot has the module built in.
    fn is_built_in(&self, module: &str) -> Result<bool, NotKnown> {
        let option = BUILT_IN.iter().find(|(built_in, _)| *built_in == module);
        let Some((_, option)) = option else {
            return Ok(false);
        };
        let names = self
            .host()
            .files()
            .list("/boot")
            .ok()
            .flatten()
            .unwrap_or_default();
        let mut configs = 0;
        for name in names
            .iter()
            .filter_map(|name| name.to_str())
            .filter(|name| name.starts_with("config-"))
        {
            configs += 1;
            let text = self.text(format!("/boot/{name}"))?.unwrap_or_default();
            if !text
                .lines()
                .any(|line| line == format!("CONFIG_{option}=y"))
            {
                return Ok(false);
            }
        }
        Ok(configs > 0)
    }

    /// Whether the host has a firewall whose rules load the module.
    fn is_loaded_by_firewall(&self, module: &str) -> Result<bool, NotKnown> {
        const FIREWALLS: [&str; 12] = [
            "nftables",
            "iptables",
            "ip6tables",
            "ufw",
            "firewalld",
            "shorewall",
            "netfilter-persistent",
            "awall",
            "SuSEfirewall2",
            "docker",
            "libvirtd",
            "pve-firewall",
        ];
        Ok(module == "nf_conntrack" && self.services()?.starts(&FIREWALLS))
    }

    /// The newest release of which every kernel in /boot is; `None` where that is not in their names.
    ///
    /// # Errors
    /// /boot cannot be listed.
    pub fn oldest_kernel(&self) -> Result<Option<Release>, NotKnown> {
        let kernels = self.kernels()?;
        let releases = kernels.all.iter().map(|kernel| release_of(&kernel.version));
        let releases: Option<Vec<_>> = releases.collect();
        Ok(releases.unwrap_or_default().into_iter().min())
    }
}

/// Whether a command names the module, however it is written.
fn names(command: &str, module: &str) -> bool {
    let command = command.replace('-', "_");
    command.contains("modprobe") && command.contains(module)
}

fn first(error: Option<&error::Error>) -> Result<()> {
    error.map_or(Ok(()), |error| Err(error.clone()))
}

/// The place of `length` characters from one that a reader of configurations gives.
pub(crate) fn place(traced: &Traced, length: usize) -> Place {
    Place::at(&traced.file, traced.position, length)
}

/// The place of a text that a reader of configurations gives.
pub(crate) fn place_of(text: &hostconfig::Traced) -> Option<Place> {
    let length = text.as_str().chars().count();
    text.place().map(|traced| place(traced, length))
}
