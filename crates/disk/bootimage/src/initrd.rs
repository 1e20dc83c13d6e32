//! An initial RAM disk: cpio archives one behind the other, each packed or not, as the kernel's init/initramfs.c takes them.

use error::{Error, Result};
use sparse::{BlockRead, Piece, SparseRead, read_exact, skip};
use unpack::Limits;
use unpack::layer::{self, Compression, Layer};

use crate::section::Section;

/// Most bytes of a name.
const LONGEST: u64 = 4096;

/// Most files of all its archives.
const MOST: u64 = 1 << 20;

/// The header of a file (`newc`), without its name.
const HEADER: usize = 110;

/// What an initial RAM disk holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initrd {
    /// What its archives are packed with, in their order; `None` for one that is not packed.
    pub archives: Vec<Option<Compression>>,
    /// The files of all of them.
    pub files: u64,
    /// The bytes of all of them together, unpacked.
    pub bytes: u64,
}

/// Reads the initial RAM disk `file` and calls `visit` with the path of each of its files.
///
/// # Errors
/// [`error::Kind::Unsupported`] when it is no cpio archive, or packed in a way that is not known, or larger than `limits` allow;
/// [`error::Kind::Corrupt`] when it is damaged; [`error::Kind::Io`].
pub fn read(file: &dyn BlockRead, limits: &Limits, visit: &mut dyn FnMut(&[u8])) -> Result<Initrd> {
    let size = file.size().unwrap_or(u64::MAX);
    let mut initrd = Initrd::default();
    let mut at = 0;
    // Each archive starts at a multiple of four, behind zeros.
    while let Some((start, head)) = next(file, at)? {
        let mut section = Section::new(file, start..size);
        if head.starts_with(b"07070") {
            initrd.archives.push(None);
            at = start + archive(&mut section, &mut initrd, visit)?;
            continue;
        }
        let Some(Layer::Compression(compression)) = layer::sniff(&head) else {
            return Err(Error::unsupported(format!(
                "what is at byte {start} of the initial RAM disk is not a cpio archive, and not packed in a way that is known"
            )));
        };
        initrd.archives.push(Some(compression));
        let mut decoder = compression.decoder(section, limits)?;
        // What is packed can again be several archives; the rest of the file is the decoder's.
        while pass_zeros(&mut decoder)? {
            archive(&mut decoder, &mut initrd, visit)?;
        }
        break;
    }
    if initrd.archives.is_empty() {
        return Err(Error::unsupported("the initial RAM disk is empty"));
    }
    Ok(initrd)
}

/// The next byte that is not zero, at or behind `at`, and the bytes from there.
fn next(file: &dyn BlockRead, mut at: u64) -> Result<Option<(u64, Vec<u8>)>> {
    let mut head = vec![0; layer::HEAD];
    loop {
        let n = file.read_at(at, &mut head)?;
        if n == 0 {
            return Ok(None);
        }
        match head[..n].iter().position(|byte| *byte != 0) {
            None => at += n as u64,
            Some(0) => {
                head.truncate(n);
                return Ok(Some((at, head)));
            }
            Some(zeros) => at += zeros as u64,
        }
    }
}

/// Moves to the next byte that is not zero; whether there is one.
fn pass_zeros(stream: &mut dyn SparseRead) -> Result<bool> {
    loop {
        let zeros = match stream.peek()? {
            Piece::End => return Ok(false),
            Piece::Zeros(len) => len,
            Piece::Data(data) => match data.iter().position(|byte| *byte != 0) {
                Some(0) => return Ok(true),
                Some(zeros) => zeros as u64,
                None => data.len() as u64,
            },
        };
        stream.consume(zeros);
    }
}

/// Takes one archive up to its trailer; returns its bytes.
fn archive(
    stream: &mut dyn SparseRead,
    initrd: &mut Initrd,
    visit: &mut dyn FnMut(&[u8]),
) -> Result<u64> {
    let mut at = 0;
    loop {
        let mut header = [0; HEADER];
        if !read_exact(stream, &mut header)? {
            return Err(cut(at));
        }
        if !header.starts_with(b"070701") && !header.starts_with(b"070702") {
            return Err(Error::corrupt(format!(
                "a cpio archive has no header at byte {at}"
            )));
        }
        let size = hexadecimal(&header[54..62], at)?;
        let name_len = hexadecimal(&header[94..102], at)?;
        if name_len == 0 || name_len > LONGEST {
            return Err(Error::corrupt(format!(
                "a name of {name_len} bytes in a cpio archive at byte {at}"
            )));
        }
        let mut name = vec![0; name_len as usize];
        if !read_exact(stream, &mut name)? {
            return Err(cut(at));
        }
        let padding = padding(HEADER as u64 + name_len);
        let rest = padding + size + self::padding(size);
        at += HEADER as u64 + name_len;
        name.pop();
        if name == b"TRAILER!!!" {
            // Its padding may be missing at the end of the file.
            return Ok(at + skip(stream, padding)?);
        }
        let passed = skip(stream, rest)?;
        at += passed;
        // The last file's own padding as well.
        if passed < padding + size {
            return Err(cut(at));
        }
        initrd.files += 1;
        initrd.bytes += size;
        if initrd.files > MOST {
            let text = format!("an initial RAM disk of more than {MOST} files");
            return Err(Error::unsupported(text));
        }
        visit(name.strip_prefix(b"./").unwrap_or(&name));
    }
}

fn cut(at: u64) -> Error {
    Error::corrupt(format!("a cpio archive is cut off at byte {at}"))
}

fn padding(len: u64) -> u64 {
    len.next_multiple_of(4) - len
}

fn hexadecimal(digits: &[u8], at: u64) -> Result<u64> {
    let text = std::str::from_utf8(digits).ok();
    let number = text.and_then(|text| u64::from_str_radix(text, 16).ok());
    number.ok_or_else(|| {
        Error::corrupt(format!(
            "a cpio header at byte {at} has '{}' where a number must be",
            String::from_utf8_lossy(digits).escape_default()
        ))
    })
}

#[cfg(test)]
mod tests;
