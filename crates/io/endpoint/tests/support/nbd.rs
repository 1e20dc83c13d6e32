//! Reading network block devices as the program does.

use endpoint::Place;
use endpoint::source::http::HttpOptions;
use error::Result;
use host::Host;
use sparse::{ByteSource, Fill};

/// Opens the source at `uri` as the program does.
pub fn open(uri: &str) -> Result<Box<dyn ByteSource>> {
    endpoint::source::open(&Place::parse(uri)?, &HttpOptions::default(), &Host::live())
}

/// All that is left in `source`, and how many of the bytes were holes.
pub fn read_on(source: &mut dyn ByteSource, buffer: usize) -> Result<(Vec<u8>, u64)> {
    let (mut all, mut holes) = (Vec::new(), 0);
    let mut buffer = vec![0xee; buffer];
    loop {
        match source.fill(&mut buffer)? {
            Fill::Data(n) => all.extend_from_slice(&buffer[..n]),
            Fill::Hole(n) => {
                holes += n;
                all.resize(all.len() + n as usize, 0);
            }
            Fill::End => return Ok((all, holes)),
        }
    }
}
