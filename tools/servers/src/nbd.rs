//! Servers of network block devices for tests: real ones, and one that says what a test wants.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// A program that serves until it is dropped.
pub struct Server {
    child: Child,
    room: TempDir,
    /// How a client finds it.
    pub uri: String,
}

impl Server {
    /// nbdkit on a Unix socket, with these arguments.
    pub fn nbdkit(arguments: &[&str]) -> Self {
        Self::on_socket("nbdkit", "", |socket, pid| {
            let own = ["-f", "--exit-with-parent", "-U", socket, "-P", pid];
            [&own, arguments]
                .concat()
                .iter()
                .map(|&a| a.into())
                .collect()
        })
    }

    /// qemu-nbd on a Unix socket, with these arguments.
    pub fn qemu(arguments: &[&str]) -> Self {
        Self::on_socket("qemu-nbd", "", |socket, pid| {
            let pid = format!("--pid-file={pid}");
            let own = ["-k", socket, &pid];
            [&own, arguments]
                .concat()
                .iter()
                .map(|&a| a.into())
                .collect()
        })
    }

    /// nbdkit on a port of this machine.
    pub fn nbdkit_tcp(arguments: &[&str]) -> Self {
        let port = free_port();
        Self::start("nbdkit", format!("nbd://127.0.0.1:{port}"), |_, pid| {
            let own = [
                "-f",
                "--exit-with-parent",
                "-i",
                "127.0.0.1",
                "-p",
                &port,
                "-P",
                pid,
            ];
            [&own, arguments]
                .concat()
                .iter()
                .map(|&a| a.into())
                .collect()
        })
    }

    /// qemu-nbd on a port of this machine, serving `export`.
    pub fn qemu_tcp(export: &str, arguments: &[&str]) -> Self {
        let port = free_port();
        let uri = format!("nbd://127.0.0.1:{port}/{export}");
        Self::start("qemu-nbd", uri, |_, pid| {
            let pid = format!("--pid-file={pid}");
            let own = ["-b", "127.0.0.1", "-p", &port, "-x", export, &pid];
            [&own, arguments]
                .concat()
                .iter()
                .map(|&a| a.into())
                .collect()
        })
    }

    fn on_socket(
        program: &str,
        export: &str,
        arguments: impl FnOnce(&str, &str) -> Vec<String>,
    ) -> Self {
        Self::start(program, format!("nbd+unix:///{export}?socket="), arguments)
    }

    /// Starts the program and waits until it listens; a URI that ends in `=` is completed by the
    /// socket's path.
    fn start(
        program: &str,
        mut uri: String,
        arguments: impl FnOnce(&str, &str) -> Vec<String>,
    ) -> Self {
        let room = tempfile::tempdir().unwrap();
        let (socket, pid) = (room.path().join("socket"), room.path().join("pid"));
        let socket = socket.to_str().unwrap();
        if uri.ends_with('=') {
            uri += socket;
        }
        let mut child = Command::new(program)
            .args(arguments(socket, pid.to_str().unwrap()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(room.path().join("errors")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("the tests need {program}: {error}"));
        // Written once it listens.
        while fs::read(&pid).unwrap_or_default().is_empty() {
            if let Some(status) = child.try_wait().unwrap() {
                let errors = fs::read_to_string(room.path().join("errors")).unwrap();
                panic!("{program} ended at once ({status}): {errors}");
            }
            thread::sleep(Duration::from_millis(2));
        }
        Server { child, room, uri }
    }

    /// A path beside the server's socket.
    pub fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// Ends the server without a word to its clients.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for a server that ends of its own accord.
    pub fn wait(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            // What it has to say about a test that fails.
            let errors = fs::read_to_string(self.room.path().join("errors"));
            eprintln!("the server said: {}", errors.unwrap_or_default());
        }
    }
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// A sparse file of `size` bytes with data at these places.
pub fn sparse_file(path: &Path, size: u64, data: &[(u64, &[u8])]) {
    use std::os::unix::fs::FileExt;
    let file = fs::File::create(path).unwrap();
    file.set_len(size).unwrap();
    for (offset, bytes) in data {
        file.write_all_at(bytes, *offset).unwrap();
    }
}

/// The request of a client that leaves.
pub const DISCONNECT: u16 = 2;

/// A request as a server sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number in the protocol.
    pub command: u16,
    /// What the reply has to repeat.
    pub cookie: u64,
    /// In bytes.
    pub offset: u64,
    /// In bytes.
    pub len: u32,
    /// What a write brings.
    pub payload: Vec<u8>,
}

/// A connection as a server sees it.
pub struct Peer(pub UnixStream);

impl Peer {
    /// The next bytes from the client; zeros where it has gone.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        // The client may hang up whenever it likes.
        let _ = self.0.read_exact(&mut bytes);
        bytes
    }

