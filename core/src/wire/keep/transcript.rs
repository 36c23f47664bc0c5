//! Keeps everything that one side sent: frames with their bytes, messages, faults.
//! The decoder validates. Memory grows with the bytes received, never with a claimed length.

use crate::text::named_enum;
use crate::wire::decode::decoder::{Decoder, DecoderEvent, FrameStart};
use crate::wire::decode::fault::Fault;
use crate::wire::deflate::inflate::InflateStop;
use crate::wire::deflate::listing::DeflateListing;
use crate::wire::explain::FrameContext;
use crate::wire::frame::Severity;
use crate::wire::frame::message::{FragmentRole, MessageKind};
use crate::wire::frame::{Needed, Side};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::size::{ByteLen, Offset};

pub use crate::wire::keep::frame::{Frame, PartialHeader, PayloadPiece};

/// The maximum of inflated bytes kept in all; of later messages only the payload is kept.
const MAX_INFLATED_BYTES: usize = 256 << 20;

/// An assembled data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message's number in its direction, from 0, in the order in which messages began.
    pub number: usize,
    /// The type of the message.
    pub kind: MessageKind,
    /// The numbers of its frames, in order.
    pub frames: Vec<usize>,
    /// The inflated data; valid UTF-8 for a text message, unless there is an `inflate_stop`.
    pub data: Vec<u8>,
    /// Whether the message was compressed (RFC 7692).
    pub compressed: bool,
    /// The payload bytes of all its frames, before inflating.
    pub payload_len: ByteLen,
    /// Why `data` is missing or incomplete; `None` if it is complete.
    pub inflate_stop: Option<InflateStop>,
}

impl Message {
    /// Returns the text of a text message; `None` if it was not inflated completely.
    pub fn text(&self) -> Option<&str> {
        let is_whole_text = self.kind == MessageKind::Text && self.inflate_stop.is_none();
        is_whole_text.then(|| str::from_utf8(&self.data).ok()).flatten()
    }

    /// Returns the data bytes per payload byte; `None` without compression or if inflating stopped.
    pub fn ratio(&self) -> Option<f64> {
        let is_known =
            self.compressed && self.inflate_stop.is_none() && self.payload_len > ByteLen::ZERO;
        is_known.then(|| self.data.len() as f64 / self.payload_len.get() as f64)
    }
}

/// The overall result of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeVerdict {
    /// Every byte belongs to a complete frame, and no fault is fatal.
    Ok,
    /// There is no fatal fault so far, and the last frame is incomplete.
    Incomplete,
    /// At least one fault is fatal.
    Fail,
}

named_enum!(DecodeVerdict, "verdict": Ok = "ok", Incomplete = "incomplete", Fail = "fail");

/// What one side sent after the handshake.
///
/// ```
/// use wiretalk_core::wire::{AgreedExtensions, Side, Transcript};
///
/// let mut transcript = Transcript::new(Side::Server, AgreedExtensions::none());
/// transcript.push(&[0x01, 0x03, 0x48, 0x65, 0x6c]);
/// transcript.push(&[0x80, 0x02, 0x6c, 0x6f]);
/// assert_eq!(transcript.messages()[0].text(), Some("Hello"));
/// assert_eq!(transcript.messages()[0].frames, [0, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct Transcript {
    decoder: Decoder,
    frames: Vec<Frame>,
    current_frame: Option<Frame>,
    partial_header: Vec<u8>,
    len: Offset,
    messages: Vec<Message>,
    open_message: Option<Message>,
    faults: Vec<Fault>,
    /// The number of bytes of inflated data that are kept.
    inflated_bytes: usize,
}

impl Transcript {
    /// Creates an empty transcript for what `from` sends with these extensions agreed.
    pub fn new(from: Side, extensions: AgreedExtensions) -> Self {
        Self::with_decoder(Decoder::new(from, extensions))
    }

    /// Creates an empty transcript with a decoder of the caller's choice.
    pub fn with_decoder(decoder: Decoder) -> Self {
        Self {
            decoder,
            frames: Vec::new(),
            current_frame: None,
            partial_header: Vec::new(),
            len: Offset::START,
            messages: Vec::new(),
            open_message: None,
            faults: Vec::new(),
            inflated_bytes: 0,
        }
    }

