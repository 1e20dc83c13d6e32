//! Bridges in /etc/network/interfaces (bridge-utils-interfaces(5)).

use super::{Bridges, Program};
use crate::interfaces::{Interfaces, Stanza};
use crate::traced::Unknown;

pub(super) fn add(bridges: &mut Bridges, interfaces: &Interfaces) {
    let is_bridge = |stanza: &&Stanza| {
        let ports = stanza.options("bridge-ports").next().is_some();
        let used = |name: &str| stanza.options("use").any(|used| used.value == name);
        !stanza.is_template && (ports || used("bridge"))
    };
    for stanza in interfaces.stanzas.iter().filter(is_bridge) {
        let bridge = bridges.of(stanza.name.clone(), Program::Ifupdown);
        for option in stanza.options("bridge-ports") {
            for port in option.value.words() {
                match port.as_str() {
                    "none" => {}
                    "all" | "regex" | "noregex" => {
                        let why = format!("the ports of '{}' are matched", stanza.name);
                        let place = port.place().cloned();
                        bridge.doubt.get_or_insert(Unknown { why, place });
                        break;
                    }
                    _ => bridge.ports.push(port),
                }
            }
        }
    }
}
