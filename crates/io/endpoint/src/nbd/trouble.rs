//! What goes wrong between a client and a server.

use std::fmt;
use std::io::{self, ErrorKind};

/// Why a request was not done, for the line below an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server says no; the connection is good for more.
    Refusal {
        /// The protocol's error number.
        errno: u32,
        /// What the server says about it, if anything.
        message: String,
    },
    /// The connection is of no use any more.
    Broken(String),
}

/// The text for a server that is gone.
pub(super) const CLOSED: &str = "the server closed the connection";

/// `EOPNOTSUPP`, `EINVAL` and `EOVERFLOW` in the protocol.
const TOO_MUCH_ASKED: [u32; 3] = [95, 22, 75];

impl Trouble {
    /// The server says what the protocol does not allow.
    pub(super) fn nonsense(what: impl fmt::Display) -> Self {
        Trouble::Broken(format!("the server breaks the protocol: {what}"))
    }

    /// Whether the server may do the same in another way or in smaller pieces.
    pub(super) fn is_too_much(&self) -> bool {
        matches!(self, Trouble::Refusal { errno, .. } if TOO_MUCH_ASKED.contains(errno))
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Broken(match error.kind() {
            ErrorKind::UnexpectedEof
            | ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted => CLOSED.to_owned(),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => "the server does not answer".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Refusal { errno, message } => {
                write!(f, "the server says {}", Errno(*errno))?;
                if message.is_empty() {
                    Ok(())
                } else {
                    write!(f, ": {message}")
                }
            }
            Trouble::Broken(text) => f.write_str(text),
        }
    }
}

/// An error number of the protocol by its name (doc/proto.md, "Error values").
struct Errno(u32);

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            1 => "EPERM",
            5 => "EIO",
            12 => "ENOMEM",
            22 => "EINVAL",
            28 => "ENOSPC",
            75 => "EOVERFLOW",
            95 => "ENOTSUP",
            108 => "ESHUTDOWN",
            other => return write!(f, "error {other}"),
        })
    }
}
