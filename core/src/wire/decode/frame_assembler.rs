//! Assembles the frames of one direction, each as soon as it is complete, and then forgets it. This
//! is for callers that answer, forward or print frames; `keep` stores whole connections.

use crate::wire::decode::MessageEnd;
use crate::wire::decode::decoder::{Decoder, DecoderEvent, FrameStart};
use crate::wire::decode::fault::Fault;
use crate::wire::decode::non_frame::NonFrame;
use crate::wire::frame::message::FragmentRole;
use crate::wire::frame::{Needed, Opcode};
use crate::wire::size::{ByteLen, Offset};

/// The maximum number of gaps kept of one frame. Payload behind a further one is not kept.
const MAX_GAPS: usize = 4096;

/// A frame with its payload and its faults, possibly incomplete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembledFrame {
    /// The frame's number in its direction, from 0.
    pub frame_number: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The header and the role in the messages; `None` while the header is incomplete.
    pub start: Option<FrameStart>,
    /// The header bytes that have arrived while the header is incomplete; empty once it is
    /// complete.
    pub partial_header: Vec<u8>,
    /// The unmasked payload, up to the assembler's limit.
    pub payload: Vec<u8>,
    /// The number of payload bytes that have arrived, whether kept or not.
    pub payload_received: ByteLen,
    /// The number of payload bytes that were not captured. `payload` has only those before them.
    pub not_captured: ByteLen,
    /// What `payload` lacks because of that, in order.
    pub gaps: Vec<PayloadGap>,
    /// The faults, in the order in which they became certain.
    pub faults: Vec<Fault>,
    /// What the bytes are instead, if they are no frame.
    pub non_frame: Option<NonFrame>,
    /// What the frame still needs; `None` if it is complete and after an impossible length (RFC
    /// 6455 section 5.2).
    pub needed: Option<Needed>,
    /// The message that ends with this frame, unless one of its frames broke a rule of messages.
    pub message: Option<Box<AssembledMessage>>,
}

impl AssembledFrame {
    /// Whether the frame is a Close. Bytes of another protocol are none, whatever their opcode.
    pub fn is_close(&self) -> bool {
        let is_close = self.start.is_some_and(|start| start.header.opcode == Opcode::Close);
        is_close && self.non_frame.is_none()
    }
}

/// Payload bytes that were not captured, and those behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadGap {
    /// The offset of the first missing byte in the payload.
    pub offset: ByteLen,
    /// The number of missing bytes.
    pub missing: ByteLen,
    /// The unmasked payload from there up to the next gap; all payload that is kept of a frame has
    /// the assembler's limit together.
    pub payload: Vec<u8>,
}

/// A complete data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembledMessage {
    /// Its type and its lengths.
    pub end: MessageEnd,
    /// Its data, joined and inflated, up to the assembler's limit.
    pub data: Vec<u8>,
}

impl AssembledMessage {
    /// Whether `data` is all of the message.
    pub fn is_whole(&self) -> bool {
        self.end.inflate_stop.is_none() && self.end.data_len == ByteLen::of(&self.data)
    }
}

/// Assembles frames from the events of a [`Decoder`]. It holds only the frame that is arriving.
///
/// ```
/// use wiretalk_core::wire::decode::frame_assembler::FrameAssembler;
/// use wiretalk_core::wire::{AgreedExtensions, Decoder, Side};
///
/// let decoder = Decoder::new(Side::Server, AgreedExtensions::none());
/// let mut assembler = FrameAssembler::new(decoder, 3);
/// let mut input: &[u8] = b"\x81\x05Hello\x89\x00\x88";
/// assert_eq!(assembler.next_frame(&mut input).unwrap().payload, b"Hel");
/// assert_eq!(assembler.next_frame(&mut input).unwrap().payload, b"");
/// assert_eq!(assembler.next_frame(&mut input), None);
/// assert_eq!(assembler.partial_frame().unwrap().header_bytes(), [0x88]);
/// assert!(assembler.current_faults().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct FrameAssembler {
    decoder: Decoder,
    max_payload_kept: usize,
    start: Option<FrameStart>,
    payload: Vec<u8>,
    /// The number of payload bytes that are kept, before and behind gaps.
    payload_kept: usize,
    /// Whether further payload can be kept; not behind more gaps than are kept.
    keeps_payload: bool,
    payload_received: ByteLen,
    not_captured: ByteLen,
    gaps: Vec<PayloadGap>,
    faults: Vec<Fault>,
    /// The data so far of the message that is arriving.
    message_data: Vec<u8>,
    message_end: Option<MessageEnd>,
    bytes_taken: Offset,
}

