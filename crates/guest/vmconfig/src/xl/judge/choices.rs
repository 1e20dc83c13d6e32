//! Values that are one of a few words.

use super::{Judge, Verdict};
use crate::xen::{Release, Standing, keys};
use crate::xl::number;

/// The first release that reads `type`.
pub(super) const TYPED: Release = Release::new(4, 10);

/// A setting with a value out of a few.
struct Choice {
    name: &'static str,
    words: &'static [&'static str],
    /// How many numbers, from 0 on, stand for words too.
    numbers: u64,
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
        numbers: 0,
        compare,
        hvm,
    }
}

/// A choice that may be a number below `numbers` too.
const fn numbered(
    name: &'static str,
    words: &'static [&'static str],
    numbers: u64,
    hvm: bool,
) -> Choice {
    Choice {
        name,
        words,
        numbers,
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
        4,
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
        4,
        false,
    ),
    numbered(
        "altp2m",
        &["disabled", "mixed", "external", "limited"],
        4,
        false,
    ),
    // Any number switches it on or off.
    numbered("gfx_passthru", &["default", "igd"], u64::MAX, true),
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
        known || number(text).is_ok_and(|number| number < self.numbers)
    }

    /// Whether xl of `release` looks at it. Before 4.10 it compared `builder` with "hvm", and took everything else for PV.
    fn is_read(&self, release: Release) -> bool {
        let is_old_builder = self.name == "builder" && release < TYPED;
        let standing = keys::standing(self.name, release);
        !is_old_builder && matches!(standing, Standing::Known | Standing::Unsure)
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
            if !choice.is_read(self.release) {
                continue;
            }
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
        self.is_of_type("hvm") || self.is("builder", "hvm")
    }

    /// Whether the guest is PVH to xl.
    pub(super) fn is_pvh(&self) -> bool {
        // "p" and "pv" begin "pv" too, which xl compares with first.
        self.is_of_type("pvh") && !self.is_of_type("pv") && !self.is("builder", "hvm")
    }

    fn is_of_type(&self, kind: &str) -> bool {
        self.release >= TYPED && self.is("type", kind)
    }

    /// Whether the value of `name` is the beginning of `word`.
    fn is(&self, name: &str, word: &str) -> bool {
        let text = self.text(name);
        text.is_some_and(|text| word.starts_with(text.text.as_str()))
    }
}
