//! A host's own configuration: every value is in the text where it says.

use std::collections::BTreeMap;

use error::Result;
use hostconfig::boot::{Boot, read_grub, read_syslinux, read_xen_efi};
use hostconfig::cmdline::{Dom0Memory, Dom0Vcpus};
use hostconfig::interfaces::{Interfaces, failure};
use hostconfig::modules::Modules;
use hostconfig::shell::{Assignments, Shell};
use hostconfig::sysctl::Sysctl;
use hostconfig::{Source, Traced};

/// The file that the input is.
const FILE: &str = "/x";

/// Reads the input as each of the languages; a file that includes itself finds itself.
///
/// # Errors
/// None: every text is one in each of them.
pub fn settings(data: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(data).into_owned();
    let source = Source::new(FILE, text.as_str());
    let files = BTreeMap::from([(FILE.to_owned(), text.clone())]);
    for read in [read_grub, read_syslinux, read_xen_efi] {
        boot(&source, &read(&source, &files));
    }
    variables(&source);
    values(&source);
    for line in text.lines() {
        let _ = failure(line);
        let _ = Dom0Memory::parse(line);
        let _ = Dom0Vcpus::parse(line);
    }
    Ok(())
}

fn boot(source: &Source, boot: &Boot) {
    for entry in &boot.entries {
        for image in [&entry.hypervisor, &entry.kernel].into_iter().flatten() {
            // A configuration for xen.efi does not name it.
            if boot.file == source.file && !image.path.as_str().starts_with("xen.efi") {
                is_there(source, &image.path);
            }
            let _ = image.option("dom0_mem");
            image
                .options
                .parameters()
                .iter()
                .for_each(|word| drop(word.items()));
        }
        entry
            .initrds
            .iter()
            .for_each(|initrd| is_there(source, initrd));
    }
    let _ = boot.default_entry();
}

fn variables(source: &Source) {
    let mut variables = Assignments::default();
    variables.add(source);
    for assignment in &variables.all {
        is_there(source, &assignment.value);
    }
}

fn values(source: &Source) {
    let mut sysctl = Sysctl::default();
    sysctl.add(source, true);
    for setting in &sysctl.settings {
        is_there(source, &setting.key);
        setting
            .value
            .iter()
            .for_each(|value| is_there(source, value));
    }
    let mut modules = Modules::default();
    modules.add_list(source);
    modules.add_openrc(source, Shell::Bash);
    modules.add_modprobe(source);
    modules
        .options
        .iter()
        .for_each(|load| is_there(source, &load.rest));
    let interfaces = Interfaces::parse(source);
    for hook in interfaces.hooks() {
        is_there(source, &hook.command);
    }
}

/// Every character of a value is in the text where it says.
fn is_there(source: &Source, value: &Traced) {
    for (at, char) in value.as_str().char_indices() {
        let Some(place) = value.place_at(at).filter(|place| place.file == source.file) else {
            continue;
        };
        let found = source.text.get(source.offset(place.position)..);
        let found = found.and_then(|rest| rest.chars().next());
        assert_eq!(found, Some(char), "{place} in {:?}", source.text);
    }
}