impl AssembledFrame {
    /// Whether all bytes of the frame have arrived.
    pub fn is_complete(&self) -> bool {
        self.needed.is_none()
            && self.start.is_some_and(|start| start.header.payload_len == self.payload_received)
    }

    /// Returns the header bytes that have arrived.
    pub fn header_bytes(&self) -> Vec<u8> {
        self.start.map_or_else(|| self.partial_header.clone(), |start| start.header.to_bytes())
    }
}

impl FrameAssembler {
    /// Creates an assembler for the events of `decoder` that keeps at most `max_payload_kept` bytes
    /// of each payload and of each message.
    pub fn new(decoder: Decoder, max_payload_kept: usize) -> Self {
        Self {
            decoder,
            max_payload_kept,
            start: None,
            payload: Vec::new(),
            payload_kept: 0,
            keeps_payload: true,
            payload_received: ByteLen::ZERO,
            not_captured: ByteLen::ZERO,
            gaps: Vec::new(),
            faults: Vec::new(),
            message_data: Vec::new(),
            message_end: None,
            bytes_taken: Offset::START,
        }
    }

    /// Returns the number of payload bytes that are held, of the frame and of the message that are
    /// arriving.
    pub fn held_bytes(&self) -> usize {
        let gaps = self.gaps.iter().map(|gap| gap.payload.len());
        [self.payload.len(), self.message_data.len()]
            .into_iter()
            .chain(gaps)
            .fold(0, usize::saturating_add)
    }

    /// Takes bytes from the front of `input` up to the end of a frame and returns the frame.
    /// Returns `None` when all bytes are taken, or when the rest are no frames: then it is left in
    /// `input`, and [`Self::non_frame`] says what it is.
    pub fn next_frame(&mut self, input: &mut &[u8]) -> Option<AssembledFrame> {
        let before = input.len();
        let frame = self.advance(input);
        self.bytes_taken += before.saturating_sub(input.len());
        frame
    }

    /// Skips `missing` bytes that were not captured, as far as they are payload of the frame that is
    /// arriving, and returns their number. The frame is returned by the next [`Self::next_frame`]
    /// if it ends there.
    pub fn skip(&mut self, missing: ByteLen) -> ByteLen {
        let skipped = self.decoder.skip(missing);
        let offset = self.payload_received + self.not_captured;
        let has_room = self.gaps.len() < MAX_GAPS;
        match self.gaps.last_mut() {
            _ if skipped == ByteLen::ZERO => {}
            Some(gap) if gap.offset + gap.missing == offset => gap.missing += skipped,
            _ if has_room => {
                self.gaps.push(PayloadGap { offset, missing: skipped, payload: Vec::new() });
            }
            _ => self.keeps_payload = false,
        }
        self.not_captured += skipped;
        self.bytes_taken += skipped;
        skipped
    }

    /// Gives up the frame that is arriving and returns it, because an unknown number of frames was
    /// not captured. The next byte is the first of a frame.
    pub fn resume_after_gap(&mut self) -> Option<AssembledFrame> {
        let cut = self.partial_frame();
        self.decoder.resume_after_gap();
        self.start = None;
        self.payload.clear();
        (self.payload_received, self.not_captured) = (ByteLen::ZERO, ByteLen::ZERO);
        (self.payload_kept, self.keeps_payload) = (0, true);
        self.gaps.clear();
        self.faults.clear();
        cut
    }

    /// Passes over `len` bytes that were captured, but lie within frames whose beginning was not.
    /// Call it between frames; the next byte is the first of one.
    pub fn skip_unframed(&mut self, len: ByteLen) {
        self.decoder.skip_unframed(len);
        self.bytes_taken += len;
    }

