//! Which segments belong to a connection, where its ports are used again, and connections that never
//! began.

use std::net::SocketAddr;

use crate::capture::packets::headers::{RST, SYN, TcpSegment};
use crate::capture::sink::StreamSink;
use crate::capture::tcp::connection::TcpConnection;
use crate::capture::tcp::reassembly::Reassembler;

/// Why a connection never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionFailure {
    /// An RST answered the SYN.
    Refused,
    /// Nothing answered the SYN.
    NoAnswer,
}

impl<S: StreamSink> TcpConnection<S> {
    /// Whether a segment between the addresses of this connection belongs to it. If not, the ports
    /// are used again.
    pub(super) fn owns(&mut self, segment: &TcpSegment<'_>) -> bool {
        if segment.flags & (SYN | RST) == SYN && segment.ack.is_none() {
            return self.owns_syn(segment);
        }
        let is_over = self.closing.is_reset() || self.directions.iter().all(Reassembler::is_ended);
        // An RST may have any numbers, and nothing follows it.
        if !is_over || segment.flags & RST != 0 {
            return true;
        }
        let (own, other) = self.sender(segment).own_and_other(&mut self.directions);
        own.can_contain(segment.seq) && segment.ack.is_none_or(|ack| other.can_contain(ack))
    }

    /// Whether a segment that was captured in another network may be one of this connection, by its
    /// numbers.
    pub(super) fn fits(&mut self, segment: &TcpSegment<'_>) -> bool {
        if segment.flags & (SYN | RST) == SYN && segment.ack.is_none() {
            return self.client_syn.is_some() && self.owns_syn(segment);
        }
        let (own, other) = self.sender(segment).own_and_other(&mut self.directions);
        own.can_contain(segment.seq) && segment.ack.is_none_or(|ack| other.can_contain(ack))
    }

    /// Whether a SYN is the one that began this connection: it is repeated, acknowledged by a SYN-ACK
    /// that stands before it in the file, or the first segment but for some without data.
    fn owns_syn(&self, syn: &TcpSegment<'_>) -> bool {
        let Some(known) = self.client_syn else {
            return !self.closing.has_begun() && self.is_untouched();
        };
        // A SYN-ACK may acknowledge data of the SYN too (RFC 7413 section 4.1.2).
        let len = u32::try_from(syn.payload.len()).unwrap_or(u32::MAX);
        [syn.seq, syn.seq.wrapping_add(len)].contains(&known)
    }

    /// Returns how the connection failed if it never began: its SYN was refused, or not answered.
    pub(super) fn failure(&mut self) -> Option<(SocketAddr, ConnectionFailure)> {
        let client = self.client.filter(|_| self.client_syn.is_some())?;
        let (own, other) = client.own_and_other(&mut self.directions);
        if !own.is_empty() || other.has_begun() {
            return None;
        }
        let failure = match self.closing.has_begun() {
            false => ConnectionFailure::NoAnswer,
            true if self.closing.is_reset_by(client.other()) => ConnectionFailure::Refused,
            true => return None,
        };
        let (_, server) = client.own_and_other(&mut self.addresses);
        Some((*server, failure))
    }

    /// Whether a segment that continues from the number `before`, by a comment the first of a connection
    /// that was copied, belongs to this one.
    pub(super) fn owns_beginning(&self, before: u32) -> bool {
        match self.client_syn {
            Some(known) => known == before,
            None => !self.closing.has_begun() && self.is_untouched(),
        }
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.client.is_none() && self.guess.is_empty()
    }
}
