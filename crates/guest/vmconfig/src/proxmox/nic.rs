//! Network cards: `net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=7`.

use super::drive::numbered;
use super::{Parts, Reader};
use crate::value::Value;
use crate::vm::{Nic, is_mac};

/// Settings of a card that are no model.
const KEYS: &[&str] = &[
    "bridge",
    "firewall",
    "link_down",
    "macaddr",
    "model",
    "mtu",
    "queues",
    "rate",
    "tag",
    "trunks",
];

/// Whether `key` is a network card.
pub(super) fn is_nic(key: &str) -> bool {
    numbered(key, "net").is_some()
}

impl Reader<'_> {
    /// Network cards, by number.
    pub(super) fn nics(&mut self) {
        let mut cards: Vec<_> = self
            .lines
            .all()
            .filter_map(|(key, value, line)| Some((numbered(key, "net")?, value, line)))
            .collect();
        cards.sort_by_key(|&(number, ..)| number);
        for (number, value, line) in cards {
            self.nic(number, value, line);
        }
    }

    fn nic(&mut self, number: u16, value: &str, line: usize) {
        let from = self.origin(line);
        let parts = Parts::of(value);
        // The model is the key of its own address.
        let named = parts.keys().find(|(key, _)| !KEYS.contains(key));
        let model = parts
            .get("model")
            .or(named.map(|(key, _)| key))
            .or(parts.first());
        let mac = parts.get("macaddr").or(named.map(|(_, value)| value));
        let mac = mac.map(str::to_ascii_lowercase).filter(|mac| is_mac(mac));
        for key in ["tag", "trunks", "mtu", "rate"] {
            if let Some(value) = parts.get(key) {
                self.vm.note(format!("net{number}: {key}={value}"), &from);
            }
        }
        let stated = |text: &str| Value::new(text.to_owned(), &from);
        self.vm.nics.push(Nic {
            mac: mac.map(|mac| Value::new(mac, &from)),
            model: model.map(|model| Value::new(model.to_ascii_lowercase(), &from)),
            bridge: parts.get("bridge").map(stated),
            ..Nic::new(&from)
        });
    }
}