    /// Takes the next bytes, in pieces of any size. A decoder that has stopped leaves them unread.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let before = rest;
            let event = self.decoder.next_event(&mut rest);
            let (taken, _) = before.split_at(before.len().saturating_sub(rest.len()));
            self.len += taken.len();
            match &mut self.current_frame {
                Some(frame) => frame.raw.extend_from_slice(taken),
                None => self.partial_header.extend_from_slice(taken),
            }
            match event {
                None => return,
                Some(DecoderEvent::Fault(fault)) => self.faults.push(fault),
                Some(DecoderEvent::FrameStart(frame_start)) => {
                    let raw = std::mem::take(&mut self.partial_header);
                    self.current_frame = Some(Frame::new(
                        &frame_start,
                        frame_context(&frame_start, &self.decoder),
                        raw,
                    ));
                    self.track_message(&frame_start);
                }
                Some(DecoderEvent::Payload(plain)) => {
                    let part = self
                        .current_frame
                        .as_ref()
                        .is_some_and(|frame| frame.role.message_number().is_some());
                    if let (true, Some(message)) = (part, &mut self.open_message) {
                        message.payload_len += plain.len();
                        if !message.compressed {
                            message.data.extend_from_slice(plain);
                        }
                    }
                }
                Some(DecoderEvent::Inflated(piece)) => {
                    if let Some(message) = &mut self.open_message {
                        let room = MAX_INFLATED_BYTES.saturating_sub(self.inflated_bytes);
                        let (kept, left_out) = piece.split_at(room.min(piece.len()));
                        self.inflated_bytes = self.inflated_bytes.saturating_add(kept.len());
                        message.data.extend_from_slice(kept);
                        if !left_out.is_empty() {
                            message.inflate_stop = Some(InflateStop::Limit);
                        }
                    }
                }
                Some(DecoderEvent::FrameEnd(_)) => self.finish_frame(),
                Some(DecoderEvent::MessageEnd(end)) => {
                    let whole = self.open_message.take();
                    self.messages.extend(whole.map(|message| Message {
                        inflate_stop: end.inflate_stop.or(message.inflate_stop),
                        ..message
                    }));
                }
            }
        }
    }

    /// Returns the complete frames, in order.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the frame whose header is complete and whose payload is not.
    pub fn current_frame(&self) -> Option<&Frame> {
        self.current_frame.as_ref()
    }

    /// Returns the first bytes of a frame whose header is incomplete.
    pub fn partial_header(&self) -> Option<PartialHeader<'_>> {
        (!self.partial_header.is_empty()).then(|| PartialHeader {
            frame_number: self.frames.len(),
            offset: self.len - self.partial_header.len(),
            raw: &self.partial_header,
            context: FrameContext::new(self.decoder.sender(), self.decoder.agreed()),
        })
    }

    /// Returns what the unfinished frame needs; `None` between frames and after an impossible
    /// length.
    pub fn needed(&self) -> Option<Needed> {
        self.decoder.needed()
    }

    /// Returns the data messages that ended without a fault, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Explains the DEFLATE data of a message that has ended. It is computed at each call.
    /// Returns `None` if the earlier data that it can refer to is unknown.
    pub fn deflate_listing(&self, number: usize) -> Option<DeflateListing> {
        let deflate = self.decoder.agreed().deflate?;
        let of_it = |frame: &&Frame| {
            frame.role.message_number() == Some(number) && frame.context.compressed
        };
        let frames: Vec<&Frame> = self.frames.iter().filter(of_it).collect();
        frames.last().filter(|frame| frame.header.fin)?;
        let payload: Vec<u8> = frames.iter().flat_map(|frame| frame.payload()).collect();
        let bits = deflate.window_bits(self.decoder.sender());
        let before = if deflate.context_takeover(self.decoder.sender()) {
            self.window_before(number, 1 << bits)?
        } else {
            Vec::new()
        };
        Some(DeflateListing::new(&before, &payload, bits))
    }

    /// Returns the last `size` bytes inflated before message `number`; `None` if they are unknown.
    fn window_before(&self, number: usize, size: usize) -> Option<Vec<u8>> {
        let mut before = Vec::new();
        for frame in self.frames.iter().rev().filter(|frame| frame.context.compressed) {
            let FragmentRole::First { message } = frame.role else { continue };
            if message >= number {
                continue;
            }
            // A message that is missing here had a fault, so the window after it is unknown.
            let at = self.messages.binary_search_by_key(&message, |earlier| earlier.number).ok()?;
            let earlier = self.messages.get(at).filter(|earlier| earlier.inflate_stop.is_none())?;
            let wanted = size.saturating_sub(before.len());
            let unwanted = earlier.data.len().saturating_sub(wanted);
            before.splice(0..0, earlier.data.iter().skip(unwanted).copied());
            if before.len() == size {
                break;
            }
        }
        Some(before)
    }

    /// Returns all faults, in the order in which they became certain.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Returns the faults of one frame.
    pub fn faults_of(&self, frame: usize) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| fault.frame == frame)
    }

    /// Returns the overall result so far.
    pub fn verdict(&self) -> DecodeVerdict {
        if self.faults.iter().any(|fault| fault.severity() == Severity::Fatal) {
            DecodeVerdict::Fail
        } else if self.needed().is_some() {
            DecodeVerdict::Incomplete
        } else {
            DecodeVerdict::Ok
        }
    }

    /// Returns the number of bytes taken so far.
    pub fn byte_count(&self) -> ByteLen {
        self.len.into()
    }

    /// Whether nothing was taken yet.
    pub fn is_empty(&self) -> bool {
        self.len == Offset::START
    }

    /// Returns the decoder.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    fn track_message(&mut self, frame_start: &FrameStart) {
        match (frame_start.role, frame_start.kind) {
            (FragmentRole::First { message: number }, Some(kind)) => {
                let compressed = frame_start.compressed;
                self.open_message = Some(Message {
                    number,
                    kind,
                    frames: vec![frame_start.frame_number],
                    data: Vec::new(),
                    compressed,
                    payload_len: ByteLen::ZERO,
                    inflate_stop: None,
                });
            }
            (FragmentRole::Continuation { .. }, _) => {
                if let Some(message) = &mut self.open_message {
                    message.frames.push(frame_start.frame_number);
                }
            }
            _ => {}
        }
    }

    fn finish_frame(&mut self) {
        if let Some(mut frame) = self.current_frame.take() {
            frame.complete = true;
            self.frames.push(frame);
        }
    }
}

