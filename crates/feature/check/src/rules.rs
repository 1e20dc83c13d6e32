//! The rules: a file each, in a folder for each section of the report.
//!
//! `build.rs` makes a module of every file and the list of them.

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The rule called `id`.
pub fn rule(id: &str) -> Option<&'static crate::Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
