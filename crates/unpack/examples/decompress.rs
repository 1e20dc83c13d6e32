//! `decompress FORMAT FILE`: decodes a file, throws the output away and prints what there was.
//! For measuring; FORMAT is xz, zstd, bzip2 or lz4.

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use extent::{Piece, SparseRead};
use report::{Error, Result};
use unpack::Limits;

/// A file, read in large steps.
struct FileSource {
    file: File,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl SparseRead for FileSource {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if self.start == self.end {
            self.start = 0;
            self.end = self
                .file
                .read(&mut self.buffer)
                .map_err(|cause| Error::io("cannot be read", cause))?;
        }
        Ok(match &self.buffer[self.start..self.end] {
            [] => Piece::End,
            data => Piece::Data(data),
        })
    }

    fn consume(&mut self, n: u64) {
        self.start += n as usize;
    }
}

fn run(format: &str, path: &str) -> Result<()> {
    let file = File::open(path).map_err(|cause| Error::io("cannot be opened", cause).at(path))?;
    let input = FileSource {
        file,
        buffer: vec![0; 256 << 10],
        start: 0,
        end: 0,
    };
    let limits = &Limits::default();
    let mut stream: Box<dyn SparseRead> = match format {
        "xz" => Box::new(unpack::xz::Xz::new(input, limits)?),
        "zstd" => Box::new(unpack::zstd::Zstd::new(input, limits)?),
        "bzip2" => Box::new(unpack::bzip2::Bzip2::new(input, limits)?),
        "lz4" => Box::new(unpack::lz4::Lz4::new(input, limits)?),
        _ => {
            return Err(Error::usage(format!(
                "{format} is not xz, zstd, bzip2 or lz4"
            )));
        }
    };
    let (start, mut data, mut holes, mut zeros) = (Instant::now(), 0, 0, 0);
    loop {
        let piece = stream.peek()?;
        match piece {
            Piece::Data(_) => data += piece.len(),
            Piece::Zeros(len) => {
                zeros += len;
                holes += 1;
            }
            Piece::End => break,
        }
        let len = piece.len();
        stream.consume(len);
    }
    println!(
        "data {data}, zeros {zeros} in {holes} holes, {:.3} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, path] = arguments.as_slice() else {
        eprintln!("usage: decompress FORMAT FILE");
        std::process::exit(2);
    };
    if let Err(error) = run(format, path) {
        eprintln!("{}", error.to_text());
        std::process::exit(error.kind().exit_status().into());
    }
}
