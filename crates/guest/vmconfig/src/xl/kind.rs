//! `type=` and `builder=`: xl compares as many letters as are given (`strncmp` in xl_parse.c).

use crate::vm::Kind;

/// The kind of guest that `type=` names.
pub fn of_type(text: &str) -> Option<Kind> {
    beginning(
        text,
        &[("hvm", Kind::Hvm), ("pv", Kind::Pv), ("pvh", Kind::Pvh)],
    )
}

/// The kind of guest that `builder=` names; `linux` is xm's word.
pub fn of_builder(text: &str) -> Option<Kind> {
    beginning(
        text,
        &[
            ("hvm", Kind::Hvm),
            ("generic", Kind::Pv),
            ("linux", Kind::Pv),
        ],
    )
}

/// What the first word that begins with `text` stands for.
fn beginning(text: &str, words: &[(&str, Kind)]) -> Option<Kind> {
    let mut words = words.iter();
    let found = words.find(|(word, _)| !text.is_empty() && word.starts_with(text));
    found.map(|&(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_word_is_the_word() {
        assert_eq!(of_builder("hv"), Some(Kind::Hvm));
        assert_eq!(of_builder("generic"), Some(Kind::Pv));
        assert_eq!(of_type("p"), Some(Kind::Pv));
        assert_eq!(of_type("pvh"), Some(Kind::Pvh));
        assert_eq!(of_type("hvmx"), None);
        assert_eq!(of_builder(""), None);
    }
}
