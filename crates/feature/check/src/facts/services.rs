//! Which services start with the host.
//!
//! What an init system starts is in links: of OpenRC in `/etc/runlevels`, of systemd in directories that are called
//! `….wants` and `….requires`, of System V's scripts in `/etc/rc2.d` and the like, which systemd starts too. What those
//! need starts with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::Result;
use host::{Files, Init};

use super::{Facts, NotKnown};

/// Where systemd's units are, those that override others first (systemd.unit(5)).
const UNITS: [&str; 4] = [
    "/etc/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Where scripts of OpenRC and System V are.
const SCRIPTS: [&str; 2] = ["/etc/init.d", "/etc/rc.d/init.d"];

/// Above the directories of System V's levels.
const LEVELS: [&str; 2] = ["/etc", "/etc/rc.d"];

/// Services by their names; those of systemd without `.service`.
#[derive(Debug, Default)]
pub struct Services {
    /// Which init system it is; `None` where that cannot be told: then what any of them starts counts.
    pub init: Option<Init>,
    /// Where each is defined: a path of the host's own.
    pub defined: BTreeMap<String, PathBuf>,
    /// Those that start with the host.
    pub enabled: BTreeSet<String>,
}

impl Services {
    /// Whether one of `names` starts with the host.
    pub fn starts(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.enabled.contains(*name))
    }

    /// The first of `names` that is there, and where it is defined.
    pub fn definition<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &Path)> {
        let mut found = names.iter().filter_map(|name| {
            let file = self.defined.get(*name)?;
            Some((*name, file.as_path()))
        });
        found.next()
    }

    /// Whether nothing tells what starts with the host.
    pub fn is_unknown(&self) -> bool {
        self.init.is_none() && self.enabled.is_empty()
    }

    /// The command that makes `name` start with the host.
    pub fn enabling(&self, name: &str) -> String {
        match self.init {
            Some(Init::OpenRc) => format!("rc-update add {name} default"),
            Some(Init::SysV) => format!("update-rc.d {name} defaults, or chkconfig {name} on"),
            Some(Init::Runit) => format!("ln -s /etc/sv/{name} /var/service/"),
            Some(Init::Systemd) | None => format!("systemctl enable {name}"),
        }
    }
}

impl Facts {
    /// The services that start with the host.
    ///
    /// # Errors
    /// A directory of theirs cannot be listed.
    pub fn services(&self) -> Result<Arc<Services>, NotKnown> {
        self.known("services", read)
    }
}

fn read(facts: &Facts) -> Result<Services> {
    let files = facts.host().files();
    let mut services = Services {
        init: facts.host().init_system().ok(),
        ..Services::default()
    };
    let is = |init| services.init.is_none_or(|known| known == init);
    let (openrc, runit, systemd) = (is(Init::OpenRc), is(Init::Runit), is(Init::Systemd));
    let levels = is(Init::SysV) || systemd;
    if openrc || levels {
        services.define(files, &SCRIPTS)?;
    }
    if openrc {
        for level in names(files, Path::new("/etc/runlevels"))? {
            let level = Path::new("/etc/runlevels").join(level);
            services.enabled.extend(names(files, &level)?);
        }
    }
    if levels {
        services.enable_levels(files)?;
    }
    if runit {
        services.define(files, &["/etc/sv"])?;
        let started = names(files, Path::new("/etc/runit/runsvdir/default"))?;
        services.enabled.extend(started);
    }
    if systemd {
        services.define(files, &UNITS)?;
        services.enable_units(files)?;
    }
    services.enable_by_hand(files)?;
    services.follow(files);
    services.remove_masked(files)?;
    Ok(services)
}

impl Services {
    fn define(&mut self, files: &Files, directories: &[&str]) -> Result<()> {
        for directory in directories.iter().map(Path::new) {
            for name in names(files, directory)? {
                let file = directory.join(&name);
                self.defined.entry(service(&name)).or_insert(file);
            }
        }
        Ok(())
    }

    fn enable_levels(&mut self, files: &Files) -> Result<()> {
        for above in LEVELS.map(Path::new) {
            for level in ["rcS.d", "rc2.d", "rc3.d", "rc4.d", "rc5.d"] {
                for name in names(files, &above.join(level))? {
                    let is_digit = |c: char| c.is_ascii_digit();
                    let script = name
                        .strip_prefix('S')
                        .map(|name| name.trim_start_matches(is_digit));
                    self.enabled.extend(script.map(str::to_owned));
                }
            }
        }
        Ok(())
    }

    fn enable_units(&mut self, files: &Files) -> Result<()> {
        for above in UNITS.map(Path::new) {
            for name in names(files, above)? {
                if name.ends_with(".wants") || name.ends_with(".requires") {
                    let units = names(files, &above.join(name))?;
                    self.enabled.extend(units.iter().map(|unit| service(unit)));
                }
            }
        }
        self.remove_masked(files)
    }

    /// A unit that is masked never starts, whoever asks for it: its file is a link to nothing.
    fn remove_masked(&mut self, files: &Files) -> Result<()> {
        for name in names(files, Path::new(UNITS[0]))? {
            let file = Path::new(UNITS[0]).join(&name);
            if files.link(file)?.as_deref() == Some(Path::new("/dev/null")) {
                self.enabled.remove(&service(&name));
            }
        }
        Ok(())
    }

    /// Adds those that a script of the administrator's own names, which runs at the end of the start.
    fn enable_by_hand(&mut self, files: &Files) -> Result<()> {
        let mut scripts = vec![
            PathBuf::from("/etc/rc.local"),
            PathBuf::from("/etc/rc.d/rc.local"),
        ];
        let local = names(files, Path::new("/etc/local.d"))?;
        let local = local.iter().filter(|name| name.ends_with(".start"));
        scripts.extend(local.map(|name| Path::new("/etc/local.d").join(name)));
        for script in scripts {
            let text = files.read(script)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let commands = text
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'));
            let is_between = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
            let words = commands.flat_map(|line| line.split(is_between));
            let known = words.filter(|word| self.defined.contains_key(*word));
            self.enabled
                .extend(known.map(str::to_owned).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Adds what those that start need. A definition that cannot be read needs nothing.
    fn follow(&mut self, files: &Files) {
        let mut left: Vec<_> = self.enabled.iter().cloned().collect();
        while let Some(name) = left.pop() {
            let Some(file) = self.defined.get(&name) else {
                continue;
            };
            let text = files.read(file).ok().flatten().unwrap_or_default();
            for needed in needed(&String::from_utf8_lossy(&text)) {
                if self.enabled.insert(needed.clone()) {
                    left.push(needed);
                }
            }
        }
    }
}

/// What a script of OpenRC or a unit of systemd says that it needs.
fn needed(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in text.lines().map(str::trim) {
        let words = ["need ", "want ", "Requires=", "Wants="];
        let words = words.iter().find_map(|word| line.strip_prefix(word));
        let words = words.unwrap_or_default().split_whitespace();
        all.extend(words.map(service));
    }
    all
}

/// A unit's name as services are called here.
fn service(unit: &str) -> String {
    unit.strip_suffix(".service").unwrap_or(unit).to_owned()
}

fn names(files: &Files, directory: &Path) -> Result<Vec<String>> {
    let names = files.list(directory)?.unwrap_or_default();
    let names = names.into_iter().filter_map(|name| name.into_string().ok());
    Ok(names.collect())
}
