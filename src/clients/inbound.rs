//! [`Inbound`]: what the session itself must understand of what the server says: the answer, pings and the Close.
//! Everything else is for whoever reads the reports; of a payload no more is kept than a control frame may hold.

use crate::clients::{Refusal, UnfinishedRead};
use crate::wire::handshake::{ClientOffer, DEFAULT_MAX_HEAD_LEN, HeadContext, response};
use crate::wire::handshake::{HeadReader, HeadScan, ValidatedHead};
use crate::wire::{AgreedExtensions, Decoder, DecoderEvent, Header, Opcode, Side, format};

/// What the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InboundEvent {
    /// The server has answered 101: frames from here on.
    Open,
    /// Something else was answered: what, and the bytes of the body that are still to come, where `Content-Length` says it.
    Refused(Refusal, Option<u64>),
    /// A whole ping.
    Ping(Vec<u8>),
    /// A whole Close with its code.
    Close(Option<u16>),
}

/// A control frame holds at most this much (RFC 6455 section 5.5).
const MAX_CONTROL_PAYLOAD: usize = 125;

#[derive(Debug)]
pub(super) struct Inbound {
    head_reader: HeadReader,
    phase: InboundPhase,
    /// The header of the frame that is arriving, and its payload where it is a control frame.
    current_header: Option<Header>,
    payload: Vec<u8>,
}

#[derive(Debug)]
enum InboundPhase {
    Head,
    Frames(Box<Decoder>),
    Body,
}

