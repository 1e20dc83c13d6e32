//! What can be wrong with a DEFLATE stream.

use std::fmt;

/// One contradiction between a stream and RFC 1951.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Block type 3.
    BlockType,
    /// A stored block's length and its complement do not agree.
    StoredLength { length: u16, check: u16 },
    /// More than 286 literal/length or `most` distance code lengths.
    TooManyCodes {
        litlen: usize,
        distance: usize,
        most: usize,
    },
    /// "Repeat the previous code length" without one, or past the last.
    Repeat,
    /// A code has more codewords than its lengths leave room for.
    Oversubscribed(Alphabet),
    /// A code leaves codewords unused.
    Incomplete(Alphabet),
    /// The literal/length code has no end-of-block symbol.
    NoEndOfBlock,
    /// A codeword, or a symbol, that means nothing.
    Undefined(Alphabet),
    /// A match refers to before the first byte.
    TooFar { distance: usize, have: usize },
}

/// Which of a block's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    CodeLength,
    Litlen,
    Distance,
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alphabet::CodeLength => "code length",
            Alphabet::Litlen => "literal/length",
            Alphabet::Distance => "distance",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::BlockType => f.write_str("reserved block type 3"),
            Fault::StoredLength { length, check } => write!(
                f,
                "a stored block of {length} bytes has the check {check:#06x} instead of {:#06x}",
                !length
            ),
            Fault::TooManyCodes {
                litlen,
                distance,
                most,
            } => write!(
                f,
                "{litlen} literal/length and {distance} distance code lengths, 286 and {most} are the most"
            ),
            Fault::Repeat => f.write_str("a code length repeat without a length or past the last"),
            Fault::Oversubscribed(code) => write!(f, "the {code} code is over-subscribed"),
            Fault::Incomplete(code) => write!(f, "the {code} code is incomplete"),
            Fault::NoEndOfBlock => f.write_str("the literal/length code has no end of block"),
            Fault::Undefined(code) => write!(f, "an undefined {code} symbol"),
            Fault::TooFar { distance, have } => {
                write!(
                    f,
                    "a match goes back {distance} bytes where there are {have}"
                )
            }
        }
    }
}
