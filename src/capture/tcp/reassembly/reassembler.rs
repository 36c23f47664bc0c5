//! [`Reassembler`]: puts the segments of one TCP direction in order and emits each byte once. It
//! neither knows the direction nor interprets the bytes.
//!
//! Memory is bounded: while a segment is missing, at most [`MAX_HELD_BYTES`] and
//! [`MAX_HELD_SEGMENTS`] are held. Beyond that the missing segment is given up and reported as a
//! gap, and reading goes on after it.

use std::collections::BTreeMap;

use crate::capture::packets::headers::sequence;
use crate::capture::packets::packet_comment::Framing;
use crate::capture::tcp::reassembly::cuts::{Cut, Cuts};
use crate::capture::tcp::reassembly::progress::{Progress, Reassembled, SegmentData};
use crate::capture::tcp::reassembly::repeats::Repeats;
use crate::wire::{ByteLen, Offset};

/// The number of held bytes beyond which a missing segment is given up.
const MAX_HELD_BYTES: usize = 4 << 20;
/// The number of held segments beyond which a missing one is given up.
const MAX_HELD_SEGMENTS: usize = 4096;
/// The number of held segments beyond which a missing one is given up if the peer has acknowledged
/// it. It then arrived there, and only the capture lacks it. A few segments are awaited
/// nevertheless, because captures mix up the order of what several CPUs saw.
const MAX_HELD_AFTER_ACK: usize = 16;

/// The number of bytes that are taken to be in flight at most. TCP allows windows of 1 GiB (RFC 7323
/// section 2.3), but no operating system offers more than this by default.
const MAX_WINDOW: ByteLen = ByteLen::new(16 << 20);

/// The base of the 64-bit sequence numbers. It leaves room for segments before the first one.
const SEQUENCE_BASE: Offset = Offset::new(1 << 33);

/// One direction of a connection.
#[derive(Debug, Default)]
pub(in crate::capture::tcp) struct Reassembler {
    /// The 64-bit number of the next byte, once it is known.
    next_seq: Option<Offset>,
    /// The lowest number that can be this stream's: that of the SYN, or if it was not captured, one
    /// window before the first segment.
    lowest_seq: Offset,
    /// The number that the peer acknowledged first, if that was before any segment was captured.
    first_acked_seq: Option<Offset>,
    /// The peer has acknowledged everything before this number.
    acked_seq: Offset,
    /// Whether the end of the stream (FIN) was captured.
    is_ended: bool,
    /// The number after the last byte, if the end of the stream and bytes before it were captured.
    end_seq: Option<Offset>,
    held: BTreeMap<Offset, HeldSegment>,
    held_bytes: usize,
    cuts: Cuts,
    /// The number of bytes that were captured again.
    pub(in crate::capture::tcp) repeated_bytes: ByteLen,
    pub(in crate::capture::tcp) repeats: Repeats,
}

#[derive(Debug)]
struct HeldSegment {
    captured_at: u64,
    file_offset: Offset,
    bytes: Vec<u8>,
    framing: Option<Framing>,
}

impl Reassembler {
    /// Starts the stream after a SYN with this sequence number. The SYN itself consumes one number
    /// (RFC 9293 section 3.4).
    pub(in crate::capture::tcp) fn start_at_syn(&mut self, seq: u32) {
        let first = seq.wrapping_add(1);
        let start = match self.next_seq {
            None => self.first_seq(first),
            // A SYN-ACK that acknowledges data of the SYN (RFC 7413) stood before it in the file.
            Some(next) if next == self.lowest_seq + ByteLen::new(1) => {
                unwrap_seq(next, first).min(next)
            }
            // A repeated SYN changes nothing.
            Some(_) => return,
        };
        self.next_seq = Some(start);
        self.lowest_seq = start - ByteLen::new(1);
    }

