//! Everything one direction said, kept: frames with their bytes, messages, faults.
//! The judging is the decoder's; here is only the memory of it, which grows with what was really received, never with what was claimed.

use super::decoder::{Begun, Decoder, Event};
use super::extension::Agreed;
use super::fault::{Fault, Severity};
use super::frame::{Header, Needs, Opcode, Side};
use super::inflate::Uninflated;
use super::lens::Lens;
use super::mask;
use super::message::{Kind, Place};
use super::size::{ByteLen, Offset};
use super::span::{self, Context, Span};

/// So much inflated data is kept in all: a few bytes on the wire must not fill the memory. Of what comes later only the payload is kept.
const INFLATED: usize = 256 << 20;

/// One frame with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number in its direction, from 0.
    pub index: usize,
    /// Where its first byte stands, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// Its header.
    pub header: Header,
    /// What it is to the messages.
    pub place: Place,
    /// An earlier frame had a fatal fault: a receiver would not have read this one.
    pub after_fault: bool,
    /// All of the payload is there.
    pub complete: bool,
    /// What its fields mean depends on this.
    pub context: Context,
    raw: Vec<u8>,
}

impl Frame {
    /// A frame of which `raw` is there: the header, and as much of the payload as there is.
    pub(super) fn new(begun: &Begun, context: Context, raw: Vec<u8>) -> Self {
        let &Begun { index, offset, header, place, after_fault, .. } = begun;
        let complete = header.frame_len() == ByteLen::of(&raw);
        Self { index, offset, header, place, after_fault, complete, context, raw }
    }

    /// The bytes as they came, header and payload.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The payload as it came, masked if the frame is.
    pub fn payload_on_wire(&self) -> &[u8] {
        self.raw.get(self.header.len()..).unwrap_or_default()
    }

    /// The payload unmasked; still compressed where the message is.
    pub fn payload(&self) -> Vec<u8> {
        match self.header.key {
            Some(key) => mask::unmasked(self.payload_on_wire(), key),
            None => self.payload_on_wire().to_vec(),
        }
    }

    /// Every field with its bytes, bits, value and meaning, made anew at each call.
    pub fn spans(&self) -> Vec<Span> {
        span::spans(&self.raw, self.context)
    }

    /// The code and the reason of a Close frame; none where there is no code.
    pub fn close(&self) -> Option<(u16, Vec<u8>)> {
        let body = self.payload();
        match (self.header.opcode, body.as_slice()) {
            (Opcode::Close, [high, low, reason @ ..]) => {
                Some((u16::from_be_bytes([*high, *low]), reason.to_vec()))
            }
            _ => None,
        }
    }
}

/// A data message, put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number among the messages that were begun, from 0.
    pub number: usize,
    /// Text or binary.
    pub kind: Kind,
    /// The numbers of its frames.
    pub frames: Vec<usize>,
    /// Its bytes, inflated where it came compressed: for text valid UTF-8, unless it is `uninflated`.
    pub data: Vec<u8>,
    /// It came compressed (RFC 7692).
    pub compressed: bool,
    /// Payload bytes of its frames, as they came.
    pub payload_len: ByteLen,
    /// Why `data` is not there, or only its beginning.
    pub uninflated: Option<Uninflated>,
}

impl Message {
    /// The text of a text message; none where it was not inflated to its end.
    pub fn text(&self) -> Option<&str> {
        let is_whole_text = self.kind == Kind::Text && self.uninflated.is_none();
        is_whole_text.then(|| str::from_utf8(&self.data).ok()).flatten()
    }

    /// How many bytes of data one payload byte stands for; none where it is not compressed or not inflated to its end.
    pub fn ratio(&self) -> Option<f64> {
        let is_known = self.compressed && self.uninflated.is_none() && self.payload_len > ByteLen::ZERO;
        is_known.then(|| self.data.len() as f64 / self.payload_len.get() as f64)
    }
}

