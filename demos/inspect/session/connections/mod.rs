//! The connections: one of our own, or those of a proxy or a capture. Each has its list of frames
//! and their bytes.

mod byte_rings;
mod byte_source;
mod capture_gaps;
pub(crate) mod connection;
mod connection_facts;
mod connection_filter;
pub(crate) mod connection_list;
mod connection_status;
mod refusal;

pub(crate) use byte_source::ByteSource;
pub(crate) use capture_gaps::{ListEntry, LostBytes};
pub(crate) use connection::{InspectedConnection, MAX_BYTES_SHOWN, PREVIEW_BYTES};
pub(crate) use connection_facts::ConnectionFacts;
pub(crate) use connection_list::Connections;
pub(crate) use connection_status::{ASSUMED_DEFLATE_NOTICE, ConnectionStatus};
pub(crate) use refusal::Refusal;
