//! Where bytes come from: files, standard input, HTTP.

pub mod file;
pub mod http;
