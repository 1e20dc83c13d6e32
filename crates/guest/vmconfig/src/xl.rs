//! xl.cfg, the configuration of a Xen guest.
//!
//! Language: Xen's `xl.cfg(5)`, `xl-disk-configuration(5)`, `xl-network-configuration(5)`; what is
//! accepted is what libxlutil accepts (tools/libs/util), measured with that of Xen 4.17.
//!
//! [`parse`] reads any file and tells, fault by fault, what libxlutil would refuse; [`disk::parse`]
//! and [`vif::parse`] read the two languages inside of it. [`read`] makes the best of a configuration
//! that came with a disk; [`write`](write()) makes one that is complete.

mod config;
pub mod cpus;
pub mod disk;
mod document;
mod fault;
mod foreign;
mod judge;
pub mod kind;
mod lexer;
mod node;
mod number;
pub mod pci;
mod quote;
mod read;
pub mod size;
#[cfg(test)]
mod tests;
pub mod usb;
pub mod vfb;
pub mod vif;
mod write;
mod wrong;

pub use config::{Config, Setting, Statement, parse};
pub use document::{Document, Literal, format};
pub use fault::Fault;
pub use foreign::{Foreign, foreign};
pub use judge::{Finding, Verdict, judge};
pub use node::{List, Node, Text};
pub use number::number;
pub use quote::quote;
pub use read::read;
pub use write::{has_format, write};
pub use wrong::Wrong;
