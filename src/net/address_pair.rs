//! [`AddressPair`]: both ends of a TCP connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses of both ends of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressPair {
    /// The side that opened the connection.
    pub client: SocketAddr,
    /// The side that accepted it.
    pub server: SocketAddr,
}

impl AddressPair {
    /// What stands in a capture for addresses that are not known, or that a Unix socket does not
    /// have.
    pub const UNKNOWN: Self = Self {
        client: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49_152),
        server: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80),
    };
}
