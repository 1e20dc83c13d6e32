//! Requests, and the redirects after them.

use std::io::Read as _;
use std::sync::Arc;

use error::{Error, Result};
use ureq::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, IF_RANGE,
    LOCATION, PROXY_AUTHORIZATION, RANGE, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use ureq::http::{HeaderMap, Request, Response};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, SocksConnector};
use ureq::{Agent, Proxy};

use super::HttpOptions;
use super::address::{Address, basic};
use super::failure::{Failure, HEADER_LIMIT, Site};
use super::proxy::Way;
use super::tls::Encrypt;
use super::verify::Trust;
use super::wire::{Names, Tap, Wire};

/// The words for it: of nginx, Apache, Go, Tomcat, Cheroot.
const WANTS_TLS: [&str; 6] = [
    "plain http",
    "https port",
    "https server",
    "ssl-enabled",
    "requires tls",
    "speaks https",
];
/// Bytes of a page in which a server says what it misses.
const PAGE: u64 = 4096;

/// The longest chain of redirects.
const REDIRECTS: usize = 10;

/// Headers that the client sets; the user's headers must not override them.
const OWN: [HeaderName; 8] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    IF_RANGE,
    RANGE,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What all requests for one file have in common.
pub(super) struct Client {
    pub(super) options: HttpOptions,
    /// The address as the user gave it.
    pub(super) start: Address,
    /// The user's headers.
    headers: HeaderMap,
    user_agent: HeaderValue,
    /// Whom to trust, for all connections.
    trust: Arc<Trust>,
}

/// The bytes of the file that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) first: u64,
    /// The last one, where that is not the file's.
    pub(super) last: Option<u64>,
}

impl Wanted {
    /// All that follows `position`.
    pub(super) fn rest(position: u64) -> Self {
        Wanted {
            first: position,
            last: None,
        }
    }

    /// The `Range` header (RFC 9110, section 14.2); none for the whole file.
    fn header(self) -> Option<String> {
        match (self.first, self.last) {
            (0, None) => None,
            (first, None) => Some(format!("bytes={first}-")),
            (first, Some(last)) => Some(format!("bytes={first}-{last}")),
        }
    }
}

/// An answer that is no redirect.
pub(super) struct Answer {
    pub(super) response: Response<ureq::Body>,
    /// Who gave it.
    pub(super) at: Address,
    /// The connection, where the answer comes on it in the clear.
    pub(super) tap: Option<Arc<Tap>>,
}

impl Client {
    /// Checks the options.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] naming a header that cannot be sent.
    pub(super) fn new(start: Address, options: HttpOptions) -> Result<Self> {
        let mut headers = HeaderMap::new();
        for (name, value) in &options.headers {
            let invalid = |why: &str| Error::usage(format!("the header {name:?} {why}"));
            let key = HeaderName::from_bytes(name.trim().as_bytes())
                .map_err(|_| invalid("has a name that HTTP does not allow"))?;
            if OWN.contains(&key) {
                return Err(invalid("is the program's own to set"));
            }
            let mut value = HeaderValue::from_str(value.trim())
                .map_err(|_| invalid("has a value that HTTP does not allow"))?;
            value.set_sensitive(true);
            headers.append(key, value);
        }
        let user_agent = HeaderValue::from_str(&options.user_agent).map_err(|_| {
            Error::usage("the program's name has a character that HTTP does not allow")
        })?;
        let trust = Trust::new(options.authorities.clone(), options.pin.clone());
        Ok(Client {
            trust: Arc::new(trust),
            options,
            start,
            headers,
            user_agent,
        })
    }

    /// Asks `from` for the bytes `wanted`, given that the file's state is still `condition`, and
    /// follows redirects to the answer.
    pub(super) fn ask(
        &self,
        from: &Address,
        wanted: Wanted,
        condition: Option<&str>,
    ) -> Result<Answer, Failure> {
        let mut at = from.clone();
        for _ in 0..=REDIRECTS {
            let named = self.named(&at);
            let name = |failure: Failure| Failure {
                error: named(failure.error),
                ..failure
            };
            let (mut response, tap) = self.request(&at, wanted, condition).map_err(name)?;
            if !at.is_https() && wants_encryption(&mut response) {
                let site = self.site(&at, false);
                return Err(name(site.wants_encryption(response.status()).into()));
            }
            let location = response.headers().get_all(LOCATION).iter().next_back();
            match location {
                Some(location) if is_redirect(&response) => {
                    at = at
                        .follow(location.as_bytes())
                        .map_err(|error| name(error.into()))?;
                }
                _ => return Ok(Answer { response, at, tap }),
            }
        }
        let text = format!(
            "more than {REDIRECTS} redirects, the last one to {}",
            at.shown()
        );
        Err(Error::new(error::Kind::Io, text).into())
    }

