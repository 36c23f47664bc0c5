//! [`TcpConnection`]: one connection of a capture while it is read. It finds out which end is the
//! client, and how the connection ends. It looks at no more than the first few bytes, which
//! identify the client if no SYN was captured.

use std::io;
use std::net::SocketAddr;

use crate::capture::error::InternalError;
use crate::capture::packets::headers::{FIN, RST, SYN, TcpSegment};
use crate::capture::packets::packet::{PacketBytes, PacketPiece};
use crate::capture::packets::packet_comment::Framing;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{CapturedStream, ReadContext, StreamBuilder, StreamStart, guarded};
use crate::capture::tcp::client_guess::ClientGuess;
use crate::capture::tcp::closing::{Closing, Repeat};
use crate::capture::tcp::end::{End, side_of};
use crate::capture::tcp::reassembly::{Progress, Reassembled, Reassembler, SegmentData};
use crate::capture::tcp::time_order::TimeOrder;
use crate::capture::tls::{self, looks_like_tls};
use crate::net::AddressPair;
use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Side, Sides};

/// One TCP connection. Pairs are in the order of the addresses.
#[derive(Debug)]
pub(super) struct TcpConnection<S> {
    pub(super) addresses: [SocketAddr; 2],
    /// The end that is the client, once it is known.
    pub(super) client: Option<End>,
    pub(super) directions: [Reassembler; 2],
    pub(super) stream: StreamBuilder<S>,
    /// The sequence number of the client's SYN, or the last one that its SYN-ACK acknowledges.
    pub(super) client_syn: Option<u32>,
    pub(super) closing: Closing,
    /// Bytes that wait for a missing segment of the other direction, or until the client is known.
    pub(super) time_order: TimeOrder,
    /// What does not tell which end is the client.
    pub(super) guess: ClientGuess,
    /// Whether a packet of each end was captured.
    pub(super) was_seen: [bool; 2],
    /// The memory that [`Self::held_bytes`] returned last.
    pub(super) last_held_bytes: usize,
}

impl<S: StreamSink> TcpConnection<S> {
    pub(super) fn new(key: (SocketAddr, SocketAddr), at: u64) -> Self {
        Self {
            addresses: [key.0, key.1],
            client: None,
            directions: [Reassembler::default(), Reassembler::default()],
            stream: StreamBuilder::new(at),
            client_syn: None,
            closing: Closing::new(at),
            time_order: TimeOrder::default(),
            guess: ClientGuess::default(),
            was_seen: [false; 2],
            last_held_bytes: 0,
        }
    }

    /// Returns the memory that is held back.
    pub(super) fn held_bytes(&mut self) -> usize {
        let directions = self.directions.iter().map(Reassembler::held_bytes);
        let stream = self.stream.held_bytes().saturating_add(self.time_order.held_bytes());
        self.last_held_bytes = directions.fold(stream, usize::saturating_add);
        self.last_held_bytes
    }

    pub(super) fn sender(&self, segment: &TcpSegment<'_>) -> End {
        let [lower, _] = self.addresses;
        if segment.from == lower { End::Lower } else { End::Higher }
    }

    /// Stops reading the connection and discards what was read.
    pub(super) fn fail(&mut self, why: InternalError) {
        self.directions = [Reassembler::default(), Reassembler::default()];
        self.stream.fail(why);
    }

    pub(super) fn take<M: FnMut(StreamStart) -> S>(
        &mut self,
        segment: &TcpSegment<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if self.stream.has_failed() {
            return Ok(());
        }
        let sender = self.sender(segment);
        if self.take_predicted(sender, segment, packet, captured_at, shared)? {
            return Ok(());
        }
        if segment.flags & RST != 0 && !segment.payload.is_empty() {
            return self.take_reset_with_text(sender, segment, packet, captured_at, shared);
        }
        let framing = self.apply_comments(sender, segment, packet, captured_at, shared)?;
        self.apply_header(sender, segment, packet);
        self.guess_client(sender, segment);
        // A SYN consumes a sequence number, and data in it (TCP Fast Open, RFC 7413) follows that
        // number.
        let first = segment.seq.wrapping_add(u32::from(segment.flags & SYN != 0));
        let own = sender.own_and_other(&mut self.directions).0;
        let len = segment.payload.len();
        let repeat = if own.is_retransmission(first, len) {
            Some(Repeat::Data)
        } else {
            own.is_keep_alive(first, len).then_some(Repeat::Probe)
        };
        // One piece, unless the segment came in IP fragments.
        for PacketPiece { start, file_offset, bytes } in segment_pieces(segment, packet) {
            let seq = first.wrapping_add(u32::try_from(start).unwrap_or(u32::MAX));
            let framing = framing.filter(|one| start == 0 || *one == Framing::Unframed);
            let data = SegmentData { seq, captured_at, file_offset, bytes, framing };
            self.deliver(sender, Progress::Segment(data), shared)?;
        }
        let own = sender.own_and_other(&mut self.directions).0;
        let kept = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        own.cut_off(first.wrapping_add(kept), segment.missing_bytes, captured_at);
        for end in [sender, sender.other()] {
            if end.own_and_other(&mut self.directions).0.has_cuts() {
                self.deliver(end, Progress::CutsAcknowledged, shared)?;
            }
        }
        if segment.flags & FIN != 0 {
            let len = segment.payload.len().saturating_add(segment.missing_bytes);
            let end = first.wrapping_add(u32::try_from(len).unwrap_or(0));
            sender.own_and_other(&mut self.directions).0.end_at_fin(end);
        }
        self.closing.apply(sender, segment, repeat, captured_at);
        // Nothing can follow a reset, so what was held back is all there is.
        if segment.flags & RST != 0 {
            self.give_rest(shared)?;
        }
        Ok(())
    }

