//! The layers around the file that a walk is in.

use error::{Error, Result};
use unpack::Limits;

/// Layers around one file; deeper input is rejected as hostile.
const DEPTH: usize = 8;
/// Layers in one source, all together: archives in archives multiply.
const OPENED: usize = 10_000;

/// Where a walk is.
#[derive(Clone, Default)]
pub(super) struct Nesting {
    /// The layers' names, outermost first.
    pub(super) layers: Vec<&'static str>,
    /// Decoders that are under way at the same time.
    pub(super) decoders: usize,
    /// The disks of the XVA that the walk is in: their reference and their size in bytes.
    pub(super) xva: Vec<(String, u64)>,
    /// Layers that were opened in this pass.
    opened: usize,
}

impl Nesting {
    /// Enters the layer called `layer`.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when there are too many layers.
    pub(super) fn enter(&mut self, layer: &'static str) -> Result<()> {
        self.layers.push(layer);
        self.opened += 1;
        if self.layers.len() > DEPTH {
            let message = format!("is inside more than {DEPTH} layers of packing");
            return Err(Error::refused(message));
        }
        if self.opened > OPENED {
            let message = format!("holds more than {OPENED} packed files");
            return Err(Error::refused(message));
        }
        Ok(())
    }

    /// Leaves the innermost layer.
    pub(super) fn leave(&mut self) {
        self.layers.pop();
    }

    /// Goes back to where the walk was `before`; what it has opened since then counts all the same.
    pub(super) fn go_back(&mut self, before: Nesting) {
        *self = Nesting {
            opened: self.opened,
            ..before
        };
    }

    /// What a decoder inside other decoders may spend of `limits`: they all hold theirs at the same time.
    pub(super) fn share(&self, limits: Limits) -> Limits {
        let share = 1 + self.decoders as u64;
        Limits {
            threads: if self.decoders == 0 {
                limits.threads
            } else {
                1
            },
            memory: limits.memory / share,
            xz_memory: limits.xz_memory / share,
            ..limits
        }
    }
}