    fn advance(&mut self, input: &mut &[u8]) -> Option<AssembledFrame> {
        while let Some(event) = self.decoder.next_event(input) {
            match event {
                DecoderEvent::Fault(fault) => self.faults.push(fault),
                DecoderEvent::FrameStart(start) => {
                    if matches!(start.role, FragmentRole::First { .. }) {
                        self.message_data.clear();
                    }
                    self.start = Some(start);
                }
                DecoderEvent::Payload(piece) => {
                    self.payload_received += piece.len();
                    // The whole payload is counted but only its beginning kept, so a huge frame
                    // costs no memory.
                    if self.keeps_payload {
                        let room = self.max_payload_kept.saturating_sub(self.payload_kept);
                        let kept = piece.get(..room).unwrap_or(piece);
                        self.payload_kept = self.payload_kept.saturating_add(kept.len());
                        // Before a gap the bytes behind it would stand at the wrong place.
                        let before = self.gaps.last_mut().map(|gap| &mut gap.payload);
                        before.unwrap_or(&mut self.payload).extend_from_slice(kept);
                    }
                    let is_plain_data = self.start.is_some_and(|start| {
                        start.role.message_number().is_some() && !start.compressed
                    });
                    if is_plain_data {
                        keep_up_to(self.max_payload_kept, &mut self.message_data, piece);
                    }
                }
                DecoderEvent::Inflated(piece) => {
                    keep_up_to(self.max_payload_kept, &mut self.message_data, piece);
                }
                DecoderEvent::MessageEnd(end) => self.message_end = Some(end),
                DecoderEvent::FrameEnd(_) => {
                    if let Some(start) = self.start.take() {
                        return Some(self.take_frame(start));
                    }
                }
            }
        }
        None
    }

    fn take_frame(&mut self, start: FrameStart) -> AssembledFrame {
        (self.payload_kept, self.keeps_payload) = (0, true);
        AssembledFrame {
            frame_number: start.frame_number,
            offset: start.offset,
            start: Some(start),
            partial_header: Vec::new(),
            payload: std::mem::take(&mut self.payload),
            payload_received: std::mem::take(&mut self.payload_received),
            not_captured: std::mem::take(&mut self.not_captured),
            gaps: std::mem::take(&mut self.gaps),
            faults: std::mem::take(&mut self.faults),
            non_frame: self.decoder.non_frame(),
            needed: None,
            message: self.message_end.take().map(|end| {
                Box::new(AssembledMessage { end, data: std::mem::take(&mut self.message_data) })
            }),
        }
    }

    /// Returns a copy of the incomplete frame, if one has begun.
    pub fn partial_frame(&self) -> Option<AssembledFrame> {
        let partial_header = self.decoder.partial_header();
        let (frame_number, offset) = match &self.start {
            Some(start) => (start.frame_number, start.offset),
            None if partial_header.is_empty() => return None,
            // Before the header is complete the decoder has no offset to report: it follows from
            // the bytes taken.
            None => (self.decoder.frame_count(), self.bytes_taken - partial_header.len()),
        };
        Some(AssembledFrame {
            frame_number,
            offset,
            start: self.start,
            partial_header: partial_header.to_vec(),
            payload: self.payload.clone(),
            payload_received: self.payload_received,
            not_captured: self.not_captured,
            gaps: self.gaps.clone(),
            faults: self.faults.clone(),
            non_frame: self.decoder.faults.likely_non_frame(),
            needed: self.decoder.needed(),
            message: None,
        })
    }

    /// Returns what the direction carries instead of frames, once that is certain.
    pub fn non_frame(&self) -> Option<NonFrame> {
        self.decoder.non_frame()
    }

    /// Returns the frame whose header is complete and whose payload is not.
    pub fn current_start(&self) -> Option<&FrameStart> {
        self.start.as_ref()
    }

    /// Returns the faults of the frame that is arriving, as far as they are certain.
    pub fn current_faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether every frame so far is complete.
    pub fn is_between_frames(&self) -> bool {
        self.start.is_none() && self.decoder.partial_header().is_empty()
    }

    /// Returns what the unfinished frame still needs; `None` between two frames and after an
    /// impossible length.
    pub fn needed(&self) -> Option<Needed> {
        self.decoder.needed()
    }

    /// Returns the number of complete frames.
    pub fn frame_count(&self) -> usize {
        self.decoder.frame_count()
    }

    /// Returns the number of payload bytes that are held of the arriving frame.
    pub fn payload_held(&self) -> usize {
        self.payload_kept
    }
}