impl Inbound {
    pub(super) fn new() -> Self {
        Self {
            head_reader: HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN),
            phase: InboundPhase::Head,
            current_header: None,
            payload: Vec::new(),
        }
    }

    /// Listens to the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8], mut on_event: impl FnMut(InboundEvent)) {
        let mut rest = bytes;
        if let InboundPhase::Head = self.phase {
            let taken = self.head_reader.push(bytes);
            rest = bytes.get(taken..).unwrap_or_default();
            self.take_head(rest.len() as u64, &mut on_event);
        }
        if let InboundPhase::Frames(decoder) = &mut self.phase {
            while let Some(event) = decoder.next_event(&mut rest) {
                match event {
                    DecoderEvent::FrameStart(begun) => {
                        self.current_header = Some(begun.header);
                        self.payload.clear();
                    }
                    DecoderEvent::Payload(piece)
                        if self.current_header.is_some_and(|header| header.opcode.is_control()) =>
                    {
                        let room = MAX_CONTROL_PAYLOAD.saturating_sub(self.payload.len());
                        self.payload.extend_from_slice(piece.get(..room).unwrap_or(piece));
                    }
                    DecoderEvent::FrameEnd(_) => {
                        if let Some(event) = self
                            .current_header
                            .take()
                            .and_then(|header| control_event(&header, &self.payload))
                        {
                            on_event(event);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Where the stream stands, for the case that it ends here: in the middle of a frame, and what is missing.
    pub(super) fn unfinished(&self) -> Option<UnfinishedRead> {
        match &self.phase {
            InboundPhase::Head if self.head_reader.bytes().is_empty() => Some(UnfinishedRead::BeforeResponse),
            InboundPhase::Head => Some(UnfinishedRead::InResponse),
            InboundPhase::Frames(decoder) => {
                let lost = self.current_header.is_some_and(|header| header.has_impossible_length());
                let missing = decoder.needed().map(|needs| UnfinishedRead::InFrame { missing: needs.more });
                missing.or_else(|| lost.then_some(UnfinishedRead::AfterImpossibleLength))
            }
            InboundPhase::Body => None,
        }
    }

    fn take_head(&mut self, behind: u64, on_event: &mut impl FnMut(InboundEvent)) {
        let refusal = match self.head_reader.scan() {
            HeadScan::Incomplete => return,
            HeadScan::Complete(_) => {
                let opening = ValidatedHead::new(
                    &self.head_reader,
                    &HeadContext::Response(ClientOffer::default()),
                    false,
                );
                let head = opening.head.expect("a head was found");
                if response::is_switching_protocols(&head) {
                    self.phase =
                        InboundPhase::Frames(Box::new(Decoder::new(Side::Server, AgreedExtensions::none())));
                    return on_event(InboundEvent::Open);
                }
                let [_, status, _] = head.start_line_parts();
                let status = String::from_utf8_lossy(head.raw().get(status).unwrap_or_default());
                let length =
                    head.joined_value("Content-Length").and_then(|length| length.parse::<u64>().ok());
                let left = length.map(|length| length.saturating_sub(behind));
                self.phase = InboundPhase::Body;
                let refusal = Refusal::Status(format::escape_controls(&status));
                return on_event(InboundEvent::Refused(refusal, left));
            }
            HeadScan::Tls(_) => Refusal::Tls,
            HeadScan::Http2Frame | HeadScan::Http2Preface => Refusal::Http2,
            HeadScan::TooLarge => Refusal::HeadTooLarge,
        };
        self.phase = InboundPhase::Body;
        on_event(InboundEvent::Refused(refusal, Some(0)));
    }
}

/// Only what may be answered is told: whole, and not longer than a control frame may be.
fn control_event(header: &Header, payload: &[u8]) -> Option<InboundEvent> {
    match (header.opcode, payload) {
        (Opcode::Ping, _) if header.payload_len <= MAX_CONTROL_PAYLOAD as u64 => {
            Some(InboundEvent::Ping(payload.to_vec()))
        }
        (Opcode::Close, [high, low, ..]) => {
            Some(InboundEvent::Close(Some(u16::from_be_bytes([*high, *low]))))
        }
        (Opcode::Close, _) => Some(InboundEvent::Close(None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events_of(bytes: &[u8], chunk: usize) -> (Vec<InboundEvent>, Option<UnfinishedRead>) {
        let (mut inbound, mut all) = (Inbound::new(), Vec::new());
        bytes.chunks(chunk).for_each(|piece| inbound.push(piece, |events_of| all.push(events_of)));
        (all, inbound.unfinished())
    }

    #[test]
    fn what_must_be_answered_is_found_in_any_pieces() {
        let ping = [&[0x89, 126, 0, 200][..], &[7; 200]].concat();
        let bytes = [
            b"HTTP/1.1 101 X\r\n\r\n\x81\x02hi\x89\x01a".as_slice(),
            &ping,
            b"\x88\x02\x03\xe8\x88\x00\x82\x05a",
        ]
        .concat();
        for chunk in [1, 3, 7, 1000] {
            let (all, end) = events_of(&bytes, chunk);
            assert_eq!(
                all,
                [
                    InboundEvent::Open,
                    InboundEvent::Ping(b"a".into()),
                    InboundEvent::Close(Some(1000)),
                    InboundEvent::Close(None)
                ]
            );
            assert_eq!(end, Some(UnfinishedRead::InFrame { missing: 4_u64.into() }));
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        for (bytes, refusal, left) in [
            (
                &b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnothing"[..],
                Refusal::Status("404".to_owned()),
                Some(2),
            ),
            (b"HTTP/1.1 403 Forbidden\r\n\r\n", Refusal::Status("403".to_owned()), None),
            (b"\x15\x03\x03\x00\x02\x02\x28", Refusal::Tls, Some(0)),
        ] {
            assert_eq!(events_of(bytes, 1000).0, [InboundEvent::Refused(refusal, left)]);
        }
        assert_eq!(events_of(b"HTTP/1.1 1", 3), (Vec::new(), Some(UnfinishedRead::InResponse)));
    }

    #[test]
    fn a_length_that_cannot_be_is_reported() {
        let bytes = [b"HTTP/1.1 101 X\r\n\r\n\x82\x7f".as_slice(), &[0xff; 8], &[0; 100]].concat();
        assert_eq!(events_of(&bytes, 1000).1, Some(UnfinishedRead::AfterImpossibleLength));
    }
}
