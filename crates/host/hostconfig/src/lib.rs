//! A host's own configuration, read as the programs read that it is for: boot loaders, kernels and hypervisors,
//! sysctl, modules, network interfaces.
//!
//! Every reader is a function over texts ([`Source`]); a thin layer over [`host::Files`] finds those texts, in the order
//! in which the system reads them. Every value is a [`Traced`] text or has a [`Place`], so that it can be shown where it
//! is written, whatever quoting and variables are in between:
//!
//! ```text
//!   host::Files ── Source (file, text) ── reader ── values, each with its Place (file, line, column)
//!                                           │
//!                       what only a running system knows: Unknown with the reason, or a gap in the text
//! ```
//!
//! | module | what it reads |
//! |---|---|
//! | [`defaults`] | the files that boot configurations are generated from |
//! | [`cmdline`] | the command lines of Linux and Xen |
//! | [`shell`] | files of assignments |
//! | [`sysctl`] | sysctl.conf and sysctl.d |
//! | [`modules`] | which modules are loaded, and which a kernel has |
//! | [`interfaces`] | /etc/network/interfaces and its commands |
//! | [`bridges`] | the bridges that any of a host's files define |
//! | [`pattern`] | names with wildcards |
//! | [`edit`] | changes of one setting that keep the rest of a file |
//!
//! Nothing is guessed: what needs a shell or GRUB's whole language is [`Unknown`]. Nothing is unbounded: a file has at most
//! [`LARGEST`] bytes, a configuration of many at most eight times that, and nesting, loops and includes are counted.

mod allowance;
pub mod bridges;
pub mod cmdline;
pub mod defaults;
mod drop_ins;
pub mod edit;
pub mod interfaces;
pub mod modules;
pub mod pattern;
mod place;
pub mod shell;
mod source;
pub mod sysctl;
mod traced;

pub use source::{Characters, Columns, LARGEST, Line, Source};
pub use traced::{At, Gap, Known, Place, Traced, Tracing, Unknown};
