//! Output: live connections as a pcapng file.

pub(super) mod packet_builder;
pub(super) mod pcapng_writer;
pub(super) mod recorder;
