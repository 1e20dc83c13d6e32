//! Which proxy to take, as the environment says it.

use std::fmt;
use std::net::IpAddr;

use error::{Error, Result};
use ureq::{Proxy, ProxyProtocol};

use super::address::Address;

/// The proxies of the environment: `http_proxy`, `https_proxy`, `all_proxy` for the addresses of a
/// scheme, `no_proxy` for the hosts reached without one. The lower-case name wins over the
/// upper-case one, the scheme's own variable over `all_proxy`, and an empty one means none.
///
/// `no_proxy` is a list separated by commas or spaces: `*` for every host, a name for that host and
/// everything below it (with or without a dot in front), an IP address, or a range of addresses
/// (`10.0.0.0/8`); a `:port` behind a name or an IPv4 address narrows it.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    direct: String,
}

/// How to get to a server.
pub(super) enum Way {
    /// Straight.
    Direct,
    /// By asking an HTTP proxy for the whole address (RFC 9112, section 3.2.2), which also works
    /// where the proxy opens tunnels to encrypted ports only.
    Forward(Proxy),
    /// Through a tunnel: CONNECT or SOCKS.
    Tunnel(Proxy),
}

impl Proxies {
    /// The proxies of this process's environment.
    pub fn from_env() -> Self {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// No proxy at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The proxies of an environment given as a function from a variable's name to its value.
    pub fn from_vars(get: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| get(name).or_else(|| get(&name.to_ascii_uppercase()));
        let proxy = |name| {
            let value = either(name).or_else(|| either("all_proxy"));
            value.filter(|value| !value.is_empty())
        };
        Proxies {
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            direct: either("no_proxy").unwrap_or_default(),
        }
    }

    /// How to get to `address`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when the environment names a proxy that is no address.
    pub(super) fn way(&self, address: &Address) -> Result<Way> {
        let (name, value) = if address.is_https() {
            ("https_proxy", &self.https)
        } else {
            ("http_proxy", &self.http)
        };
        let Some(value) = value else {
            return Ok(Way::Direct);
        };
        if self.is_direct(address) {
            return Ok(Way::Direct);
        }
        let proxy = Proxy::new(value).map_err(|_| {
            Error::usage(format!("invalid proxy address in {name} or all_proxy"))
                .hint("write it as http://host:port")
        })?;
        let plain = proxy.protocol() == ProxyProtocol::Http && !address.is_https();
        Ok(if plain {
            Way::Forward(proxy)
        } else {
            Way::Tunnel(proxy)
        })
    }

    fn is_direct(&self, address: &Address) -> bool {
        let entries = self
            .direct
            .split([',', ' '])
            .filter(|entry| !entry.is_empty());
        entries
            .into_iter()
            .any(|entry| matches(entry, address.host(), address.port()))
    }
}

/// Whether an entry of `no_proxy` covers a host and port.
fn matches(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(host) = host.parse::<IpAddr>() {
        let (network, bits) = entry.split_once('/').unwrap_or((entry, ""));
        if let Ok(network) = bare(network).parse::<IpAddr>() {
            return within(host, network, bits);
        }
    }
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()),
        None => (entry, Some(port)),
    };
    let name = bare(name).trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let below = host
        .strip_suffix(&name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.is_empty() && below && wanted == Some(port)
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether `host` shares the first `bits` bits with `network`; all of them without a number.
fn within(host: IpAddr, network: IpAddr, bits: &str) -> bool {
    let (different, width): (u128, u32) = match (host, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => ((a.to_bits() ^ b.to_bits()).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    let bits = if bits.is_empty() {
        Ok(width)
    } else {
        bits.parse()
    };
    let host_bits = bits.ok().and_then(|bits| width.checked_sub(bits));
    host_bits.is_some_and(|host_bits| different.checked_shr(host_bits).unwrap_or(0) == 0)
}

impl fmt::Debug for Proxies {
    /// Shows no address: a proxy's may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("direct", &self.direct)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(vars: &[(&str, &str)]) -> Proxies {
        let vars: Vec<_> = vars
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect();
        Proxies::from_vars(move |name| {
            vars.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        })
    }

    /// `direct`, or how and which proxy.
    fn way(vars: &[(&str, &str)], url: &str) -> String {
        match proxies(vars).way(&Address::parse(url).unwrap()) {
            Ok(Way::Direct) => "direct".into(),
            Ok(Way::Forward(proxy)) => format!("forward {}:{}", proxy.host(), proxy.port()),
            Ok(Way::Tunnel(proxy)) => format!("tunnel {}:{}", proxy.host(), proxy.port()),
            Err(error) => error.to_text(),
        }
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let vars = [
            ("http_proxy", "http://a:1"),
            ("HTTP_PROXY", "http://b:2"),
            ("HTTPS_PROXY", "http://c:3"),
            ("all_proxy", "socks5://d:4"),
        ];
        assert_eq!(way(&vars, "http://h/"), "forward a:1");
        assert_eq!(way(&vars[1..], "http://h/"), "forward b:2");
        assert_eq!(way(&vars[2..], "http://h/"), "tunnel d:4");
        assert_eq!(way(&vars, "https://h/"), "tunnel c:3");
        assert_eq!(way(&[], "https://h/"), "direct");
        assert_eq!(way(&[("http_proxy", ""), vars[3]], "http://h/"), "direct");
        assert_eq!(
            way(&[("http_proxy", "proxy:3128")], "http://h/"),
            "forward proxy:3128"
        );
        assert_eq!(
            way(&[("http_proxy", "gopher://secret")], "http://h/"),
            "error: invalid proxy address in http_proxy or all_proxy\nhint: write it as http://host:port"
        );
    }

    #[test]
    fn no_proxy_names_hosts_domains_addresses_and_ranges() {
        for (entry, host, port, expected) in [
            ("*", "any", 80, true),
            ("example.org", "example.org", 80, true),
            ("example.org", "Mirror.Example.org", 80, true),
            (".example.org", "mirror.example.org", 80, true),
            ("example.org", "badexample.org", 80, false),
            ("example.org:81", "example.org", 81, true),
            ("example.org:81", "example.org", 80, false),
            ("example.org:x", "example.org", 80, false),
            (".", "example.org", 80, false),
            ("127.0.0.1", "127.0.0.1", 80, true),
            ("127.0.0.1:81", "127.0.0.1", 80, false),
            ("10.0.0.0/8", "10.1.2.3", 80, true),
            ("10.0.0.0/8", "11.1.2.3", 80, false),
            ("0.0.0.0/0", "11.1.2.3", 80, true),
            ("10.0.0.0/33", "10.0.0.0", 80, false),
            ("10.0.0.0/x", "10.0.0.0", 80, false),
            ("fe80::/10", "fe81::1", 80, true),
            ("::/0", "fe81::1", 80, true),
            ("[::1]", "::1", 80, true),
            ("::1", "127.0.0.1", 80, false),
        ] {
            assert_eq!(
                matches(entry, host, port),
                expected,
                "{entry} {host}:{port}"
            );
        }
        let vars = [("http_proxy", "http://a:1"), ("NO_PROXY", "b, c.d,,::1")];
        assert_eq!(way(&vars, "http://x.c.d/"), "direct");
        assert_eq!(way(&vars, "http://[::1]/"), "direct");
        assert_eq!(way(&vars, "http://c.e/"), "forward a:1");
    }

    #[test]
    fn a_proxy_password_is_not_shown() {
        let proxies = proxies(&[("http_proxy", "http://u:secret@a:1")]);
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}
