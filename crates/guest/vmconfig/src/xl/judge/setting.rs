//! Each setting by itself: whether the release knows it, whether its value is of a kind that is read.

use super::{Judge, Verdict};
use crate::xen::{Standing, keys};
use crate::xl::{Node, Setting, number};

/// Keys whose number ends xl where it is none, or larger than C's `int`.
const BOUNDED: [&str; 3] = [
    "max_grant_frames",
    "max_maptrack_frames",
    "max_grant_version",
];

/// Keys whose number is an amount of something.
const AMOUNTS: [&str; 4] = ["memory", "maxmem", "vcpus", "maxvcpus"];

impl Judge<'_> {
    pub(super) fn settings(&mut self) {
        for setting in &self.config.settings {
            match keys::standing(&setting.name, self.release) {
                Standing::Known | Standing::Unsure => self.kind(setting),
                standing => self.unknown(setting, standing),
            }
        }
    }

    fn unknown(&mut self, setting: &Setting, standing: Standing) {
        let (name, release) = (&setting.name, self.release);
        let message = match standing {
            Standing::NotYet(since) => {
                format!("xl of Xen {release} does not know {name}, which came with {since}")
            }
            Standing::Gone(last) => format!(
                "xl of Xen {release} does not know {name} any more, the last that did was {last}"
            ),
            _ if keys::is_dead(name) => {
                let message = format!("xl does not know {name}, it has no effect");
                self.about_name(Verdict::Deprecated, setting, message);
                return;
            }
            _ => format!("xl does not know {name}"),
        };
        let nearest = keys::nearest(name).filter(|_| standing == Standing::Unknown);
        let finding = self.about_name(Verdict::Unknown, setting, message);
        finding.instead = nearest.map(str::to_owned);
    }

    fn kind(&mut self, setting: &Setting) {
        let Some(entry) = keys::get(&setting.name) else {
            return;
        };
        let kinds: Vec<_> = entry.kinds().collect();
        let (list, text) = (kinds.contains(&"list"), kinds.contains(&"string"));
        let numeric = kinds.contains(&"number") || kinds.contains(&"boolean");
        match &setting.value {
            Node::List(_) if !list && !kinds.is_empty() => {
                self.about_value(
                    Verdict::Ignored,
                    setting,
                    "it is a list but should be a single value",
                );
            }
            Node::Text(_) if list && !text && !numeric => {
                let verdict = if setting.name.starts_with("device_model_args") {
                    Verdict::Refused
                } else {
                    Verdict::Ignored
                };
                self.about_value(
                    verdict,
                    setting,
                    "it is a single value but should be a list",
                );
            }
            Node::Text(value) if numeric && !text => self.number(setting, &value.text),
            _ => {}
        }
    }

    fn number(&mut self, setting: &Setting, text: &str) {
        let bounded = BOUNDED.contains(&setting.name.as_str());
        let verdict = if bounded {
            Verdict::Refused
        } else {
            Verdict::Ignored
        };
        let negative = text.trim_start().strip_prefix('-').map(number);
        match number(text) {
            Ok(_) if setting.added => {
                self.about_value(verdict, setting, "can't use += with numbers");
            }
            Ok(value) if bounded && value > 0x7fff_ffff => {
                self.about_value(verdict, setting, "it is greater than 2147483647");
            }
            Ok(_) => {}
            // xl takes a negative number, and where it stands for an amount the guest cannot be made.
            Err(_) if matches!(negative, Some(Ok(_))) && !bounded => {
                if AMOUNTS.contains(&setting.name.as_str()) {
                    self.about_value(Verdict::Refused, setting, "it is negative");
                }
            }
            Err(error) => {
                self.about_value(verdict, setting, error.message());
            }
        }
    }
}