/// The first bytes of a frame whose header is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning<'a> {
    /// The number it will have.
    pub index: usize,
    /// Where its first byte stands, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The bytes that are there.
    pub raw: &'a [u8],
    context: Context,
}

impl Beginning<'_> {
    /// The fields that are there already.
    pub fn spans(&self) -> Vec<Span> {
        span::spans(self.raw, self.context)
    }
}

/// How a transcript stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every byte belongs to a complete frame, and no fault is fatal.
    Ok,
    /// Nothing fatal so far; the last frame is not complete.
    Incomplete,
    /// At least one fault is fatal.
    Fail,
}

impl Verdict {
    /// `ok`, `incomplete` or `fail`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Incomplete => "incomplete",
            Self::Fail => "fail",
        }
    }
}

/// What one side said after the handshake.
///
/// ```
/// use wiretalk::wire::{Agreed, Side, Transcript};
///
/// let mut said = Transcript::new(Side::Server, Agreed::none());
/// said.push(&[0x01, 0x03, 0x48, 0x65, 0x6c]);
/// said.push(&[0x80, 0x02, 0x6c, 0x6f]);
/// assert_eq!(said.messages()[0].text(), Some("Hello"));
/// assert_eq!(said.messages()[0].frames, [0, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct Transcript {
    decoder: Decoder,
    frames: Vec<Frame>,
    arriving: Option<Frame>,
    beginning: Vec<u8>,
    end: Offset,
    messages: Vec<Message>,
    open: Option<Message>,
    faults: Vec<Fault>,
    /// Bytes of inflated data that are kept.
    inflated: usize,
}

impl Transcript {
    /// Empty, for what `from` sends once the handshake has agreed on `extensions`.
    pub fn new(from: Side, extensions: Agreed) -> Self {
        Self::of(Decoder::new(from, extensions))
    }

    /// Empty, with a decoder of your own making.
    pub fn of(decoder: Decoder) -> Self {
        Self {
            decoder,
            frames: Vec::new(),
            arriving: None,
            beginning: Vec::new(),
            end: Offset::START,
            messages: Vec::new(),
            open: None,
            faults: Vec::new(),
            inflated: 0,
        }
    }

