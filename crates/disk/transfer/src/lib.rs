//! The engine: a source, through decoders and formats, to one or more targets.
//!
//! [`import`] and [`inspect`] walk through a source in the same way: the `walk` unpacks layer by layer what
//! the `source_reader` reads, until it meets files that are disks, and gives each to a `sink`. The sink
//! of an import is the `writer`, which opens the targets of a disk and hands it to them; that of an
//! inspection only describes the disks. Where tables lie behind data, `passes` begins once more.
//!
//! ```text
//! source ─ source_reader ─ walk (layers, archive, format) ─ chunker ─┬─ target     each a thread with a
//!               │                                                    ├─ target     bounded queue before it
//!               └─ copy kept, checksums                              └─ digest
//!
//! for each pass through the source                             passes
//!     walk(source):                                            walk
//!         a layer (gzip, tar, VMA, …):  walk(each file in it)
//!         a description of a guest:     remember it            config, guest
//!         a disk that is meant:         sink.take(disk)        classify, basis, selection, sink
//!             open the targets                                 writer
//!             for each chunk or hole of the disk               chunker, or parallel_reader for an image
//!                 send it to every target and to the digest    disk_transfer, fanout, hash
//!     until no tables are missing
//! judge: exactly the disks that were meant, every checksum right   selection, summary, sums
//! finish every target, or undo every target                        writer, undo
//! ```
//!
//! [`digest`] runs the right half over a disk at a place. No target looks complete before the last byte of
//! the source was read and every checksum on the way was right. What was written to a pipe cannot be undone;
//! the exit status shows it.

mod advice;
mod basis;
mod blank;
mod buffers;
mod chunk;
mod chunker;
mod classify;
mod config;
mod control;
mod digest;
mod direct_write;
mod disk;
mod disk_transfer;
mod engine;
mod fanout;
mod format_target;
mod guard;
mod guest;
mod hash;
mod input;
mod inspect;
mod members;
mod mixed;
mod names;
mod open;
mod outcome;
mod ova;
mod parallel_reader;
mod part;
mod passes;
mod range_set;
mod references;
mod reorder;
mod selection;
mod siblings;
mod sink;
mod source_reader;
mod stub;
mod summary;
mod sums;
mod undo;
mod walk;
mod witness;
mod writer;

pub use advice::Advice;
pub use config::{Config, ConfigKind};
pub use control::{Control, Progress};
pub use digest::{ContentDigest, ContentSize, digest};
pub use disk::Disk;
pub use engine::{Import, import};
pub use format_target::TargetFormat;
pub use guest::{Guest, is_same_file};
pub use input::{Beside, Input};
pub use inspect::{Inspect, Inspected, InspectedDisk, Packing, Survey, inspect};
pub use members::{Entry, Members, What};
pub use names::last_part;
pub use outcome::{DiskPlan, Imported, ImportedDisk, Outcome, Plan, TargetEnd};
pub use ova::Ova;
pub use selection::{Pattern, Selection};
pub use sums::Sums;
pub use writer::{ChoosePlaces, Places};
