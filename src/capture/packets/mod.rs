//! Files of packets: the blocks of pcap and pcapng, the headers of each packet, and the TCP segments
//! in them.

pub(super) mod byte_order;
pub(super) mod file_reader;
pub(super) mod fragments;
pub(super) mod headers;
pub(super) mod packet;
pub(super) mod packet_comment;
pub(super) mod packet_reader;
pub(super) mod pcapng;
pub(super) mod time_index;
