//! sysctl.conf(5) and sysctl.d(5): which settings are made at boot, in their order.

use std::collections::BTreeMap;

use error::Error;
use host::{Files, Init};

use crate::cmdline::CommandLine;
use crate::drop_ins::DropIns;
use crate::source::Source;
use crate::traced::{Place, Traced};

/// Where the pieces are; of one name the first directory's counts.
const DIRECTORIES: [&str; 5] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
];

const OLD: &str = "/etc/sysctl.conf";

/// Who makes the settings at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// systemd-sysctl: the directories alone. Debian up to 12 has a link to sysctl.conf in /etc/sysctl.d.
    Systemd,
    /// `sysctl --system` of procps, which SysV's and OpenRC's scripts run: sysctl.conf comes last, once more where a link
    /// in a directory names it too.
    Procps,
}

/// The settings that are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sysctl {
    /// All of them, in the order in which they are made.
    pub settings: Vec<Setting>,
    /// Lines that are no settings.
    pub invalid: Vec<Traced>,
    /// Files that cannot be read.
    pub errors: Vec<Error>,
    /// The last setting of each path, for those at boot and for the others.
    latest: BTreeMap<(String, bool), usize>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The file below /proc/sys: `net/ipv4/ip_forward`.
    pub path: String,
    /// The key as it is written, without `-`.
    pub key: Traced,
    /// What is written to it; `None` for `-KEY` alone, which takes a key out of a pattern.
    pub value: Option<Traced>,
    /// Whether a failure does not matter (`-` before the key).
    pub ignores_failure: bool,
    /// Whether it is made at boot; sysctl.conf may be there only for `sysctl -p`.
    pub is_made_at_boot: bool,
    /// The later setting of the same key.
    pub overridden_by: Option<Place>,
}

impl Reader {
    /// The one that an init system starts.
    pub fn of(init: Init) -> Self {
        match init {
            Init::Systemd => Reader::Systemd,
            Init::OpenRc | Init::SysV | Init::Runit => Reader::Procps,
        }
    }
}

impl Sysctl {
    /// Reads the host's settings.
    pub fn read(files: &Files, reader: Reader) -> Self {
        let mut all = DropIns::read(files, &DIRECTORIES, ".conf");
        let in_directories = all.sources.len();
        match reader {
            Reader::Systemd => all.add(files, OLD),
            Reader::Procps => all.add_last(files, OLD),
        }
        let mut sysctl = Sysctl {
            errors: all.errors,
            ..Sysctl::default()
        };
        for (index, source) in all.sources.iter().enumerate() {
            let is_made_at_boot = reader == Reader::Procps || index < in_directories;
            sysctl.add(source, is_made_at_boot);
        }
        sysctl
    }

    /// Adds the settings of one more file.
    pub fn add(&mut self, source: &Source, is_made_at_boot: bool) {
        for line in source.lines() {
            let text = line.trimmed();
            if text.is_empty() || text.as_str().starts_with(['#', ';']) {
                continue;
            }
            let ignores_failure = text.as_str().starts_with('-');
            let (key, value) = match text.split_once('=') {
                Some((key, value)) => (key, Some(value.trim())),
                None if ignores_failure => (text.clone(), None),
                None => {
                    self.invalid.push(text);
                    continue;
                }
            };
            let start = usize::from(ignores_failure);
            let key = key.slice(start, key.as_str().len()).trim();
            let setting = Setting {
                path: path(key.as_str()),
                key,
                value,
                ignores_failure,
                is_made_at_boot,
                overridden_by: None,
            };
            self.push(setting);
        }
    }

    /// Adds the settings that Linux makes itself before the first program runs: `sysctl.KEY=VALUE` on its command line.
    pub fn add_command_line(&mut self, line: &CommandLine) {
        for parameter in line.parameters() {
            let Some(key) = parameter.name.as_str().strip_prefix("sysctl.") else {
                continue;
            };
            let end = parameter.name.as_str().len();
            self.push(Setting {
                path: path(key),
                key: parameter.name.slice(end - key.len(), end),
                value: parameter.value.clone(),
                ignores_failure: false,
                is_made_at_boot: true,
                overridden_by: None,
            });
        }
    }

    /// The setting of a key that counts; the last one.
    pub fn last(&self, key: &str) -> Option<&Setting> {
        let path = path(key);
        self.settings.iter().rev().find(|one| one.path == path)
    }

    fn push(&mut self, setting: Setting) {
        // What only `sysctl -p` reads overrides nothing at boot.
        let key = (setting.path.clone(), setting.is_made_at_boot);
        if let Some(earlier) = self.latest.insert(key, self.settings.len()) {
            self.settings[earlier].overridden_by = setting.key.place().cloned();
        }
        self.settings.push(setting);
    }
}

impl Setting {
    /// Whether it is for all keys that match a pattern (`*`, `?`, `[…]`).
    pub fn is_pattern(&self) -> bool {
        self.path.contains(['*', '?', '['])
    }

    /// The key with dots, as it is written usually; slashes in it stand for the dots of a name.
    pub fn dotted(&self) -> String {
        swapped(&self.path)
    }
}

