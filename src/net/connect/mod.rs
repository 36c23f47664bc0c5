//! How to reach a peer: parse its URL, open TCP, and add TLS if the URL asks for it.

mod certificate;
pub(super) mod connector;
pub(super) mod forward_proxy;
pub(super) mod loopback;
mod proxy_tunnel;
pub(super) mod redirect;
pub(super) mod socket;
pub(super) mod target;
pub(super) mod tls;
pub(super) mod tls_error;
mod verifier;
