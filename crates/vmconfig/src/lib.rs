//! One model of a guest, and the languages that describe one.
