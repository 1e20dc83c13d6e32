//! The options of the hypervisor's command line (docs/misc/xen-command-line of Xen; what is read, common/kernel.c).
//!
//! An option may be written `name`, `no-name`, `name=value`, `name(…)` or `name{…}`. Xen prints `parameter "x" unknown!`
//! about any other and goes on. The table is whole up to [`WHOLE`]; behind it a word that it does not have may be new.

use std::sync::LazyLock;

use super::Release;
use super::table::{self, Entry, Standing};

static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| table::entries(include_str!("options.txt")));

/// The last release whose options are all in the table.
pub const WHOLE: Release = Release::new(4, 17);

/// Every option, in the order of their names.
pub fn all() -> &'static [Entry] {
    &ENTRIES
}

/// The name in a word of the command line, without the value and as it is written: `no-smt` for `no-smt`.
pub fn name(word: &str) -> &str {
    let end = word.find(['=', '(', '{']).unwrap_or(word.len());
    word.get(..end).unwrap_or(word)
}

/// The option that a word of the command line sets, whichever release knows it: `no-smt` sets `smt`. Xen takes `-` and `_`
/// for different characters: `parse_params` compares with strcmp (looked up in sources of 4.20; a patch of December 2019,
/// "cmdline: treat hyphens and underscores the same", was not taken).
pub fn get(word: &str) -> Option<&'static Entry> {
    let name = name(word);
    let find = |name: &str| {
        let index = ENTRIES.binary_search_by(|entry| entry.name.cmp(name));
        ENTRIES.get(index.ok()?)
    };
    find(name).or_else(|| find(name.strip_prefix("no-")?))
}

/// What Xen of `release` makes of a word of its command line.
pub fn standing(word: &str, release: Release) -> Standing {
    match get(word) {
        Some(entry) => entry.standing(release),
        None if release > WHOLE && nearest(word).is_none() => Standing::Unsure,
        None => Standing::Unknown,
    }
}

/// The option that is most like the unknown one of `word`.
pub fn nearest(word: &str) -> Option<&'static str> {
    let name = name(word);
    // Words in another order: max_dom0_vcpus for dom0_max_vcpus.
    let sorted = |name: &str| {
        let mut words: Vec<String> = name.split(['_', '-']).map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let words = sorted(name);
    let same = all().iter().find(|entry| sorted(entry.name) == words);
    same.map(|entry| entry.name)
        .or_else(|| table::nearest(all(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_and_go_with_releases() {
        let release = Release::new;
        for (word, at, expected) in [
            ("dom0_mem=2G,max:2G", release(4, 17), Standing::Known),
            ("no-smt", release(4, 17), Standing::Known),
            ("no-real-mode", release(4, 22), Standing::Known),
            ("iommu_inclusive_mapping=1", release(4, 22), Standing::Known),
            ("placeholder", release(4, 22), Standing::Known),
            ("com1=115200,8n1", release(4, 4), Standing::Unsure),
            ("bti=off", release(4, 12), Standing::Gone(release(4, 11))),
            ("gdb=com1", release(4, 18), Standing::Known),
            ("gdb=com1", release(4, 19), Standing::Gone(release(4, 18))),
            ("vesa-map", release(4, 17), Standing::Gone(release(4, 16))),
            ("max_dom0_vcpus=2", release(4, 17), Standing::Unknown),
            ("max_dom0_vcpus=2", release(4, 22), Standing::Unknown),
            ("dom0-mem=2G", release(4, 20), Standing::Unknown),
            ("llc-coloring=on", release(4, 20), Standing::Unsure),
            ("llc-coloring=on", release(4, 17), Standing::Unknown),
        ] {
            assert_eq!(standing(word, at), expected, "{word} in {at}");
        }
    }

    #[test]
    fn what_is_meant_by_an_unknown_option_is_found() {
        assert_eq!(nearest("max_dom0_vcpus=2"), Some("dom0_max_vcpus"));
        assert_eq!(nearest("dom0mem=2G"), Some("dom0_mem"));
        assert_eq!(nearest("dom0-mem=2G"), Some("dom0_mem"));
        assert_eq!(nearest("quiet"), None);
    }

    #[test]
    fn names_are_sorted() {
        assert!(all().is_sorted_by(|a, b| a.name < b.name));
        assert!(all().len() > 200);
    }
}
