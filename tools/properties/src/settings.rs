//! A host's own configuration: every value is in the text where it says.

use std::collections::BTreeMap;
use std::path::Path;

use bootconfig::{Boot, read_grub, read_syslinux, read_xen_efi};
use error::Result;
use host::{Files, Host};
use hostconfig::bridges::{Bridges, Program, interfaces_present};
use hostconfig::cmdline::{CommandLine, Dom0Memory, Dom0Vcpus};
use hostconfig::defaults::{GrubDefaults, UpdateExtlinux};
use hostconfig::interfaces::{Interfaces, failure};
use hostconfig::modules::{KernelModules, Modules};
use hostconfig::shell::{Assignments, Shell};
use hostconfig::sysctl::{Reader, Sysctl};
use hostconfig::{Source, Traced};

use crate::hosts::Described;

/// The file that an input is which has one alone.
const FILE: &str = "/x";

/// Reads the input as each of the languages, where a file that includes itself finds itself; or as a host, if it
/// names files (`-- PATH --` before each).
///
/// # Errors
/// None: every text is one in each of them.
pub fn settings(data: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(data);
    match Described::read(&text) {
        Some(described) => whole_host(&described),
        None => one_text(&text),
    }
    Ok(())
}

fn one_text(text: &str) {
    let texts = |path: &Path| (path == Path::new(FILE)).then_some(text);
    let source = Source::new(FILE, text);
    let files = BTreeMap::from([(FILE.to_owned(), text.to_owned())]);
    for read in [read_grub, read_syslinux, read_xen_efi] {
        boot(&texts, &read(&source, &files));
    }
    for shell in [Shell::Bash, Shell::Unknown] {
        let mut read = Assignments::new(shell);
        read.add(&source);
        variables(&texts, &read);
    }
    let mut read = Sysctl::default();
    read.add(&source, true);
    sysctl(&texts, &read);
    let mut read = Modules::default();
    read.add_list(&source);
    read.add_openrc(&source, Shell::Bash);
    read.add_modprobe(&source);
    modules(&texts, &read);
    interfaces(&texts, &Interfaces::parse(&source));
    for line in text.lines() {
        let _ = failure(line);
        let _ = Dom0Memory::parse(line);
        let _ = Dom0Vcpus::parse(line);
    }
}

fn whole_host(described: &Described) {
    let fake = described.host();
    let host = Host::at(fake.root()).expect("its root is there");
    let files = host.files();
    let texts = |path: &Path| described.content(path);
    for found in &bootconfig::read(files).found {
        boot(&texts, found);
    }
    let grub = GrubDefaults::read(files);
    variables(&texts, &grub.variables);
    options(&texts, &grub.xen());
    let _ = (grub.linux().parameters(), grub.linux_with_xen());
    let extlinux = UpdateExtlinux::read(files);
    variables(&texts, &extlinux.variables);
    options(&texts, &extlinux.xen());
    for reader in [Reader::Systemd, Reader::Procps] {
        sysctl(&texts, &Sysctl::read(files, reader));
    }
    modules(&texts, &Modules::read(files));
    kernels(files);
    interfaces(&texts, &Interfaces::read(files));
    bridges(&texts, &Bridges::read(files));
    let _ = interfaces_present(files);
}

/// What finds a file's text by the path that the host calls it.
type Texts<'t> = dyn Fn(&Path) -> Option<&'t str> + 't;

fn boot(texts: &Texts<'_>, boot: &Boot) {
    for entry in &boot.entries {
        for image in [&entry.hypervisor, &entry.kernel].into_iter().flatten() {
            // A configuration for xen.efi does not name it.
            if !image.path().as_str().starts_with("xen.efi") {
                is_there(texts, image.path());
            }
            let _ = image.option("dom0_mem");
            let words = image.options.parameters();
            words.iter().for_each(|word| drop(word.items()));
        }
        let initrds = entry.initrds.iter();
        initrds.for_each(|initrd| is_there(texts, &initrd.path));
    }
    let _ = boot.default_entry();
}

fn variables(texts: &Texts<'_>, variables: &Assignments) {
    for assignment in &variables.all {
        is_there(texts, &assignment.value);
    }
}

fn options(texts: &Texts<'_>, line: &CommandLine) {
    for parameter in line.parameters() {
        is_there(texts, &parameter.name);
        let value = parameter.value.iter();
        value.for_each(|value| is_there(texts, value));
    }
}

fn sysctl(texts: &Texts<'_>, sysctl: &Sysctl) {
    for setting in &sysctl.settings {
        is_there(texts, &setting.key);
        let value = setting.value.iter();
        value.for_each(|value| is_there(texts, value));
    }
}

fn modules(texts: &Texts<'_>, modules: &Modules) {
    for load in modules.loaded.iter().chain(&modules.options) {
        is_there(texts, &load.name);
        is_there(texts, &load.rest);
    }
}

fn kernels(files: &Files) {
    for version in KernelModules::versions(files).unwrap_or_default() {
        if let Ok(modules) = KernelModules::read(files, &version) {
            let _ = modules.has("netbk");
        }
    }
}

fn interfaces(texts: &Texts<'_>, interfaces: &Interfaces) {
    for hook in interfaces.hooks() {
        is_there(texts, &hook.command);
    }
    for stanza in interfaces.stanzas.iter().take(100) {
        let _ = interfaces.of(stanza.name.as_str());
    }
}

fn bridges(texts: &Texts<'_>, bridges: &Bridges) {
    for bridge in &bridges.found {
        let is_named = bridges.get(bridge.name.as_str()).is_some();
        assert!(is_named, "{bridge:?}");
        // An ifcfg file may tell the port by its own name.
        if bridge.by != Program::Ifcfg {
            bridge.ports.iter().for_each(|port| is_there(texts, port));
        }
    }
}

/// Every character of a value is in its text where it says.
fn is_there(texts: &Texts<'_>, value: &Traced) {
    let mut source: Option<Source> = None;
    for (at, char) in value.as_str().char_indices() {
        let Some(place) = value.place_at(at) else {
            continue;
        };
        let known = source.take().filter(|source| source.file == place.file);
        let read = || Some(Source::new(&place.file, texts(&place.file)?));
        let Some(own) = known.or_else(read) else {
            continue;
        };
        let found = own.text.get(own.offset(place.position)..);
        let found = found.and_then(|rest| rest.chars().next());
        assert_eq!(found, Some(char), "{place} in {:?}", own.text);
        source = Some(own);
    }
}