    /// Records that the peer has acknowledged everything before `ack`.
    pub(in crate::capture::tcp) fn acknowledge(&mut self, ack: u32) {
        let known = self.next_seq.unwrap_or_else(|| {
            *self.first_acked_seq.get_or_insert(SEQUENCE_BASE + ByteLen::new(ack.into()))
        });
        self.acked_seq = self.acked_seq.max(unwrap_seq(known, ack));
    }

    /// Returns the 64-bit number of the first byte that is known of the stream.
    fn first_seq(&self, seq: u32) -> Offset {
        self.first_acked_seq.map_or_else(
            || SEQUENCE_BASE + ByteLen::new(seq.into()),
            |acked| unwrap_seq(acked, seq),
        )
    }

    /// Whether `len` bytes from `seq` on are known, and the peer has not acknowledged them.
    pub(in crate::capture::tcp) fn is_retransmission(&self, seq: u32, len: usize) -> bool {
        self.next_seq.is_some_and(|next| {
            let start = unwrap_seq(next, seq);
            len > 0 && start >= self.acked_seq && start + len <= next
        })
    }

    /// Whether a segment is a keep-alive probe: it repeats the last number, with a byte or without (RFC
    /// 9293 section 3.8.4).
    pub(in crate::capture::tcp) fn is_keep_alive(&self, seq: u32, len: usize) -> bool {
        self.next_seq.is_some_and(|next| len <= 1 && unwrap_seq(next, seq) + 1_usize == next)
    }

    /// Whether a segment with this number is the next one, and nothing else is awaited.
    pub(in crate::capture::tcp) fn expects(&self, seq: u32) -> bool {
        self.is_steady() && self.next_seq.is_some_and(|next| sequence(next.get()) == seq)
    }

    /// Takes an acknowledgement if nothing is awaited and it is of bytes that are in the file.
    pub(in crate::capture::tcp) fn take_expected_ack(&mut self, ack: u32) -> bool {
        let acked = self.next_seq.map(|next| (next, unwrap_seq(next, ack)));
        let Some((next, acked)) = acked.filter(|_| self.is_steady()) else { return false };
        if acked <= next {
            self.acked_seq = self.acked_seq.max(acked);
        }
        acked <= next
    }

    /// Takes the `len` bytes that are expected next.
    pub(in crate::capture::tcp) fn take_expected(&mut self, len: usize, file_offset: Offset) {
        let Some(next) = &mut self.next_seq else { return };
        self.repeats.add(*next, len, file_offset);
        *next += len;
    }

    /// Whether every byte that a segment announced has been emitted.
    fn is_steady(&self) -> bool {
        self.held.is_empty()
            && self.cuts.is_empty()
            && self.next_seq.is_some_and(|next| self.acked_seq <= next)
    }

    /// Whether no packet with bytes was captured.
    pub(in crate::capture::tcp) fn is_empty(&self) -> bool {
        let is_at_syn = |next| next == self.lowest_seq + ByteLen::new(1);
        self.held.is_empty() && self.next_seq.is_none_or(is_at_syn)
    }

    /// Whether a segment with bytes or a SYN was captured, or a SYN was acknowledged.
    pub(in crate::capture::tcp) fn has_begun(&self) -> bool {
        self.next_seq.is_some()
    }

    /// Ends the stream before this sequence number, which is that of the FIN.
    pub(in crate::capture::tcp) fn end_at_fin(&mut self, seq: u32) {
        self.is_ended = true;
        if let Some(next) = self.next_seq {
            self.end_seq.get_or_insert(unwrap_seq(next, seq));
        }
    }

    /// Whether the end of the stream (FIN) was captured.
    pub(in crate::capture::tcp) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Whether a segment of this stream may have the number `seq`, or its peer acknowledge it: it is
    /// between the SYN and the FIN, or near to what was captured.
    pub(in crate::capture::tcp) fn can_contain(&self, seq: u32) -> bool {
        let Some(next) = self.next_seq else { return true };
        let seq = unwrap_seq(next, seq);
        let highest = match self.end_seq {
            // The FIN itself consumes one number.
            Some(end) => end + ByteLen::new(1),
            None => next.max(self.acked_seq) + MAX_WINDOW,
        };
        (self.lowest_seq..=highest).contains(&seq)
    }

