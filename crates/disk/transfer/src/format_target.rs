//! A target that takes a disk and holds it in a format.

use std::sync::{Arc, Mutex, PoisonError};

use diskimage::Format;
use diskimage::write::{WriteOptions, granularity, is_ascending, qcow2, writer};
use endpoint::target::{Candidate, check_asked};
use error::{Error, Result, amount};
use sparse::BlockWrite;

use crate::advice::Advice;
use crate::ova::{self, Ova, Told};
use vmconfig::Choice;

/// The format that a disk is written in.
#[derive(Clone, Debug)]
pub struct TargetFormat {
    /// The format.
    pub format: Format,
    /// How it is written.
    pub options: WriteOptions,
    /// The size in bytes that the disk is padded to with zeros, at least.
    pub size: Option<u64>,
    /// The package that the disk's file is put into, together with a description of its guest; the
    /// format then has to be VMDK.
    pub ova: Option<Ova>,
}

impl TargetFormat {
    /// What the target will be, in one word.
    pub(crate) fn name(&self) -> &'static str {
        match self.ova {
            Some(_) => "ova",
            None => self.format.name(),
        }
    }

    /// The article that goes with its name.
    pub(crate) fn article(&self) -> &'static str {
        match self.ova {
            Some(_) => "an",
            None => "a",
        }
    }

    /// Whether it can be written to a pipe after a first pass over the disk only.
    pub(crate) fn needs_measure(&self) -> bool {
        self.ova.is_some() || self.format == Format::Qcow
    }

    /// As [`Candidate::fits_any`].
    fn fits_any(&self) -> Result<()> {
        match self.size {
            Some(_) => Ok(()),
            None => Err(self.no_size()),
        }
    }

    fn no_size(&self) -> Error {
        Error::target(format!(
            "the size of the disk is known only at its end, and {} {} needs it at its beginning",
            self.article(),
            self.name()
        ))
        .advise(endpoint::Advice::GiveSize)
    }
}

/// What a disk's size becomes in a format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padding {
    /// Bytes that it has at least.
    pub(crate) least: u64,
    /// Bytes of which it is a multiple.
    whole: u64,
}

impl Padding {
    /// What `target_format` makes of it; a raw disk stays as it is.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for options that the format does not know.
    pub(crate) fn of(target_format: Option<&TargetFormat>) -> Result<Self> {
        Ok(Padding {
            least: target_format
                .and_then(|target_format| target_format.size)
                .unwrap_or(0),
            whole: match target_format {
                Some(target_format) => granularity(target_format.format, &target_format.options)?,
                None => 1,
            },
        })
    }

    /// What a disk of `size` bytes becomes, unless that is beyond all numbers.
    pub(crate) fn size(self, size: u64) -> Option<u64> {
        size.max(self.least).checked_next_multiple_of(self.whole)
    }
}

/// What a first pass finds out for a second one that writes a qcow2 to a pipe.
#[derive(Clone, Default)]
struct Layout(Arc<Mutex<Option<qcow2::Measure>>>);

impl Layout {
    fn set(&self, measure: qcow2::Measure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(measure);
    }

    fn take(&self) -> Result<Option<qcow2::Layout>> {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        measured.map(|measure| measure.layout()).transpose()
    }
}

/// What several passes over a disk tell each other.
#[derive(Clone, Default)]
pub(crate) struct Measurements {
    /// What a qcow2 will look like.
    layout: Layout,
    /// What an OVA will hold, where one is written.
    pub(crate) ova: Option<Told>,
}

impl Measurements {
    /// Nothing yet of what is going to be in `target_format`.
    pub(crate) fn of(target_format: &TargetFormat, source: &str, choice: &Choice) -> Self {
        Measurements {
            layout: Layout::default(),
            ova: target_format
                .ova
                .as_ref()
                .map(|ova| Told::new(ova, source, choice)),
        }
    }
}

/// A place whose content will be in some format.
pub(crate) struct FormatTarget {
    inner: Box<dyn Candidate>,
    target_format: TargetFormat,
    measurements: Measurements,
}

impl FormatTarget {
    /// `inner`, checked without a size: how long the file becomes, nobody knows beforehand.
    pub(crate) fn new(
        inner: Box<dyn Candidate>,
        target_format: TargetFormat,
        measurements: Measurements,
    ) -> Self {
        FormatTarget {
            inner,
            target_format,
            measurements,
        }
    }

    fn padded(&self, size: u64) -> u64 {
        size.max(self.target_format.size.unwrap_or(0))
    }

