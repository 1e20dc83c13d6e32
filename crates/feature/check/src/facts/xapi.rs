//! What XAPI knows, from its database: that of XenServer, Citrix Hypervisor and XCP-ng.

use std::sync::Arc;

use error::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Facts, NotKnown};

/// Where the database is.
const DATABASE: &str = "/var/xapi/state.db";

/// Most bytes of it: that of a pool of 64 hosts has some 20 MB.
const LARGEST: u64 = 64 << 20;

/// What XAPI's database has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Xapi {
    /// How many guests there are: neither templates nor snapshots nor control domains.
    pub guests: u64,
}

impl Facts {
    /// What XAPI's database has; `None` on a host without it.
    ///
    /// # Errors
    /// It cannot be read, or is no XML.
    pub fn xapi(&self) -> Result<Arc<Option<Xapi>>, NotKnown> {
        self.known("XAPI's database", |facts| {
            let Some(bytes) = facts.host().files().read_within(DATABASE, LARGEST)? else {
                return Ok(None);
            };
            let text = String::from_utf8_lossy(&bytes);
            read(&text).map(Some).map_err(|error| error.at(DATABASE))
        })
    }
}

fn read(text: &str) -> Result<Xapi> {
    let mut reader = Reader::from_str(text);
    let mut xapi = Xapi::default();
    let mut is_vm = false;
    loop {
        let event = reader.read_event();
        match event.map_err(|cause| Error::corrupt("is not XML").cause(cause))? {
            Event::Start(element) if element.name().as_ref() == "table" => {
                is_vm = attribute(&element, "name").as_deref() == Some("VM");
            }
            Event::Start(row) | Event::Empty(row) if is_vm && row.name().as_ref() == "row" => {
                let is = |name| attribute(&row, name).as_deref() == Some("true");
                let others = ["is_a_template", "is_a_snapshot", "is_control_domain"];
                xapi.guests += u64::from(!others.into_iter().any(is));
            }
            Event::Eof => return Ok(xapi),
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let value = element.try_get_attribute(name).ok()??.value;
    Some(value.into_owned())
}