    /// Returns the number before which the peer has acknowledged everything.
    pub(in crate::capture::tcp) fn acknowledged(&self) -> Offset {
        self.acked_seq
    }

    /// Whether the peer has acknowledged bytes that are not in the file so far: they were captured
    /// later than they were read, or not at all.
    pub(in crate::capture::tcp) fn is_behind(&self) -> bool {
        // The FIN has a number too, but no byte.
        !self.is_complete() && self.next_seq.is_some_and(|next| self.acked_seq > next)
    }

    /// Whether segments are held because one before them is missing.
    pub(in crate::capture::tcp) fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Returns the number of bytes that are missing at the end, as far as the FIN or the peer's
    /// acknowledgements prove it. Nothing may be held any more.
    pub(in crate::capture::tcp) fn missing_at_end(&self) -> ByteLen {
        let Some(next) = self.next_seq.or(self.first_acked_seq) else { return ByteLen::ZERO };
        match self.end_seq {
            Some(end) => end - next,
            // Without the FIN, one number more may stand for it (RFC 9293 section 3.4).
            None if self.acked_seq > next + ByteLen::new(1) => self.acked_seq - next,
            None => ByteLen::ZERO,
        }
    }

    /// Whether everything up to the FIN was captured.
    pub(in crate::capture::tcp) fn is_complete(&self) -> bool {
        self.next_seq.zip(self.end_seq).is_some_and(|(next, end)| next >= end)
    }

    /// Returns the memory that held segments take.
    pub(in crate::capture::tcp) fn held_bytes(&self) -> usize {
        // 64 bytes per segment stand for the map's entry, so that tiny segments count too.
        let entries = self.held.len().saturating_add(self.cuts.len());
        self.held_bytes.saturating_add(entries.saturating_mul(64))
    }

    /// Emits what is in order after `progress`.
    pub(in crate::capture::tcp) fn advance(
        &mut self,
        progress: Progress<'_>,
        out: &mut impl FnMut(Reassembled<'_>),
    ) {
        match progress {
            Progress::Segment(segment) => self.push(segment, out),
            Progress::CutsAcknowledged => self.skip_acknowledged_cuts(out),
            Progress::MissingBefore { seq, captured_at } => self.skip_to(seq, captured_at, out),
            Progress::End => self.finish(out),
        }
    }

    /// Takes a segment and emits what is in order now.
    fn push(&mut self, segment: SegmentData<'_>, out: &mut impl FnMut(Reassembled<'_>)) {
        if segment.bytes.is_empty() {
            return;
        }
        // Without a SYN, the stream starts with the first segment that was captured. A single byte
        // is a keep-alive, which repeats the last byte or carries garbage before the next one (RFC
        // 9293 section 3.8.4).
        let is_keep_alive = self.next_seq.is_none() && segment.bytes.len() == 1;
        let start = self.first_seq(segment.seq);
        if self.next_seq.is_none() {
            self.lowest_seq = start - MAX_WINDOW;
        }
        let next = *self.next_seq.get_or_insert(start + usize::from(is_keep_alive));
        let start = unwrap_seq(next, segment.seq);
        if start > next {
            self.hold(start, segment);
            while self.gap_is_lost() {
                self.skip_gap(out);
            }
            return;
        }
        self.emit(start, segment, out);
        self.emit_in_order(out);
    }

    /// Records that the capture cut off the end of a segment: `len` bytes from `seq` on.
    pub(in crate::capture::tcp) fn cut_off(&mut self, seq: u32, len: usize, captured_at: u64) {
        let Some(next) = self.next_seq else { return };
        if len == 0 && self.cuts.is_empty() {
            return;
        }
        self.cuts.add(next, unwrap_seq(next, seq), len, captured_at);
    }

