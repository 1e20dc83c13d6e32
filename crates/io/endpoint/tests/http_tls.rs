//! Reading over an encrypted connection. The authorities that a program trusts are fixed when it
//! starts, so each case runs in a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use endpoint::source::http::{Http, HttpOptions};
use servers::http::{Reply, Request, Server};
use servers::https::Identity;
use sparse::{ByteSource, Fill};
use support::client::as_text;

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
            println!("{}", as_text(&error));
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
        let prefixes = ["sum ", "error: ", "  because: ", "hint: ", "advice: "];
        prefixes.iter().any(|prefix| line.starts_with(prefix))
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// An encrypting server for `localhost`: its port, and a directory with its certificate.
fn encrypted(
    reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (u16, tempfile::TempDir) {
    let identity = Identity::appliance(&["localhost"]);
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("roots.pem"), identity.pem()).unwrap();
    (identity.serve(reply).port, directory)
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
    let expected = format!(
        "error: the certificate of 127.0.0.1:{port} cannot be trusted: it is for localhost, not for 127.0.0.1\nadvice: "
    );
    assert!(text.starts_with(&expected), "{text}");

    std::fs::write(&roots, Identity::authority("another").pem()).unwrap();
    let text = outcome(&format!("https://localhost:{port}/"), &roots, "");
    let expected = format!(
        "error: the certificate of localhost:{port} cannot be trusted: it is self-signed\nadvice: "
    );
    assert!(text.starts_with(&expected), "{text}");
}

#[test]
fn without_authorities_nothing_is_trusted() {
    let (port, directory) = encrypted(file);
    let url = format!("https://localhost:{port}/");
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let expected =
        "error: this machine has no certificates of authorities, so no https server can be checked";
    let advice = "\nadvice: FindAuthorities { found: \"sha256:";
    let text = outcome(&url, &empty, "");
    assert!(text.starts_with(&format!("{expected}{advice}")), "{text}");
    let text = outcome(&url, &directory.path().join("missing.pem"), "");
    assert!(
        text.starts_with(&format!("{expected}\n  because: ")),
        "{text}"
    );
    assert!(text.contains("missing.pem"), "{text}");
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
