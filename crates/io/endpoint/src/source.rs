//! Where bytes come from: files, standard input, HTTP; [`crate::nbd`] is another.

mod directory;
pub mod file;
pub mod http;

pub use directory::Directory;

use std::path::Path;

use std::sync::Arc;

use error::{Error, Kind, Result, amount};
use host::Host;
use sparse::{BlockRead, ByteSource, Fill};

use crate::Place;
use crate::lvm::Volume;
use crate::nbd::NbdSource;
use file::FileSource;
use http::{Http, HttpOptions};

/// Most bytes that [`read_small`] takes.
const SMALL: u64 = 16 << 20;

/// Opens `place` for reading, from its start to its end, once. Opening a named pipe waits for its
/// writer.
///
/// # Errors
/// They name the place. [`Kind::Refused`] for what cannot hold an image (a directory, a socket),
/// [`Kind::Usage`] when standard input is a terminal, [`Kind::Io`] when it cannot be opened, and
/// those of [`Http::open`].
pub fn open(place: &Place, http: &HttpOptions, host: &Host) -> Result<Box<dyn ByteSource>> {
    fn boxed(source: impl ByteSource + 'static) -> Box<dyn ByteSource> {
        Box::new(source)
    }
    match place {
        Place::Stdio => FileSource::stdin().map(boxed),
        Place::File(path) => FileSource::open(place.to_string(), path).map(boxed),
        Place::Volume(volume) => open_volume(volume, host).map(boxed),
        Place::Http(url) => Http::open(url, http).map(boxed),
        Place::Nbd(address) => NbdSource::open(address).map(boxed),
    }
    .map_err(|error| error.at(place))
}

/// All that is at `place`, which has to be small: a list of checksums, say.
///
/// # Errors
/// They name the place: those of [`open`] and of reading, [`Kind::Refused`] for more than 16 MiB.
pub fn read_small(place: &Place, http: &HttpOptions, host: &Host) -> Result<Vec<u8>> {
    let mut source = open(place, http, host)?;
    read_all(&mut *source).map_err(|error| error.at(place))
}

fn read_all(source: &mut dyn ByteSource) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let hole = match source.fill(&mut buffer)? {
            Fill::Data(n) => {
                all.extend_from_slice(&buffer[..n]);
                0
            }
            Fill::Hole(n) => n,
            Fill::End => return Ok(all),
        };
        if hole.saturating_add(all.len() as u64) > SMALL {
            let message = format!("is larger than {}", amount(SMALL));
            return Err(Error::refused(message));
        }
        all.resize(all.len() + hole as usize, 0);
    }
}

fn open_volume(volume: &Volume, host: &Host) -> Result<FileSource> {
    let device = host.dev().join(volume.path());
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
pub(crate) fn open_from_medium(name: &str, path: &Path) -> Result<Option<Arc<dyn BlockRead>>> {
    let opened = || match FileSource::from_medium(name, path)?.at_any_offset() {
        Some(open) => open(),
        None => Ok(None),
    };
    opened().map_err(|error| error.at(name))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;
    use testkit::machine::noise;

    use super::*;

    fn small(file: &NamedTempFile) -> Result<Vec<u8>> {
        let place = Place::File(file.path().to_owned());
        read_small(&place, &HttpOptions::default(), &Host::live())
    }

    #[test]
    fn what_is_small_is_read_whole() {
        let mut file = NamedTempFile::new().unwrap();
        assert_eq!(small(&file).unwrap(), b"");
        file.write_all(&noise(1, 300_000)).unwrap();
        file.as_file().set_len(1 << 20).unwrap();
        file.as_file().set_len((1 << 20) + 5).unwrap();
        assert_eq!(small(&file).unwrap(), std::fs::read(file.path()).unwrap());
    }

    #[test]
    fn what_is_not_small_is_refused() {
        let file = NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        let error = small(&file).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        let shown = file.path().display();
        assert_eq!(
            error.to_string(),
            format!("{shown}: is larger than 16.0 MiB")
        );
    }

    #[test]
    fn errors_name_the_place() {
        let place = Place::File("/".into());
        let error = open(&place, &HttpOptions::default(), &Host::live())
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "/: is a directory, not a file");
    }
}
