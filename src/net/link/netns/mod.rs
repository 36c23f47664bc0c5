//! A network of our own between two namespaces of the kernel: [`NetnsPair`] is both ends and the
//! way between them.
//!
//! - `pair`: both ends together, and the jobs that run in them.
//! - `namespace`: one end: a thread in its namespace, with a TUN device. `packet_relay`: the
//!   packets between the devices.
//! - `counters`: what the relay has seen. `endpoint`, `error`: what all of them name.

// other systems have no namespaces: there everything here is named and nothing of it made
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

mod counters;
mod endpoint;
mod error;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod packet_relay;
mod pair;

pub(crate) use endpoint::EndpointRole;
pub(crate) use error::NetnsError;
pub(crate) use pair::NetnsPair;
