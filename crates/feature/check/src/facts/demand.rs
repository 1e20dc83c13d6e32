//! The memory that a guest needs to start.

use super::{Facts, Guest, NotKnown, Xen};

/// What a guest's memory depends on. Sizes are in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// What it starts with.
    pub target: u64,
    /// What it may grow to.
    pub most: u64,
    /// How many vCPUs it may have.
    pub vcpus: u64,
    /// Whether it is paravirtual.
    pub is_pv: bool,
    /// Whether the processor pages for it (HAP); never for a paravirtual one.
    pub has_hap: bool,
    /// What is said to be kept for paging, in the place of what libxl reckons.
    pub paging: Option<u64>,
    /// Whether the tables of its IOMMU are its own.
    pub has_iommu_tables: bool,
    /// The memory of its stub domain, with that of its screen.
    pub stub: u64,
}

impl Demand {
    /// The free memory that Xen has to have for it, in KiB, where xl does not make room for it beforehand (autoballoon is
    /// off). Measured on Xen 4.17: with 1 MiB more than `xl info` calls free a PV guest never starts, with as much it may; of any
    /// other the pool for paging, in whole MiB, has to be free beside.
    pub fn needed(&self) -> u64 {
        let tables = if self.has_iommu_tables {
            self.iommu_tables()
        } else {
            0
        };
        let paging = self.paging.unwrap_or_else(|| self.reckoned_paging());
        let beside = if self.is_pv {
            [0, 0]
        } else {
            [paging.div_ceil(1024).saturating_mul(1024), self.stub]
        };
        let parts = beside.into_iter().chain([tables]);
        parts.fold(self.target, u64::saturating_add)
    }

    /// `libxl__get_required_paging_memory` of a guest that is not PV: 1 MiB for each vCPU, and a page for each MiB, twice
    /// without HAP.
    fn reckoned_paging(&self) -> u64 {
        let tables = 1 + u64::from(!self.has_hap);
        let pages = self
            .vcpus
            .saturating_mul(256)
            .saturating_add(tables * (self.most / 1024));
        pages.saturating_mul(4)
    }

    /// `libxl__get_required_iommu_memory`: tables of 512 entries in four levels.
    fn iommu_tables(&self) -> u64 {
        let mut pages = self.most / 4;
        let mut tables = 0;
        for _ in 0..4 {
            pages = pages.div_ceil(512);
            tables += pages;
        }
        tables * 4
    }
}

impl Guest {
    /// What its memory depends on, on a host that runs `xen`; `None` where a number in it is not one.
    pub fn demand(&self, xen: &Xen) -> Option<Demand> {
        let kib = |key, default: u64| match self.config.get(key) {
            None => Some(default),
            Some(_) => self
                .number(key)
                .map(|(mebibytes, _)| mebibytes.saturating_mul(1024)),
        };
        let unset = u64::MAX;
        let (memory, most) = (kib("memory", unset)?, kib("maxmem", unset)?);
        let most = match (memory, most) {
            (u64::MAX, u64::MAX) => 32 << 10,
            (memory, u64::MAX) => memory,
            (_, most) => most,
        };
        let paging = match kib("shadow_memory", unset)? {
            u64::MAX => None,
            said => Some(said),
        };
        let is_pv = self.is("pv");
        let can_hap = xen
            .info
            .get("virt_caps")
            .is_none_or(|caps| caps.split(' ').any(|cap| cap == "hap"));
        let hap = self.flag("hap").unwrap_or(can_hap);
        let passthrough = self.value("passthrough").map(|(text, _)| text);
        let has_devices = self.config.get("pci").is_some();
        let is_stubbed = self.flag("device_model_stubdomain_override") == Some(true);
        Some(Demand {
            target: if memory == unset { most } else { memory },
            most,
            vcpus: self.max_vcpus()?,
            is_pv,
            has_hap: hap && !is_pv,
            paging,
            has_iommu_tables: passthrough == Some("sync_pt")
                || (is_pv && has_devices && passthrough != Some("disabled")),
            stub: if is_stubbed { self.stub()? } else { 0 },
        })
    }

