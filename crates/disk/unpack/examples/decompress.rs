//! Decodes a file, throws the output away and says how much of it was data and how much holes:
//! `decompress [--one-thread] FILE`. For measuring a decoder on its own.

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use error::{Error, Result};
use sparse::{Lookahead, Piece, SparseRead};
use unpack::Limits;
use unpack::layer::{HEAD, Layer, sniff};

/// A file, read through one buffer.
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

fn run(name: &str, limits: &Limits) -> Result<()> {
    let file = File::open(name).map_err(|cause| Error::io("cannot be opened", cause))?;
    let mut input = Lookahead::new(FileSource {
        file,
        buffer: vec![0; 256 << 10],
        start: 0,
        end: 0,
    });
    let Some(Layer::Compression(compression)) = sniff(input.head(HEAD)?) else {
        return Err(Error::unsupported("is not compressed"));
    };
    let mut stream = compression.decoder(input, limits)?;
    let (mut data, mut zeros, mut holes) = (0, 0, 0);
    loop {
        let piece = stream.peek()?;
        let len = piece.len();
        match piece {
            Piece::Data(_) => data += len,
            Piece::Zeros(_) => {
                zeros += len;
                holes += 1;
            }
            Piece::End => break,
        }
        stream.consume(len);
    }
    println!("{data} bytes of data, {zeros} zeros in {holes} holes");
    Ok(())
}

fn main() -> ExitCode {
    let mut limits = Limits::default();
    let mut name = None;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--one-thread" => limits.threads = 1,
            _ => name = Some(argument),
        }
    }
    let Some(name) = name else {
        eprintln!("usage: decompress [--one-thread] FILE");
        return ExitCode::from(2);
    };
    match run(&name, &limits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let status = error.kind().exit_status();
            eprintln!("{}", error.at(name).to_text());
            ExitCode::from(status)
        }
    }
}
