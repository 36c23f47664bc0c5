//! Parses the headers of one packet from the link down to the bytes that TCP carries, through any
//! tunnels between them. [`reassembly`](crate::capture::tcp::reassembly) puts the segments of a
//! connection together. Checksums are ignored, because a capture on the sending machine often shows
//! them before the network card fills them in.
//!
//! Each header is a step that tells which protocol follows. A packet has at most [`MAX_HEADERS`](parse::MAX_HEADERS) of
//! them, so that no packet takes long. What is not read has a name ([`Unread`]), because a
//! connection may be hidden in it.

mod ip;
mod link;
mod numbers;
mod parse;
mod rest;
mod step;
mod tcp;
#[cfg(test)]
mod tests;
mod tunnel;
mod unread;

pub(in crate::capture) use self::parse::{ParsedPacket, parse_datagram, parse_packet};
pub(in crate::capture) use self::rest::NetworkId;
pub(in crate::capture) use self::step::{DatagramKey, IpFragment};
pub(in crate::capture) use self::tcp::{FIN, RST, SYN, TcpSegment, sequence};
pub(in crate::capture) use self::unread::Unread;
