//! Which settings of sysctl the host's kernels have.

use std::path::Path;

use hostconfig::modules::KernelModules;
use hostconfig::sysctl::Setting;
use vmconfig::xen::Release;

use super::{Facts, NotKnown};
use crate::release::release_of;

/// Where the running kernel's settings are.
const RUNNING: &str = "/proc/sys";

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

/// Keys that a release of Linux dropped.
const DROPPED: [(&str, Release); 8] = [
    ("net/ipv4/tcp_tw_recycle", Release::new(4, 12)),
    ("kernel/sched_latency_ns", Release::new(5, 13)),
    ("kernel/sched_migration_cost_ns", Release::new(5, 13)),
    ("kernel/sched_min_granularity_ns", Release::new(5, 13)),
    ("kernel/sched_nr_migrate", Release::new(5, 13)),
    ("kernel/sched_tunable_scaling", Release::new(5, 13)),
    ("kernel/sched_wakeup_granularity_ns", Release::new(5, 13)),
    ("net/ipv4/rt_cache_rebuild_count", Release::new(3, 6)),
];

/// Where udev's rules are (udev(7)).
const UDEV: [&str; 4] = [
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
];

/// The lines of udev's rules that run sysctl.
struct UdevRules(Vec<String>);

/// Whether the kernel has a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// It has, or may have: the key is an interface's, or a module's that is loaded at boot.
    Present,
    /// It does not, and why, in words.
    Absent(String),
    /// The host does not run, and no table tells.
    NotKnown,
}

/// The module whose key this is.
fn module_of(setting: &Setting) -> Option<&'static str> {
    let mut needs = NEED_MODULES.iter();
    let found = needs.find(|(start, _)| setting.path.starts_with(start));
    found.map(|(_, module)| *module)
}

impl Facts {
    /// Whether the kernel has the key of `setting`, as far as no module is in question.
    ///
    /// # Errors
    /// The kernels cannot be listed.
    pub(crate) fn key(&self, setting: &Setting) -> Result<Key, NotKnown> {
        let key = setting.dotted();
        let dropped = DROPPED.iter().find(|(path, _)| *path == setting.path);
        let oldest = self.oldest_kernel()?;
        if let Some((_, release)) = dropped.filter(|(_, release)| oldest >= Some(*release)) {
            return Ok(Key::Absent(format!("Linux has no {key} since {release}")));
        }
        let may_come = ["/conf/", "/neigh/"]
            .iter()
            .any(|part| setting.path.contains(part));
        if may_come || setting.is_pattern() || module_of(setting).is_some() {
            return Ok(Key::Present);
        }
        if !self.has(Path::new(RUNNING))? {
            return Ok(Key::NotKnown);
        }
        Ok(if self.has(&Path::new(RUNNING).join(&setting.path))? {
            Key::Present
        } else {
            Key::Absent(format!("the running kernel has no {key}"))
        })
    }

    /// The module that has to be loaded before `setting` can be made, and which nothing loads before that.
    ///
    /// # Errors
    /// What loads modules is not known.
    pub fn module_lacking(&self, setting: &Setting) -> Result<Option<&'static str>, NotKnown> {
        let Some(module) = module_of(setting) else {
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
        let is_set_in_time =
            loaded || self.is_loaded_by_firewall(module)? || self.is_set_by_udev(module)?;
        Ok((!is_set_in_time).then_some(module))
    }

    /// Whether a rule of udev runs sysctl when the module is loaded, as sysctl.d(5) and libvirt's wiki say.
    fn is_set_by_udev(&self, module: &str) -> Result<bool, NotKnown> {
        let rules = self.known("udev's rules", |facts| {
            let files = facts.host().files();
            let mut rules = Vec::new();
            for directory in UDEV.map(Path::new) {
                for name in files.list(directory)?.unwrap_or_default() {
                    let text = files.read(directory.join(name))?.unwrap_or_default();
                    let text = String::from_utf8_lossy(&text);
                    let lines = text.lines().filter(|line| !line.starts_with('#'));
                    let runs_sysctl = lines.filter(|line| line.contains("sysctl"));
                    rules.extend(runs_sysctl.map(str::to_owned));
                }
            }
            Ok(UdevRules(rules))
        })?;
        Ok(rules.0.iter().any(|rule| rule.contains(module)))
    }

    /// Whether every kernel in /boot has the module built in.
    fn is_built_in(&self, module: &str) -> Result<bool, NotKnown> {
        let option = BUILT_IN.iter().find(|(built_in, _)| *built_in == module);
        let Some((_, option)) = option else {
            return Ok(false);
        };
        let names = self.host().files().list("/boot");
        let names = names.map_err(|error| NotKnown::new("/boot", error.to_string()))?;
        let names = names.unwrap_or_default().into_iter();
        let names = names.filter_map(|name| name.into_string().ok());
        let configs: Vec<_> = names.filter(|name| name.starts_with("config-")).collect();
        let wanted = format!("CONFIG_{option}=y");
        for config in &configs {
            let text = self.text(format!("/boot/{config}"))?.unwrap_or_default();
            if !text.lines().any(|line| line == wanted) {
                return Ok(false);
            }
        }
        Ok(!configs.is_empty())
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

    /// The release of the oldest kernel that is installed, by the names in /boot and /lib/modules; `None` where they
    /// have none.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn oldest_kernel(&self) -> Result<Option<Release>, NotKnown> {
        let files = self.host().files();
        let failed = |error: error::Error| NotKnown::new("kernels", error.to_string());
        let mut names = KernelModules::versions(files).map_err(failed)?;
        for name in files.list("/boot").map_err(failed)?.unwrap_or_default() {
            let name = name.to_string_lossy().into_owned();
            let version = name
                .strip_prefix("vmlinuz-")
                .or_else(|| name.strip_prefix("config-"));
            names.extend(version.map(str::to_owned));
        }
        Ok(names.iter().filter_map(|name| release_of(name)).min())
    }
}

/// Whether a command names the module, however it is written.
fn names(command: &str, module: &str) -> bool {
    let command = command.replace('-', "_");
    command.contains("modprobe") && command.contains(module)
}
