//! The engine: a source, through decoders and formats, to one or more targets.
//!
//! Bytes go one way, each stage in a thread of its own with a bounded queue before it:
//!
//! ```text
//! source ─ intake ─ walk (layers, archive, format) ─ cutter ─┬─ target
//!            │                                               ├─ target
//!            └─ copy kept, checksums                         └─ digest
//! ```
//!
//! [`import`] runs the whole of it, [`digest`] the right half over a disk that lies somewhere.
//! No target looks complete before the last byte of the source was read and every checksum on the way
//! was right. What went to a pipe cannot be taken back; the exit status tells.

mod basis;
mod blank;
mod buffers;
mod chunk;
mod classify;
mod config;
mod control;
mod cover;
mod cut;
mod digest;
mod encoded;
mod engine;
mod fan;
mod gather;
mod guard;
mod guest;
mod hash;
mod input;
mod inspect;
mod intake;
mod members;
mod mixed;
mod names;
mod open;
mod outcome;
mod ova;
mod part;
mod passes;
mod pick;
mod pour;
mod references;
mod reorder;
mod seen;
mod siblings;
mod sink;
mod spread;
mod stub;
mod sums;
mod undo;
mod walk;
mod witness;
mod writer;

pub use config::{Config, ConfigKind};
pub use control::{Control, Progress, Unsettled};
pub use digest::{Content, Named, digest};
pub use encoded::Form;
pub use engine::{Import, import};
pub use guest::{Guest, is_same_file};
pub use input::{Beside, Input};
pub use inspect::{Inspect, Inspected, InspectedDisk, Packing, Survey, inspect};
pub use members::{Entry, Members, What};
pub use names::last_part;
pub use outcome::{DiskPlan, Imported, ImportedDisk, Outcome, Plan, TargetEnd};
pub use ova::Ova;
pub use pick::{Pattern, Pick};
pub use seen::Disk;
pub use sums::Sums;
pub use writer::{ChoosePlaces, Places};
