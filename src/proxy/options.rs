//! [`ProxyOptions`]: where a proxy listens, where it connects to, and its timeouts.

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::{Target, TlsOptions};
use crate::wire::Side;

/// The options of a proxy.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// The address to listen on; port 0 stands for any free one.
    pub listen: SocketAddr,
    /// Whether to allow addresses other than loopback. Anyone who can reach them can use the proxy.
    pub allow_remote: bool,
    /// The upstream server. Its path is not used, because the client's request is forwarded
    /// unchanged.
    pub upstream: Target,
    /// The TLS options for a `wss://` upstream.
    pub tls: TlsOptions,
    /// How long the server may take to accept a connection.
    pub connect_timeout: Duration,
    /// How long a client may take to send the head of its request.
    pub head_timeout: Duration,
    /// How long a side may send nothing after the other has ended its stream.
    pub half_closed_timeout: Duration,
    /// How long a side may read nothing while bytes wait for it.
    pub write_timeout: Duration,
    /// Whether to hold what clients send, from the first frame on.
    pub hold_client: bool,
    /// Whether to hold what the server sends, from the first frame on.
    pub hold_server: bool,
    /// Whether holding includes the heads of the handshake.
    pub hold_heads: bool,
}

impl ProxyOptions {
    /// Creates options that forward everything, on loopback only. The timeouts are 5 s to connect,
    /// 10 s for a head, 30 s for a side that neither sends nor ends its stream after the other has,
    /// and 60 s for a side that does not read. The last one is that of nginx's `send_timeout`, so
    /// that a client can pause in a debugger for a while.
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

    /// Whether bytes from this side are held from the start.
    pub(super) fn holds(&self, from: Side) -> bool {
        match from {
            Side::Client => self.hold_client,
            Side::Server => self.hold_server,
        }
    }
}