    /// Applies the flags and numbers of a segment.
    fn apply_header(&mut self, sender: End, segment: &TcpSegment<'_>, packet: PacketBytes<'_>) {
        *sender.own_and_other(&mut self.was_seen).0 = true;
        let (own, other) = sender.own_and_other(&mut self.directions);
        if segment.flags & SYN != 0 {
            own.start_at_syn(segment.seq);
            if let Some(ack) = segment.ack {
                // It acknowledges the SYN of the client, whether that was captured or not.
                let syn = ack.wrapping_sub(1);
                other.start_at_syn(syn);
                self.client_syn.get_or_insert(syn);
                self.stream.saw_syn = Sides { client: true, server: true };
                self.client = Some(sender.other());
            } else {
                self.stream.saw_syn.client = true;
                self.client_syn = Some(segment.seq);
                self.client = Some(sender);
            }
        }
        if let Some(ack) = segment.ack {
            other.acknowledge(ack);
        }
        if segment.missing_bytes > 0 {
            let side = side_of(sender, self.client).name();
            let kept: usize = segment_pieces(segment, packet).map(|piece| piece.bytes.len()).sum();
            let whole = segment.payload.len().saturating_add(segment.missing_bytes);
            let advice = match packet.runs {
                [_] => "capture with a larger snapshot length",
                _ => "it came in IP fragments, and some of them are missing",
            };
            self.stream.warn(format!(
                "the capture kept {kept} of {whole} bytes of a segment of the {side}: {advice}"
            ));
        }
    }

    /// Looks for the client in the data of a segment if no SYN was captured. If no segment tells, the
    /// ports do.
    fn guess_client(&mut self, sender: End, segment: &TcpSegment<'_>) {
        if self.client.is_some() || segment.payload.is_empty() {
            return;
        }
        self.client = self.guess.take(sender, segment);
        if self.client.is_none() && (self.guess.is_full() || looks_like_tls(segment.payload)) {
            self.client = Some(self.likely_client());
        }
    }

    /// Returns the end that is likely the client.
    pub(super) fn likely_client(&self) -> End {
        self.guess.likely_client().unwrap_or_else(|| self.end_with_higher_port())
    }

    /// Returns the end with the higher port: servers mostly have the lower.
    fn end_with_higher_port(&self) -> End {
        let [lower, higher] = self.addresses;
        if higher.port() >= lower.port() { End::Higher } else { End::Lower }
    }

