//! Damaged configurations: every reader ends without a panic, and every value is where it says that it is.

use std::collections::BTreeMap;

use bootconfig::{Boot, Device, Devices, Surroundings, read_grub, read_syslinux, read_xen_efi};
use hostconfig::Source;
use proptest::prelude::*;
use testkit::damage::{cases, texts};
use testkit::machine::FakeHost;

/// A text of each language.
const SEEDS: [&str; 3] = [
    "set default=\"${saved_entry}\"\nif [ -s $prefix/x ]; then\n  load_env\nelse set a='b c'; fi\n\
     for v in 1 2; do menuentry \"X $v\" --id x$v { multiboot2 /xen.gz a=\"b c\" ${y}\n module2 /k \\\n ro } done\n\
     function f { submenu s { menuentry t { linux /k ; initrd /i } } }\nf 1\nblscfg\n",
    "DEFAULT x\nUI menu.c32\nLABEL x\n KERNEL mboot.c32\n APPEND xen.gz a --- k ro --- i\nLABEL y\n INITRD a,b\n\
     MENU LABEL ^Y\nMENU BEGIN\nTEXT HELP\nENDTEXT\nINCLUDE x\n",
    "[global]\ndefault=a # b\nchain=x\n[a]\noptions=smt=off\nkernel=k ro\nramdisk=i\n",
];

fn is_there(source: &Source, boot: &Boot) {
    for entry in &boot.entries {
        let images = [&entry.hypervisor, &entry.kernel].into_iter().flatten();
        for image in images.clone() {
            let _ = image.option("dom0_mem");
        }
        let own = images.filter(|image| !image.path().as_str().starts_with("xen.efi"));
        for file in own.map(|image| &image.file).chain(&entry.initrds) {
            assert!(source.has(&file.path), "{file:?} in {:?}", source.text);
        }
    }
    let _ = boot.default_entry();
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn damaged_texts_are_read_to_their_end(text in texts(&SEEDS)) {
        let source = Source::new("/x", text.as_str());
        let host = BTreeMap::from([("/x".to_owned(), text.clone())]);
        let device = |name| Device::new(name, &[("/x", text.as_str()), ("/loader/entries/y.conf", text.as_str())]);
        let guest = Devices { all: vec![device("hd0,msdos1"), device("hd0,msdos2")], has_efi: false };
        let surroundings: [&dyn Surroundings; 2] = [&host, &guest];
        for files in surroundings {
            for read in [read_grub, read_syslinux, read_xen_efi] {
                is_there(&source, &read(&source, files));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_host_of_damaged_files_is_read(text in texts(&SEEDS)) {
        let fake = FakeHost::new();
        for path in [
            "boot/grub/grub.cfg", "boot/grub/grubenv", "boot/loader/entries/a.conf", "boot/extlinux.conf",
            "boot/efi/EFI/xen/xen.cfg",
        ] {
            fake.write(path, &text);
        }
        let host = host::Host::at(fake.root()).unwrap();
        let boot = bootconfig::read(host.files());
        prop_assert_eq!(boot.errors, []);
    }
}