    /// Whether the place can hold the format at all, with a disk of `size` bytes if that is known.
    fn is_holdable(&self, size: Option<u64>) -> Result<()> {
        let (name, target_format) = (self.inner.name(), &self.target_format);
        if self.inner.needs_size() {
            let (article, format) = (target_format.article(), target_format.name());
            let message = format!(
                "{name} is to be created, and how long {article} {format} becomes shows only at its end"
            );
            return Err(Error::target(message).hint("create the volume first, or give a file"));
        }
        // A qcow2 needs the order too, unless a first pass has found out what it will be.
        let any_order = target_format.format != Format::Qcow
            && !is_ascending(target_format.format, &target_format.options)?;
        if any_order && !self.inner.any_order() {
            let format = target_format.name();
            let message = format!(
                "{format} has its table before its data, and {name} takes bytes in ascending order only"
            );
            return Err(Error::target(message).advise(diskimage::Advice::ChooseVmdk));
        }
        match self.inner.capacity() {
            Some(capacity) => self.ends_with(capacity, size),
            None => Ok(()),
        }
    }

    /// A streamOptimized vmdk and a fixed vhd are opened by their last bytes, and a device's last bytes
    /// are elsewhere.
    fn ends_with(&self, capacity: u64, size: Option<u64>) -> Result<()> {
        let (name, format) = (self.inner.name(), self.target_format.name());
        let message = match self.target_format.format {
            Format::Vmdk => {
                format!(
                    "{name} does not end where {} {format} ends",
                    self.target_format.article()
                )
            }
            Format::Vhd if is_ascending(Format::Vhd, &self.target_format.options)? => {
                let padded = Padding::of(Some(&self.target_format))?;
                let disk = size
                    .or(self.target_format.size)
                    .and_then(|size| padded.size(size));
                let needed = disk.and_then(|disk| disk.checked_add(diskimage::END as u64));
                match needed {
                    Some(needed) if needed != capacity => format!(
                        "{name} has {capacity} bytes, and the fixed vhd ends with byte {needed}"
                    ),
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        let message = format!("{message}, and so it would not be found there again");
        Err(Error::target(message).advise(Advice::ChooseQcow2))
    }
}

impl Candidate for FormatTarget {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capacity(&self) -> Option<u64> {
        None
    }

    fn needs_size(&self) -> bool {
        self.target_format.size.is_none()
    }

    fn any_order(&self) -> bool {
        false
    }

    fn plan(&self, size: Option<u64>) -> String {
        let what = match &self.target_format.ova {
            Some(_) => "an ova with a disk".to_owned(),
            None => format!("a {} disk", self.target_format.format),
        };
        let of = size.map(|size| format!(" of {}", amount(self.padded(size))));
        let of = of.unwrap_or_default();
        format!("{}, as {what}{of}", self.inner.plan(None))
    }

    fn fits(&self, size: u64) -> Result<()> {
        self.is_holdable(Some(size))?;
        check_asked(self.target_format.size, size)
    }

    fn fits_any(&self) -> Result<()> {
        self.is_holdable(None)?;
        self.target_format.fits_any()
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        self.is_holdable(size)?;
        let Some(size) = size
            .map(|size| self.padded(size))
            .or(self.target_format.size)
        else {
            return Err(self.target_format.no_size());
        };
        let TargetFormat {
            format, options, ..
        } = &self.target_format;
        let inner = self.inner.open(None)?;
        if let Some(told) = self.measurements.ova {
            return ova::writer(options, size, told, inner);
        }
        match self.measurements.layout.take()? {
            Some(layout) => qcow2::streamed(options, size, layout, inner),
            None => writer(*format, options, size, inner),
        }
    }
}

/// Takes the place of a pipe in the first pass.
pub(crate) struct MeasuringTarget {
    name: String,
    target_format: TargetFormat,
    measurements: Measurements,
}

impl MeasuringTarget {
    /// In the place of the target called `name`; what it finds out goes to `passes`.
    pub(crate) fn new(name: &str, target_format: TargetFormat, measurements: Measurements) -> Self {
        MeasuringTarget {
            name: name.to_owned(),
            target_format,
            measurements,
        }
    }
}

impl Candidate for MeasuringTarget {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        None
    }

    fn needs_size(&self) -> bool {
        self.target_format.size.is_none()
    }

    fn any_order(&self) -> bool {
        false
    }

    fn plan(&self, _: Option<u64>) -> String {
        String::new()
    }

    fn fits_any(&self) -> Result<()> {
        self.target_format.fits_any()
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let size = size.unwrap_or(0).max(self.target_format.size.unwrap_or(0));
        if let Some(told) = self.measurements.ova {
            return ova::measure(&self.target_format.options, size, told);
        }
        let measure = qcow2::Measure::new(&self.target_format.options, size)?;
        self.measurements.layout.set(measure.clone());
        Ok(Box::new(measure))
    }
}
