//! Errors: the kind of problem, its place, its causes and what to do about it, as text for a user and
//! as JSON for a script.
//!
//! Every crate of the workspace reports through [`Error`]. The function that finds a problem picks the
//! constructor that says *whose* problem it is; the one that knows the name of the thing adds it with
//! [`Error::at`]; a hint that needs the options of a command starts as advice of the library's own type
//! ([`Error::advise`]), which the program words. Exit statuses come from [`Kind::exit_status`] only.
//!
//! ```text
//! Error::corrupt("cluster 12 …")   the message and its kind
//!     .cause("…")                  because: …
//!     .advise(Advice::…)           hint: …, worded by the program
//!     .at("disk.qcow2")            disk.qcow2: cluster 12 …
//!     .at("guest.tar.gz")          guest.tar.gz: disk.qcow2: cluster 12 …
//! ```

mod amount;
mod error;
mod position;

pub use amount::{amount, amounts, parse_amount};
pub use error::{Error, Kind, hex, printable};
pub use position::Position;

/// The result of anything that can go wrong in the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;
