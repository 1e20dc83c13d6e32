//! Settings that need others, exclude others, or do nothing beside others.

use error::Position;

use super::choices::TYPED;
use super::{Judge, Verdict};
use crate::xl::{Text, number};

impl Judge<'_> {
    pub(super) fn together(&mut self) {
        self.name();
        self.uuid();
        self.vcpus();
        self.boots();
        self.excluded();
        if self.is_hvm() {
            self.hvm_numbers();
        }
        self.without_effect();
    }

    fn name(&mut self) {
        if self.text("name").is_none() {
            let message = "Domain name must be specified.".to_owned();
            self.add(Verdict::Refused, "name", Position::START, 1, message);
        }
    }

    /// As uuid_parse(3) reads it: 36 characters.
    fn uuid(&mut self) {
        let (Some(setting), Some(text)) = (self.get("uuid"), self.text("uuid")) else {
            return;
        };
        let is_right = |(at, c): (usize, char)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        };
        if text.text.len() != 36 || !text.text.char_indices().all(is_right) {
            self.about_value(Verdict::Refused, setting, "Failed to parse UUID");
        }
    }

    fn vcpus(&mut self) {
        let value = |name| number(&self.text(name)?.text).ok();
        let (vcpus, most) = (value("vcpus"), value("maxvcpus"));
        if let (Some(vcpus), Some(most), Some(setting)) = (vcpus, most, self.get("maxvcpus"))
            && most != 0
            && most < vcpus
        {
            self.about_value(
                Verdict::Refused,
                setting,
                format!("maxvcpus < vcpus, which is {vcpus}"),
            );
        }
    }

    /// A guest that is not HVM needs a kernel or a boot loader.
    fn boots(&mut self) {
        let hvm = self.is_hvm();
        let is_set = |name| self.text(name).is_some();
        let (kernel, firmware) = (is_set("kernel"), is_set("firmware"));
        let bootloader = is_set("bootloader");
        if !hvm && !kernel && !bootloader && !firmware {
            let place = self
                .get("type")
                .or_else(|| self.get("builder"))
                .or_else(|| self.get("name"));
            if let Some(setting) = place {
                self.about_name(
                    Verdict::Refused,
                    setting,
                    "Neither kernel nor bootloader specified",
                );
            }
        }
        if !hvm
            && kernel
            && firmware
            && let Some(setting) = self.get("firmware")
        {
            self.about_name(
                Verdict::Refused,
                setting,
                "both kernel and firmware specified",
            );
        }
        self.builder();
    }

    /// Settings that this kind of guest cannot have, or that exclude others.
    fn excluded(&mut self) {
        // Before, it was read for HVM guests only.
        let is_pv = !self.is_hvm() && !self.is_pvh() && self.release >= TYPED;
        if let Some(setting) = self.get("timer_mode").filter(|_| is_pv) {
            let message = "it is not supported for PV guests";
            self.about_name(Verdict::Refused, setting, message);
        }
        let is_firmware = |text: &Text| {
            let known = ["pvgrub32", "pvgrub64"];
            known.iter().any(|known| known.starts_with(&text.text))
        };
        let firmware = self.text("firmware").filter(|text| !is_firmware(text));
        if let (Some(_), Some(setting)) = (firmware, self.get("firmware"))
            && !self.is_hvm()
        {
            let message = "only pvgrub32 and pvgrub64 are supported for guests that are not HVM";
            self.about_value(Verdict::Refused, setting, message);
        }
        let is_disabled = self
            .text("passthrough")
            .is_some_and(|text| text.text.eq_ignore_ascii_case("disabled"));
        let has_devices = ["pci", "dtdev"]
            .iter()
            .any(|name| !self.elements(name).is_empty());
        if let Some(setting) = self.get("passthrough")
            && is_disabled
            && has_devices
        {
            let message = "passthrough is disabled, and devices are specified";
            self.about_value(Verdict::Refused, setting, message);
        }
    }

    /// `builder`, deprecated since 4.10, must say what `type` says.
    fn builder(&mut self) {
        let begins = |known: &[&'static str], text: &str| {
            let mut known = known.iter().copied();
            known.find(|word| word.starts_with(text))
        };
        let (Some(kind), Some(builder)) = (self.text("type"), self.text("builder")) else {
            return;
        };
        let kind = begins(&["hvm", "pv", "pvh"], &kind.text);
        let builder = begins(&["hvm", "generic"], &builder.text);
        let (Some(kind), Some(builder), Some(setting)) = (kind, builder, self.get("builder"))
        else {
            return;
        };
        if (kind == "pv") != (builder == "generic") || (kind == "hvm") != (builder == "hvm") {
            let message = "Contradicting \"builder\" and \"type\" options specified.";
            self.about_value(Verdict::Refused, setting, message);
        }
    }

    /// What xl warns about and passes over.
    fn without_effect(&mut self) {
        let kernel = self
            .text("kernel")
            .map(|text| text.text.rsplit('/').next().unwrap_or_default());
        let cases = [
            (
                "device_model",
                true,
                "it is ignored; device_model_override names another device model",
            ),
            (
                "vncviewer",
                true,
                "it is ignored; xl create -V starts a viewer",
            ),
            ("vif2", true, "netchannel2 is not supported by xl"),
            (
                "root",
                self.text("cmdline").is_some(),
                "it is ignored in favour of cmdline=",
            ),
            (
                "extra",
                self.text("cmdline").is_some(),
                "it is ignored in favour of cmdline=",
            ),
            (
                "kernel",
                self.is_hvm() && kernel == Some("hvmloader"),
                "hvmloader is ignored as the kernel of an HVM guest",
            ),
        ];
        for (name, applies, message) in cases {
            if let Some(setting) = self.get(name).filter(|_| applies) {
                self.about_name(Verdict::Ignored, setting, message);
            }
        }
        let numeric = |name| {
            self.text(name)
                .is_some_and(|text| number(&text.text).is_ok())
        };
        let spellings = [
            (
                "tsc_mode",
                numeric("tsc_mode"),
                "a number is deprecated, write the name of the mode",
            ),
            (
                "timer_mode",
                numeric("timer_mode"),
                "a number is deprecated, write the name of the mode",
            ),
            (
                "bootloader_args",
                self.text("bootloader_args").is_some(),
                "a string is deprecated, write a list",
            ),
            ("altp2mhvm", true, "it is deprecated, write altp2m"),
        ];
        for (name, applies, message) in spellings {
            if let Some(setting) = self.get(name).filter(|_| applies) {
                self.about_value(Verdict::Deprecated, setting, message);
            }
        }
    }
}
