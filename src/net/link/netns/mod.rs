//! A real network between two network namespaces of the kernel: [`NetnsPair`] is both ends and the
//! link between them.
//!
//! - `pair`: both ends together, and the jobs that run in them.
//! - `namespace`: one end, which is a thread in its namespace with a TUN device. `packet_relay`:
//!   forwards packets between the devices.
//! - `counters`: the relay's counters. `peer_role`, `error`: names that all of them share.

// Other systems have no namespaces. The types exist there, but nothing creates them.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

mod counters;
mod error;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod packet_relay;
mod pair;
mod peer_role;

pub(crate) use error::NetnsError;
pub(crate) use pair::NetnsPair;
pub(crate) use peer_role::PeerRole;
