//! [`SessionOptions`]: where a session leads, and what it does by itself.

use std::time::Duration;

use crate::clients::request::HandshakeRequest;
use crate::net::TlsOptions;

/// Where to, and how.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// A `ws://` or `wss://` URL.
    pub url: String,
    /// What is sent first.
    pub request: HandshakeRequest,
    /// Whom to trust, for `wss://`.
    pub tls: TlsOptions,
    /// How long a server may take to accept a connection, to answer the handshake, and to hang up
    /// after a Close.
    pub timeout: Duration,
    /// Answer pings, until told otherwise.
    pub auto_pong: bool,
    /// Answer a Close, until told otherwise.
    pub auto_close: bool,
}

impl SessionOptions {
    /// As a client usually does it: an ordinary request, a timeout of 5 s, pings and Close
    /// answered.
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
