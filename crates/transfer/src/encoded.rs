//! A target that takes a disk and holds it in a format.

use std::sync::{Arc, Mutex, PoisonError};

use diskimage::Format;
use diskimage::write::{WriteOptions, qcow2, writer};
use extent::BlockWrite;
use place::target::Candidate;
use report::{Error, Result, amount, amounts};

/// The format that a disk is written in.
#[derive(Clone, Debug)]
pub struct Form {
    /// The format.
    pub format: Format,
    /// How it is written.
    pub options: WriteOptions,
    /// The size in bytes that the disk is padded to with zeros, at least.
    pub size: Option<u64>,
}

impl Form {
    /// As [`Candidate::fits_any`].
    fn fits_any(&self) -> Result<()> {
        match self.size {
            Some(_) => Ok(()),
            None => Err(self.no_size()),
        }
    }

    fn no_size(&self) -> Error {
        Error::target(format!(
            "how large the disk is shows only at its end, and a {} has to say so at its beginning",
            self.format
        ))
        .hint("give --size, for instance --size 8G")
    }
}

/// What a first pass finds out for a second one that writes a qcow2 to a pipe.
#[derive(Clone, Default)]
pub(crate) struct Layout(Arc<Mutex<Option<qcow2::Measure>>>);

impl Layout {
    fn set(&self, measure: qcow2::Measure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(measure);
    }

    fn take(&self) -> Result<Option<qcow2::Layout>> {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        measured.map(|measure| measure.layout()).transpose()
    }
}

/// A place whose content will be in some format.
pub(crate) struct Encoded {
    inner: Box<dyn Candidate>,
    form: Form,
    /// The layout that a first pass found out, where one was needed.
    layout: Layout,
}

impl Encoded {
    /// `inner`, checked without a size: how long the file becomes, nobody knows beforehand.
    pub(crate) fn new(inner: Box<dyn Candidate>, form: Form, layout: Layout) -> Self {
        Encoded {
            inner,
            form,
            layout,
        }
    }

    fn padded(&self, size: u64) -> u64 {
        size.max(self.form.size.unwrap_or(0))
    }

    /// Whether the place can hold the format at all.
    fn is_holdable(&self) -> Result<()> {
        let (name, format) = (self.inner.name(), self.form.format);
        if self.inner.needs_size() {
            let message = format!(
                "{name} is to be created, and how long a {format} becomes shows only at its end"
            );
            return Err(Error::target(message).hint("create the volume first, or give a file"));
        }
        if matches!(format, Format::Vdi | Format::Vhd) && !self.inner.any_order() {
            let message = format!(
                "{format} has its table before its data, and {name} takes bytes in ascending order only"
            );
            return Err(Error::target(message)
                .hint("write to a file, or give --format vmdk, which can be written in one go"));
        }
        self.has_an_end()
    }

    /// A streamOptimized vmdk is opened by its last bytes, and a device's last bytes are elsewhere.
    fn has_an_end(&self) -> Result<()> {
        match self.inner.capacity() {
            Some(_) if self.form.format == Format::Vmdk => Err(Error::target(format!(
                "{} does not end where a vmdk ends, and so it would not be found there again",
                self.inner.name()
            ))
            .hint("write to a file, or give --format qcow2")),
            _ => Ok(()),
        }
    }
}

impl Candidate for Encoded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capacity(&self) -> Option<u64> {
        None
    }

    fn needs_size(&self) -> bool {
        self.form.size.is_none()
    }

    fn any_order(&self) -> bool {
        false
    }

    fn plan(&self, size: Option<u64>) -> String {
        let format = self.form.format;
        let what = match size {
            Some(size) => format!("a {format} disk of {}", amount(self.padded(size))),
            None => format!("a {format} disk"),
        };
        format!("{}, as {what}", self.inner.plan(None))
    }

    fn fits(&self, size: u64) -> Result<()> {
        self.is_holdable()?;
        match self.form.size {
            Some(asked) if asked < size => {
                let (asked, size) = amounts(asked, size);
                let message = format!("the disk needs {size}, --size gives it {asked}");
                Err(Error::target(message).hint("give a larger --size"))
            }
            _ => Ok(()),
        }
    }

    fn fits_any(&self) -> Result<()> {
        self.is_holdable()?;
        self.form.fits_any()
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        self.is_holdable()?;
        let Some(size) = size.map(|size| self.padded(size)).or(self.form.size) else {
            return Err(self.form.no_size());
        };
        let Form {
            format, options, ..
        } = &self.form;
        let inner = self.inner.open(None)?;
        match self.layout.take()? {
            Some(layout) => qcow2::streamed(options, size, layout, inner),
            None => writer(*format, options, size, inner),
        }
    }
}

/// Takes the place of a pipe in the first pass.
pub(crate) struct Measured {
    name: String,
    form: Form,
    layout: Layout,
}

impl Measured {
    /// In the place of the target called `name`; what it finds out goes to `layout`.
    pub(crate) fn new(name: &str, form: Form, layout: Layout) -> Self {
        Measured {
            name: name.to_owned(),
            form,
            layout,
        }
    }
}

impl Candidate for Measured {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        None
    }

    fn needs_size(&self) -> bool {
        self.form.size.is_none()
    }

    fn any_order(&self) -> bool {
        false
    }

    fn plan(&self, _: Option<u64>) -> String {
        String::new()
    }

    fn fits_any(&self) -> Result<()> {
        self.form.fits_any()
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let size = size.unwrap_or(0).max(self.form.size.unwrap_or(0));
        let measure = qcow2::Measure::new(&self.form.options, size)?;
        self.layout.set(measure.clone());
        Ok(Box::new(measure))
    }
}
