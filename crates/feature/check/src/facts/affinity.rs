//! On which CPUs guests run.

use vmconfig::xen::Release;
use vmconfig::xl::cpus::{Mask, Topology};
use vmconfig::xl::{self, Fault, Text};

use super::{Facts, Guest, NotKnown};

/// CPUs and nodes enough for every mask.
fn large() -> Topology {
    Topology {
        cpus: 4096,
        nodes: (0..64)
            .map(|node| (node * 64..node * 64 + 64).collect())
            .collect(),
    }
}

impl Facts {
    /// The release whose xl reads configurations; the newest where it is not known.
    pub fn language(&self) -> Release {
        self.xen_release().unwrap_or(Release::NEWEST)
    }

    /// How many CPUs dom0 has for itself, from the first one on, by `dom0_max_vcpus` and `dom0_vcpus_pin`; `None` where
    /// it has not, or where the boot configuration does not say.
    ///
    /// # Errors
    /// The boot configuration cannot be read.
    pub fn dom0_cpus(&self) -> Result<Option<usize>, NotKnown> {
        for line in self.xen_options()? {
            let pin = line.last("dom0_vcpus_pin").ok().flatten();
            let count = line.last("dom0_max_vcpus").ok().flatten();
            let (Some(pin), Some(count)) = (pin, count) else {
                continue;
            };
            if pin.boolean() == Some(true)
                && let Ok(count) = count.value_text().parse()
            {
                return Ok(Some(count));
            }
        }
        Ok(None)
    }
}

impl Guest {
    /// The masks of `cpus` or `cpus_soft` as xl of `release` reads them, each with its text; none where it applies them to no
    /// vCPU.
    ///
    /// # Errors
    /// The first word that xl refuses.
    pub fn masks(&self, key: &str, release: Release) -> Result<Vec<(Mask, &Text)>, Fault> {
        let Some(setting) = self.config.get(key) else {
            return Ok(Vec::new());
        };
        let vcpus = self.config.masked_vcpus();
        if vcpus == 0 && release >= Release::new(4, 5) {
            return Ok(Vec::new());
        }
        let affinity = xl::cpus::parse(&setting.value, release, vcpus)?;
        let masks = affinity.masks().iter().cloned();
        Ok(masks.zip(self.texts(key)).collect())
    }
}

/// Whether a mask stood for other CPUs before Xen 4.4, where all exclusions came last.
pub(crate) fn depends_on_order(mask: &Mask) -> bool {
    let mut old = mask.clone();
    old.steps.sort_by_key(|step| step.exclude);
    let host = large();
    old.resolve(&host).cpus != mask.resolve(&host).cpus
}

/// CPUs as words say them: `0-3,8`.
pub(crate) fn words(cpus: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &cpu in cpus {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == cpu => *last = cpu,
            _ => ranges.push((cpu, cpu)),
        }
    }
    let words = ranges.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    words.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_matters_where_an_exclusion_takes_back_what_comes_behind_it() {
        let depends = |text| {
            let mask = xl::cpus::mask(text, Release::NEWEST).unwrap();
            depends_on_order(&mask)
        };
        assert!(depends("^1,0-3"));
        assert!(depends("^nodes:1,all"));
        assert!(!depends("^0,^1,2-7"));
        assert!(!depends("0-3,^1"));
        assert!(!depends("all"));
    }

    #[test]
    fn cpus_are_said_as_ranges() {
        assert_eq!(words(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        assert_eq!(words(&[]), "");
    }
}
