//! The names that programs give to the parts of a file.
//!
//! `split` counts in letters or digits (`disk.img.aa`, `xab`, `disk.img.00`), FTK, HJSplit and 7-Zip in digits from
//! 1 on (`disk.001`), an OVF's chunks in nine digits from 0 on; VMware numbers a disk's extents
//! (`vm-f001.vmdk`, `vm-s001.vmdk`), and Virtual PC goes on with `disk.v01` where `disk.vhd` is full.

/// Endings of disks, archives and compressed files, behind which a number counts parts.
const ENDINGS: [&str; 24] = [
    "img", "raw", "bin", "dd", "dsk", "disk", "iso", "vmdk", "vhd", "vhdx", "vdi", "qcow2", "qcow",
    "ova", "xva", "vma", "tar", "tgz", "gz", "xz", "zst", "bz2", "lz4", "zip",
];

/// Endings of files that are compressed one by one.
const PACKED: [&str; 6] = [".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma"];

/// Most digits of a number.
const DIGITS: usize = 9;

/// Most letters that count.
const LETTERS: usize = 4;

/// How parts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Series {
    /// In digits, from 0 or 1 on.
    Digits,
    /// In so many letters, from `aa` on.
    Letters(usize),
    /// As the extents of a VMDK, from 1 on.
    Extents,
    /// As Virtual PC counts: `.vhd` is the first, `.v01` the second.
    VirtualPc,
}

/// A name that may be that of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartName<'a> {
    /// What stands before the number.
    pub(crate) before: &'a str,
    /// The number as it is written.
    pub(crate) digits: &'a str,
    /// What stands behind it.
    pub(crate) after: &'a str,
    pub(crate) series: Series,
    pub(crate) number: u64,
    /// Whether hardly anything but a part has such a name.
    pub(crate) sure: bool,
}

impl<'a> PartName<'a> {
    /// Reads `name`, a path or the last part of one.
    pub(crate) fn parse(name: &'a str) -> Option<Self> {
        let packed = PACKED.iter().find(|ending| ends_in(name, ending));
        let core = name.get(..name.len() - packed.map_or(0, |ending| ending.len()))?;
        let after = name.get(core.len()..)?;
        let found = extent(core)
            .or_else(|| virtual_pc(core))
            .or_else(|| digits(core))
            .or_else(|| letters(core))?;
        Some(match after {
            "" => found,
            _ if found.after.is_empty() => PartName { after, ..found },
            _ => return None,
        })
    }

    /// Whether the names differ in their numbers only.
    pub(crate) fn is_sibling(&self, other: &PartName<'_>) -> bool {
        let around = (self.before, self.after) == (other.before, other.after);
        around && self.series == other.series
    }

    /// Whether the part is compressed by itself: its number stands before the compression's ending.
    pub(crate) fn is_packed(&self) -> bool {
        PACKED.iter().any(|ending| ends_in(self.after, ending))
    }

    /// Whether it is the first part.
    pub(crate) fn is_first(&self) -> bool {
        match self.series {
            Series::Digits | Series::Extents => self.number <= 1,
            Series::Letters(_) | Series::VirtualPc => self.number == 0,
        }
    }
}

/// `vm-f001.vmdk` and `vm-s001.vmdk`.
fn extent(name: &str) -> Option<PartName<'_>> {
    let after = name.get(name.len().checked_sub(".vmdk".len())?..)?;
    if !ends_in(name, ".vmdk") {
        return None;
    }
    let stem = name.strip_suffix(after)?;
    let (before, digits) = trailing(stem, |c| c.is_ascii_digit());
    let flat_or_sparse = before.ends_with("-f") || before.ends_with("-s");
    if !flat_or_sparse || !(3..=DIGITS).contains(&digits.len()) {
        return None;
    }
    Some(PartName {
        before,
        digits,
        after,
        series: Series::Extents,
        number: digits.parse().ok()?,
        sure: true,
    })
}

/// `disk.vhd` and `disk.v01`.
fn virtual_pc(name: &str) -> Option<PartName<'_>> {
    let (stem, ending) = name.rsplit_once('.')?;
    let digits = ending.strip_prefix(['v', 'V']).unwrap_or_default();
    let number = match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true if digits.len() == 2 => digits.parse().ok()?,
        _ if ending.eq_ignore_ascii_case("vhd") => 0,
        _ => return None,
    };
    Some(PartName {
        before: stem,
        digits: ending,
        after: "",
        series: Series::VirtualPc,
        number,
        sure: true,
    })
}

/// `disk.img.000`, `disk.001`, `disk.img.part1`; `disk-1` perhaps.
fn digits(name: &str) -> Option<PartName<'_>> {
    let (before, digits) = trailing(name, |c| c.is_ascii_digit());
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    let (stem, says_part) = match strip_part(before) {
        Some(stem) => (stem, true),
        None => (before, false),
    };
    let dot = stem.ends_with('.');
    let bare = stem.trim_end_matches(['.', '-', '_']);
    let file = has_ending(bare);
    let separate = says_part || bare.len() < stem.len();
    // `disk.qcow2` is no part of `disk.qcow`.
    let counts = digits.len() >= 2 && (file || last(before) == "x");
    if !separate && !counts {
        return None;
    }
    Some(PartName {
        before,
        digits,
        after: "",
        series: Series::Digits,
        number: digits.parse().ok()?,
        sure: if says_part {
            file
        } else {
            digits.len() >= 2 && (dot || file || last(before) == "x")
        },
    })
}

