//! [`Options`]: what a SockJS service offers, and what its peers can use of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wiretalk_core::sockjs::session::SessionLimits;

use crate::net::Pace;

/// The options of a service. The defaults are those of the protocol, with every transport on, any
/// origin, and limits for a server with some gigabytes of memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether WebSockets are offered, raw ones too. Default: yes.
    pub websocket: bool,
    /// Whether responses set the cookie `JSESSIONID`, by which some load balancers keep a client at
    /// one server. Default: no.
    pub cookie_needed: bool,
    /// The address of sockjs-client's script, for the page in the iframe: it must be the version
    /// that the page outside has. Default: jsDelivr's copy of version 1.
    pub client_url: String,
    /// The number of bytes after which a streaming response ends, so that the browser can free what
    /// it holds of it. Default: 128 KiB.
    pub response_limit: usize,
    /// The times and the queue of a session.
    pub session: SessionLimits,
    /// The largest message that a client may send, in bytes of UTF-8. A larger one closes its
    /// session with 1009. Default: 1 MiB.
    pub max_message: usize,
    /// The largest body of a request or message of a WebSocket in bytes, which may hold many
    /// messages with escapes. A larger body is answered with 413. Default: 8 MiB.
    pub max_body: usize,
    /// The maximum of the bytes of all bodies of requests that are read or wait for the handler. A
    /// request beyond it is answered with 503. Messages of WebSockets are not counted: each session
    /// holds one of [`Options::max_body`] at most, and one that waits for the handler. Default: 64
    /// MiB.
    pub max_held: usize,
    /// The maximum number of sessions. Further ones are answered with 503. Default: 20,000.
    pub max_sessions: usize,
    /// The maximum number of sessions of one address (IPv6: of one /64). Behind a proxy all clients
    /// have the proxy's. Default: 2,000.
    pub max_sessions_per_peer: usize,
    /// The origins whose pages are admitted; others are answered with 403. Default: any.
    pub origins: OriginPolicy,
    /// Whether a session answers only to the address that opened it; others are answered with 403.
    /// A client whose address changes then has to begin again. Default: yes.
    pub bound_to_address: bool,
    /// How long the body of a request may take. Default: 10 s.
    pub body_timeout: Duration,
    /// How long an unfinished frame of a WebSocket may stall. The session is closed with 1008 then.
    /// Between frames a client may be silent for any time. Default: 10 s.
    pub frame_timeout: Duration,
    /// The minimum rate in bytes per second for an unfinished frame, which may take
    /// [`Options::frame_timeout`] and the time that its bytes take at this rate. 0 turns it off.
    /// Default: 4096.
    pub min_rate: u64,
    /// How long a request waits for the handler to take its messages, before it is told that they
    /// have arrived. What an echo answers is there for the next poll then. Default: 1 s.
    pub handled_wait: Duration,
    /// How long a second receiver waits for the first to go, before it is refused with 2010: the
    /// news that a connection broke may be on its way. Default: 50 ms.
    pub takeover_grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            websocket: true,
            cookie_needed: false,
            client_url: "https://cdn.jsdelivr.net/npm/sockjs-client@1/dist/sockjs.min.js"
                .to_owned(),
            response_limit: 128 << 10,
            session: SessionLimits::default(),
            max_message: 1 << 20,
            max_body: 8 << 20,
            max_held: 64 << 20,
            max_sessions: 20_000,
            max_sessions_per_peer: 2_000,
            origins: OriginPolicy::any(),
            bound_to_address: true,
            body_timeout: Duration::from_secs(10),
            frame_timeout: Duration::from_secs(10),
            min_rate: 4096,
            handled_wait: Duration::from_secs(1),
            takeover_grace: Duration::from_millis(50),
        }
    }
}

impl Options {
    /// Returns the required pace of a WebSocket's frames.
    pub(super) fn pace(&self) -> Pace {
        Pace { still: self.frame_timeout, min_rate: self.min_rate }
    }
}

/// Decides whose pages are admitted, by their `Origin` (RFC 6454). A client without one is no page
/// and is always admitted.
#[derive(Clone)]
pub struct OriginPolicy(Arc<Admits>);

/// Whether pages of the origin are admitted.
type Admits = dyn Fn(&[u8]) -> bool + Send + Sync;

impl OriginPolicy {
    /// Makes a policy of a function of the field's value.
    pub fn new(admits: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(admits))
    }

    /// Admits all pages.
    pub fn any() -> Self {
        Self::new(|_| true)
    }

    /// Admits pages of these origins, such as `https://talk.example`, as browsers write them.
    pub fn only<O: Into<String>>(origins: impl IntoIterator<Item = O>) -> Self {
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        Self::new(move |value| origins.iter().any(|origin| origin.as_bytes() == value))
    }

    pub(super) fn admits(&self, origin: &[u8]) -> bool {
        (self.0)(origin)
    }
}

impl fmt::Debug for OriginPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginPolicy")
    }
}
