//! Reading over an encrypted connection. The authorities that a program trusts are fixed when it
//! starts, so each case runs in a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use extent::{ByteSource, Fill};
use place::source::http::{Http, HttpOptions};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use server::{Reply, Request, Server};

const URL: &str = "INNKEEPER_TEST_URL";

/// The process that the cases start: reads an address and tells what came of it.
#[test]
#[ignore = "started by the other tests with what it needs"]
fn reader() {
    let url = std::env::var(URL).unwrap();
    let options = HttpOptions {
        retries: 1,
        pause: Arc::new(|_, _| Ok(())),
        ..HttpOptions::default()
    };
    let read = || {
        let mut source = Http::open(&url, &options)?;
        let (mut buffer, mut sum) = (vec![0; 100_000], 0);
        while let Fill::Data(n) = source.fill(&mut buffer)? {
            sum += buffer[..n].iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        Ok(sum)
    };
    match read() {
        Ok(sum) => println!("sum {sum}"),
        Err(error) => {
            let error: report::Error = error;
            println!("{}", error.to_text());
        }
    }
}

/// What the reader says about `url`, trusting the authorities in `roots`.
fn outcome(url: &str, roots: &Path, proxy: &str) -> String {
    let mut reader = Command::new(std::env::current_exe().unwrap());
    reader.args([
        "--ignored",
        "--exact",
        "reader",
        "--nocapture",
        "--format=terse",
    ]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        reader
            .env_remove(name)
            .env_remove(name.to_ascii_uppercase());
    }
    reader
        .env(URL, url)
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR");
    let output = reader.env("HTTPS_PROXY", proxy).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let kept = text.lines().filter(|line| {
        let prefixes = ["sum ", "error: ", "  because: ", "hint: "];
        prefixes.iter().any(|prefix| line.starts_with(prefix))
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// An encrypting server for `localhost`: its port, and a directory with its certificate.
fn encrypted(
    reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (u16, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("roots.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
            if let Some(request) = Request::read(&mut stream, number) {
                let stream = stream.get_mut();
                reply(&request).send(stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (port, directory)
}

const LEN: usize = 1_000_000;

fn file(request: &Request) -> Reply {
    Reply::file(request, &[1; LEN], "\"a\"")
}

#[test]
fn a_trusted_server_is_read_and_resumed() {
    let (port, directory) = encrypted(|request| {
        let reply = file(request);
        if request.number == 0 {
            reply.cut(300_000)
        } else {
            reply
        }
    });
    let roots = directory.path().join("roots.pem");
    assert_eq!(
        outcome(&format!("https://localhost:{port}/"), &roots, ""),
        format!("sum {LEN}")
    );
}

#[test]
fn a_tunnel_through_a_proxy_is_encrypted_to_the_server() {
    let (port, directory) = encrypted(file);
    let proxy = Server::proxy();
    let roots = directory.path().join("roots.pem");
    let url = format!("https://localhost:{port}/");
    assert_eq!(outcome(&url, &roots, &proxy.url("")), format!("sum {LEN}"));
    assert_eq!(
        proxy.requests()[0].line,
        format!("CONNECT localhost:{port} HTTP/1.1")
    );
}

#[test]
fn certificates_are_checked() {
    let (port, directory) = encrypted(file);
    let roots = directory.path().join("roots.pem");
    let text = outcome(&format!("https://127.0.0.1:{port}/"), &roots, "");
    let expected = format!("error: the certificate of 127.0.0.1:{port} is not valid\n  because: ");
    assert!(text.starts_with(&expected), "{text}");

    let mut other = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    other
        .distinguished_name
        .push(rcgen::DnType::CommonName, "another authority");
    let other = other
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap();
    std::fs::write(&roots, other.pem()).unwrap();
    assert_eq!(
        outcome(&format!("https://localhost:{port}/"), &roots, ""),
        format!(
            "error: the certificate of localhost:{port} is from an authority that this machine does not trust\
             \nhint: add the authority's certificate to the system's, or name its file in SSL_CERT_FILE"
        )
    );
}

#[test]
fn without_authorities_nothing_is_trusted() {
    let (port, directory) = encrypted(file);
    let roots = directory.path().join("empty.pem");
    std::fs::write(&roots, "").unwrap();
    assert_eq!(
        outcome(&format!("https://localhost:{port}/"), &roots, ""),
        "error: this machine has no certificates of authorities, so no https server can be checked\
         \nhint: install the package ca-certificates, or name a file of certificates in SSL_CERT_FILE"
    );
}

#[test]
fn a_redirect_to_plain_http_is_refused() {
    let (port, directory) = encrypted(|_| Reply::redirect("http://localhost/x"));
    let roots = directory.path().join("roots.pem");
    assert_eq!(
        outcome(&format!("https://localhost:{port}/"), &roots, ""),
        "error: it redirects from https to http://localhost/x, which would drop the encryption"
    );
}
