//! The disk itself, byte for byte.

use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, Run};

use crate::about::About;
use crate::layer::Layer;
use crate::map::{Extent, Location, Map};

/// Opens `file` as a raw disk, whose holes are those of the file.
pub(crate) fn open(file: Arc<dyn BlockRead>) -> Result<Layer> {
    let Some(size) = file.size() else {
        return Err(Error::unsupported(
            "does not say how long it is, so only a stream can be made of it",
        ));
    };
    let map = Raw {
        file: Arc::clone(&file),
        size,
        data: 0..0,
    };
    Ok(Layer::new(map, vec![file], About::default()))
}

struct Raw {
    file: Arc<dyn BlockRead>,
    size: u64,
    /// The run of data that was found last: some file systems look at every page to find its end.
    data: Range<u64>,
}

impl Map for Raw {
    fn size(&self) -> u64 {
        self.size
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        if !self.data.contains(&at) {
            let left = self.size.saturating_sub(at).max(1);
            match self.file.run_at(at)? {
                Run::Hole(len) => {
                    return Ok(Extent {
                        len: len.min(left),
                        location: Location::Nowhere,
                    });
                }
                Run::Data(len) => self.data = at..at + len.min(left),
                Run::End => {
                    let message = format!("ended at byte {at} of {}", self.size);
                    return Err(Error::io(message, "it became shorter while it was read"));
                }
            }
        }
        Ok(Extent {
            len: self.data.end - at,
            location: Location::Plain {
                file: 0,
                offset: at,
            },
        })
    }
}
