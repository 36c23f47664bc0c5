//! Files of packets: the blocks of pcap and pcapng, and the TCP segments in them.

pub(super) mod file_reader;
pub(super) mod packet;
pub(super) mod packet_headers;
pub(super) mod packet_reader;
pub(super) mod pcapng;
