//! What of an address may be shown.

/// `url` as a user may see it: scheme, host, port and path. Passwords stand in the userinfo and
/// access tokens in the query, so neither is ever shown.
pub fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let shown = match authority.rsplit_once('@') {
        _ if is_doubtful(authority, rest) => "…".to_owned(),
        Some((_, host)) => format!("{host}{path}"),
        None => format!("{authority}{path}"),
    };
    match scheme {
        "" => shown,
        scheme => format!("{scheme}://{shown}"),
    }
}

/// Whether what looks like host, port and path may be pieces of a password: one with a slash, a
/// question mark or a hash sign that was not encoded.
fn is_doubtful(authority: &str, rest: &str) -> bool {
    let host = authority.rsplit(['@', ']']).next().unwrap_or_default();
    let port = host.split_once(':').map(|(_, port)| port);
    let odd_port = port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()));
    odd_port || rest.contains('@') && (authority.contains('@') || port.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_never_shown() {
        for (url, expected) in [
            ("http://user:pass@host:81/a/b.img", "http://host:81/a/b.img"),
            ("https://h/x?token=secret#part", "https://h/x"),
            ("https://h/x@2?to=me@home", "https://h/x@2"),
            ("http://u:pa/ss@host/x", "http://…"),
            ("http://u:12/3@host/x", "http://…"),
            ("http://u:pa?ss@host/x", "http://…"),
            ("u:p@host/x", "host/x"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("http://[::1]/x", "http://[::1]/x"),
            ("http://u:p@[::1]/x", "http://[::1]/x"),
            ("http://u:p@q#r@host/x", "http://…"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_password_never_comes_through(
            password in "[A-Z:/?#@%. -]*[A-Z][A-Z:/?#@%. -]*",
            path in "(/[a-z.@]{0,5}){0,3}",
        ) {
            let shown = shown(&format!("http://user:{password}@host{path}?token"));
            prop_assert!(!shown.contains(|c: char| c.is_ascii_uppercase()), "{}", shown);
        }
    }
}