    /// Gives up what the capture cut off and the peer has acknowledged: nobody sends it again.
    fn skip_acknowledged_cuts(&mut self, out: &mut impl FnMut(Reassembled<'_>)) {
        while self.next_cut().is_some_and(|cut| cut.end <= self.acked_seq) {
            self.skip_gap(out);
        }
    }

    /// Whether the end of a segment was cut off that is not given up yet.
    pub(in crate::capture::tcp) fn has_cuts(&self) -> bool {
        !self.cuts.is_empty() && self.next_seq.is_none_or(|next| self.cuts.has_any_from(next))
    }

    /// Returns what the capture cut off behind the last byte that was emitted.
    fn next_cut(&self) -> Option<Cut> {
        self.cuts.at(self.next_seq?)
    }

    /// Emits everything that is held, with its gaps, because nothing more comes or memory is short.
    fn finish(&mut self, out: &mut impl FnMut(Reassembled<'_>)) {
        while !self.held.is_empty() || self.next_cut().is_some() {
            self.skip_gap(out);
        }
    }

    /// Gives up what is missing before this sequence number, as a comment says. If it is that of the
    /// next byte, nobody knows how many bytes are missing before it.
    fn skip_to(&mut self, seq: u32, captured_at: u64, out: &mut impl FnMut(Reassembled<'_>)) {
        self.finish(out);
        let Some(next) = self.next_seq else { return };
        let end = unwrap_seq(next, seq);
        if end >= next {
            out(Reassembled::Gap { captured_at, missing: end - next, end, is_noted: true });
            self.next_seq = Some(end);
        }
    }

    fn hold(&mut self, start: Offset, segment: SegmentData<'_>) {
        // Of two segments with the same start the longer one is kept.
        if let Some(held) = self.held.get(&start) {
            let both = held.bytes.len().min(segment.bytes.len());
            self.repeats.repeat_at(held.file_offset, segment.file_offset, both);
            if held.bytes.len() >= segment.bytes.len() {
                self.repeated_bytes += segment.bytes.len();
                return;
            }
            self.held_bytes = self.held_bytes.saturating_sub(held.bytes.len());
        }
        self.held_bytes = self.held_bytes.saturating_add(segment.bytes.len());
        self.held.insert(
            start,
            HeldSegment {
                captured_at: segment.captured_at,
                file_offset: segment.file_offset,
                bytes: segment.bytes.to_vec(),
                framing: segment.framing,
            },
        );
    }

    fn gap_is_lost(&self) -> bool {
        let waited_for = self.next_seq.is_some_and(|next| self.acked_seq <= next);
        let limit = if waited_for { MAX_HELD_SEGMENTS } else { MAX_HELD_AFTER_ACK };
        self.held_bytes > MAX_HELD_BYTES || self.held.len() > limit
    }

    /// Gives up the missing bytes before the first held segment, or what was cut off before it.
    fn skip_gap(&mut self, out: &mut impl FnMut(Reassembled<'_>)) {
        let held = self.held.first_key_value().map(|(start, held)| (*start, held.captured_at));
        let (end, captured_at) = match (self.next_cut(), held) {
            (Some(cut), Some((start, _))) => (cut.end.min(start), cut.captured_at),
            (Some(cut), None) => (cut.end, cut.captured_at),
            (None, Some(held)) => held,
            (None, None) => return,
        };
        if let Some(next) = self.next_seq.filter(|next| end > *next) {
            out(Reassembled::Gap { captured_at, missing: end - next, end, is_noted: false });
            self.next_seq = Some(end);
        }
        self.emit_in_order(out);
    }

    /// Emits held segments as long as they are in order.
    fn emit_in_order(&mut self, out: &mut impl FnMut(Reassembled<'_>)) {
        while let Some(entry) = self.held.first_entry() {
            if self.next_seq.is_some_and(|next| *entry.key() > next) {
                return;
            }
            let (start, held) = entry.remove_entry();
            self.held_bytes = self.held_bytes.saturating_sub(held.bytes.len());
            let HeldSegment { captured_at, file_offset, bytes, framing } = &held;
            let seq = sequence(start.get());
            let (captured_at, file_offset, framing) = (*captured_at, *file_offset, *framing);
            self.emit(start, SegmentData { seq, captured_at, file_offset, bytes, framing }, out);
        }
    }

    /// Emits the bytes that have not been emitted yet. `start` is not beyond the next byte.
    fn emit(
        &mut self,
        start: Offset,
        segment: SegmentData<'_>,
        out: &mut impl FnMut(Reassembled<'_>),
    ) {
        let SegmentData { captured_at, file_offset, bytes, framing, .. } = segment;
        let next = self.next_seq.unwrap_or(start);
        let known = (next - start).to_usize_saturating().min(bytes.len());
        let is_keep_alive = bytes.len() == 1 && known == 1 && start + ByteLen::new(1) == next;
        let (known, bytes) = bytes.split_at(known);
        self.repeated_bytes += known.len();
        if !known.is_empty() && !is_keep_alive {
            self.repeats.repeat(start, known.len(), file_offset);
        }
        if !bytes.is_empty() {
            let (end, file_offset) = (next + bytes.len(), file_offset + known.len());
            self.next_seq = Some(end);
            self.repeats.add(next, bytes.len(), file_offset);
            // What is left is no beginning.
            let framing = framing.filter(|one| known.is_empty() || *one == Framing::Unframed);
            out(Reassembled::Bytes { captured_at, file_offset, bytes, end, framing });
        }
    }
}

/// Returns the 64-bit number nearest to `next` whose lower 32 bits are `seq`.
fn unwrap_seq(next: Offset, seq: u32) -> Offset {
    let distance = seq.wrapping_sub(sequence(next.get())).cast_signed();
    Offset::new(next.get().saturating_add_signed(distance.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Stream {
        reassembler: Reassembler,
        bytes: Vec<u8>,
        places: Vec<u64>,
        gaps: Vec<u64>,
    }

    impl Stream {
        fn from(seq: u32) -> Self {
            let mut stream = Self::default();
            stream.reassembler.start_at_syn(seq.wrapping_sub(1));
            stream
        }

        fn take<'a>(
            bytes: &'a mut Vec<u8>,
            places: &'a mut Vec<u64>,
            gaps: &'a mut Vec<u64>,
        ) -> impl FnMut(Reassembled<'_>) + 'a {
            move |out| match out {
                Reassembled::Bytes { bytes: more, file_offset, .. } => {
                    bytes.extend_from_slice(more);
                    places.extend((0..more.len() as u64).map(|at| file_offset.get() + at));
                }
                Reassembled::Gap { missing, .. } => gaps.push(missing.get()),
            }
        }

        fn push(&mut self, seq: u32, file_offset: u64, bytes: &[u8]) {
            let mut take = Self::take(&mut self.bytes, &mut self.places, &mut self.gaps);
            self.reassembler.push(
                SegmentData {
                    seq,
                    captured_at: 0,
                    file_offset: Offset::new(file_offset),
                    bytes,
                    framing: None,
                },
                &mut take,
            );
        }

        fn finish(&mut self) {
            self.reassembler.finish(&mut Self::take(
                &mut self.bytes,
                &mut self.places,
                &mut self.gaps,
            ));
        }

        fn skip_acknowledged_cuts(&mut self) {
            self.reassembler.skip_acknowledged_cuts(&mut Self::take(
                &mut self.bytes,
                &mut self.places,
                &mut self.gaps,
            ));
        }
    }

    #[test]
    fn what_was_cut_off_is_given_up_once_it_is_acknowledged() {
        for (sent_again, acknowledged) in [(false, true), (true, true), (true, false)] {
            let mut stream = Stream::from(100);
            stream.push(100, 0, b"begin");
            stream.reassembler.cut_off(105, 10, 7);
            stream.skip_acknowledged_cuts();
            assert!(stream.gaps.is_empty(), "it may be sent again");
            if sent_again {
                stream.push(105, 50, b"all of it,");
            }
            if acknowledged {
                stream.reassembler.acknowledge(115);
            }
            stream.skip_acknowledged_cuts();
            stream.push(115, 90, b"end");
            let gaps: &[u64] = if sent_again { &[] } else { &[10] };
            assert_eq!(stream.gaps, gaps);
            assert!(stream.bytes.ends_with(b"end"));
        }
    }

    #[test]
    fn what_was_cut_off_at_the_end_is_missing_and_has_the_time_of_its_segment() {
        let mut stream = Stream::from(100);
        stream.push(100, 0, b"begin");
        stream.reassembler.cut_off(105, 10, 7);
        let mut gaps = Vec::new();
        stream.reassembler.finish(&mut |out| {
            if let Reassembled::Gap { captured_at, missing, .. } = out {
                gaps.push((captured_at, missing.get()));
            }
        });
        assert_eq!((gaps, stream.reassembler.missing_at_end()), (vec![(7, 10)], ByteLen::ZERO));
    }

    #[test]
    fn a_capture_that_starts_in_the_middle_starts_with_its_first_segment() {
        let mut stream = Stream::default();
        stream.push(500, 0, b"mid");
        stream.push(490, 50, b"before");
        stream.push(503, 9, b"dle");
        assert_eq!(
            (stream.bytes.as_slice(), stream.reassembler.repeated_bytes.get()),
            (&b"middle"[..], 6)
        );
    }

    #[test]
    fn overlapping_segments_emit_each_byte_once_with_its_position() {
        let mut stream = Stream::from(u32::MAX - 1);
        stream.push(u32::MAX - 1, 100, b"abc");
        stream.push(0, 200, b"xyde");
        assert_eq!(stream.bytes, b"abcyde");
        assert_eq!(stream.places, [100, 101, 102, 201, 202, 203]);
    }

    #[test]
    fn an_acknowledged_gap_is_given_up_soon_and_reported() {
        let mut stream = Stream::from(0);
        stream.push(0, 0, b"a");
        stream.reassembler.acknowledge(200);
        for index in 0..20_u32 {
            stream.push(100 + index, 0, b"b");
        }
        assert_eq!(stream.gaps, [99]);
        assert_eq!(stream.bytes.len(), 21);
    }

    #[test]
    fn an_unacknowledged_gap_is_awaited_within_bounds() {
        let mut stream = Stream::from(0);
        for index in 0..4000_u32 {
            stream.push(1 + index * 2, 0, b"bb");
        }
        assert_eq!((stream.bytes.len(), stream.gaps.len()), (0, 0));
        for index in 0..400_u32 {
            stream.push(100_000 + index * 60_000, 0, &vec![0; 60_000]);
            assert!(stream.reassembler.held_bytes() < 6 << 20);
        }
        assert_eq!(stream.gaps[0], 1);
        stream.finish();
        assert_eq!(stream.reassembler.held_bytes(), 0);
    }

    proptest! {
        #[test]
        fn split_reordered_and_repeated_segments_give_the_same_stream(
            len in 1_usize..400, seq in any::<u32>(),
            cuts in proptest::collection::vec((0_usize..400, 1_usize..60, any::<u32>()), 0..60),
        ) {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            // The whole stream in pieces of 7 bytes, and others that overlap them arbitrarily.
            let mut pieces: Vec<(usize, usize, u32)> =
                (0..len).step_by(7).map(|at| (at, 7, (at as u32).wrapping_mul(2_654_435_761) ^ seq)).collect();
            pieces.extend(cuts);
            pieces.sort_by_key(|segment| segment.2);
            let mut stream = Stream::from(seq);
            for (start, count, _) in pieces {
                let range = start.min(len)..(start + count).min(len);
                stream.push(seq.wrapping_add(range.start as u32), range.start as u64, &bytes[range]);
            }
            prop_assert_eq!(&stream.bytes, &bytes);
            prop_assert_eq!(stream.places, (0..len as u64).collect::<Vec<_>>());
            prop_assert!(stream.gaps.is_empty());
            prop_assert_eq!(stream.reassembler.held_bytes(), 0);
        }
    }
}
