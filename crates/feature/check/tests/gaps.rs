//! What cannot be read is not known: no rule passes because it has not looked.

#![allow(
    clippy::unwrap_used,
    reason = "only tests are here, and panicking is how they fail"
)]

use std::fs::File;
use std::time::Duration;

use check::{Facts, Outcome, Question, Report};
use host::Host;
use testkit::machine::Described;

/// The report about a host with a file at `huge` beside the others, which nobody reads: it is too large.
fn report(host: &str, huge: &[&str]) -> Report {
    let described = Described::new(host);
    for path in huge {
        let path = described.files.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().set_len(1 << 40).unwrap();
    }
    let question = Question {
        limit: Duration::from_secs(60),
        ..Question::default()
    };
    let host = Host::at(described.files.root()).unwrap();
    Report::new(&Facts::new(host.with_path(described.path()), question))
}

/// Why a rule is not known, if it is not, and what it found all the same.
fn of(report: &Report, id: &str) -> (Option<String>, Vec<String>) {
    let (_, outcome) = report.rules.iter().find(|(rule, _)| rule.id == id).unwrap();
    let found = outcome.findings().iter();
    let found = found.map(|finding| finding.message.clone()).collect();
    match outcome {
        Outcome::NotKnown(reason, _) => (Some(reason.to_string()), found),
        _ => (None, found),
    }
}

const REFUSED: &str =
    "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['QCOW2:/srv/a,xvda,w']\n";

#[test]
fn a_guest_that_cannot_be_read_leaves_every_rule_about_guests_open_and_what_is_found_counts() {
    let read = report(REFUSED, &[]);
    let part = report(REFUSED, &["etc/xen/db.cfg"]);
    for id in [
        "guest-disk-refused",
        "guest-refused",
        "guest-duplicate",
        "guest-name",
    ] {
        let (reason, found) = of(&part, id);
        assert!(
            reason
                .as_ref()
                .is_some_and(|reason| reason.contains("db.cfg")),
            "{id}: {reason:?}"
        );
        assert_eq!((None, found), of(&read, id), "{id}");
    }
    assert_eq!(of(&part, "guest-disk-refused").1.len(), 1);
    assert_eq!(of(&part, "kernel-sysctl-module").0, None);
}

#[test]
fn a_definition_that_cannot_be_read_is_not_one_that_libvirt_refuses() {
    let host = "-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n";
    let report = report(host, &["etc/libvirt/qemu/db.xml"]);
    let (reason, found) = of(&report, "libvirt-refused");
    assert!(reason.unwrap().contains("db.xml"));
    assert_eq!(found.len(), 1, "{found:?}");
    let (reason, _) = of(&report, "libvirt-duplicate");
    assert!(reason.unwrap().ends_with("; and 1 more"));
}

#[test]
fn what_libvirt_refuses_is_not_known_to_the_other_rules() {
    let report = report("-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n", &[]);
    assert_eq!(of(&report, "libvirt-refused").0, None);
    assert!(
        of(&report, "libvirt-duplicate")
            .0
            .unwrap()
            .contains("web.xml")
    );
}

#[test]
fn a_xen_that_cannot_be_asked_is_no_copy_of_a_host() {
    let guest = "-- etc/xen/auto/web.cfg --\nname = \"web\"\nmemory = 1024\n";
    let mute = report(&format!("-- $ xl info --\n{guest}"), &[]);
    let (reason, _) = of(&mute, "guest-memory-free");
    assert!(reason.unwrap().contains("xen_version"));
    assert_eq!(of(&report(guest, &[]), "guest-memory-free").0, None);
}

#[test]
fn a_boot_menu_that_cannot_be_read_beside_another_is_not_known() {
    let menu = "-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Linux' {\n\tlinux /boot/vmlinuz\n}\n";
    assert_eq!(of(&report(menu, &[]), "boot-files").0, None);
    let (reason, _) = of(&report(menu, &["boot/efi/EFI/xen/xen.cfg"]), "boot-files");
    assert!(reason.unwrap().contains("xen.cfg"));
}

#[test]
fn an_image_in_a_file_system_that_is_not_there_is_not_known() {
    let host = "-- etc/fstab --\n/dev/vg/srv /srv ext4 defaults 0 2\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['/srv/a.img,raw,xvda,rw']\n";
    let (reason, _) = of(&report(host, &[]), "guest-disk-format");
    assert!(reason.unwrap().contains("/srv"));
}
