//! A web server of one directory on loopback: GET and HEAD, ranges, nothing else.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use error::{Error, Result};

/// Serves `dir` as long as this process lives; returns the address, `http://127.0.0.1:PORT`.
///
/// # Errors
/// Loopback has no port.
pub(super) fn serve(dir: &Path) -> Result<String> {
    let failed = |cause| Error::io("no port on loopback", cause);
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let dir = dir.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let dir = dir.clone();
            // A client that hangs up is its own affair.
            thread::spawn(move || converse(&stream, &dir));
        }
    });
    Ok(format!("http://{address}"))
}

/// Answers requests until the client hangs up.
fn converse(stream: &TcpStream, dir: &Path) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(first) = lines.next().transpose()? {
        let mut range = None;
        for line in lines.by_ref() {
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("range:") {
                range = Some(value.trim().to_owned());
            }
        }
        let mut words = first.split(' ');
        let head = words.next() == Some("HEAD");
        let path = file(dir, words.next().unwrap_or("/"));
        answer(stream, path, range.as_deref(), head)?;
    }
    Ok(())
}

/// The file that a request's target names, if it is one of `dir`.
fn file(dir: &Path, target: &str) -> Option<PathBuf> {
    let name = target.trim_start_matches('/');
    let path = dir.join(name);
    (!name.contains("..") && path.is_file()).then_some(path)
}

fn answer(
    mut stream: &TcpStream,
    path: Option<PathBuf>,
    range: Option<&str>,
    head: bool,
) -> io::Result<()> {
    let Some(path) = path else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    };
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let (status, start, end) = match range.and_then(|range| parse(range, size)) {
        Some((start, end)) => ("206 Partial Content", start, end),
        None => ("200 OK", 0, size),
    };
    let mut header = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", end - start);
    header += &format!("Accept-Ranges: bytes\r\nETag: \"{size}\"\r\n");
    if status.starts_with("206") {
        header += &format!("Content-Range: bytes {start}-{}/{size}\r\n", end - 1);
    }
    stream.write_all(format!("{header}\r\n").as_bytes())?;
    if !head {
        file.seek(SeekFrom::Start(start))?;
        io::copy(&mut file.take(end - start), &mut stream)?;
    }
    Ok(())
}

/// The range that `bytes=A-B` or `bytes=A-` names, its end excluded; `None` if it is anything else,
/// which a server may ignore.
fn parse(range: &str, size: u64) -> Option<(u64, u64)> {
    let (start, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let start: u64 = start.parse().ok()?;
    let end = match last {
        "" => size,
        last => last.parse::<u64>().ok()?.saturating_add(1).min(size),
    };
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: &str, request: &str) -> String {
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_and_ranges_are_served() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "0123456789").unwrap();
        let address = serve(dir.path()).unwrap();
        let whole = ask(&address, "GET /a HTTP/1.1\r\n\r\n");
        assert!(
            whole.starts_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"),
            "{whole}"
        );
        assert!(whole.ends_with("\r\n\r\n0123456789"), "{whole}");
        let part = ask(
            &address,
            "GET /a HTTP/1.1\r\nRange: bytes=3-5\r\n\r\nHEAD /a HTTP/1.1\r\n\r\n",
        );
        assert!(
            part.contains("Content-Range: bytes 3-5/10\r\n\r\n345HTTP/1.1 200"),
            "{part}"
        );
        assert!(ask(&address, "GET /../a HTTP/1.1\r\n\r\n").contains(" 404 "));
    }
}