/// `disk.img.aa`, `disk.img.partaa`, `disk.imgaa`, `xaa`.
fn letters(name: &str) -> Option<PartName<'_>> {
    let (start, run) = trailing(name, |c| c.is_ascii_lowercase());
    let named = |front: &str| run.strip_prefix(front).filter(|rest| rest.len() >= 2);
    let digits = named("part")
        .or_else(|| named("x").filter(|_| last(start).is_empty()))
        .or_else(|| ENDINGS.iter().find_map(|ending| named(ending)))
        .unwrap_or(run);
    let before = name.strip_suffix(digits)?;
    let separate = before.len() > start.len() || before.ends_with(['.', '-', '_']);
    let width = digits.len();
    if !separate || !(2..=LETTERS).contains(&width) {
        return None;
    }
    // Nobody has so many parts that the first letters of many count.
    let (high, low) = digits.split_at_checked(width - 2)?;
    let value = |byte: u8| u64::from(byte - b'a');
    high.bytes().all(|byte| byte == b'a').then_some(PartName {
        before,
        digits,
        after: "",
        series: Series::Letters(width),
        number: low.bytes().fold(0, |n, byte| n * 26 + value(byte)),
        sure: true,
    })
}

/// `text` without its last characters that are all like this, and these.
fn trailing(text: &str, like: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.trim_end_matches(like).len())
}

/// What stands before a last `part`.
fn strip_part(text: &str) -> Option<&str> {
    let at = text.len().checked_sub("part".len())?;
    let part = text.get(at..)?.eq_ignore_ascii_case("part");
    text.get(..at).filter(|_| part)
}

/// Whether `name` ends in `.img` or the like.
fn has_ending(name: &str) -> bool {
    let ending = last(name).rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

fn ends_in(name: &str, ending: &str) -> bool {
    let at = name.len().checked_sub(ending.len());
    let end = at.and_then(|at| name.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// The last part of a path, also of one in an archive.
fn last(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> Option<(&str, Series, u64, &str, bool)> {
        let part = PartName::parse(name)?;
        Some((part.before, part.series, part.number, part.after, part.sure))
    }

    #[test]
    fn parts_have_usual_names() {
        use Series::*;
        for (name, before, series, number, after) in [
            ("d/disk.img.000", "d/disk.img.", Digits, 0, ""),
            ("disk.001", "disk.", Digits, 1, ""),
            ("disk.vmdk.000000012", "disk.vmdk.", Digits, 12, ""),
            ("disk.img00", "disk.img", Digits, 0, ""),
            ("disk.img-07", "disk.img-", Digits, 7, ""),
            ("disk.img.part1", "disk.img.part", Digits, 1, ""),
            ("disk.img.001.gz", "disk.img.", Digits, 1, ".gz"),
            ("disk.img.gz.001", "disk.img.gz.", Digits, 1, ""),
            ("a.tar:x00", "a.tar:x", Digits, 0, ""),
            ("xaa", "x", Letters(2), 0, ""),
            ("d/xba", "d/x", Letters(2), 26, ""),
            ("disk.img.ab", "disk.img.", Letters(2), 1, ""),
            ("disk.img.partaa", "disk.img.part", Letters(2), 0, ""),
            ("disk.imgaaa", "disk.img", Letters(3), 0, ""),
            ("vm-f001.vmdk", "vm-f", Extents, 1, ".vmdk"),
            ("vm-S-s012.VMDK", "vm-S-s", Extents, 12, ".VMDK"),
            ("disk.vhd", "disk", VirtualPc, 0, ""),
            ("disk.V03", "disk", VirtualPc, 3, ""),
        ] {
            let expected = (before, series, number, after, true);
            assert_eq!(told(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names_may_be_those_of_whole_files() {
        for name in [
            "disk-1",
            "disk_02",
            "disk.1",
            "disk.img.1",
            "sda.part1",
            "img-part2",
        ] {
            assert_eq!(told(name).map(|told| told.4), Some(false), "{name}");
        }
        for name in [
            "disk01",
            "xvda1",
            "xvda",
            "disk.img",
            "disk.qcow2",
            "1",
            "",
            "vm-f01.vmdk",
            "a.iso",
            "disk.1234567890",
            "Ref:12",
            "disk.E00",
            "disk.img.zz.gz.x",
            "disk.Aa",
            "ä",
            "disk.vmdk",
            "boot",
        ] {
            assert_eq!(told(name), None, "{name}");
        }
    }

    #[test]
    fn the_first_part_is_known() {
        for (name, first) in [
            ("a.000", true),
            ("a.001", true),
            ("a.002", false),
            ("a.aa", true),
            ("a.ab", false),
            ("a.vhd", true),
            ("a.v01", false),
            ("a-f001.vmdk", true),
            ("a-f002.vmdk", false),
        ] {
            assert_eq!(PartName::parse(name).unwrap().is_first(), first, "{name}");
        }
        assert!(PartName::parse("a.001.xz").unwrap().is_packed());
        assert!(!PartName::parse("a.xz.001").unwrap().is_packed());
    }
}