    /// Sends `parts`, whether anybody listens or not.
    pub fn say(&mut self, parts: &[&[u8]]) {
        let _ = self.0.write_all(&parts.concat());
    }

    /// The greeting of a fixed newstyle server, and what the client says to it.
    pub fn greet(&mut self) {
        self.say(&[b"NBDMAGIC", b"IHAVEOPT", &3u16.to_be_bytes()]);
        self.bytes::<4>();
    }

    /// The next option and its data.
    pub fn option(&mut self) -> (u32, Vec<u8>) {
        self.bytes::<8>();
        let option = u32::from_be_bytes(self.bytes());
        let mut data = vec![0; u32::from_be_bytes(self.bytes()) as usize];
        let _ = self.0.read_exact(&mut data);
        (option, data)
    }

    /// A reply to an option.
    pub fn answer(&mut self, option: u32, kind: u32, data: &[u8]) {
        self.say(&[
            &0x0003_e889_0455_65a9u64.to_be_bytes(),
            &option.to_be_bytes(),
            &kind.to_be_bytes(),
            &(data.len() as u32).to_be_bytes(),
            data,
        ]);
    }

    /// A whole handshake for an export of `size` bytes; `structured` servers tell block status too,
    /// in context 7.
    pub fn serve(&mut self, size: u64, flags: u16, structured: bool) {
        self.greet();
        loop {
            let (option, _) = self.option();
            match option {
                8 | 10 if !structured => self.answer(option, (1 << 31) | 1, b""),
                8 => self.answer(option, 1, b""),
                10 => {
                    let context = [&7u32.to_be_bytes()[..], b"base:allocation"].concat();
                    self.answer(option, 4, &context);
                    self.answer(option, 1, b"");
                }
                7 => {
                    let flags = (1 | flags).to_be_bytes();
                    let info = [&[0, 0], &size.to_be_bytes()[..], &flags].concat();
                    self.answer(option, 3, &info);
                    self.answer(option, 1, b"");
                    return;
                }
                _ => return,
            }
        }
    }

    /// The next request; `None` when the client has gone or takes its leave.
    pub fn request(&mut self) -> Option<Request> {
        self.message(None)
            .filter(|request| request.command != DISCONNECT)
    }

    /// What comes next within `limit`, a leave too; `None` when nothing does, or the client has gone.
    pub fn message(&mut self, limit: Option<Duration>) -> Option<Request> {
        let mut head = [0; 28];
        self.0.set_read_timeout(limit).unwrap();
        let begun = self.0.read_exact(&mut head[..1]);
        self.0.set_read_timeout(None).unwrap();
        begun.ok()?;
        self.0.read_exact(&mut head[1..]).ok()?;
        let number = |range: std::ops::Range<usize>| {
            head[range]
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u64::from(byte))
        };
        let (command, len) = (number(6..8) as u16, number(24..28) as u32);
        let mut payload = vec![0; if command == 1 { len as usize } else { 0 }];
        self.0.read_exact(&mut payload).ok()?;
        Some(Request {
            command,
            cookie: number(8..16),
            offset: number(16..24),
            len,
            payload,
        })
    }

    /// A simple reply.
    pub fn reply(&mut self, cookie: u64, errno: u32, data: &[u8]) {
        let (magic, errno) = (0x6744_6698u32.to_be_bytes(), errno.to_be_bytes());
        self.say(&[&magic, &errno, &cookie.to_be_bytes(), data]);
    }

    /// A chunk of a structured reply.
    pub fn chunk(&mut self, cookie: u64, flags: u16, kind: u16, data: &[&[u8]]) {
        let data = data.concat();
        self.say(&[
            &0x668e_33efu32.to_be_bytes(),
            &flags.to_be_bytes(),
            &kind.to_be_bytes(),
            &cookie.to_be_bytes(),
            &(data.len() as u32).to_be_bytes(),
            &data,
        ]);
    }
}

/// A server that does what `script` says with every connection. Its thread ends with its process.
pub fn fake(script: impl Fn(&mut Peer) + Send + 'static) -> (TempDir, String) {
    let room = tempfile::tempdir().unwrap();
    let socket = room.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            script(&mut Peer(stream));
        }
    });
    let uri = format!("nbd+unix:///x?socket={}", socket.display());
    (room, uri)
}
