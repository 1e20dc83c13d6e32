//! What the user or the program chooses.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use error::{Error, Result};

use super::proxy::Proxies;
use super::trust::{Authorities, Pin};

/// Waits before another attempt: it is given what went wrong and for how long to wait. An error ends
/// the reading with it, so that the user's Ctrl-C need not wait.
pub type Pause = Arc<dyn Fn(&Error, Duration) -> Result<()> + Send + Sync>;

/// How to talk to a server.
#[derive(Clone)]
pub struct HttpOptions {
    /// Further header lines, by name and value. They go to the server of the address and not to
    /// another one that it redirects to.
    pub headers: Vec<(String, String)>,
    /// How often to try again in a row; a mebibyte read starts a new row. The waits grow from one
    /// second to thirty, or are what the server asks for, up to five minutes.
    pub retries: u32,
    /// The longest time for a name's look-up, and for a connection with its encryption.
    pub connect_timeout: Duration,
    /// The longest time without a byte, and for the whole header of an answer; not zero.
    pub silence_timeout: Duration,
    /// The proxies to go through.
    pub proxies: Proxies,
    /// Certificates to trust beside the system's.
    pub authorities: Authorities,
    /// The one certificate of one host.
    pub pin: Option<Pin>,
    /// What the program calls itself.
    pub user_agent: String,
    /// Waits; `std::thread::sleep` by default.
    pub pause: Pause,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            headers: Vec::new(),
            retries: 6,
            connect_timeout: Duration::from_secs(20),
            silence_timeout: Duration::from_secs(60),
            proxies: Proxies::from_env(),
            authorities: Authorities::default(),
            pin: None,
            user_agent: concat!("innkeeper/", env!("CARGO_PKG_VERSION")).to_owned(),
            pause: Arc::new(|_, wait| {
                std::thread::sleep(wait);
                Ok(())
            }),
        }
    }
}

impl fmt::Debug for HttpOptions {
    /// Leaves the headers' values out: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("HttpOptions")
            .field("headers", &headers)
            .field("retries", &self.retries)
            .field("connect_timeout", &self.connect_timeout)
            .field("silence_timeout", &self.silence_timeout)
            .field("proxies", &self.proxies)
            .field("authorities", &self.authorities)
            .field("pin", &self.pin)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}
