//! [`SessionOptions`]: where a session connects to, and what it does by itself.

use std::time::Duration;

use crate::clients::request::HandshakeRequest;
use crate::net::{HostPort, ProxyVariables, TlsOptions};

/// The options of a session.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// A `ws://`, `wss://`, `ws+unix:` or `wss+unix:` URL.
    pub url: String,
    /// The bytes that are sent first.
    pub request: HandshakeRequest,
    /// The TLS options for a `wss://` URL.
    pub tls: TlsOptions,
    /// The endpoint to connect to instead of the URL's host. The request and TLS still name the
    /// host.
    pub connect_to: Option<HostPort>,
    /// The variables of the environment that name a proxy to connect through.
    pub proxies: ProxyVariables,
    /// Whether to follow redirects, up to [`crate::clients::MAX_REDIRECTS`].
    pub follow_redirects: bool,
    /// How long each step may take: to resolve the name and accept the connection, to open a tunnel
    /// through a proxy, to shake hands for TLS, to send the next bytes of the response's head, and
    /// to hang up after a Close.
    pub timeout: Duration,
    /// Whether to answer pings, until a command changes it.
    pub auto_pong: bool,
    /// Whether to answer a Close, until a command changes it.
    pub auto_close: bool,
}

impl SessionOptions {
    /// Creates the options of a normal client: a standard request, a timeout of 5 s, and automatic
    /// answers to pings and a Close. It connects to the host of the URL without a proxy, and
    /// follows no redirects.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            request: HandshakeRequest::default(),
            tls: TlsOptions::default(),
            connect_to: None,
            proxies: ProxyVariables::default(),
            follow_redirects: false,
            timeout: Duration::from_secs(5),
            auto_pong: true,
            auto_close: true,
        }
    }
}
