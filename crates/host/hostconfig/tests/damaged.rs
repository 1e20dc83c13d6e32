//! Damaged texts: every reader ends without a panic, and every value is where it says that it is.

use std::collections::BTreeMap;

use hostconfig::boot::{
    Boot, GrubDefaults, UpdateExtlinux, read_grub, read_syslinux, read_xen_efi,
};
use hostconfig::bridges::Bridges;
use hostconfig::cmdline::Reader;
use hostconfig::interfaces::{Interfaces, failure};
use hostconfig::modules::{KernelModules, Modules};
use hostconfig::shell::{Assignments, Shell};
use hostconfig::sysctl::Sysctl;
use hostconfig::{Source, Traced};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::machine::FakeHost;

/// A text of each language.
const SEEDS: [&str; 7] = [
    "set default=\"${saved_entry}\"\nif [ -s $prefix/x ]; then\n  load_env\nelse set a='b c'; fi\n\
     for v in 1 2; do menuentry \"X $v\" --id x$v { multiboot2 /xen.gz a=\"b c\" ${y}\n module2 /k \\\n ro } done\n\
     function f { submenu s { menuentry t { linux /k ; initrd /i } } }\nf 1\nblscfg\n",
    "DEFAULT x\nUI menu.c32\nLABEL x\n KERNEL mboot.c32\n APPEND xen.gz a --- k ro --- i\nLABEL y\n INITRD a,b\n\
     MENU LABEL ^Y\nMENU BEGIN\nTEXT HELP\nENDTEXT\nINCLUDE x\n",
    "[global]\ndefault=a # b\nchain=x\n[a]\noptions=smt=off\nkernel=k ro\nramdisk=i\n",
    "A=\"b $C\" D='e'\nif true; then A=$(x `y` ${z:-1}); fi\nexport A=b\\ c && E=f\nmodules=\"a b\"\n",
    "a.b = c\n-d/e.f=g\n# h\n; i\n-j.*\nk\noptions x \\\n y=1\nblacklist z\n",
    "auto a\niface a inet static\n bridge_ports b c \\\n d\n up x || true; y &\nsource x/*\nmapping m\n",
    "network:\n  bridges:\n    br0:\n      interfaces: [a, \"b\"]\n    br1:\n      interfaces:\n        - c\n\
     [NetDev]\nName=x\nKind=bridge\n[Match]\nName=y*\n[Network]\nBridge=x\n<bridge name='v'/>\n",
];

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A seed with pieces cut out, doubled, or put in.
fn damaged() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "", "'", "\"", "\\", "\n", "{", "}", "$", "${", "$(", "`", "ü", "\r\n", "\t", ">", "#",
        "=", "[", ";", "&", "||", " ", "- ", ":", "if ", "fi\n", "\0",
    ]);
    let change = (any::<prop::sample::Index>(), 0usize..6, pieces);
    (0..SEEDS.len(), vec(change, 0..8)).prop_map(|(seed, changes)| {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        for (at, cut, piece) in changes {
            let at = at.index(text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

/// Every character of a value is in the text where it says.
fn is_there(source: &Source, value: &Traced) {
    for (at, char) in value.as_str().char_indices() {
        let Some(place) = value.place_at(at).filter(|place| place.file == source.file) else {
            continue;
        };
        let offset = source.offset(place.position);
        assert_eq!(
            source.text[offset..].chars().next(),
            Some(char),
            "{place} in {:?}",
            source.text
        );
    }
}

fn boot_is_there(source: &Source, boot: &Boot) {
    for entry in &boot.entries {
        for image in [&entry.hypervisor, &entry.kernel].into_iter().flatten() {
            if boot.file == source.file && !image.path.as_str().starts_with("xen.efi") {
                is_there(source, &image.path);
            }
            let _ = image.option("dom0_mem");
        }
        entry
            .initrds
            .iter()
            .for_each(|initrd| is_there(source, initrd));
    }
    let _ = boot.default_entry();
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn damaged_texts_are_read_to_their_end(text in damaged()) {
        let source = Source::new("/x", text.as_str());
        let files = BTreeMap::from([("/x".to_owned(), text.clone())]);
        for read in [read_grub, read_syslinux, read_xen_efi] {
            boot_is_there(&source, &read(&source, &files));
        }
        let mut variables = Assignments::default();
        variables.add(&source);
        for assignment in &variables.all {
            is_there(&source, &assignment.value);
        }
        let mut sysctl = Sysctl::default();
        sysctl.add(&source, true);
        for setting in &sysctl.settings {
            is_there(&source, &setting.key);
            setting.value.iter().for_each(|value| is_there(&source, value));
        }
        let mut modules = Modules::default();
        modules.add_list(&source);
        modules.add_openrc(&source, Shell::Bash);
        modules.add_modprobe(&source);
        modules.options.iter().for_each(|load| is_there(&source, &load.rest));
        let interfaces = Interfaces::parse(&source);
        for hook in interfaces.hooks() {
            is_there(&source, &hook.command);
        }
        for line in text.lines() {
            let _ = failure(line);
        }
    }

    #[test]
    fn an_option_that_is_set_is_read_back(text in damaged()) {
        let source = Source::new("/x", text.as_str());
        for (option, word) in [("smt", "smt=off"), ("b", "b")] {
            let Ok(new) = hostconfig::edit::set_option(&source, "A", Reader::Xen, option, Some(word)) else {
                continue;
            };
            let mut variables = Assignments::default();
            variables.add(&Source::new("/x", new.as_str()));
            let words = variables.value("A").words();
            prop_assert!(words.iter().any(|one| *one == word), "{new:?}");
        }
        let Ok(new) = hostconfig::edit::set_sysctl(&source, "a.b", "1") else {
            return Ok(());
        };
        let mut sysctl = Sysctl::default();
        sysctl.add(&Source::new("/x", new), true);
        let value = sysctl.last("a.b").and_then(|setting| setting.value.clone());
        prop_assert_eq!(value.map(|value| value.as_str().to_owned()), Some("1".to_owned()));
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_host_of_damaged_files_is_read(text in damaged()) {
        let fake = FakeHost::new();
        for path in [
            "boot/grub/grub.cfg", "boot/grub/grubenv", "boot/loader/entries/a.conf", "boot/extlinux.conf",
            "boot/efi/EFI/xen/xen.cfg", "etc/default/grub", "etc/default/grub.d/a.cfg", "etc/update-extlinux.conf",
            "etc/sysctl.conf", "etc/sysctl.d/a.conf", "etc/modules", "etc/modprobe.d/a.conf", "etc/conf.d/modules",
            "lib/modules/1/modules.dep", "lib/modules/1/modules.builtin", "etc/network/interfaces",
            "etc/sysconfig/network-scripts/ifcfg-a", "etc/netplan/a.yaml", "etc/systemd/network/a.netdev",
            "etc/systemd/network/a.network", "etc/libvirt/qemu/networks/a.xml", "var/xapi/state.db",
            "etc/NetworkManager/system-connections/a.nmconnection",
        ] {
            fake.write(path, &text);
        }
        let host = host::Host::at(fake.root()).unwrap();
        let files = host.files();
        let boot = hostconfig::boot::read(files);
        prop_assert_eq!(boot.errors, []);
        let _ = GrubDefaults::read(files).linux_with_xen();
        let _ = UpdateExtlinux::read(files).xen();
        prop_assert_eq!(Sysctl::read(files, hostconfig::sysctl::Reader::Procps).errors, []);
        prop_assert_eq!(Modules::read(files).errors, []);
        prop_assert!(KernelModules::read(files, "1").is_ok());
        // A damaged text may name a file that cannot be there.
        let _ = Bridges::read(files).may_have_more();
    }
}
