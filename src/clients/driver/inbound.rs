//! [`Inbound`]: the part of the server's bytes that the session itself must understand: the
//! handshake's response, pings and the Close. Everything else is for the receiver of the events. Of
//! a payload it keeps no more than a control frame may have.

use crate::clients::{Refusal, UnfinishedRead};
use crate::wire::decode::direction_reader::{DirectionReader, Unit, UnitKind};
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::handshake::{Head, HeadScan};
use crate::wire::{Opcode, Side, format};

/// Something that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InboundEvent {
    /// The server has answered 101. Frames follow.
    Open,
    /// The server answered something else, with this number of body bytes still to come; `None`
    /// without `Content-Length`.
    Refused(Refusal, Option<u64>),
    /// A complete Ping with its payload.
    Ping(Vec<u8>),
    /// A complete Close with its code.
    Close(Option<u16>),
}

/// The maximum payload of a control frame in bytes (RFC 6455 section 5.5).
const MAX_CONTROL_PAYLOAD: usize = 125;

/// The maximum number of bytes that are kept of a refusal's body.
const MAX_BODY_KEPT: usize = 4096;

/// The maximum number of characters that are quoted of an answer that is not HTTP.
const MAX_LINE_QUOTED: usize = 60;

/// What servers of TLS answer to a request without TLS: nginx, Apache, Go, Tomcat.
const TLS_EXPECTED: [&[u8]; 4] = [
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"sent an HTTP request to an HTTPS server",
    b"combination of host and port requires TLS",
];

#[derive(Debug)]
pub(super) struct Inbound {
    reader: DirectionReader,
    /// The beginning of what follows a response that is not a 101.
    body: Vec<u8>,
}

impl Inbound {
    pub(super) fn new() -> Self {
        let reader = DirectionReader::new(Side::Server, MAX_CONTROL_PAYLOAD);
        Self { reader, body: Vec::new() }
    }

    /// Takes the next bytes and reports what they complete.
    pub(super) fn push(&mut self, bytes: &[u8], mut on_event: impl FnMut(InboundEvent)) {
        let mut rest = bytes;
        while let Some(unit) = self.reader.next_unit(&mut rest) {
            let event = match unit {
                // An interim response: the final one follows.
                Unit::Head(_) if self.reader.expects() == UnitKind::Head => None,
                Unit::Head(scan) => Some(self.head_event(scan, rest.len() as u64)),
                Unit::Frame(frame) => control_event(frame),
                Unit::Bytes(bytes) => {
                    let room = MAX_BODY_KEPT.saturating_sub(self.body.len());
                    self.body.extend(bytes.iter().take(room));
                    None
                }
            };
            event.into_iter().for_each(&mut on_event);
        }
    }

    /// Returns what is incomplete if the stream ends here.
    pub(super) fn unfinished(&self) -> Option<UnfinishedRead> {
        match (self.reader.expects(), self.reader.assembler()) {
            (UnitKind::Head, _) => {
                let head = self.reader.head();
                let is_partial = head.scan() == HeadScan::Incomplete && !head.bytes().is_empty();
                Some(if is_partial {
                    UnfinishedRead::InResponse
                } else {
                    UnfinishedRead::BeforeResponse
                })
            }
            (_, Some(frames)) => {
                // The decoder needs nothing more for such a frame, but its end is unknown.
                let lost = frames
                    .current_start()
                    .is_some_and(|start| start.header.has_impossible_length());
                let missing =
                    frames.needed().map(|needed| UnfinishedRead::InFrame { missing: needed.more });
                missing.or_else(|| lost.then_some(UnfinishedRead::AfterImpossibleLength))
            }
            (_, None) => None,
        }
    }

    /// Returns a refusal with what the body of the response explains.
    pub(super) fn explain(&self, refusal: Refusal) -> Refusal {
        let expects_tls =
            TLS_EXPECTED.iter().any(|text| memchr::memmem::find(&self.body, text).is_some());
        match refusal {
            Refusal::Status(status) if expects_tls => Refusal::TlsExpected(status),
            other => other,
        }
    }

    /// Returns the beginning of the first line of an incomplete head; `None` if nothing has
    /// arrived.
    pub(super) fn first_line(&self) -> Option<String> {
        let bytes = self.reader.head().bytes();
        let line = bytes.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
        let line: String = String::from_utf8_lossy(line).chars().take(MAX_LINE_QUOTED).collect();
        (!bytes.is_empty()).then(|| format::escape_controls(&line))
    }

