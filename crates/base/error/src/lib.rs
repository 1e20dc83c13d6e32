//! What the program says when something is wrong: the kind of trouble, where it is, what caused it
//! and what to do about it, as text for a person and as JSON for a script.
//!
//! Every room of the workspace reports through [`Error`]. A room that finds something wrong picks
//! the constructor that says *whose* problem it is; the room that knows the name of the thing adds
//! it with [`Error::at`]; nobody formats exit statuses but [`Kind::exit_status`].

mod amount;
mod error;

pub use amount::{amount, amounts, parse_amount};
pub use error::{Error, Kind, hex, printable};

/// The result of anything that can go wrong in the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;
