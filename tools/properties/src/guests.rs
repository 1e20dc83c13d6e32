//! Descriptions of guests: what is read can be written in every language, and what was written for xl
//! says the same when it is read again.

use error::Result;
use vmconfig::libvirt::{self, Hypervisor};
use vmconfig::{Choice, TEXT, Vm, opennebula, ovf, proxmox, vbox, vmx, xl, xva};

use crate::told::{safe, told};

/// What messages call the input.
const FILE: &str = "guest";

/// Languages that can be read.
const READERS: [fn(&str, &str) -> Result<Vm>; 7] = [
    ovf::read,
    xva::read,
    xl::read,
    libvirt::read,
    vmx::read,
    proxmox::read,
    vbox::read,
];

/// The number of Proxmox VE's.
const PROXMOX: usize = 5;

/// Bytes of a text's beginning.
const BEGINNING: usize = 512;

/// Reads a description: its first byte says in which language, the rest is the text.
pub fn guest(data: &[u8]) -> Result<()> {
    match data.split_first() {
        Some((&language, text)) => {
            description(usize::from(language) % READERS.len(), text).map(drop)
        }
        None => Ok(()),
    }
}

/// Reads VirtualBox's settings of a machine.
pub fn vbox(data: &[u8]) -> Result<()> {
    description(READERS.len() - 1, data).map(drop)
}

/// Reads a description as [`guest`] does, and writes it in every language.
pub fn languages(data: &[u8]) -> Result<()> {
    if let Some((&language, text)) = data.split_first() {
        written(description(usize::from(language) % READERS.len(), text)?);
    }
    Ok(())
}

/// The guest in the description `text`, which the reader of this `number` reads.
fn description(number: usize, text: &[u8]) -> Result<Vm> {
    let decoded = vmconfig::decode(text);
    told(&decoded.warning.map_or(Ok(()), Err));
    let beginning = &text[..text.len().min(BEGINNING)];
    told(
        &vmconfig::decode_beginning(beginning)
            .warning
            .map_or(Ok(()), Err),
    );
    let text = decoded.text;
    let last = match number {
        0 => {
            files(&text);
            let offer = ovf::offer(&text);
            let deployment = offer
                .as_ref()
                .ok()
                .and_then(|offer| offer.deployments.last().cloned());
            chosen(
                &text,
                offer.map(|offer| offer.guests),
                deployment,
                ovf::choose,
            )
        }
        1 => {
            told(&xva::vdis(&text));
            chosen(&text, xva::guests(&text), None, xva::choose)
        }
        PROXMOX => {
            let _ = proxmox::is_likely(&text);
            None
        }
        _ => None,
    };
    let vm = READERS[number](&text, FILE);
    told(&vm);
    // Of several guests one has to be chosen.
    vm.or_else(|error| last.ok_or(error))
}

/// The files that an OVF names, those with disks among them.
fn files(text: &str) {
    let (all, disks) = (ovf::files(text), ovf::disk_files(text));
    told(&all);
    told(&disks);
    for file in disks.iter().flatten() {
        let all = all.as_ref().expect("files are listed where disks are");
        assert!(all.contains(file), "{file:?} of {all:?}");
        if let Some(chunks) = &file.chunks {
            assert!(chunks.name(&file.href, 0).starts_with(&file.href));
            assert!(
                chunks
                    .count()
                    .is_none_or(|count| count <= u64::MAX / chunks.size.max(1) + 1)
            );
        }
    }
}

/// The last of the `guests` in `text`; in vain are others asked for.
fn chosen(
    text: &str,
    guests: Result<Vec<String>>,
    deployment: Option<String>,
    choose: fn(&str, &str, &Choice) -> Result<Vm>,
) -> Option<Vm> {
    told(&guests);
    let guest = guests.ok()?.last().cloned();
    let none = Some("no such thing".to_owned());
    let vain = [(none.clone(), None), (guest.clone(), none)];
    for (guest, deployment) in vain {
        told(&choose(text, FILE, &Choice { guest, deployment }));
    }
    let choice = Choice { guest, deployment };
    let vm = choose(text, FILE, &choice);
    told(&vm);
    told(&choice.check(vm.as_ref().ok().and_then(name)));
    vm.ok()
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
    let count = vm.disks.iter().filter(|disk| !disk.cdrom).count();
    for index in 0..count {
        let placed = vm.place_nth(index, format!("/dev/vg0/disk-{index}"));
        placed.expect("it has so many disks");
    }
    assert!(vm.place_nth(count, "/dev/vg0/more").is_err());
    if let Some(first) = vm
        .disks
        .iter()
        .find(|disk| !disk.cdrom)
        .map(|disk| disk.id.clone())
    {
        let place = format!("/dev/vg0/{count}");
        assert!(vm.clone().place(&first, place).is_ok(), "{first:?}");
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
        xl::Node::Text(text) => vec![text.text.clone()],
        xl::Node::List(list) => list.nodes.iter().flat_map(flat).collect(),
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
    for_ovf(vm.clone());
}

/// Puts all disks into a package.
fn for_ovf(mut vm: Vm) {
    let disks = vm.disks.iter_mut().filter(|disk| !disk.cdrom);
    let files = disks.enumerate().map(|(number, disk)| {
        let href = format!("guest-disk{number}.vmdk");
        disk.place = Some(href.clone());
        ovf::DiskFile {
            href,
            size: 1 << 20,
            capacity: 1 << 30,
            populated: 1 << 21,
        }
    });
    let files: Vec<_> = files.collect();
    let text = ovf::write(&vm, &files).text;
    if text.len() > TEXT {
        return;
    }
    let again = ovf::read(&text, FILE).expect("our own text is read");
    assert_eq!(name(&again), name(&vm), "{text}");
    assert_eq!(again.nics.len(), vm.nics.len(), "{text}");
    let found = again.disks.iter().filter(|disk| disk.source.is_some());
    assert_eq!(found.count(), files.len(), "{text}");
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