    /// Returns the event for the server's head. `behind` bytes have arrived after it.
    fn head_event(&self, scan: HeadScan, behind: u64) -> InboundEvent {
        if self.reader.expects() == UnitKind::Frame {
            return InboundEvent::Open;
        }
        match scan {
            HeadScan::Complete(_) | HeadScan::Incomplete => {
                let head = Head::new(Side::Server, self.reader.head().bytes());
                let [_, status, _] = head.start_line_parts();
                let status = String::from_utf8_lossy(head.raw().get(status).unwrap_or_default());
                let status = format::escape_controls(&status);
                let refusal = match (status.as_str(), head.joined_value("Location")) {
                    ("301" | "302" | "303" | "307" | "308", Some(location)) => {
                        let location = format::escape_controls(&location);
                        Refusal::Redirect { status, location }
                    }
                    _ => Refusal::Status(status),
                };
                let length = head
                    .joined_value("Content-Length")
                    .and_then(|length| length.parse::<u64>().ok());
                // Body bytes that arrived together with the head count as received.
                InboundEvent::Refused(refusal, length.map(|length| length.saturating_sub(behind)))
            }
            HeadScan::Tls(_) => InboundEvent::Refused(Refusal::Tls, Some(0)),
            HeadScan::Http2Frame | HeadScan::Http2Preface => {
                InboundEvent::Refused(Refusal::Http2, Some(0))
            }
            HeadScan::TooLarge => InboundEvent::Refused(Refusal::HeadTooLarge, Some(0)),
        }
    }
}

/// Returns the event for a frame that must be answered: a Close, or a Ping of legal length.
fn control_event(frame: AssembledFrame) -> Option<InboundEvent> {
    let header = frame.start.filter(|_| frame.non_frame.is_none())?.header;
    match (header.opcode, frame.payload.as_slice()) {
        (Opcode::Ping, _) if header.payload_len <= MAX_CONTROL_PAYLOAD as u64 => {
            Some(InboundEvent::Ping(frame.payload))
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
    fn frames_that_must_be_answered_are_found_in_any_pieces() {
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
            (
                b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
                Refusal::Redirect { status: "302".to_owned(), location: "/x".to_owned() },
                Some(0),
            ),
            (b"HTTP/1.1 302 Found\r\n\r\n", Refusal::Status("302".to_owned()), None),
            (b"\x15\x03\x03\x00\x02\x02\x28", Refusal::Tls, Some(0)),
        ] {
            assert_eq!(events_of(bytes, 1000).0, [InboundEvent::Refused(refusal, left)]);
        }
        assert_eq!(events_of(b"HTTP/1.1 1", 3), (Vec::new(), Some(UnfinishedRead::InResponse)));
    }

    #[test]
    fn a_page_that_asks_for_tls_is_understood_in_any_pieces() {
        let page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 48\r\n\r\n\
                     The plain HTTP request was sent to HTTPS port...";
        for chunk in [1, 7, 1000] {
            let mut inbound = Inbound::new();
            page.chunks(chunk).for_each(|piece| inbound.push(piece, |_| {}));
            let explained = inbound.explain(Refusal::Status("400".to_owned()));
            assert_eq!(explained, Refusal::TlsExpected("400".to_owned()));
        }
        let other = Refusal::Status("400".to_owned());
        assert_eq!(Inbound::new().explain(other.clone()), other);
    }

    #[test]
    fn the_first_line_of_an_incomplete_answer_is_quoted() {
        let mut inbound = Inbound::new();
        assert_eq!(inbound.first_line(), None);
        inbound.push(b"SSH-2.0-x\x1b\r\nmore", |_| {});
        assert_eq!(inbound.first_line().as_deref(), Some("SSH-2.0-x\\u{1b}"));
    }

    #[test]
    fn an_impossible_length_is_reported() {
        let bytes = [b"HTTP/1.1 101 X\r\n\r\n\x82\x7f".as_slice(), &[0xff; 8], &[0; 100]].concat();
        assert_eq!(events_of(&bytes, 1000).1, Some(UnfinishedRead::AfterImpossibleLength));
    }
}
