//! Damaged configurations, for tests that a reader ends whatever it reads.

use proptest::collection::vec;
use proptest::prelude::*;

/// What is put into a text: the signs of every language that is read, and characters of several bytes.
const PIECES: [&str; 28] = [
    "", "'", "\"", "\\", "\n", "{", "}", "$", "${", "$(", "`", "ü", "\r\n", "\t", ">", "#", "=",
    "[", ";", "&", "||", " ", "- ", ":", "if ", "fi\n", "\0", "*",
];

/// So many cases, of which none is kept in a file.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// One of `seeds` with pieces cut out, doubled, or put in.
pub fn texts(seeds: &'static [&'static str]) -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(PIECES.to_vec());
    let change = (any::<prop::sample::Index>(), 0usize..6, pieces);
    (0..seeds.len(), vec(change, 0..8)).prop_map(|(seed, changes)| {
        let mut text: Vec<char> = seeds[seed].chars().collect();
        for (at, cut, piece) in changes {
            let at = at.index(text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, piece.chars());
        }
        text.into_iter().collect()
    })
}
