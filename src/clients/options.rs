//! [`SessionOptions`]: where a session connects to, and what it does by itself.

use std::time::Duration;

use crate::clients::request::HandshakeRequest;
use crate::net::TlsOptions;

/// The options of a session.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// A `ws://` or `wss://` URL.
    pub url: String,
    /// The bytes that are sent first.
    pub request: HandshakeRequest,
    /// The TLS options for a `wss://` URL.
    pub tls: TlsOptions,
    /// How long the server may take to accept the connection, to answer the handshake, and to hang
    /// up after a Close, each.
    pub timeout: Duration,
    /// Whether to answer pings, until a command changes it.
    pub auto_pong: bool,
    /// Whether to answer a Close, until a command changes it.
    pub auto_close: bool,
}

impl SessionOptions {
    /// Creates the options of a normal client: a standard request, a timeout of 5 s, and automatic
    /// answers to pings and a Close.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            request: HandshakeRequest::default(),
            tls: TlsOptions::default(),
            timeout: Duration::from_secs(5),
            auto_pong: true,
            auto_close: true,
        }
    }
}
