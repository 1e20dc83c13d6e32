//! Bridges that are only named: by libvirt's networks and by XAPI's database. What Open vSwitch has is in a database of
//! its own, which is not read.

use host::Files;

use super::{Bridges, Program};
use crate::drop_ins::DropIns;
use crate::source::{Line, Source};
use crate::traced::Unknown;

const LIBVIRT: [&str; 1] = ["/etc/libvirt/qemu/networks"];

const XAPI: &str = "/var/xapi/state.db";

/// Most bytes of XAPI's database, which is one long line.
const LARGEST: u64 = 16 << 20;

/// Most bridges on one line.
const MOST: usize = 10_000;

const OPEN_VSWITCH: &str = "/etc/openvswitch/conf.db";

pub(super) fn add(bridges: &mut Bridges, files: &Files) {
    let networks = DropIns::read(files, &LIBVIRT, ".xml");
    bridges.errors.extend(networks.errors);
    for source in &networks.sources {
        for line in source.lines().filter(|line| line.text.contains("<bridge ")) {
            attributes(bridges, &line, "name=", Program::Libvirt);
        }
    }
    match files.read_within(XAPI, LARGEST) {
        Ok(None) => {}
        Ok(Some(content)) => {
            let source = Source::new(XAPI, String::from_utf8_lossy(&content));
            for line in source.lines() {
                attributes(bridges, &line, " bridge=", Program::Xapi);
            }
        }
        Err(error) => bridges.errors.push(error),
    }
    match files.exists(OPEN_VSWITCH) {
        Ok(false) => {}
        Ok(true) => bridges.doubt(format!("the bridges in {OPEN_VSWITCH} are not read")),
        Err(error) => bridges.errors.push(error),
    }
}

/// Adds the bridges that are values of an attribute.
fn attributes(bridges: &mut Bridges, line: &Line<'_>, attribute: &str, by: Program) {
    let mut columns = line.columns();
    for (nth, (at, _)) in line.text.match_indices(attribute).enumerate() {
        if nth == MOST {
            let why = format!("more than {MOST} bridges are named on one line");
            let doubt = Unknown::new(why).at(line.of_start());
            return doubt.add_to(&mut bridges.doubts);
        }
        let mut rest = line.text[at + attribute.len()..].chars();
        let Some(quote) = rest.next().filter(|quote| matches!(quote, '"' | '\'')) else {
            continue;
        };
        if let Some((name, _)) = rest.as_str().split_once(quote)
            && !name.is_empty()
        {
            bridges.of(columns.of(name), by);
        }
    }
}
