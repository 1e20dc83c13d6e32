//! Small files, read at once.

use error::{Error, Result};
use sparse::{ByteSource, Fill};

use super::{Http, HttpOptions};

/// The whole of a small file, such as a list of checksums.
///
/// # Errors
/// As [`Http::open`] and [`Http::fill`], and [`error::Kind::Unsupported`] when the file is longer
/// than `limit` bytes.
pub fn fetch_small(url: &str, options: &HttpOptions, limit: usize) -> Result<Vec<u8>> {
    let mut source = Http::open(url, options)?;
    let mut content = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let announced = source.size().unwrap_or_default();
        if announced > limit as u64 || content.len() > limit {
            return Err(Error::unsupported(format!(
                "the file is longer than {limit} bytes"
            )));
        }
        match source.fill(&mut buffer)? {
            Fill::Data(n) => content.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Fill::Hole(_) | Fill::End => return Ok(content),
        }
    }
}
