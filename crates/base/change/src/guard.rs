//! The guard of a change that waits for confirmation: a process of its own that takes the change back.
//!
//! ```text
//! client ── socket (the guard's standard input) ──► guard ◄── pipe ID.control ── confirm, undo
//!   start, wait for "ready"                           opens and stages every inverse, setsid, mlockall, timer
//!   BEGIN before each step                            counts the steps that it would undo
//!   APPLIED, wait for the answer                      from now on the client may end
//!   end without APPLIED                               undoes at once
//!                                                     deadline or SIGTERM: undoes
//! ```
//!
//! Sockets, pipe and timer are in the kernel's memory, so the guard decides and acts also where disks no longer
//! answer; what it did is written to the journal afterwards.

mod control;
mod link;
mod process;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use control::Control;
pub(crate) use link::Link;
pub(crate) use process::serve;

/// From the client: the next step is about to be applied.
const BEGIN: u8 = b'b';
/// From the client: every step is applied; the guard answers with the same byte.
const APPLIED: u8 = b'a';
/// From the client: there is nothing left to undo.
const DISMISS: u8 = b'd';
/// By the pipe: the change stays.
const CONFIRM: u8 = b'c';
/// By the pipe: undo now.
const UNDO: u8 = b'u';
/// From the guard: it holds every inverse. Any other line says why not.
const READY: &str = "ready";

/// How to start the guard of a change.
#[derive(Clone, Debug)]
pub struct Guarding {
    /// How long the change waits for confirmation, suspended time included.
    pub within: Duration,
    /// The program that calls [`crate::Machine::guard`].
    pub program: PathBuf,
    /// Its arguments; the number of the change is added as the last one.
    pub arguments: Vec<OsString>,
}
