//! Damaged texts: every reader ends without a panic, and every value is where it says that it is.

use hostconfig::bridges::Bridges;
use hostconfig::cmdline::Reader;
use hostconfig::defaults::{GrubDefaults, UpdateExtlinux};
use hostconfig::interfaces::{Interfaces, failure};
use hostconfig::modules::{KernelModules, Modules};
use hostconfig::shell::{Assignments, Shell};
use hostconfig::sysctl::Sysctl;
use hostconfig::{Source, Traced};
use proptest::prelude::*;
use testkit::damage::{cases, texts};
use testkit::machine::FakeHost;

/// A text of each language.
const SEEDS: [&str; 4] = [
    "A=\"b $C\" D='e'\nif true; then A=$(x `y` ${z:-1}); fi\nexport A=b\\ c && E=f\nmodules=\"a b\"\n",
    "a.b = c\n-d/e.f=g\n# h\n; i\n-j.*\nk\noptions x \\\n y=1\nblacklist z\n",
    "auto a\niface a inet static\n bridge_ports b c \\\n d\n up x || true; y &\nsource x/*\nmapping m\n",
    "network:\n  bridges:\n    br0:\n      interfaces: [a, \"b\"]\n    br1:\n      interfaces:\n        - c\n\
     [NetDev]\nName=x\nKind=bridge\n[Match]\nName=y*\n[Network]\nBridge=x\n<bridge name='v'/>\n",
];

fn is_there(source: &Source, value: &Traced) {
    assert!(source.has(value), "{value:?} in {:?}", source.text);
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn damaged_texts_are_read_to_their_end(text in texts(&SEEDS)) {
        let source = Source::new("/x", text.as_str());
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
    fn an_option_that_is_set_is_read_back(text in texts(&SEEDS)) {
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
    fn a_host_of_damaged_files_is_read(text in texts(&SEEDS)) {
        let fake = FakeHost::new();
        for path in [
            "etc/default/grub", "etc/default/grub.d/a.cfg", "etc/update-extlinux.conf",
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
        let _ = GrubDefaults::read(files).linux_with_xen();
        let _ = UpdateExtlinux::read(files).xen();
        prop_assert_eq!(Sysctl::read(files, hostconfig::sysctl::Reader::Procps).errors, []);
        prop_assert_eq!(Modules::read(files).errors, []);
        prop_assert!(KernelModules::read(files, "1").is_ok());
        // A damaged text may name a file that cannot be there.
        let _ = Bridges::read(files).may_have_more();
    }
}
