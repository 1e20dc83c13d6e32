//! Passes through what is read: one, or as many as it takes to find tables that lie behind data.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use diskimage::OpenOptions;
use diskimage::streaming::StreamLimits;
use error::{Error, Kind, Result};
use sparse::{Again, ByteSource, Folder, Lookahead, drain};
use unpack::Limits;

use crate::control::Control;
use crate::input::Input;
use crate::open::Opening;
use crate::source_reader::{Keep, ReaderOptions, SourceReader, SourceSummary};
use crate::stub;
use crate::sums::Sums;
use crate::walk::Walk;

/// Passes through a source whose tables lie behind its data: the header, the first table and the
/// second one may each be one, and a last pass takes the data.
const PASSES: usize = 6;

/// What is read, for as many passes as it takes.
pub(crate) struct Source {
    input: Input,
    again: Option<Again>,
    reader_options: ReaderOptions,
}

/// How far a walk came.
pub(crate) enum Walked {
    /// The sink wanted no more of it.
    Stopped,
    /// To its end, and what is known about the source then; `None` where the rest of it does not
    /// matter.
    Through(Option<SourceSummary>),
}

impl Source {
    /// `input`, of which this becomes as it passes.
    pub(crate) fn new(input: Input, reader_options: ReaderOptions) -> Self {
        Source {
            again: match &input {
                Input::Bytes { source, .. } => source.again(),
                Input::Folder { .. } => None,
            },
            input,
            reader_options,
        }
    }

    /// Whether there can be another pass.
    pub(crate) fn comes_again(&self) -> bool {
        self.again.is_some() || matches!(self.input, Input::Folder { .. })
    }

    /// How disks in it of at most `max_size` bytes are opened.
    pub(crate) fn opening(&self, limits: &Limits, max_size: u64, how: OpenOptions) -> Opening {
        let means = StreamLimits {
            threads: limits.threads,
            // The map of what is stored, what passed by and the tables take a part each.
            memory: limits.memory / 3,
            max_size,
            again: self.comes_again(),
        };
        let (device, unproven) = match &self.input {
            Input::Bytes { source, .. } => (source.device(), source.unproven_end()),
            Input::Folder { .. } => (None, None),
        };
        let (far, beside) = match &self.input {
            Input::Bytes { source, beside } if self.reader_options.is_idle() => {
                let far = source.at_any_offset().filter(|_| source.is_far());
                (far, beside.clone())
            }
            // Not all that belongs to the disks would pass.
            Input::Bytes { .. } | Input::Folder { .. } => (None, None),
        };
        Opening {
            name: self.input.name().to_owned(),
            how,
            means,
            device,
            // A checksum of the source proves that all of it came.
            unproven: unproven.filter(|_| self.reader_options.sums.is_empty()),
            far,
            beside,
        }
    }

    /// Walks through the source: at any offset where that is better, or from front to back, once more
    /// where tables lie behind data.
    pub(crate) fn walk(self, walk: &mut Walk<'_>, control: &Arc<Control>) -> Result<Walked> {
        let Source {
            input,
            again,
            reader_options,
        } = self;
        match input {
            Input::Bytes { source, .. } => {
                if let Some(flow) = direct(&*source, &reader_options, walk)? {
                    return Ok(Walked::at_any_offset(flow, control));
                }
                through(source, again, reader_options, walk, control)
            }
            Input::Folder { folder, .. } if reader_options.is_idle() => {
                through_folder(&folder, walk, control)
            }
            Input::Folder { .. } => Err(Error::usage(
                "is a directory, of which neither a copy nor a checksum is made",
            )),
        }
    }
}

impl Walked {
    /// A walk that did not take the bytes in their order.
    fn at_any_offset(flow: ControlFlow<()>, control: &Control) -> Self {
        match flow {
            Break(()) => Walked::Stopped,
            Continue(()) => Walked::Through(Some(SourceSummary {
                sums: Sums::default(),
                bytes: control.progress().bytes_read,
            })),
        }
    }
}

/// Where every byte has to pass, there is no other way than from front to back.
fn direct(
    source: &dyn ByteSource,
    reader_options: &ReaderOptions,
    walk: &mut Walk<'_>,
) -> Result<Option<ControlFlow<()>>> {
    let near = reader_options.is_idle() && !source.is_far();
    match source.at_any_offset().filter(|_| near) {
        Some(open) => open()?.map_or(Ok(None), |bytes| walk.direct(bytes)),
        None => Ok(None),
    }
}

fn through(
    mut source: Box<dyn ByteSource>,
    again: Option<Again>,
    mut reader_options: ReaderOptions,
    walk: &mut Walk<'_>,
    control: &Arc<Control>,
) -> Result<Walked> {
    let mut first: Option<SourceSummary> = None;
    for _ in 0..PASSES {
        let size = source.size();
        control.source_opened(size);
        walk.begin();
        let open = source.at_any_offset().filter(|_| source.device().is_none());
        let mut reader = SourceReader::start(source, reader_options.clone(), control)?;
        let mut stream = Lookahead::new(&mut reader);
        let (passed, offset) = stub::pass_by(&mut stream, size, open.as_ref())?;
        let size_left = size.map(|size| size.saturating_sub(passed));
        let flow = walk.run(&mut stream, size_left, offset)?;
        if flow.is_break() && !walk.summary.again {
            return Ok(Walked::Stopped);
        }
        if walk.summary.at_any_offset && !walk.summary.again {
            return Ok(Walked::at_any_offset(Continue(()), control));
        }
        if !reader_options.is_idle() {
            drain(&mut reader)?;
            let passed = reader.summary().ok_or_else(stopped)?;
            if first.is_some_and(|first| first.sums != passed.sums) {
                return Err(Error::io(
                    "changed between two passes",
                    "it has another digest",
                ));
            }
            first = Some(passed);
            // The copy is complete.
            reader_options.keep = Keep::default();
        }
        if !walk.summary.again {
            return Ok(Walked::Through(reader.summary()));
        }
        source = again.as_ref().ok_or_else(stopped)?()?;
    }
    Err(too_many_passes())
}

fn through_folder(
    folder: &Arc<dyn Folder>,
    walk: &mut Walk<'_>,
    control: &Arc<Control>,
) -> Result<Walked> {
    for _ in 0..PASSES {
        control.source_opened(None);
        walk.begin();
        let flow = walk.folder(folder)?;
        if !walk.summary.again {
            return Ok(Walked::at_any_offset(flow, control));
        }
    }
    Err(too_many_passes())
}

fn too_many_passes() -> Error {
    Error::unsupported(format!(
        "has its tables in such an order that {PASSES} passes do not find them all"
    ))
    .hint("unpack it first and give the file")
}

/// Reading ended before the source did.
pub(crate) fn stopped() -> Error {
    Error::io("reading stopped", "the source was not read to its end")
}

/// An input that is no disk, with what its source knows about why.
pub(crate) fn explained(error: Error, hint: Option<&'static str>) -> Error {
    match hint {
        Some(hint) if error.kind() == Kind::Refused => error.hint(hint),
        _ => error,
    }
}
