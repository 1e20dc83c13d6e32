//! Values that are one of a few words.

use super::{Judge, Verdict};
use crate::xen::Release;
use crate::xl::number;

/// A setting with a value out of a few.
struct Choice {
    name: &'static str,
    words: &'static [&'static str],
    /// Whether a number stands for a word too, up to the number of words.
    numbers: bool,
    /// How a word is compared.
    compare: Compare,
    /// Whether it is read for HVM guests only.
    hvm: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    /// Letter by letter.
    Exact,
    /// Whatever its case (`libxl__enum_from_string`).
    AnyCase,
    /// The beginning of a word does (`strncmp` with the length of the value).
    Beginning,
}

const ACTIONS: &[&str] = &[
    "destroy",
    "restart",
    "rename-restart",
    "preserve",
    "coredump-destroy",
    "coredump-restart",
    "soft-reset",
];

/// A choice of which a number stands for no word.
const fn words(
    name: &'static str,
    words: &'static [&'static str],
    compare: Compare,
    hvm: bool,
) -> Choice {
    Choice {
        name,
        words,
        numbers: false,
        compare,
        hvm,
    }
}

/// A choice that may be a number too.
const fn numbered(name: &'static str, words: &'static [&'static str], hvm: bool) -> Choice {
    Choice {
        name,
        words,
        numbers: true,
        compare: Compare::AnyCase,
        hvm,
    }
}

const CHOICES: &[Choice] = &[
    words("type", &["hvm", "pv", "pvh"], Compare::Beginning, false),
    words("builder", &["hvm", "generic"], Compare::Beginning, false),
    words("on_poweroff", ACTIONS, Compare::Exact, false),
    words("on_reboot", ACTIONS, Compare::Exact, false),
    words("on_watchdog", ACTIONS, Compare::Exact, false),
    words("on_crash", ACTIONS, Compare::Exact, false),
    words("on_soft_reset", ACTIONS, Compare::Exact, false),
    words("vuart", &["unknown", "sbsa_uart"], Compare::AnyCase, false),
    words(
        "passthrough",
        &["default", "disabled", "enabled", "sync_pt", "share_pt"],
        Compare::AnyCase,
        false,
    ),
    numbered(
        "tsc_mode",
        &["default", "always_emulate", "native", "native_paravirt"],
        false,
    ),
    numbered(
        "timer_mode",
        &[
            "delay_for_missed_ticks",
            "no_delay_for_missed_ticks",
            "no_missed_ticks_pending",
            "one_missed_tick_pending",
            "unknown",
        ],
        false,
    ),
    numbered(
        "altp2m",
        &["disabled", "mixed", "external", "limited"],
        false,
    ),
    words(
        "bios",
        &["rombios", "seabios", "ovmf", "unknown"],
        Compare::AnyCase,
        true,
    ),
    words(
        "vga",
        &["stdvga", "cirrus", "none", "qxl"],
        Compare::Exact,
        true,
    ),
    words("hdtype", &["ide", "ahci"], Compare::AnyCase, true),
    words(
        "vendor_device",
        &["none", "xenserver"],
        Compare::AnyCase,
        true,
    ),
    words("ms_vm_genid", &["generate", "none"], Compare::Exact, true),
    words(
        "gic_version",
        &["default", "v2", "v3"],
        Compare::AnyCase,
        false,
    ),
    words("tee", &["none", "optee", "ffa"], Compare::AnyCase, false),
    words(
        "device_model_version",
        &["qemu-xen-traditional", "qemu-xen"],
        Compare::Exact,
        false,
    ),
];

impl Choice {
    fn takes(&self, text: &str) -> bool {
        let known = self.words.iter().any(|word| match self.compare {
            Compare::Exact => *word == text,
            Compare::AnyCase => word.eq_ignore_ascii_case(text),
            Compare::Beginning => word.starts_with(text),
        });
        let is_number = || number(text).is_ok_and(|number| (number as usize) < self.words.len());
        known || (self.numbers && is_number())
    }

    /// The words that `release` knows.
    fn known(&self, release: Release) -> Vec<&'static str> {
        let gone = |word: &str| match (self.name, word) {
            ("device_model_version", "qemu-xen-traditional") => release > Release::new(4, 20),
            ("tee", "ffa") => release < Release::new(4, 18),
            (_, "soft-reset") => release < Release::new(4, 7),
            _ => false,
        };
        self.words
            .iter()
            .copied()
            .filter(|word| !gone(word))
            .collect()
    }
}

impl Judge<'_> {
    pub(super) fn choices(&mut self) {
        let hvm = self.is_hvm();
        for choice in CHOICES.iter().filter(|choice| hvm || !choice.hvm) {
            let (Some(setting), Some(text)) = (self.get(choice.name), self.text(choice.name))
            else {
                continue;
            };
            let known = choice.known(self.release);
            let gone =
                choice.words.contains(&text.text.as_str()) && !known.contains(&text.text.as_str());
            if choice.takes(&text.text) && !gone {
                continue;
            }
            let message = format!(
                "unknown value for {}: xl knows {}",
                choice.name,
                known.join(", ")
            );
            let finding = self.about_value(Verdict::Refused, setting, message);
            let lower = text.text.to_ascii_lowercase();
            finding.instead = known
                .iter()
                .find(|word| **word == lower)
                .map(|word| (*word).to_owned());
        }
    }

    /// Whether the guest is HVM to xl.
    pub(super) fn is_hvm(&self) -> bool {
        let is = |name| {
            self.text(name)
                .is_some_and(|text| "hvm".starts_with(text.text.as_str()))
        };
        is("type") || is("builder")
    }
}
