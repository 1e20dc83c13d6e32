//! Development only: archives for tests and fuzz seeds, good ones and broken ones, and what tests need
//! of a machine.
//!
//! Nothing here shares code with the readers: the formats are written down a second time.

pub mod damage;
pub mod deflate64;
pub mod fold;
pub mod lzma;
pub mod machine;
pub mod shell;
pub mod tar;
pub mod vma;
pub mod xva;
pub mod zip;

/// A sound archive and what is in it.
#[derive(Clone, Debug)]
pub struct Good {
    /// What is special about it.
    pub what: &'static str,
    /// The archive.
    pub bytes: Vec<u8>,
    /// Its members: name and content.
    pub members: Vec<(String, Vec<u8>)>,
}

/// An archive with one thing broken and the error that says so.
#[derive(Clone, Debug)]
pub struct Bad {
    /// What is broken.
    pub what: &'static str,
    /// The archive.
    pub bytes: Vec<u8>,
    /// The error's kind as its JSON names it: `corrupt`, `unsupported` or `refused`.
    pub kind: &'static str,
    /// The error's whole message.
    pub message: &'static str,
}

impl Bad {
    fn corrupt(what: &'static str, bytes: Vec<u8>, message: &'static str) -> Self {
        Bad {
            what,
            bytes,
            kind: "corrupt",
            message,
        }
    }

    fn unsupported(what: &'static str, bytes: Vec<u8>, message: &'static str) -> Self {
        Bad {
            what,
            bytes,
            kind: "unsupported",
            message,
        }
    }

    fn refused(what: &'static str, bytes: Vec<u8>, message: &'static str) -> Self {
        Bad {
            what,
            bytes,
            kind: "refused",
            message,
        }
    }
}
