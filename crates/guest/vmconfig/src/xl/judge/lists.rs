//! Lists of words and numbers that xl checks one by one.

use super::{Judge, Verdict};
use crate::xl::number::leading;
use crate::xl::{Text, Wrong};

/// `libxl_viridian_enlightenment` (tools/libs/light/libxl_types.idl of Xen 4.22), in whatever case.
const VIRIDIAN: [&str; 13] = [
    "base",
    "freq",
    "time_ref_count",
    "reference_tsc",
    "hcall_remote_tlb_flush",
    "apic_assist",
    "crash_ctl",
    "synic",
    "stimer",
    "hcall_ipi",
    "ex_processor_masks",
    "no_vp_limit",
    "cpu_hotplug",
];

impl Judge<'_> {
    pub(super) fn lists(&mut self) {
        if self.is_hvm() {
            self.check("viridian", "unknown viridian enlightenment", is_viridian);
            self.check("mca_caps", "unrecognized MCA capability", |text| {
                text == "lmce"
            });
        }
        self.check("ioports", "Invalid argument parsing ioport", is_ioports);
        self.check("irqs", "Invalid argument parsing irq", is_irq);
    }

    /// Refuses each element of the list `name` that is not right.
    fn check(&mut self, name: &str, message: &'static str, is_right: fn(&str) -> bool) {
        let is_wrong = |text: &&Text| !is_right(&text.text);
        for text in self.elements(name).into_iter().filter(is_wrong) {
            let wrong = Wrong {
                at: 0,
                near: text.text.clone(),
                message: message.into(),
            };
            self.refused(name, text, &wrong);
        }
    }

    /// Settings of HVM guests whose numbers have bounds, and two that exclude each other.
    pub(super) fn hvm_numbers(&mut self) {
        let number = |name| crate::xl::number(&self.text(name)?.text).ok();
        // From HVM_BELOW_4G_MMIO_LENGTH to HVM_BELOW_4G_MMIO_START.
        let hole = number("mmio_hole").filter(|mib| !(256..=3840).contains(mib));
        let display = number("vncdisplay").is_some_and(|display| display != 0);
        let listens = self.text("vnclisten");
        let is_twice = display && listens.is_some_and(|text| text.text.contains(':'));
        if let (Some(mib), Some(setting)) = (hole, self.get("mmio_hole")) {
            let message = format!("{mib} MiB: it must be from 256 to 3840");
            self.about_value(Verdict::Refused, setting, message);
        }
        if let Some(setting) = self.get("vnclisten").filter(|_| is_twice) {
            let message = "the display is specified in vnclisten and in vncdisplay";
            self.about_value(Verdict::Refused, setting, message);
        }
    }
}

fn is_viridian(text: &str) -> bool {
    let word = text.strip_prefix('!').unwrap_or(text);
    let is_known = |known: &&str| known.eq_ignore_ascii_case(word);
    matches!(text, "all" | "defaults") || VIRIDIAN.iter().any(is_known)
}

/// One port or two with a dash between them, hexadecimal. What is behind a single one only gives a message.
fn is_ioports(text: &str) -> bool {
    let first = leading(text, 16);
    let rest = text.get(first.len..).unwrap_or_default();
    let is_number =
        |number: &crate::xl::number::Leading| number.len > 0 && number.value < u64::from(u32::MAX);
    let is_last = |text: &str| {
        let last = leading(text, 16);
        is_number(&last) && last.len == text.len()
    };
    is_number(&first) && rest.strip_prefix('-').is_none_or(is_last)
}

fn is_irq(text: &str) -> bool {
    let number = leading(text, 10);
    number.len > 0 && number.len == text.len() && number.value < u64::from(u32::MAX)
}