/// Appends a piece to `kept`, of which no more than `limit` bytes are kept.
fn keep_up_to(limit: usize, kept: &mut Vec<u8>, piece: &[u8]) {
    let room = limit.saturating_sub(kept.len());
    kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{Opcode, Side, encode};
    use crate::wire::handshake::extension::AgreedExtensions;
    use proptest::prelude::*;

    fn assembler(max_payload_kept: usize) -> FrameAssembler {
        FrameAssembler::new(Decoder::new(Side::Server, AgreedExtensions::none()), max_payload_kept)
    }

    #[test]
    fn a_frame_comes_with_its_own_faults_and_nothing_of_the_one_before() {
        let mut input: &[u8] = b"\xc1\x01a\x89\x00\x82\x7e\x00\x01b";
        let mut assembler = assembler(10);
        let counts: Vec<_> = std::iter::from_fn(|| assembler.next_frame(&mut input))
            .map(|frame| {
                (frame.frame_number, frame.offset.get(), frame.payload, frame.faults.len())
            })
            .collect();
        assert_eq!(
            counts,
            [(0, 0, b"a".to_vec(), 1), (1, 3, Vec::new(), 0), (2, 5, b"b".to_vec(), 1)]
        );
        assert!(assembler.is_between_frames());
    }

    #[test]
    fn what_is_missing_of_the_last_frame_is_known_and_the_frame_still_completes() {
        let mut assembler = assembler(10);
        assert_eq!(assembler.next_frame(&mut b"\x81\x05Hel".as_slice()), None);
        let partial = assembler.partial_frame().unwrap();
        assert_eq!(
            (partial.payload.as_slice(), partial.needed.unwrap().more.get()),
            (&b"Hel"[..], 2)
        );
        assert!(!assembler.is_between_frames());
        assert_eq!(assembler.next_frame(&mut b"lo".as_slice()).unwrap().payload, b"Hello");
    }

    #[test]
    fn a_close_behind_lost_frames_may_be_payload_so_that_nothing_behind_it_is_a_fault() {
        for (is_lost, fault_count) in [(false, 1), (true, 0)] {
            let mut assembler = assembler(10);
            if is_lost {
                assembler.resume_after_gap();
            }
            let mut input: &[u8] = b"\x88\x02\x03\xe8\x81\x02hi";
            assert_eq!(assembler.next_frame(&mut input).unwrap().faults, []);
            assert_eq!(assembler.next_frame(&mut input).unwrap().faults.len(), fault_count);
        }
    }

    #[test]
    fn payload_behind_gaps_is_kept_in_its_place_up_to_the_limit() {
        let gap = |offset, missing, payload: &[u8]| PayloadGap {
            offset: ByteLen::new(offset),
            missing: ByteLen::new(missing),
            payload: payload.to_vec(),
        };
        for (limit, behind) in [(9, [&b"gh"[..], b"i"]), (4, [b"g", b""])] {
            let mut assembler = assembler(limit);
            assert_eq!(assembler.next_frame(&mut &b"\x82\x0babc"[..]), None);
            assert_eq!(assembler.skip(ByteLen::new(1)).get(), 1);
            assert_eq!(assembler.skip(ByteLen::new(2)).get(), 2);
            assert_eq!(assembler.next_frame(&mut &b"gh"[..]), None);
            assert_eq!(assembler.skip(ByteLen::new(2)).get(), 2);
            let frame = assembler.next_frame(&mut &b"i\x82\x01z"[..]).unwrap();
            assert_eq!(frame.payload, b"abc");
            assert_eq!(frame.gaps, [gap(3, 3, behind[0]), gap(8, 2, behind[1])]);
            assert_eq!((frame.not_captured.get(), frame.payload_received.get()), (5, 6));
            let next = assembler.next_frame(&mut &b"\x82\x01z"[..]).unwrap();
            assert_eq!((next.payload.as_slice(), next.gaps), (&b"z"[..], Vec::new()));
        }
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same_frames_and_no_more_payload_than_allowed(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..6),
            piece in 1_usize..50, max_payload_kept in 0_usize..400,
        ) {
            let bytes: Vec<u8> =
                payloads.iter().flat_map(|data| encode::single_frame(Opcode::Binary, data, None)).collect();
            let mut assembler = assembler(max_payload_kept);
            let mut frames = Vec::new();
            for mut input in bytes.chunks(piece) {
                frames.extend(std::iter::from_fn(|| assembler.next_frame(&mut input)));
            }
            let kept: Vec<&[u8]> =
                payloads.iter().map(|data| &data[..data.len().min(max_payload_kept)]).collect();
            prop_assert_eq!(frames.iter().map(|frame| frame.payload.as_slice()).collect::<Vec<_>>(), kept);
            prop_assert_eq!(frames.len(), assembler.frame_count());
            prop_assert_eq!(assembler.partial_frame(), None);
        }
    }
}
