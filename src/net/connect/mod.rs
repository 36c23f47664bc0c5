//! The way to a peer: what a URL names, TCP, and TLS where the URL asks for it.

pub(super) mod connector;
pub(super) mod loopback;
pub(super) mod target;
pub(super) mod tls;
