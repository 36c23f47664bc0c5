//! Output: connections as a pcapng file.

mod block_buffer;
pub(super) mod connection_end;
mod fifo;
pub(super) mod packet_builder;
pub(super) mod pcapng_writer;
pub(super) mod recorder;