fn frame_context(frame_start: &FrameStart, decoder: &Decoder) -> FrameContext {
    FrameContext {
        kind: frame_start.kind,
        compressed: frame_start.compressed,
        ..FrameContext::new(decoder.sender(), decoder.agreed())
    }
}

#[cfg(test)]
pub(in crate::wire) mod tests {
    use super::*;
    use crate::wire::decode::fault::FaultCode;
    use crate::wire::frame::{Header, Opcode, encode};
    use proptest::prelude::*;

    fn transcribe(from: Side, bytes: &[u8]) -> Transcript {
        let mut transcript = Transcript::new(from, AgreedExtensions::none());
        transcript.push(bytes);
        transcript
    }

    fn codes(transcript: &Transcript) -> Vec<(FaultCode, usize)> {
        transcript.faults().iter().map(|fault| (fault.code, fault.frame)).collect()
    }

    #[test]
    fn it_goes_on_after_a_fault_and_marks_what_follows() {
        let transcript =
            transcribe(Side::Server, &[0x83, 0x00, 0x81, 0x02, b'o', b'k', 0x88, 0x00, 0x8a]);
        assert_eq!(
            codes(&transcript),
            [(FaultCode::OpcodeReserved, 0), (FaultCode::ControlAfterClose, 3)]
        );
        assert_eq!(
            transcript.frames().iter().map(|frame| frame.after_fault).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(transcript.messages()[0].text(), Some("ok"));
        assert_eq!(
            transcript.partial_header().map(|frame_start| (
                frame_start.frame_number,
                frame_start.offset.get(),
                frame_start.raw
            )),
            Some((3, 8, &[0x8a][..]))
        );
        assert_eq!(transcript.verdict(), DecodeVerdict::Fail);
    }

    #[test]
    fn asked_to_stop_it_leaves_the_rest_unread() {
        let mut transcript = Transcript::with_decoder(
            Decoder::new(Side::Server, AgreedExtensions::none()).stop_at_fatal(),
        );
        transcript.push(&[0x83, 0x01, b'x', 0x81, 0x00]);
        assert_eq!((transcript.frames().len(), transcript.byte_count().get()), (1, 3));
        assert!(transcript.decoder().has_stopped());
    }

    #[test]
    fn section_5_4_a_frame_that_interrupts_a_message_leaves_it_open() {
        let transcript =
            transcribe(Side::Server, &[0x01, 0x01, b'a', 0x82, 0x01, b'x', 0x80, 0x01, b'b']);
        assert_eq!(codes(&transcript), [(FaultCode::NewDataInFragmented, 1)]);
        assert_eq!(
            (transcript.messages()[0].text(), &transcript.messages()[0].frames),
            (Some("ab"), &vec![0, 2])
        );
        assert_eq!(transcript.frames()[1].role, FragmentRole::Orphan);
    }

    #[test]
    fn rfc_7692_section_6_1_rsv1_where_it_must_not_be() {
        let deflate = AgreedExtensions::parse("permessage-deflate").unwrap();
        let mut transcript = Transcript::new(Side::Server, deflate);
        transcript.push(&[0x41, 0x00, 0xc9, 0x00, 0xc0, 0x01, 0x00]);
        assert_eq!(
            codes(&transcript),
            [
                (FaultCode::EmptyFragment, 0),
                (FaultCode::Rsv1OnControl, 1),
                (FaultCode::Rsv1OnContinuation, 2)
            ]
        );
        assert!(transcript.messages()[0].compressed);
    }

    #[test]
    fn section_5_5_1_half_a_close_code_in_a_long_form_is_reported_with_the_length() {
        let transcript = transcribe(Side::Server, &[0x88, 0x7e, 0x00, 0x01]);
        let found: Vec<_> = transcript
            .faults()
            .iter()
            .map(|fault| (fault.code, fault.detectable_after.get()))
            .collect();
        assert_eq!(
            found,
            [(FaultCode::CtrlTooLong, 2), (FaultCode::LenNotMinimal, 4), (FaultCode::CloseLen1, 4)]
        );
    }

    #[test]
    fn section_5_5_1_a_reason_cut_inside_a_character() {
        let transcript = transcribe(Side::Server, &[0x88, 0x03, 0x03, 0xe8, 0xc3]);
        let fault = transcript.faults()[0];
        let found = (fault.code, fault.byte_offset.get(), fault.detectable_after.get());
        assert_eq!(found, (FaultCode::CloseReasonUtf8, 4, 5));
        assert_eq!(transcript.frames()[0].close_body(), Some((1000, vec![0xc3])));
    }

    #[test]
    fn section_5_3_a_key_is_reused_only_where_it_masks_something() {
        let key = Some([1, 2, 3, 4]);
        let frame = |plain: &[u8]| encode::single_frame(Opcode::Binary, plain, key);
        let transcript = transcribe(Side::Client, &[frame(b"a"), frame(b""), frame(b"b")].concat());
        assert_eq!(codes(&transcript), [(FaultCode::MaskReused, 2)]);
    }

    #[test]
    fn a_claimed_length_allocates_nothing_and_never_ends() {
        let mut transcript =
            transcribe(Side::Server, &[0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        transcript.push(b"what follows");
        assert_eq!(transcript.needed(), None);
        let frame = transcript.current_frame().unwrap();
        assert_eq!(
            (frame.payload_on_wire(), frame.header.payload_len),
            (&b"what follows"[..], ByteLen::MAX)
        );
        assert!(frame.raw().len() < 100);
    }

    /// Bytes that look like frames often enough to get far: legal, broken and truncated ones, and
    /// noise.
    pub(crate) fn stream() -> impl Strategy<Value = Vec<u8>> {
        let header = (any::<u8>(), 0_u8..6, proptest::option::of(any::<[u8; 4]>()), any::<bool>());
        let frame = (header, proptest::collection::vec(any::<u8>(), 0..6)).prop_map(
            |((first, len, key, zero), body)| {
                let key = key.map(|key| if zero { [0; 4] } else { key });
                let header = Header {
                    masking_key: key,
                    ..Header::parse(&[first, len]).expect("short and unmasked")
                };
                encode::frame(&header, &body)
            },
        );
        let text = any::<String>().prop_map(|text| {
            let (first, last) = text.as_bytes().split_at(text.len() / 2);
            encode::fragments(MessageKind::Text, &[first, last], || None).concat()
        });
        let noise = proptest::collection::vec(any::<u8>(), 0..12);
        proptest::collection::vec(prop_oneof![4 => frame, 2 => text, 1 => noise], 0..8)
            .prop_map(|parts| parts.concat())
    }

    pub(crate) fn side_and_agreed() -> impl Strategy<Value = (Side, AgreedExtensions)> {
        (any::<bool>(), any::<bool>()).prop_map(|(client, deflate)| {
            let from = if client { Side::Client } else { Side::Server };
            (
                from,
                AgreedExtensions::parse(if deflate { "permessage-deflate" } else { "" }).unwrap(),
            )
        })
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same((from, agreed) in side_and_agreed(), bytes in stream(), cuts in proptest::collection::vec(1_usize..9, 1..20)) {
            let mut whole = Transcript::new(from, agreed);
            whole.push(&bytes);
            let mut pieces = Transcript::new(from, agreed);
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(whole.frames(), pieces.frames());
            prop_assert_eq!(whole.current_frame(), pieces.current_frame());
            prop_assert_eq!(whole.partial_header(), pieces.partial_header());
            prop_assert_eq!(whole.messages(), pieces.messages());
            prop_assert_eq!(whole.faults(), pieces.faults());
            prop_assert_eq!(whole.needed(), pieces.needed());
        }

        #[test]
        fn a_fault_is_reported_at_the_byte_it_names_and_not_before((from, agreed) in side_and_agreed(), bytes in stream()) {
            let mut whole = Transcript::new(from, agreed);
            whole.push(&bytes);
            let mut pieces = Transcript::new(from, agreed);
            for (before, byte) in bytes.iter().enumerate() {
                let known = pieces.faults().len();
                pieces.push(&[*byte]);
                prop_assert!(pieces.faults()[known..].iter().all(|fault| fault.detectable_after == before as u64 + 1));
            }
            prop_assert_eq!(whole.faults(), pieces.faults());
        }

        #[test]
        fn no_byte_is_lost((from, agreed) in side_and_agreed(), bytes in stream()) {
            let mut transcript = Transcript::new(from, agreed);
            transcript.push(&bytes);
            let frames = transcript.frames().iter().chain(transcript.current_frame());
            let mut kept: Vec<u8> = frames.flat_map(|frame| frame.raw().to_vec()).collect();
            kept.extend_from_slice(transcript.partial_header().map_or(&[], |frame_start| frame_start.raw));
            // What is no frame is left unread.
            let has_stopped = transcript.decoder().has_stopped();
            prop_assert_eq!(&kept, &bytes[..if has_stopped { kept.len() } else { bytes.len() }]);
            for message in transcript.messages() {
                let frames = message.frames.iter().flat_map(|index| transcript.frames()[*index].payload());
                let payload: Vec<u8> = frames.collect();
                prop_assert_eq!(ByteLen::of(&payload), message.payload_len);
                prop_assert!(message.compressed || payload == message.data);
                prop_assert_eq!(message.text().is_some(), message.kind == MessageKind::Text && message.inflate_stop.is_none());
            }
        }
    }
}
