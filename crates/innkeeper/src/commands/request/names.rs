//! Names made out of names that others chose.

use transfer::last_part;

/// The last part of a name, without what follows its first dot but one at the beginning.
pub(super) fn stem(name: &str) -> String {
    let last = last_part(name);
    let end = last.char_indices().skip(1).find(|&(_, c)| c == '.');
    last[..end.map_or(last.len(), |(at, _)| at)].to_owned()
}

/// `text` in characters that a file and a volume may have in their names: strangers chose it.
pub(super) fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "_+.-".contains(c) => c,
        _ => '-',
    };
    let text: String = text.chars().take(60).map(plain).collect();
    let text = text.trim_matches(['-', '.']);
    match text {
        "" => "disk".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_plain_and_lead_nowhere() {
        let cases = [
            ("web01", "web01"),
            ("../../etc/passwd", "etc-passwd"),
            ("My Guest (1)", "My-Guest--1"),
            ("--force", "force"),
            ("..", "disk"),
            ("äöü", "disk"),
        ];
        for (name, expected) in cases {
            assert_eq!(plain(name), expected, "{name}");
        }
        assert_eq!(plain(&"x".repeat(1000)).len(), 60);
    }

    #[test]
    fn a_stem_is_the_last_part_without_endings() {
        let cases = [
            ("guest.tar.gz", "guest"),
            ("/a/b.c/guest.ova", "guest"),
            (".hidden.img", ".hidden"),
            ("-", "-"),
            ("a.tar:dir/disk1.vmdk", "disk1"),
            (r"a.zip:dir\disk1.vmdk", "disk1"),
        ];
        for (name, expected) in cases {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
