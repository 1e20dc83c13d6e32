//! Drains a gzip file and says how much of it was data and how much holes:
//! `gunzip [--zlib-rs | --threads] FILE`. For measuring the decoder on its own, in one thread unless
//! told otherwise.

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use extent::{Piece, SparseRead};
use report::{Error, Result};
use unpack::Limits;
use unpack::gzip::{Engine, Gzip};

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

fn run(name: &str, engine: Engine, threads: usize) -> Result<()> {
    let file = File::open(name).map_err(|cause| Error::io("cannot be opened", cause))?;
    let source = FileSource {
        file,
        buffer: vec![0; 256 << 10],
        start: 0,
        end: 0,
    };
    let limits = Limits {
        threads,
        ..Limits::default()
    };
    let mut gzip = Gzip::with_engine(source, &limits, engine);
    let (mut data, mut zeros, mut holes) = (0u64, 0u64, 0u64);
    loop {
        let n = match gzip.peek()? {
            Piece::Data(bytes) => {
                data += bytes.len() as u64;
                bytes.len() as u64
            }
            Piece::Zeros(n) => {
                zeros += n;
                holes += 1;
                n
            }
            Piece::End => break,
        };
        gzip.consume(n);
    }
    println!("{data} bytes of data, {zeros} zeros in {holes} holes");
    Ok(())
}

fn main() -> ExitCode {
    let mut engine = Engine::Own;
    let mut threads = 1;
    let mut name = None;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--zlib-rs" => engine = Engine::ZlibRs,
            "--threads" => threads = Limits::default().threads,
            _ => name = Some(argument),
        }
    }
    let Some(name) = name else {
        eprintln!("usage: gunzip [--zlib-rs | --threads] FILE");
        return ExitCode::from(2);
    };
    match run(&name, engine, threads) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.at(name).to_text());
            ExitCode::FAILURE
        }
    }
}
