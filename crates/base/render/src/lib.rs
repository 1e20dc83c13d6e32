//! Results as users read them on a terminal, in a pipe or in a file, and as scripts read them.
//!
//! A command turns what it found into [`Table`]s, [`Fields`], [`bar`]s and [`sparkline`]s, whose parts have a
//! [`Role`]: what they mean, and not which colour they get. A [`Look`] says what the reader can show, and is
//! made once from the stream that is written to. For scripts there is one envelope, [`document`].
//!
//! ```text
//! result ─┬─ cells with roles ── Table / Fields ── Look::of(stdout) ── text
//!         ├─ a line and a place in it ─ excerpt ────┤
//!         ├─ two texts ─── diff ────────────────────┘
//!         └─ serde_json::Value ───── document ──────────────────────── JSON
//! ```
//!
//! Text that comes from outside (names in archives, messages of tools) is made safe for a terminal here, by
//! [`error::printable`]: nobody else has to think of it.

mod chart;
mod diff;
mod document;
mod excerpt;
mod fields;
mod look;
mod table;
mod trouble;

pub use chart::{bar, sparkline};
pub use diff::diff;
pub use document::{SCHEMA, document, errors, failure, text as document_text};
pub use excerpt::excerpt;
pub use fields::Fields;
pub use look::{Look, Role};
pub use table::{Align, Cell, Column, Table};
pub use trouble::{error_text, warning_text};