    /// Delivers what is held back, because nothing more comes or memory is short.
    pub(super) fn finish<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        guarded(self, Self::fail, |connection| connection.give_rest(shared))
    }

    fn give_rest<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if self.client.is_none() && !self.guess.is_empty() {
            self.client = Some(self.likely_client());
        }
        [End::Lower, End::Higher]
            .into_iter()
            .try_for_each(|sender| self.deliver(sender, Progress::End, shared))?;
        self.pass_on_in_order(shared)?;
        self.stream.pass_on_held();
        Ok(())
    }

    /// Passes on what a direction has in order. It waits while the other direction does for a segment,
    /// so that everything comes in the order of time.
    pub(super) fn deliver<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        progress: Progress<'_>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let waits = self.must_wait() || !self.time_order.is_empty();
        let (reassembler, other) = sender.own_and_other(&mut self.directions);
        if waits {
            let (time_order, acknowledged) = (&mut self.time_order, other.acknowledged());
            reassembler.advance(progress, &mut |out| time_order.add(sender, acknowledged, out));
            return if self.must_wait() && !self.time_order.is_full() {
                Ok(())
            } else {
                self.pass_on_in_order(shared)
            };
        }
        let from = side_of(sender, self.client);
        let (stream, mut result) = (&mut self.stream, Ok(()));
        // The reassembler cannot stop midway, so only the first error is kept.
        reassembler.advance(progress, &mut |out| {
            if result.is_ok() {
                result = pass_on(stream, from, out, shared);
            }
        });
        result
    }

    /// Whether what the reassemblers emit must wait.
    fn must_wait(&self) -> bool {
        let [lower, higher] = &self.directions;
        self.client.is_none()
            || lower.is_waiting()
            || higher.is_waiting()
            || (lower.is_behind() || higher.is_behind()) && !self.time_order.has_waited_long()
    }

    fn pass_on_in_order<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let client = self.client.or_else(|| Some(self.likely_client()));
        self.client = client;
        let stream = &mut self.stream;
        self.time_order.drain(|sender, out| pass_on(stream, side_of(sender, client), out, shared))
    }

    /// Returns the client random, as in key logs, if only the secrets are missing.
    pub(super) fn missing_secrets_for(&self) -> Option<tls::Random> {
        self.stream.missing_secrets_for()
    }

    /// Whether nothing more can come: both sides have ended, or one has reset the connection, and
    /// nothing before that is awaited.
    fn is_over(&self) -> bool {
        if self.stream.has_failed() {
            return true;
        }
        let misses_nothing = self.directions.iter().all(|direction| {
            !direction.is_waiting() && direction.missing_at_end() == ByteLen::ZERO
        });
        let is_complete = self.directions.iter().all(Reassembler::is_complete);
        (self.closing.is_reset() && misses_nothing || is_complete)
            && self.time_order.is_empty()
            && self.stream.is_settled()
    }

    /// Returns the streams of the connection: none if it carried no data. The connection ends with
    /// the capture, unless that may grow.
    pub(super) fn into_streams<M: FnMut(StreamStart) -> S>(
        mut self,
        shared: &mut ReadContext<M>,
        comparisons: &mut usize,
    ) -> io::Result<Vec<CapturedStream<S>>> {
        let may_grow = shared.may_grow && !self.is_over();
        if !may_grow {
            self.end_with_capture(shared, comparisons)?;
        }
        let (client_end, closing) = (self.client.unwrap_or(End::Lower), self.closing);
        let (&mut client, &mut server) = client_end.own_and_other(&mut self.addresses);
        let addresses = Some(AddressPair { client, server });
        let streams = self.stream.finish(addresses, may_grow, shared);
        // A stream of HTTP/2 that did not end itself ends with its connection.
        let with_ending = |stream: CapturedStream<S>| {
            if may_grow {
                return stream;
            }
            let ending = stream.ending.or_else(|| closing.ending(client_end, stream.started_at));
            let (open_end, stall) = (closing.open_end(), closing.stall(client_end));
            CapturedStream { ending, open_end, stall, ..stream }
        };
        Ok(streams.into_iter().map(with_ending).collect())
    }

    /// Delivers what is held back, and notes what is missing at the end.
    fn end_with_capture<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
        comparisons: &mut usize,
    ) -> io::Result<()> {
        self.finish(shared)?;
        let client_end = self.client.unwrap_or(End::Lower);
        for end in [End::Lower, End::Higher] {
            if self.stream.has_failed() {
                break;
            }
            let from = side_of(end, Some(client_end));
            if !*end.own_and_other(&mut self.was_seen).0 {
                self.stream.warn(format!("no packet of the {from} was captured"));
            }
            let direction = end.own_and_other(&mut self.directions).0;
            let missing = direction.missing_at_end();
            let differing = direction.repeats.differing_bytes(&shared.backing, comparisons)?;
            if differing > ByteLen::ZERO {
                self.stream.warn(format!(
                    "{} of the {from} came again with different values; those captured \
                     first are read",
                    byte_count(differing)
                ));
            }
            if missing > ByteLen::ZERO {
                self.stream.push_gap(from, self.closing.last_data_at(), missing, shared)?;
            }
        }
        Ok(())
    }
}

/// Passes bytes or a gap on to the stream.
fn pass_on<S: StreamSink, M: FnMut(StreamStart) -> S>(
    stream: &mut StreamBuilder<S>,
    from: Side,
    out: Reassembled<'_>,
    shared: &mut ReadContext<M>,
) -> io::Result<()> {
    match out {
        Reassembled::Bytes { captured_at, file_offset, bytes, framing, .. } => {
            stream.push_framed(from, captured_at, file_offset, bytes, framing, shared)
        }
        Reassembled::Gap { captured_at, missing, is_noted: true, .. } => {
            stream.push_noted_gap(from, captured_at, missing, shared)
        }
        Reassembled::Gap { captured_at, missing, is_noted: false, .. } => {
            stream.push_gap(from, captured_at, missing, shared)
        }
    }
}

/// Returns the captured parts of a segment's payload.
fn segment_pieces<'a>(
    segment: &TcpSegment<'_>,
    packet: PacketBytes<'a>,
) -> impl Iterator<Item = PacketPiece<'a>> {
    let len = segment.payload.len();
    // Behind a missing fragment there may be others. A payload that ends elsewhere was cut off by
    // an outer header, and what follows it is padding.
    let has_hole = segment.missing_bytes > 0
        && segment.payload_offset.saturating_add(len) == packet.prefix_len();
    let missing = if has_hole { segment.missing_bytes } else { 0 };
    packet.pieces(segment.payload_offset, len.saturating_add(missing))
}
