//! What GRUB knows before it reads a configuration.

use super::machine::Machine;
use hostconfig::{Source, Traced};

/// What distributions ask for before they use something.
const FEATURES: [&str; 10] = [
    "feature_menuentry_id",
    "feature_menuentry_options",
    "feature_default_font_path",
    "feature_all_video_module",
    "feature_timeout_style",
    "feature_platform_search_hint",
    "feature_chainloader_bpb",
    "feature_ntldr",
    "feature_200_final",
    "feature_nativedisk_cmd",
];

/// Sets the variables that GRUB has before it reads a configuration.
pub(super) fn prepare(machine: &mut Machine<'_>, source: &Source) {
    let place = source.place(error::Position::START);
    let path = source.file.to_string_lossy();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let prefix = match &machine.own {
        Some(device) if !directory.starts_with('(') => format!("({device}){directory}"),
        _ => directory.to_owned(),
    };
    for feature in FEATURES {
        machine.scope.set(feature, Traced::at("y", place.clone()));
        machine.scope.export(feature);
    }
    machine
        .scope
        .set("prefix", Traced::at(prefix, place.clone()));
    machine.scope.export("prefix");
    let platform = machine.files.platform().ok();
    let platforms = match platform {
        Some(platform) => Some(vec![platform.name.to_owned()]),
        None => platforms(machine, directory),
    };
    let variables = [
        (
            "root",
            "the variable 'root' is set when GRUB runs",
            machine.own.clone().map(|device| vec![device]),
        ),
        (
            "grub_cpu",
            "GRUB's processor is not known",
            platform.map(|platform| vec![platform.processor.to_owned()]),
        ),
        ("grub_platform", "GRUB's platform is not known", platforms),
    ];
    for (name, why, choices) in variables {
        let value = match choices.as_deref() {
            Some([only]) => Traced::at(only.as_str(), place.clone()),
            _ => Traced::gap(place.clone(), why.into(), choices),
        };
        machine.scope.set(name, value);
        machine.scope.export(name);
    }
}

/// What GRUB may have been started by, as far as the modules beside its configuration tell.
fn platforms(machine: &Machine<'_>, directory: &str) -> Option<Vec<String>> {
    let is_there = |path: &str| machine.files.exists(path).ok();
    if is_there("/sys/firmware/efi")? {
        return Some(vec!["efi".into()]);
    }
    let has = |name: &str| is_there(&format!("{directory}/{name}"));
    let all = [
        ("i386-pc", "pc"),
        ("x86_64-efi", "efi"),
        ("arm64-efi", "efi"),
    ];
    let mut found: Vec<String> = Vec::new();
    for (name, platform) in all {
        if has(name)? {
            found.push(platform.into());
        }
    }
    found.dedup();
    if found.is_empty() {
        found = vec!["pc".into(), "efi".into()];
    }
    Some(found)
}
