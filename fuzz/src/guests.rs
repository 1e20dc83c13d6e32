//! Descriptions of guests: what is read can be written in every language, and what was written for xl
//! says the same when it is read again.

use report::Result;
use vmconfig::libvirt::{self, Hypervisor};
use vmconfig::{Vm, opennebula, ovf, proxmox, vmx, xl, xva};

use crate::told::{safe, told};

/// What messages call the input.
const FILE: &str = "guest";

/// Languages that can be read.
const READERS: [fn(&str, &str) -> Result<Vm>; 6] = [
    ovf::read,
    xva::read,
    xl::read,
    libvirt::read,
    vmx::read,
    proxmox::read,
];

/// Runs a description: its first byte says in which language, the rest is the text.
pub fn guest(data: &[u8]) -> Result<()> {
    let Some((&language, text)) = data.split_first() else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(text);
    let number = usize::from(language) % READERS.len();
    if number == 1 {
        told(&xva::vdis(&text));
    }
    let vm = READERS[number](&text, FILE);
    told(&vm);
    written(vm?);
    Ok(())
}

/// Writes `vm` in every language.
fn written(mut vm: Vm) {
    vm.complete();
    let mut twice = vm.clone();
    twice.complete();
    assert_eq!(vm, twice, "what is complete is completed");
    for_xl(&vm, |_| {});
    place(&mut vm);
    for_xl(&vm, place);
    for_others(&vm);
}

/// Gives every disk a place of this host; readers take none from a stranger's text.
fn place(vm: &mut Vm) {
    for index in 0..vm.disks.iter().filter(|disk| !disk.cdrom).count() {
        let placed = vm.place_nth(index, format!("/dev/vg0/disk-{index}"));
        placed.expect("it has so many disks");
    }
}

fn for_xl(vm: &Vm, place: fn(&mut Vm)) {
    let Some(text) = passes(xl::write(vm)) else {
        return;
    };
    let settings = clean(&text);
    let mut again = xl::read(&text, FILE).expect("our own text is read");
    place(&mut again);
    let rewritten = xl::write(&again).expect("our own text is written again");
    assert_eq!(settings, clean(&rewritten), "{text}\nbecame\n{rewritten}");
}

/// What `text` sets, which is nothing that xl would refuse.
fn clean(text: &str) -> Vec<(String, Vec<String>)> {
    text.lines().for_each(safe_line);
    let config = xl::parse(text).expect("our own text is no longer than texts may be");
    assert!(config.faults.is_empty(), "{:?} in {text}", config.faults);
    let flat = |setting: xl::Setting| (setting.name, flat(&setting.value));
    config.settings.into_iter().map(flat).collect()
}

fn flat(node: &xl::Node) -> Vec<String> {
    match node {
        xl::Node::Text { text, .. } => vec![text.clone()],
        xl::Node::List(nodes) => nodes.iter().flat_map(flat).collect(),
    }
}

fn for_others(vm: &Vm) {
    for hypervisor in [Hypervisor::Xen, Hypervisor::Kvm] {
        if let Some(text) = passes(libvirt::write(vm, hypervisor)) {
            let again = libvirt::read(&text, FILE).expect("our own text is read");
            assert_eq!(name(&again), name(vm), "{text}");
            assert_eq!(again.nics.len(), vm.nics.len(), "{text}");
        }
    }
    opennebula::write(vm).lines().for_each(safe_line);
}

fn name(vm: &Vm) -> Option<&str> {
    vm.name.as_ref().map(|name| name.value.as_str())
}

/// A tab is as good as a space.
fn safe_line(line: &str) {
    safe(&line.replace('\t', " "));
}

/// What was written, unless a host cannot take it, which is said well.
fn passes(written: Result<String>) -> Option<String> {
    told(&written);
    written.ok()
}
