//! The executable in a root directory that has nothing: no library, no loader, no name service.
//!
//! In a network namespace of its own, a name server and an https server listen on its loopback interface. The
//! executable gets a disk from the https server by a name that only the name server knows, and trusts it by
//! `--ca`.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::thread;

use error::{Error, Result};
use servers::http::Reply;
use servers::https::Identity;

use super::{create, write};
use crate::packages::{Need, install};
use crate::shell::{file_error, output, run, which};

/// What makes the namespace.
const NEEDS: &[Need] = &[
    ("chroot", "coreutils"),
    ("ip", "iproute2"),
    ("mount", "mount"),
    ("unshare", "util-linux"),
];

/// A name that no other name server knows.
const NAME: &str = "images.innkeeper.test";

/// The disk: a boot record, which is evidence enough, and something in it.
fn disk() -> Vec<u8> {
    let mut disk = vec![0; 1 << 20];
    disk[..8].copy_from_slice(b"\xeb\x3c\x90HELLO");
    disk[510..512].copy_from_slice(b"\x55\xaa");
    // A partition from sector 1 on: type 83, 2047 sectors.
    disk[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0xff, 7, 0, 0]);
    disk
}

/// Runs `program` so.
///
/// # Errors
/// There is no namespace to be had, or the disk does not arrive.
pub(super) fn check(program: &Path) -> Result<()> {
    install(NEEDS)?;
    let this = std::env::current_exe()
        .map_err(|cause| Error::io("this program does not know where it is", cause))?;
    let directory =
        tempfile::tempdir().map_err(|cause| Error::io("no temporary directory", cause))?;
    run(Command::new("unshare")
        .args(["--net", "--mount", "--"])
        .arg(this)
        .args(["dist", "--inside"])
        .arg(program)
        .arg(directory.path()))
}

/// The part inside the namespaces.
///
/// # Errors
/// As [`check()`].
pub(super) fn inside(program: &Path, root: &Path) -> Result<()> {
    run(Command::new("ip").args(["link", "set", "lo", "up"]))?;
    let names = UdpSocket::bind("127.0.0.1:53")
        .map_err(|cause| Error::io("no name server can listen", cause))?;
    thread::spawn(move || answer(&names));
    let identity = Identity::appliance(&[NAME]);
    let server = identity.serve(|request| Reply::file(request, &disk(), "\"1\""));
    create(&root.join("proc"))?;
    run(Command::new("mount")
        .args(["-t", "proc", "proc"])
        .arg(root.join("proc")))?;
    write(&root.join("etc/resolv.conf"), "nameserver 127.0.0.1\n")?;
    write(&root.join("ca.pem"), &identity.pem())?;
    let inside = root.join("innkeeper");
    fs::copy(program, &inside).map_err(file_error(&inside))?;
    let url = server.url(NAME, "/disk.img");
    let told = output(
        // Without an environment there is no path to look for programs in.
        Command::new(which("chroot").unwrap_or_default())
            .arg(root)
            .args(["/innkeeper", "import", &url])
            .args(["--to", "/disk.img", "--ca", "/ca.pem", "--json"])
            .env_clear(),
    )?;
    let arrived = fs::read(root.join("disk.img")).map_err(file_error(&root.join("disk.img")))?;
    if arrived != disk() {
        return Err(Error::io("another disk arrived", told));
    }
    println!("in an empty root directory it resolves a name and imports over https");
    Ok(())
}

/// Answers questions for [`NAME`]'s IPv4 address with 127.0.0.1, and all others with nothing (RFC 1035,
/// section 4.1).
fn answer(socket: &UdpSocket) {
    let mut question = [0; 512];
    while let Ok((len, client)) = socket.recv_from(&mut question) {
        if let Some(reply) = reply(&question[..len]) {
            // A client that has gone asks no more.
            let _ = socket.send_to(&reply, client);
        }
    }
}

/// The reply to `message`, a query with one question.
fn reply(message: &[u8]) -> Option<Vec<u8>> {
    let name: Vec<u8> = NAME
        .split('.')
        .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
        .chain([0])
        .collect();
    let asked = message.get(12..)?;
    let end = asked.iter().position(|&byte| byte == 0)? + 5;
    let question = asked.get(..end)?;
    let known =
        question[..end - 4].eq_ignore_ascii_case(&name) && question[end - 4..] == [0, 1, 0, 1];
    let mut reply = message.get(..2)?.to_vec();
    // A response, authoritative; one question, one answer or none.
    reply.extend([0x84, 0, 0, 1, 0, u8::from(known), 0, 0, 0, 0]);
    reply.extend(question);
    if known {
        // The name is that of the question; type A, class IN, a minute, four bytes.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_server_knows_one_name() {
        let ask = |name: &str, kind: u8| {
            let mut message = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
            for label in name.split('.') {
                message.push(label.len() as u8);
                message.extend(label.as_bytes());
            }
            message.extend([0, 0, kind, 0, 1]);
            reply(&message).unwrap()
        };
        let told = ask(NAME, 1);
        assert_eq!(told[..2], *b"\x12\x34");
        assert_eq!((told[7], &told[told.len() - 4..]), (1, &[127, 0, 0, 1][..]));
        assert_eq!(ask(NAME, 28)[7], 0, "no IPv6 address");
        assert_eq!(ask("other.test", 1)[7], 0);
        assert_eq!(reply(b"short"), None);
    }
}