    /// The memory of its stub domain and of its screen, in KiB, as libxl sets it where nothing is said.
    fn stub(&self) -> Option<u64> {
        let is_linux = self.config.get("stubdomain_ramdisk").is_some();
        let own = match self.number("stubdomain_memory") {
            Some((mebibytes, _)) => mebibytes.saturating_mul(1024),
            None if is_linux => 128 << 10,
            None => 28 << 10,
        };
        let screen = self
            .number("videoram")
            .map_or(8, |(mebibytes, _)| mebibytes);
        own.checked_add(screen.checked_mul(1024)?)
    }
}

impl Facts {
    /// Whether xl takes memory from dom0 for a guest that starts: by `autoballoon` in xl.conf, and where that does not say,
    /// because Xen was not told how much dom0 has.
    ///
    /// # Errors
    /// xl.conf cannot be read.
    pub fn takes_from_dom0(&self, xen: &Xen) -> Result<bool, NotKnown> {
        let text = self.text("/etc/xen/xl.conf")?.unwrap_or_default();
        let config = vmconfig::xl::parse(&text);
        let config = config.map_err(|error| NotKnown::new("xl.conf", error.to_string()))?;
        let set = config
            .get("autoballoon")
            .and_then(|setting| setting.value.text());
        let is_fixed = xen.options.as_ref().is_some_and(|options| {
            options
                .split_whitespace()
                .any(|word| word.starts_with("dom0_mem="))
        });
        Ok(match set {
            Some("on" | "1") => true,
            Some("off" | "0") => false,
            _ => !is_fixed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024;

    fn pv(memory: u64) -> Demand {
        Demand {
            target: memory * MIB,
            most: memory * MIB,
            vcpus: 2,
            is_pv: true,
            has_hap: false,
            paging: None,
            has_iommu_tables: false,
            stub: 0,
        }
    }

    #[test]
    fn a_guest_needs_its_memory_and_the_pool_for_paging() {
        assert_eq!(pv(1024).needed(), 1024 * MIB);
        // 4 · (2 · 256 + 1024) KiB.
        let hvm = Demand {
            is_pv: false,
            has_hap: true,
            ..pv(1024)
        };
        assert_eq!(hvm.needed(), 1030 * MIB);
        // Without HAP another page for each MiB: 4 MiB more.
        let shadow = Demand {
            has_hap: false,
            ..hvm
        };
        assert_eq!(shadow.needed(), 1034 * MIB);
        let said = Demand {
            paging: Some(64 * MIB),
            ..hvm
        };
        assert_eq!(said.needed(), 1088 * MIB);
        let grows = Demand {
            most: 4096 * MIB,
            ..hvm
        };
        assert_eq!(grows.needed(), 1042 * MIB);
        let stub = Demand {
            stub: 36 * MIB,
            ..hvm
        };
        assert_eq!(stub.needed(), 1066 * MIB);
        let huge = Demand {
            target: u64::MAX,
            ..hvm
        };
        assert_eq!(huge.needed(), u64::MAX);
    }

    #[test]
    fn the_pool_is_in_whole_mebibytes() {
        // As measured: 4 · (256 + 986) KiB are 4.85 MiB.
        let pvh = Demand {
            vcpus: 1,
            is_pv: false,
            has_hap: true,
            ..pv(986)
        };
        assert_eq!(pvh.needed(), 991 * MIB);
    }

    #[test]
    fn tables_of_an_iommu_have_four_levels() {
        let own = Demand {
            has_iommu_tables: true,
            paging: Some(0),
            ..pv(1024)
        };
        // 512 + 1 + 1 + 1 pages of 4 KiB.
        assert_eq!(own.iommu_tables(), 2060);
    }
}
