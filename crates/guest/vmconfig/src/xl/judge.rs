//! What xl of a release makes of a configuration as a whole (`parse_config_data` of tools/xl/xl_parse.c).
//!
//! ```text
//! faults of the language                       refused
//! each setting: known? of the right kind?      unknown, ignored        (setting)
//! values out of a few                          refused                 (choices)
//! devices and masks, word by word              refused, ignored        (devices)
//! lists of words and numbers                   refused             (lists)
//! settings that need or exclude others         refused, without effect (together)
//! ```
//!
//! Not judged: `vnuma`, `vdispl`, `vsnd`, `vkb`, `channel`, `p9`, `vtpm`, `iomem`, `cpuid`, and what only the host can tell.

mod choices;
mod devices;
mod lists;
mod setting;
mod together;

use error::Position;

use super::{Config, Fault, Setting, Text};
use crate::xen::Release;

/// What becomes of a part of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// xl prints an error and does not start the guest.
    Refused,
    /// xl does not know the name and passes over it without a message.
    Unknown,
    /// xl passes over it, with or without a warning.
    Ignored,
    /// It has its effect, and its spelling is deprecated; or it is known to do nothing.
    Deprecated,
}

impl Verdict {
    /// In a word, for text and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Refused => "refused",
            Verdict::Unknown => "unknown",
            Verdict::Ignored => "ignored",
            Verdict::Deprecated => "deprecated",
        }
    }
}

/// Something to be said about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What becomes of it.
    pub verdict: Verdict,
    /// The setting that it is about; empty where it is the text.
    pub name: String,
    /// Where it is.
    pub position: Position,
    /// How many characters it is about.
    pub length: usize,
    /// What is said about it.
    pub message: String,
    /// What to write instead.
    pub instead: Option<String>,
}

/// Judges a configuration as xl of `release` reads it: every finding, in the order of the file.
pub fn judge(config: &Config, release: Release) -> Vec<Finding> {
    let mut judge = Judge {
        config,
        release,
        findings: Vec::new(),
    };
    judge.faults();
    judge.settings();
    judge.choices();
    judge.devices();
    judge.lists();
    // xl ends at a fault, and a setting that it did not get to is not missing.
    if config.faults.is_empty() {
        judge.together();
    }
    let mut findings = judge.findings;
    findings.sort_by_key(|finding| (finding.position, finding.verdict));
    findings
}

struct Judge<'c> {
    config: &'c Config,
    release: Release,
    findings: Vec<Finding>,
}

impl<'c> Judge<'c> {
    /// What libxlutil refuses.
    fn faults(&mut self) {
        let faults = self.config.faults.iter();
        self.findings.extend(faults.map(|fault| Finding {
            verdict: Verdict::Refused,
            name: String::new(),
            position: fault.position,
            length: fault.near.chars().count().max(1),
            message: fault.message.clone(),
            instead: None,
        }));
    }

    fn get(&self, name: &str) -> Option<&'c Setting> {
        self.config.get(name)
    }

    /// The text of a setting that is not a list.
    fn text(&self, name: &str) -> Option<&'c Text> {
        match &self.get(name)?.value {
            super::Node::Text(text) => Some(text),
            super::Node::List(_) => None,
        }
    }

    /// Says something about the name of a setting.
    fn about_name(
        &mut self,
        verdict: Verdict,
        setting: &Setting,
        message: impl Into<String>,
    ) -> &mut Finding {
        let length = setting.name.chars().count();
        self.add(
            verdict,
            &setting.name,
            setting.position,
            length,
            message.into(),
        )
    }

    /// Says something about the value of a setting.
    fn about_value(
        &mut self,
        verdict: Verdict,
        setting: &Setting,
        message: impl Into<String>,
    ) -> &mut Finding {
        let position = setting.value.position();
        let length = match &setting.value {
            super::Node::Text(text) => text.span.len(),
            super::Node::List(_) => 1,
        };
        self.add(verdict, &setting.name, position, length, message.into())
    }

    /// Says something about a place inside of a value.
    fn about_part(&mut self, verdict: Verdict, name: &str, fault: &Fault) -> &mut Finding {
        let length = fault.near.chars().count().max(1);
        self.add(verdict, name, fault.position, length, fault.message.clone())
    }

    fn add(
        &mut self,
        verdict: Verdict,
        name: &str,
        position: Position,
        length: usize,
        message: String,
    ) -> &mut Finding {
        let index = self.findings.len();
        self.findings.push(Finding {
            verdict,
            name: name.to_owned(),
            position,
            length,
            message,
            instead: None,
        });
        &mut self.findings[index]
    }
}
