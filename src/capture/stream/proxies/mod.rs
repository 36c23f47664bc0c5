//! What a proxy or its client sends before everything else: a header of the PROXY protocol, or a
//! negotiation of SOCKS.

pub(super) mod negotiation;
pub(super) mod proxy_header;
pub(super) mod socks4;
pub(super) mod socks5;
