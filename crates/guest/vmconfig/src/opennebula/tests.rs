mod read;

use proptest::prelude::*;

use super::*;
use crate::testing::{golden, hostile};
use crate::{Value, ovf, xva};

#[test]
fn templates() {
    let mut vm = ovf::read(include_str!("../ovf/tests/vmware.ovf"), "vmware.ovf").unwrap();
    vm.place("vmdisk1", "/var/lib/one/shop.raw").unwrap();
    vm.place("vmdisk2", "shop-data").unwrap();
    golden("opennebula/tests/shop.one", &write(&vm));
    let vm = xva::read(include_str!("../xva/tests/ova.xml"), "ova.xml").unwrap();
    golden("opennebula/tests/files.one", &write(&vm));
}

#[test]
fn strings_end_where_they_should() {
    assert_eq!(quote("a\"b\\"), "\"a'b\\ \"");
    assert_eq!(quote("]]>\n"), "\"]] > \"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nothing_breaks_out(words in prop::collection::vec(hostile(), 5)) {
        let from = Origin::stated(&words[0], words[1].clone());
        let mut vm = Vm::guess(&words[2], vec![Disk::new(words[3].clone(), &from)]);
        vm.description = Some(Value::new(words[4].clone(), &from));
        vm.nics[0].network = Some(words[1].clone());
        vm.disks[0].place = Some(words[0].clone());
        // Every line is a comment or one assignment whose strings are whole.
        for line in write(&vm).lines().filter(|line| !line.starts_with('#')) {
            let outside: Vec<_> = line.split('"').step_by(2).collect();
            prop_assert_eq!(line.matches('"').count() % 2, 0);
            prop_assert!(!line.contains("]]>") && !line.contains("\\\""));
            let plain = |c: char| c.is_ascii_uppercase() || "_ =[],".contains(c);
            prop_assert!(outside.iter().all(|part| part.chars().all(plain)), "{}", line);
        }
    }
}
