//! [`AddressPair`]: both ends of a TCP connection.

use std::net::SocketAddr;

/// The addresses of both ends of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPair {
    /// The side that opened the connection.
    pub client: SocketAddr,
    /// The side that accepted it.
    pub server: SocketAddr,
}