    /// Takes the next bytes, in pieces of any size. A decoder that stops at the first fatal fault leaves the rest unread.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let before = rest;
            let event = self.decoder.step(&mut rest);
            let (taken, _) = before.split_at(before.len().saturating_sub(rest.len()));
            self.end += taken.len();
            match &mut self.arriving {
                Some(frame) => frame.raw.extend_from_slice(taken),
                None => self.beginning.extend_from_slice(taken),
            }
            match event {
                None => return,
                Some(Event::Fault(fault)) => self.faults.push(fault),
                Some(Event::Header(begun)) => {
                    let raw = std::mem::take(&mut self.beginning);
                    self.arriving = Some(Frame::new(&begun, context(&begun, &self.decoder), raw));
                    self.place(&begun);
                }
                Some(Event::Payload(plain)) => {
                    let part = self.arriving.as_ref().is_some_and(|frame| frame.place.message().is_some());
                    if let (true, Some(message)) = (part, &mut self.open) {
                        message.payload_len += plain.len();
                        if !message.compressed {
                            message.data.extend_from_slice(plain);
                        }
                    }
                }
                Some(Event::Data(piece)) => {
                    if let Some(message) = &mut self.open {
                        let room = INFLATED.saturating_sub(self.inflated);
                        let (kept, left_out) = piece.split_at(room.min(piece.len()));
                        self.inflated = self.inflated.saturating_add(kept.len());
                        message.data.extend_from_slice(kept);
                        if !left_out.is_empty() {
                            message.uninflated = Some(Uninflated::Limit);
                        }
                    }
                }
                Some(Event::Frame(_)) => self.complete(),
                Some(Event::Message(end)) => {
                    let whole = self.open.take();
                    self.messages.extend(whole.map(|message| Message {
                        uninflated: end.uninflated.or(message.uninflated),
                        ..message
                    }));
                }
            }
        }
    }

    /// The complete frames, in order.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The frame whose header is complete and whose payload is not.
    pub fn arriving(&self) -> Option<&Frame> {
        self.arriving.as_ref()
    }

    /// The first bytes of a frame whose header is not complete.
    pub fn beginning(&self) -> Option<Beginning<'_>> {
        (!self.beginning.is_empty()).then(|| Beginning {
            index: self.frames.len(),
            offset: self.end - self.beginning.len(),
            raw: &self.beginning,
            context: Context::new(self.decoder.sender(), self.decoder.deflate()),
        })
    }

    /// What the unfinished frame needs; none between two frames, and none after a length that cannot be.
    pub fn needs(&self) -> Option<Needs> {
        self.decoder.needs()
    }

    /// The data messages that are complete and well, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The DEFLATE data of a compressed message that has ended, well or not, explained; none where what it may point back into is not known.
    /// Made anew at each call, since it is large.
    pub fn lens(&self, number: usize) -> Option<Lens> {
        let deflate = self.decoder.agreed().deflate?;
        let of_it = |frame: &&Frame| frame.place.message() == Some(number) && frame.context.compressed;
        let frames: Vec<&Frame> = self.frames.iter().filter(of_it).collect();
        frames.last().filter(|frame| frame.header.fin)?;
        let payload: Vec<u8> = frames.iter().flat_map(|frame| frame.payload()).collect();
        let bits = deflate.window_bits(self.decoder.sender());
        let before = if deflate.context_takeover(self.decoder.sender()) {
            self.window_before(number, 1 << bits)?
        } else {
            Vec::new()
        };
        Some(Lens::new(&before, &payload, bits))
    }

    /// The last `size` bytes that were inflated before message `number`; none where they are not known.
    fn window_before(&self, number: usize, size: usize) -> Option<Vec<u8>> {
        let mut before = Vec::new();
        for frame in self.frames.iter().rev().filter(|frame| frame.context.compressed) {
            let Place::Opens { message } = frame.place else { continue };
            if message >= number {
                continue;
            }
            let at = self.messages.binary_search_by_key(&message, |earlier| earlier.number).ok()?;
            let earlier = self.messages.get(at).filter(|earlier| earlier.uninflated.is_none())?;
            let wanted = size.saturating_sub(before.len());
            let unwanted = earlier.data.len().saturating_sub(wanted);
            before.splice(0..0, earlier.data.iter().skip(unwanted).copied());
            if before.len() == size {
                break;
            }
        }
        Some(before)
    }

    /// All faults, in the order in which they became certain.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The faults of one frame.
    pub fn faults_of(&self, frame: usize) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| fault.frame == frame)
    }

    /// How it stands.
    pub fn verdict(&self) -> Verdict {
        if self.faults.iter().any(|fault| fault.severity() == Severity::Fatal) {
            Verdict::Fail
        } else if self.needs().is_some() {
            Verdict::Incomplete
        } else {
            Verdict::Ok
        }
    }

    /// Bytes taken so far.
    pub fn len(&self) -> ByteLen {
        self.end.into()
    }

    /// Nothing was taken yet.
    pub fn is_empty(&self) -> bool {
        self.end == Offset::START
    }

    /// The decoder behind it.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    fn place(&mut self, begun: &Begun) {
        match (begun.place, begun.kind) {
            (Place::Opens { message: number }, Some(kind)) => {
                let compressed = begun.compressed;
                self.open = Some(Message {
                    number,
                    kind,
                    frames: vec![begun.index],
                    data: Vec::new(),
                    compressed,
                    payload_len: ByteLen::ZERO,
                    uninflated: None,
                });
            }
            (Place::Continues { .. }, _) => {
                if let Some(message) = &mut self.open {
                    message.frames.push(begun.index);
                }
            }
            _ => {}
        }
    }

    fn complete(&mut self) {
        if let Some(mut frame) = self.arriving.take() {
            frame.complete = true;
            self.frames.push(frame);
        }
    }
}