/// The file below /proc/sys: where the first separator is a dot, dots and slashes are exchanged (sysctl.d(5)).
fn path(key: &str) -> String {
    match key.find(['.', '/']) {
        Some(at) if key[at..].starts_with('.') => swapped(key),
        _ => key.to_owned(),
    }
}

fn swapped(key: &str) -> String {
    let swap = |c| match c {
        '.' => '/',
        '/' => '.',
        c => c,
    };
    key.chars().map(swap).collect()
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

    fn read(texts: &str) -> Sysctl {
        let mut sysctl = Sysctl::default();
        sysctl.add(&Source::new("/etc/sysctl.conf", texts), true);
        sysctl
    }

    #[test]
    fn keys_are_written_with_dots_or_slashes() {
        let sysctl = read(
            "# a comment\n; another\n\n net.ipv4.ip_forward = 0 \n-net/ipv4/conf/eth0.1/rp_filter=1\n\
             net.ipv4.conf.eth0/2.rp_filter=2\n-net.x.*\nno setting\nkernel.*.y=3\n",
        );
        let paths: Vec<_> = sysctl
            .settings
            .iter()
            .map(|one| one.path.as_str())
            .collect();
        let expected = [
            "net/ipv4/ip_forward",
            "net/ipv4/conf/eth0.1/rp_filter",
            "net/ipv4/conf/eth0.2/rp_filter",
            "net/x/*",
            "kernel/*/y",
        ];
        assert_eq!(paths, expected);
        let [first, second, third, fourth, _] = sysctl.settings.as_slice() else {
            panic!("five settings");
        };
        assert_eq!(first.value.as_ref().unwrap(), &"0");
        assert_eq!(
            first.key.place().unwrap().to_string(),
            "/etc/sysctl.conf:4:2"
        );
        assert!(second.ignores_failure && !first.ignores_failure);
        assert_eq!(second.key, "net/ipv4/conf/eth0.1/rp_filter");
        assert_eq!(third.dotted(), "net.ipv4.conf.eth0/2.rp_filter");
        assert!(fourth.is_pattern() && fourth.value.is_none());
        assert_eq!(sysctl.invalid, ["no setting"]);
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names() {
        let (_fake, host) = host(&[
            ("etc/sysctl.conf", "a.b = 4\n"),
            ("etc/sysctl.d/20-x.conf", "a.b = 2\n"),
            ("usr/lib/sysctl.d/20-x.conf", "a.b = 9\n"),
            ("usr/lib/sysctl.d/30-y.conf", "a.b = 3\n"),
            ("run/sysctl.d/10-z.conf", "a.b = 1\n"),
            ("etc/sysctl.d/README", "a.b = 8\n"),
        ]);
        let values = |reader| {
            let sysctl = Sysctl::read(host.files(), reader);
            assert_eq!(sysctl.errors, []);
            let text = |one: &Setting| one.value.clone().unwrap().as_str().to_owned();
            sysctl.settings.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(values(Reader::Procps), ["1", "2", "3", "4"]);
        let sysctl = Sysctl::read(host.files(), Reader::Procps);
        assert_eq!(
            sysctl.settings[0].overridden_by.as_ref(),
            sysctl.settings[1].key.place()
        );
        assert_eq!(sysctl.last("a/b").unwrap().overridden_by, None);
        let systemd = Sysctl::read(host.files(), Reader::Systemd);
        let at_boot: Vec<_> = systemd
            .settings
            .iter()
            .map(|one| one.is_made_at_boot)
            .collect();
        assert_eq!(at_boot, [true, true, true, false]);
        assert_eq!(systemd.settings[2].overridden_by, None);
    }

    #[test]
    fn a_link_to_nothing_hides_and_a_link_to_the_old_file_reads_it() {
        let (fake, host) = host(&[
            ("etc/sysctl.conf", "a.b = 4\n"),
            ("usr/lib/sysctl.d/30-y.conf", "a.b = 3\n"),
            ("etc/sysctl.d/README", ""),
        ]);
        fake.link("etc/sysctl.d/30-y.conf", "/dev/null");
        fake.link("etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
        let sysctl = Sysctl::read(host.files(), Reader::Systemd);
        assert_eq!(sysctl.errors, []);
        assert_eq!(sysctl.settings.len(), 1);
        assert!(sysctl.settings[0].is_made_at_boot);
        let place = sysctl.settings[0].key.place().unwrap().to_string();
        assert_eq!(place, "/etc/sysctl.conf:1:1");
    }

    #[test]
    fn procps_reads_the_old_file_last_even_where_a_link_names_it() {
        let (fake, host) = host(&[
            ("etc/sysctl.conf", "a.b = 4\n"),
            ("etc/sysctl.d/zz.conf", "a.b = 5\n"),
        ]);
        fake.link("etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
        let last = |reader| {
            let sysctl = Sysctl::read(host.files(), reader);
            assert_eq!(sysctl.settings.len(), 2);
            sysctl.last("a.b").unwrap().value.clone().unwrap()
        };
        assert_eq!(last(Reader::Procps), "4");
        assert_eq!(last(Reader::Systemd), "5");
    }
}
