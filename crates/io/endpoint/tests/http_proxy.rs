//! The way through a proxy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use endpoint::source::http::{HttpOptions, Proxies};
use servers::http::{Reply, Server};
use support::client::{failure_of, quick, read};

fn through(proxy: &str, no_proxy: &'static str) -> HttpOptions {
    let proxy = proxy.to_owned();
    let proxies = Proxies::from_vars(move |name| match name {
        "all_proxy" => Some(proxy.clone()),
        "no_proxy" => Some(no_proxy.into()),
        _ => None,
    });
    HttpOptions { proxies, ..quick() }
}

#[test]
fn a_proxy_is_asked_for_the_whole_address() {
    let proxy = Server::proxy();
    let server = Server::start(|request| {
        let reply = Reply::file(request, &[7; 1000], "\"a\"");
        if request.number == 0 {
            reply.cut(300)
        } else {
            reply
        }
    });
    let at = proxy.url("").replace("http://", "http://me:p%40ss@");
    assert_eq!(
        read(&server.url("/x?y"), &through(&at, "")).unwrap(),
        [7; 1000]
    );
    assert_eq!(proxy.requests().len(), 2);
    let asked = &proxy.requests()[0];
    assert_eq!(asked.line, format!("GET {} HTTP/1.1", server.url("/x?y")));
    assert_eq!(asked.header("host"), Some(server.place().as_str()));
    assert_eq!(
        asked.header("proxy-authorization"),
        Some("Basic bWU6cEBzcw==")
    );
    assert_eq!(server.requests()[0].target(), "/x?y");
    assert_eq!(server.requests()[0].header("proxy-authorization"), None);
}

#[test]
fn a_socks_proxy_opens_tunnels() {
    let server = Server::start(|request| {
        let reply = Reply::file(request, &[7; 1000], "\"a\"");
        if request.number == 0 {
            reply.cut(300)
        } else {
            reply
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("socks5h://{}", listener.local_addr().unwrap());
    let target = server.place();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let _ = socks(client.unwrap(), &target);
        }
    });
    assert_eq!(
        read(&server.url("/"), &through(&proxy, "")).unwrap(),
        [7; 1000]
    );
}

/// A SOCKS 5 proxy that connects to `target` whatever it is asked (RFC 1928).
fn socks(mut client: TcpStream, target: &str) -> std::io::Result<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting)?;
    client.read_exact(&mut vec![0; greeting[1].into()])?;
    client.write_all(&[5, 0])?;
    let mut request = [0; 4];
    client.read_exact(&mut request)?;
    let mut length = [4];
    if request[3] == 3 {
        client.read_exact(&mut length)?;
    }
    client.read_exact(&mut vec![0; usize::from(length[0]) + 2])?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let mut server = TcpStream::connect(target)?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}

#[test]
fn no_proxy_goes_straight() {
    let server = Server::start(|_| Reply::ok(b"here"));
    let options = through("http://127.0.0.1:1", "127.0.0.1");
    assert_eq!(read(&server.url("/"), &options).unwrap(), b"here");
}

#[test]
fn a_missing_proxy_is_named() {
    // Nobody listens there, and no other test is given this port.
    let place = "127.0.0.1:1";
    let because = "because: Connection refused (os error 111)";
    for (url, proxy) in [
        ("http://h.invalid/", format!("http://u:secret@{place}")),
        ("https://h.invalid/", format!("http://u:secret@{place}")),
    ] {
        assert_eq!(
            failure_of(url, &through(&proxy, "")),
            format!("error: {url}: cannot connect to the proxy {place}\n  {because}")
        );
    }
}

#[test]
fn a_proxy_may_refuse_a_tunnel() {
    let proxy = Server::start(|_| Reply::new("403 Forbidden"));
    assert_eq!(
        failure_of("https://h.invalid/", &through(&proxy.url(""), "")),
        "error: https://h.invalid/: the proxy does not open a tunnel to h.invalid\
         \n  because: proxy server responded 403/403"
    );
}