fn context(begun: &Begun, decoder: &Decoder) -> Context {
    Context {
        kind: begun.kind,
        compressed: begun.compressed,
        ..Context::new(decoder.sender(), decoder.deflate())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::wire::encode;
    use crate::wire::extension::Deflate;
    use crate::wire::fault::Code;
    use proptest::prelude::*;

    fn heard(from: Side, bytes: &[u8]) -> Transcript {
        let mut said = Transcript::new(from, Agreed::none());
        said.push(bytes);
        said
    }

    fn codes(said: &Transcript) -> Vec<(Code, usize)> {
        said.faults().iter().map(|fault| (fault.code, fault.frame)).collect()
    }

    #[test]
    fn it_goes_on_after_a_fault_and_marks_what_follows() {
        let said = heard(Side::Server, &[0x83, 0x00, 0x81, 0x02, b'o', b'k', 0x88, 0x00, 0x8a]);
        assert_eq!(codes(&said), [(Code::OpcodeReserved, 0), (Code::ControlAfterClose, 3)]);
        assert_eq!(
            said.frames().iter().map(|frame| frame.after_fault).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(said.messages()[0].text(), Some("ok"));
        assert_eq!(
            said.beginning().map(|begun| (begun.index, begun.offset.get(), begun.raw)),
            Some((3, 8, &[0x8a][..]))
        );
        assert_eq!(said.verdict(), Verdict::Fail);
    }

    #[test]
    fn asked_to_stop_it_leaves_the_rest_unread() {
        let mut said = Transcript::of(Decoder::new(Side::Server, Agreed::none()).stop_at_fatal());
        said.push(&[0x83, 0x01, b'x', 0x81, 0x00]);
        assert_eq!((said.frames().len(), said.len().get()), (1, 3));
        assert!(said.decoder().has_stopped());
    }

    #[test]
    fn section_5_4_a_frame_that_interrupts_a_message_leaves_it_open() {
        let said = heard(Side::Server, &[0x01, 0x01, b'a', 0x82, 0x01, b'x', 0x80, 0x01, b'b']);
        assert_eq!(codes(&said), [(Code::NewDataInFragmented, 1)]);
        assert_eq!((said.messages()[0].text(), &said.messages()[0].frames), (Some("ab"), &vec![0, 2]));
        assert_eq!(said.frames()[1].place, Place::Stray);
    }

    #[test]
    fn rfc_7692_section_6_1_rsv1_where_it_must_not_be() {
        let deflate = Agreed { deflate: Some(Deflate::default()) };
        let mut said = Transcript::new(Side::Server, deflate);
        said.push(&[0x41, 0x00, 0xc9, 0x00, 0xc0, 0x01, 0x00]);
        assert_eq!(
            codes(&said),
            [(Code::EmptyFragment, 0), (Code::Rsv1OnControl, 1), (Code::Rsv1OnContinuation, 2)]
        );
        assert!(said.messages()[0].compressed);
    }

    #[test]
    fn section_5_5_1_half_a_close_code_in_a_long_form_is_told_with_the_length() {
        let said = heard(Side::Server, &[0x88, 0x7e, 0x00, 0x01]);
        let found: Vec<_> =
            said.faults().iter().map(|fault| (fault.code, fault.detectable_after.get())).collect();
        assert_eq!(found, [(Code::CtrlTooLong, 2), (Code::LenNotMinimal, 4), (Code::CloseLen1, 4)]);
    }

    #[test]
    fn section_5_5_1_a_reason_cut_inside_a_character() {
        let said = heard(Side::Server, &[0x88, 0x03, 0x03, 0xe8, 0xc3]);
        let fault = said.faults()[0];
        let found = (fault.code, fault.byte_offset.get(), fault.detectable_after.get());
        assert_eq!(found, (Code::CloseReasonUtf8, 4, 5));
        assert_eq!(said.frames()[0].close(), Some((1000, vec![0xc3])));
    }

    #[test]
    fn section_5_3_a_key_is_reused_only_where_it_masks_something() {
        let key = Some([1, 2, 3, 4]);
        let frame = |plain: &[u8]| encode::whole(Opcode::Binary, plain, key);
        let said = heard(Side::Client, &[frame(b"a"), frame(b""), frame(b"b")].concat());
        assert_eq!(codes(&said), [(Code::MaskReused, 2)]);
    }

    #[test]
    fn a_claimed_length_allocates_nothing_and_never_ends() {
        let mut said = heard(Side::Server, &[0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        said.push(b"what follows");
        assert_eq!(said.needs(), None);
        let frame = said.arriving().unwrap();
        assert_eq!((frame.payload_on_wire(), frame.header.payload_len), (&b"what follows"[..], ByteLen::MAX));
        assert!(frame.raw().len() < 100);
    }

    /// Bytes that look like frames often enough to get far: legal ones, broken ones, cut ones, noise.
    pub(crate) fn stream() -> impl Strategy<Value = Vec<u8>> {
        let header = (any::<u8>(), 0_u8..6, proptest::option::of(any::<[u8; 4]>()), any::<bool>());
        let frame = (header, proptest::collection::vec(any::<u8>(), 0..6)).prop_map(
            |((first, len, key, zero), body)| {
                let key = key.map(|key| if zero { [0; 4] } else { key });
                let header = Header { key, ..Header::parse(&[first, len]).expect("short and unmasked") };
                encode::frame(&header, &body)
            },
        );
        let text = any::<String>().prop_map(|text| {
            let (first, last) = text.as_bytes().split_at(text.len() / 2);
            encode::fragments(Kind::Text, &[first, last], || None).concat()
        });
        let noise = proptest::collection::vec(any::<u8>(), 0..12);
        proptest::collection::vec(prop_oneof![4 => frame, 2 => text, 1 => noise], 0..8)
            .prop_map(|parts| parts.concat())
    }

    pub(crate) fn side_and_agreed() -> impl Strategy<Value = (Side, Agreed)> {
        (any::<bool>(), any::<bool>()).prop_map(|(client, deflate)| {
            let from = if client { Side::Client } else { Side::Server };
            (from, Agreed { deflate: deflate.then(Deflate::default) })
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
            prop_assert_eq!(whole.arriving(), pieces.arriving());
            prop_assert_eq!(whole.beginning(), pieces.beginning());
            prop_assert_eq!(whole.messages(), pieces.messages());
            prop_assert_eq!(whole.faults(), pieces.faults());
            prop_assert_eq!(whole.needs(), pieces.needs());
        }

        #[test]
        fn a_fault_is_told_at_the_byte_it_names_and_not_before((from, agreed) in side_and_agreed(), bytes in stream()) {
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
            let mut said = Transcript::new(from, agreed);
            said.push(&bytes);
            let frames = said.frames().iter().chain(said.arriving());
            let mut kept: Vec<u8> = frames.flat_map(|frame| frame.raw().to_vec()).collect();
            kept.extend_from_slice(said.beginning().map_or(&[], |begun| begun.raw));
            prop_assert_eq!(kept, bytes);
            for message in said.messages() {
                let frames = message.frames.iter().flat_map(|index| said.frames()[*index].payload());
                let payload: Vec<u8> = frames.collect();
                prop_assert_eq!(ByteLen::of(&payload), message.payload_len);
                prop_assert!(message.compressed || payload == message.data);
                prop_assert_eq!(message.text().is_some(), message.kind == Kind::Text && message.uninflated.is_none());
            }
        }
    }
}
