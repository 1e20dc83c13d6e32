//! The keys of xl.cfg.

use std::sync::LazyLock;

use super::Release;
use super::table::{self, Entry, Standing};

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| table::entries(include_str!("keys.txt")));

/// What is known beside the table: words that stand for others, words that do nothing.
const HISTORY: &str = include_str!("history.txt");

/// Every key, in the order of their names.
pub fn all() -> &'static [Entry] {
    &ENTRIES
}

/// The key called `name`, whichever release knows it.
pub fn get(name: &str) -> Option<&'static Entry> {
    let index = ENTRIES.binary_search_by(|entry| entry.name.cmp(name));
    ENTRIES.get(index.ok()?)
}

/// What xl of `release` makes of `name`. A key that it does not know is passed over without a message.
pub fn standing(name: &str, release: Release) -> Standing {
    get(name).map_or(Standing::Unknown, |entry| entry.standing(release))
}

/// The key that is meant by the unknown `name`: what it is known to stand for, or the most alike.
pub fn nearest(name: &str) -> Option<&'static str> {
    facts("instead")
        .find_map(|(from, to)| (from == name).then_some(to).flatten())
        .or_else(|| table::nearest(all(), name))
}

/// Whether `name` is one of xm's keys, or another's whose absence changes nothing.
pub fn is_dead(name: &str) -> bool {
    facts("dead").any(|(dead, _)| dead == name) || name.starts_with("OVM_")
}

/// The lines of the history that begin with `word`: a name, and what stands behind it.
fn facts(word: &str) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    HISTORY.lines().filter_map(move |line| {
        let mut words = line.split_ascii_whitespace();
        (words.next()? == word).then_some(())?;
        Some((words.next()?, words.next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_and_go_with_releases() {
        let release = Release::new;
        for (name, at, expected) in [
            ("vcpus", release(4, 2), Standing::Known),
            ("type", release(4, 9), Standing::NotYet(release(4, 10))),
            ("type", release(4, 10), Standing::Known),
            ("pvh", release(4, 6), Standing::Known),
            ("pvh", release(4, 9), Standing::Gone(release(4, 8))),
            ("hvm_pirq", release(4, 18), Standing::NotYet(release(4, 19))),
            ("hvm_pirq", release(4, 22), Standing::Known),
            ("p9", release(4, 10), Standing::Unsure),
            ("device_model_args_hvm", release(4, 17), Standing::Known),
            ("nodes", release(4, 6), Standing::Unknown),
            ("initrd", release(4, 17), Standing::Unknown),
        ] {
            assert_eq!(standing(name, at), expected, "{name} in {at}");
        }
    }

    #[test]
    fn names_are_sorted_and_of_known_kinds() {
        assert!(all().is_sorted_by(|a, b| a.name < b.name));
        let known = ["number", "boolean", "string", "list"];
        for entry in all() {
            assert!(entry.kinds().all(|kind| known.contains(&kind)), "{entry:?}");
        }
        assert!(all().len() > 150);
    }

    #[test]
    fn what_is_meant_by_an_unknown_key_is_found() {
        assert_eq!(nearest("initrd"), Some("ramdisk"));
        assert_eq!(nearest("maxcpus"), Some("maxvcpus"));
        assert_eq!(nearest("memmory"), Some("memory"));
        assert_eq!(nearest("on_rebot"), Some("on_reboot"));
        assert_eq!(nearest("zzz"), None);
        assert!(is_dead("vncconsole") && is_dead("OVM_simple_name") && !is_dead("initrd"));
    }
}
