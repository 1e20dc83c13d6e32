//! A host whose files are broken in every way ends as a report, not as an endless wait or a panic.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "only tests are here, and panicking is how they fail"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use check::{Facts, Outcome, Question, Report};
use host::Host;
use testkit::machine::{FakeHost, noise, run};

/// Files that facts are read from.
const FILES: [&str; 22] = [
    "boot/extlinux.conf",
    "boot/grub/grub.cfg",
    "boot/grub/grubenv",
    "boot/xen.gz",
    "etc/default/grub",
    "etc/libvirt/qemu/win.xml",
    "etc/modules",
    "etc/network/interfaces",
    "etc/os-release",
    "etc/sysctl.conf",
    "etc/update-extlinux.conf",
    "etc/xen/auto/web.cfg",
    "etc/xen/web.cfg",
    "etc/xen/xl.conf",
    "etc/xensource-inventory",
    "etc/xensource/xapi-ssl.pem",
    "lib/apk/db/installed",
    "proc/meminfo",
    "proc/modules",
    "var/lib/dpkg/status",
    "var/lib/rpm/rpmdb.sqlite",
    "var/xapi/state.db",
];

fn report(host: &FakeHost) -> Report {
    let question = Question {
        from: Some(check::Release::new(4, 4)),
        targets: vec!["xen=4.17".parse().unwrap(), "debian=13".parse().unwrap()],
        guests: vec![
            "/etc/xen/web.cfg".into(),
            "/nowhere.cfg".into(),
            "/etc".into(),
        ],
        now: 1_796_000_000,
        limit: Duration::from_secs(60),
        ..Question::default()
    };
    Report::new(&Facts::new(Host::at(host.root()).unwrap(), question))
}

/// The report on a host on which `make` has made each of the files, at the path that it is given.
fn with_each(make: impl Fn(&Path)) -> Report {
    let host = FakeHost::new();
    for file in FILES {
        let path = host.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        make(&path);
    }
    report(&host)
}

/// The facts that are not known, in order and once each.
fn not_known(report: &Report) -> Vec<&'static str> {
    let facts = report
        .rules
        .iter()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::NotKnown(reason, _) => Some(reason.fact),
            _ => None,
        });
    let mut facts: Vec<_> = facts.collect();
    facts.sort_unstable();
    facts.dedup();
    facts
}

#[test]
fn noise_is_no_configuration() {
    let report = with_each(|path| fs::write(path, noise(7, 100_000)).unwrap());
    let refused = report
        .findings()
        .any(|finding| finding.rule == "guest-refused");
    assert!(refused, "{:?}", report.findings().collect::<Vec<_>>());
}

#[test]
fn pipes_are_not_waited_for() {
    let report = with_each(|path| drop(run("mkfifo", &[path.to_str().unwrap()])));
    assert!(!not_known(&report).is_empty());
}

#[test]
fn directories_in_place_of_files_are_not_known() {
    let report = with_each(|path| fs::create_dir(path).unwrap());
    assert!(!not_known(&report).is_empty());
}

#[test]
fn links_in_a_circle_end() {
    let report = with_each(|path| symlink(path.file_name().unwrap(), path).unwrap());
    assert!(!not_known(&report).is_empty());
}

#[test]
fn links_that_lead_out_of_the_root_find_nothing_there() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.cfg");
    fs::write(&secret, "name = \"secret\"\nvcpus = True\n").unwrap();
    let report = with_each(|path| symlink(&secret, path).unwrap());
    assert!(
        report
            .findings()
            .all(|finding| finding.rule != "guest-refused")
    );
}

#[test]
fn huge_files_are_refused_before_they_are_read() {
    let report = with_each(|path| {
        let file = fs::File::create(path).unwrap();
        file.set_len(1 << 40).unwrap();
    });
    assert!(!not_known(&report).is_empty());
}

#[test]
fn deep_nesting_and_endless_lines_are_bounded() {
    let deep = "[".repeat(100_000);
    let submenus = "submenu 'x' {\n".repeat(20_000);
    for text in [
        format!("disk = {deep}"),
        submenus,
        "a=".repeat(1 << 20),
        "include x\n".repeat(100_000),
    ] {
        with_each(|path| fs::write(path, &text).unwrap());
    }
}
