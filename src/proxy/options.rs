//! [`ProxyOptions`]: where a proxy listens, which server it stands before, and how long it waits for either side.

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::{Target, TlsOptions};
use crate::wire::Side;

/// Where to listen, where to lead, and what waits from the start.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Listen on other addresses than loopback too: then anybody in reach gets through.
    pub allow_remote: bool,
    /// The server behind. Its path is not used: a client's request passes as it is.
    pub upstream: Target,
    /// Whom to trust, where the server is a `wss://` one.
    pub tls: TlsOptions,
    /// How long the server may take to accept a connection.
    pub connect_timeout: Duration,
    /// How long a client may take to send the head of its request.
    pub head_timeout: Duration,
    /// How long a side may be silent once the other has ended its stream.
    pub half_closed_timeout: Duration,
    /// How long a side that reads nothing is waited for, while there is something for it.
    pub write_timeout: Duration,
    /// Hold what clients send, from the first frame on.
    pub hold_client: bool,
    /// Hold what the server sends, from the first frame on.
    pub hold_server: bool,
    /// Holding holds the heads of the handshake too.
    pub hold_heads: bool,
}

impl ProxyOptions {
    /// Everything passes, loopback only. 5 s to connect, 10 s for a head, 30 s for a side that
    /// neither sends nor ends its stream after the other has, 60 s for a side that does not
    /// read (nginx's `send_timeout`: a client that stands in a debugger for a while is no
    /// reason to end it).
    pub fn new(listen: SocketAddr, upstream: Target) -> Self {
        Self {
            listen,
            allow_remote: false,
            upstream,
            tls: TlsOptions::default(),
            connect_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(10),
            half_closed_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_mins(1),
            hold_client: false,
            hold_server: false,
            hold_heads: false,
        }
    }

    /// Whether what this side sends is held from the start.
    pub(super) fn holds(&self, from: Side) -> bool {
        match from {
            Side::Client => self.hold_client,
            Side::Server => self.hold_server,
        }
    }
}
