//! Where bytes come from: files, standard input, HTTP.

pub mod file;
pub mod http;

use std::path::Path;

use extent::ByteSource;
use report::{Error, Kind, Result};

use crate::lvm::Volume;
use crate::{Host, Place};
use file::FileSource;

/// Opens `place` for reading, from its start to its end, once. Opening a named pipe waits for its
/// writer.
///
/// # Errors
/// They name the place. [`Kind::Refused`] for what cannot hold an image (a directory, a socket),
/// [`Kind::Usage`] when standard input is a terminal, [`Kind::Io`] when it cannot be opened.
pub fn open(place: &Place, host: &Host) -> Result<Box<dyn ByteSource>> {
    let source = match place {
        Place::Stdio => FileSource::stdin(),
        Place::File(path) => FileSource::open(place.to_string(), path),
        Place::Volume(volume) => open_volume(volume, host),
        Place::Http(_) => Err(Error::unsupported("HTTP is not there yet")),
    };
    source
        .map(|source| Box::new(source) as Box<dyn ByteSource>)
        .map_err(|error| error.at(place))
}

fn open_volume(volume: &Volume, host: &Host) -> Result<FileSource> {
    let device = host.dev.join(volume.path());
    if !device.exists() {
        return Err(
            Error::new(Kind::Io, "does not exist or is not active").hint(format!(
                "lvs {0} shows it, lvchange -ay {0} activates it",
                volume.path()
            )),
        );
    }
    FileSource::open(volume.to_string(), &device)
}

/// Opens the file or device at `path`, to be called `name`, for a second look: what is read comes
/// from the medium and not from memory, as far as the system allows. A device gives all it has,
/// which may be more than the disk that was written to it.
///
/// # Errors
/// [`Kind::Io`] naming `name` when it cannot be opened or flushed.
pub fn open_from_medium(name: &str, path: &Path) -> Result<Box<dyn ByteSource>> {
    match FileSource::from_medium(name, path) {
        Ok(source) => Ok(Box::new(source)),
        Err(error) => Err(error.at(name)),
    }
}
