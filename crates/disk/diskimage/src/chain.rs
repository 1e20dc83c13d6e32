//! Opening an image and the images below it.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::image::Image;
use crate::layer::Layer;
use crate::{Format, OpenOptions, qcow2, raw, vdi, vhd, vhdx, vmdk};

/// Images below one at most; a longer chain is refused as hostile, or as one that goes round.
const DEPTH: usize = 16;

impl Image {
    /// Opens `file`, which is in `format`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`], [`error::Kind::Unsupported`] and [`error::Kind::Refused`] about
    /// what its header and its tables say, and those of reading it.
    pub fn open(format: Format, file: Arc<dyn BlockRead>, how: &OpenOptions) -> Result<Self> {
        let mut layers = Vec::new();
        stack(format, file, how, &mut layers)?;
        Ok(Image::of(layers))
    }
}

/// Puts the image in `file` below `layers`, and below that what it is based on.
fn stack(
    format: Format,
    file: Arc<dyn BlockRead>,
    how: &OpenOptions,
    layers: &mut Vec<Layer>,
) -> Result<()> {
    if layers.len() > DEPTH {
        let message = format!("is based on more than {DEPTH} other images");
        return Err(Error::refused(message));
    }
    let mut layer = open(format, file, how, layers.len())?;
    let backing = layer.backing.take();
    layers.push(layer);
    match backing {
        None => Ok(()),
        Some(below) => stack(below.format, below.file, &how.of_image_below(), layers)
            .map_err(|error| below.place.name(error)),
    }
}

/// Opens `file`, which is below `above` other images.
fn open(
    format: Format,
    file: Arc<dyn BlockRead>,
    how: &OpenOptions,
    above: usize,
) -> Result<Layer> {
    how.suits(format)?;
    match format {
        Format::Raw => raw::open(file),
        Format::Qcow => qcow2::open(file, how, qcow2::CLAIMS >> above),
        Format::Vdi => vdi::open(file, how),
        Format::Vhd => vhd::open(file, how),
        Format::Vhdx => vhdx::open(file, how),
        Format::Vmdk => vmdk::open(file, how),
        other => Err(
            Error::unsupported(format!("is a {other} disk, which is not read here"))
                .hint("convert it first: qemu-img convert -O qcow2"),
        ),
    }
}