    /// One request, one answer.
    fn request(
        &self,
        at: &Address,
        wanted: Wanted,
        condition: Option<&str>,
    ) -> Result<(Response<ureq::Body>, Option<Arc<Tap>>), Failure> {
        let way = self.options.proxies.way(at)?;
        let tap = Arc::new(Tap::default());
        let mut request = Request::get(at.uri().clone())
            .body(())
            .map_err(|cause| Error::io("the request cannot be made", cause))?;
        *request.headers_mut() = self.head(at, &way, wanted, condition)?;
        let response = self.agent(&way, &tap).run(request).map_err(|error| {
            let direct = matches!(way, Way::Direct);
            let first = direct && !at.is_https() && wanted.first == 0;
            let heard = first.then(|| tap.heard());
            let site = Site {
                heard,
                ..self.site(at, !direct)
            };
            site.failure(error)
        })?;
        let in_the_clear = !at.is_https() && !matches!(way, Way::Tunnel(_));
        Ok((response, in_the_clear.then_some(tap)))
    }

    /// The header of a request.
    fn head(
        &self,
        at: &Address,
        way: &Way,
        wanted: Wanted,
        condition: Option<&str>,
    ) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, self.user_agent.clone());
        if self.start.trusts(at) {
            if let Some(login) = self.start.login() {
                headers.insert(AUTHORIZATION, secret(login)?);
            }
            for name in self.headers.keys() {
                headers.remove(name);
            }
            headers.extend(self.headers.clone());
        }
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if let Some(range) = wanted.header() {
            headers.insert(RANGE, secret(&range)?);
            if let Some(condition) = condition {
                headers.insert(IF_RANGE, secret(condition)?);
            }
        }
        if let Way::Forward(proxy) = way
            && let Some(login) = login(proxy)
        {
            headers.insert(PROXY_AUTHORIZATION, secret(&basic(login))?);
        }
        Ok(headers)
    }

    /// An HTTP library set up for one request.
    fn agent(&self, way: &Way, tap: &Arc<Tap>) -> Agent {
        let options = &self.options;
        let (forward, tunnel) = match way {
            Way::Direct => (None, None),
            Way::Forward(proxy) => (Some(proxy.uri().clone()), None),
            Way::Tunnel(proxy) => (None, Some(proxy.clone())),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_response_header_size(HEADER_LIMIT)
            .user_agent(&options.user_agent)
            .proxy(tunnel)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.silence_timeout))
            .timeout_per_read(Some(options.silence_timeout))
            .timeout_per_write(Some(options.silence_timeout))
            .build();
        let wire = Wire {
            proxy: forward.clone(),
            timeout: options.connect_timeout,
            tap: tap.clone(),
        };
        let connector =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(wire)
                .chain(Encrypt {
                    trust: Arc::clone(&self.trust),
                });
        Agent::with_parts(config, connector, Names { proxy: forward })
    }

    /// What is known at `at`.
    pub(super) fn site<'a>(&self, at: &'a Address, proxied: bool) -> Site<'a> {
        Site {
            at,
            at_start: self.start.host().eq_ignore_ascii_case(at.host()),
            proxied,
            heard: None,
            connect: self.options.connect_timeout,
            silence: self.options.silence_timeout,
            progress: None,
        }
    }

    /// Puts the name of `at` to an error where it is not what the user gave.
    pub(super) fn named(&self, at: &Address) -> impl Fn(Error) -> Error + use<> {
        let other = (at.uri() != self.start.uri()).then(|| at.shown());
        move |error| match &other {
            Some(other) => error.at(other),
            None => error,
        }
    }
}

/// Whether a server says that it was spoken to in plain where it speaks TLS. There is no status for
/// that alone, so its page tells.
fn wants_encryption(response: &mut Response<ureq::Body>) -> bool {
    if !matches!(response.status().as_u16(), 400 | 426 | 497) {
        return false;
    }
    let mut page = Vec::new();
    let body = response.body_mut().as_reader();
    // What has come of a page that breaks off may tell as well.
    let _ = body.take(PAGE).read_to_end(&mut page);
    let page = String::from_utf8_lossy(&page).to_ascii_lowercase();
    WANTS_TLS.iter().any(|words| page.contains(words))
}

fn is_redirect<T>(response: &Response<T>) -> bool {
    matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A value that must not turn up in a log.
fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|cause| Error::io("the request cannot be made", cause))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `user:password` of a proxy's address, still percent-encoded.
fn login(proxy: &Proxy) -> Option<&str> {
    let (login, _) = proxy.uri().authority()?.as_str().rsplit_once('@')?;
    Some(login)
}
