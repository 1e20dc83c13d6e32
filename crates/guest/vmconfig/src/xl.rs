//! xl.cfg, the configuration of a Xen guest.
//!
//! Language: Xen's `xl.cfg(5)`, `xl-disk-configuration(5)`, `xl-network-configuration(5)`; what is
//! accepted is what libxlutil accepts (tools/libs/util), measured with that of Xen 4.17.
//!
//! [`parse`] reads any file and tells, fault by fault, what libxlutil would refuse; [`disk::parse`]
//! and [`vif::parse`] read the two languages inside of it. [`read`] makes the best of a configuration
//! that came with a disk; [`write`](write()) makes one that is complete.

mod config;
pub mod disk;
mod fault;
mod lexer;
mod number;
mod quote;
mod read;
#[cfg(test)]
mod tests;
pub mod vif;
mod write;

pub use config::{Config, Node, Setting, parse};
pub use fault::Fault;
pub use number::number;
pub use quote::quote;
pub use read::read;
pub use write::{has_format, write};
