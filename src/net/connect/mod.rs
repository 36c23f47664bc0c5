//! How to reach a peer: parse its URL, open TCP, and add TLS if the URL asks for it.

pub(super) mod connector;
pub(super) mod loopback;
pub(super) mod target;
pub(super) mod tls;
