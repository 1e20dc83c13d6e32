use error::Result;
use proptest::prelude::*;

use super::*;

type Reader = fn(&str, &str) -> Result<Vm>;

/// Every language with a good example of it.
const LANGUAGES: [(Reader, &str); 10] = [
    (ovf::read, include_str!("ovf/tests/vmware.ovf")),
    (ovf::read, include_str!("ovf/tests/virtualbox.ovf")),
    (ovf::read, include_str!("ovf/tests/xcp.ovf")),
    (ovf::read, include_str!("ovf/tests/ovirt.ovf")),
    (xva::read, include_str!("xva/tests/ova.xml")),
    (libvirt::read, include_str!("libvirt/tests/shop-kvm.xml")),
    (xl::read, include_str!("xl/tests/completed.cfg")),
    (vmx::read, include_str!("vmx/tests/win.vmx")),
    (proxmox::read, include_str!("proxmox/tests/shop.conf")),
    (vbox::read, include_str!("vbox/tests/desk.vbox")),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Damage leads to an error or to a guest that can be written; never to harm.
    #[test]
    fn damaged_descriptions_do_no_harm(
        damage in prop::collection::vec((any::<prop::sample::Index>(), testing::hostile()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        for (read, good) in LANGUAGES {
            let mut text: Vec<char> = good.chars().collect();
            for (at, words) in &damage {
                let at = at.index(text.len());
                let end = text.len().min(at + 3);
                text.splice(at..end, words.chars());
            }
            let damaged: String = text.iter().collect();
            let short: String = text.iter().take(cut.index(text.len())).collect();
            for text in [damaged, short] {
                let Ok(vm) = read(&text, "a") else { continue };
                let written = xl::write(&vm).unwrap();
                prop_assert_eq!(&xl::parse(&written).unwrap().faults, &vec![]);
                for hypervisor in [libvirt::Hypervisor::Xen, libvirt::Hypervisor::Kvm] {
                    let written = libvirt::write(&vm, hypervisor).unwrap();
                    prop_assert!(xml::parse(&written).is_ok());
                }
                opennebula::write(&vm);
            }
        }
    }
}

#[test]
fn completing_twice_changes_nothing() {
    for (read, text) in LANGUAGES {
        let mut vm = read(text, "a").unwrap();
        vm.complete();
        let once = vm.clone();
        vm.complete();
        assert_eq!(vm, once);
    }
}

#[test]
fn many_disks_have_names_of_their_own() {
    let from = Origin::guess("a test");
    let mut disks: Vec<_> = (0..30).map(|n| Disk::new(format!("d{n}"), &from)).collect();
    disks[3].cdrom = true;
    disks[7].vdev = Some(Value::new("xvda".into(), &from));
    disks[8].vdev = Some(Value::new("hda".into(), &from));
    disks[9].vdev = Some(Value::new("../etc".into(), &from));
    let vm = Vm::guess("many", disks);
    let names: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| disk.vdev.as_ref().unwrap().value.as_str())
        .collect();
    assert_eq!(names[..5], ["xvdb", "xvdc", "xvde", "hdd", "xvdf"]);
    assert_eq!((names[7], names[29]), ("xvda", "xvdad"));
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 30);
}
