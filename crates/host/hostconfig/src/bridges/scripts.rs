//! Bridges in ifcfg-* files: Red Hat's network-scripts (`TYPE=Bridge`, `BRIDGE=` in the port's file) and SUSE's
//! wicked (`BRIDGE=yes`, `BRIDGE_PORTS=`).

use host::Files;

use super::{Bridges, Program};
use crate::drop_ins::list;
use crate::shell::{Assignments, Shell};
use crate::source::Source;
use crate::traced::Traced;

/// The variables that are looked at.
const VARIABLES: [&str; 5] = ["DEVICE", "TYPE", "BRIDGE", "BRIDGE_PORTS", "OVS_BRIDGE"];

const DIRECTORIES: [&str; 2] = ["/etc/sysconfig/network-scripts", "/etc/sysconfig/network"];

pub(super) fn add(bridges: &mut Bridges, files: &Files) {
    let shell = Shell::of(files);
    for directory in DIRECTORIES {
        let names = match list(files, directory) {
            Ok(names) => names,
            Err(error) => {
                bridges.errors.push(error);
                continue;
            }
        };
        for name in names {
            // Copies that editors and packages leave are not read.
            let device = name.strip_prefix("ifcfg-");
            let Some(device) = device.filter(|name| !name.contains(['~', '.']) || is_vlan(name))
            else {
                continue;
            };
            match Source::read(files, format!("{directory}/{name}")) {
                Ok(Some(source)) => file(bridges, &source, device, &shell),
                Ok(None) => {}
                Err(error) => bridges.errors.push(error),
            }
        }
    }
}

/// Whether a dot is before a VLAN's number.
fn is_vlan(name: &str) -> bool {
    let number = name.rsplit('.').next().unwrap_or_default();
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

fn file(bridges: &mut Bridges, source: &Source, file_name: &str, shell: &Shell) {
    let mut variables = Assignments::new(shell.clone());
    variables.add(source);
    let values = VARIABLES.map(|name| variables.value(name));
    for doubt in values.iter().filter_map(Traced::doubt) {
        doubt.clone().add_to(&mut bridges.doubts);
    }
    let start = source.place(error::Position::START);
    let device = match variables.value("DEVICE") {
        device if device.is_empty() => Traced::at(file_name, start),
        device => device,
    };
    let is = |name: &str, value: &str| variables.value(name).as_str().eq_ignore_ascii_case(value);
    if is("TYPE", "bridge") || is("TYPE", "ovsbridge") || is("BRIDGE", "yes") {
        let ports = variables.value("BRIDGE_PORTS").words();
        bridges.of(device, Program::Ifcfg).ports.extend(ports);
    } else {
        let names = ["BRIDGE", "OVS_BRIDGE"].map(|name| variables.value(name));
        for bridge in names {
            if !bridge.is_empty() && !matches!(bridge.as_str(), "no" | "yes") {
                // The bridge has a file of its own as a rule; without one the scripts fail.
                bridges
                    .of(bridge, Program::Ifcfg)
                    .ports
                    .push(device.clone());
            }
        }
    }
}
