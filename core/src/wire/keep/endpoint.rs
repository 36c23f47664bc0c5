//! One side of a connection after the opening handshake, as RFC 6455 requires it: bytes in,
//! messages out, and the bytes to send.
//! It uses no socket and no clock; the caller reads, writes, and handles timeouts.

use crate::wire::decode::decoder::{Decoder, DecoderEvent, FrameStart};
use crate::wire::decode::fault::Fault;
use crate::wire::deflate::deflater::Deflater;
use crate::wire::frame::close_code::{CloseCode, CloseCodeStatus};
use crate::wire::frame::encode;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, LengthForm, MaskingKey, Needed, Opcode, Side};
use crate::wire::handshake::extension::AgreedExtensions;

/// The maximum length of a close reason in bytes: 125 bytes of payload, less two for the code (RFC
/// 6455 section 5.5).
pub const MAX_CLOSE_REASON_LEN: usize = 123;

/// The source of a client's masking keys, which gives a fresh one for each frame (RFC 6455 section
/// 5.3).
pub type MaskingKeySource = Box<dyn FnMut() -> MaskingKey + Send>;

/// An endpoint that follows every rule and tolerates no violation.
///
/// A peer can make it use at most the message limit plus what waits in [`Endpoint::outbox`], which
/// the caller empties between two messages. A violation is answered with its close code as soon as
/// it is certain.
///
/// ```
/// use wiretalk_core::wire::{AgreedExtensions, Endpoint, EndpointEvent};
///
/// let mut server = Endpoint::server(AgreedExtensions::none(), 1024);
/// let mut input: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
/// 0xc1]; while let Some(event) = server.receive(&mut input) {
///     if let EndpointEvent::Message(kind, data) = event {
///         server.send(kind, &data);
///     }
/// }
/// // "Hello" comes back; then a reserved bit without an extension fails the connection with 1002
/// assert!(server.outbox().starts_with(b"\x81\x05Hello\x88"));
/// assert!(server.is_finished());
/// ```
pub struct Endpoint {
    decoder: Decoder,
    key_source: Option<MaskingKeySource>,
    deflater: Option<Deflater>,
    max_message_len: usize,
    current_frame: Option<FrameStart>,
    control_payload: Vec<u8>,
    message: Vec<u8>,
    outbox: Vec<u8>,
    state: EndpointState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndpointState {
    Open,
    /// We have sent a Close and wait for the peer's.
    Closing,
    /// The peer has closed, or the connection has failed. No further input is read.
    Finished,
}

/// Something that has been received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointEvent {
    /// A complete message, inflated. Text is valid UTF-8.
    Message(MessageKind, Vec<u8>),
    /// A ping with its payload; the pong is in the outbox.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// The peer's Close with its code, if it has one, and its reason; the answer is in the outbox.
    Closed(Option<u16>, String),
    /// The connection has failed; the Close with the reason is in the outbox.
    Failed(Failure),
}

/// Why this side failed the connection (RFC 6455 section 7.1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The close code.
    pub code: u16,
    /// The reason in the Close, at most [`MAX_CLOSE_REASON_LEN`] bytes.
    pub reason: String,
    /// The fault; `None` if a limit was reached.
    pub fault: Option<Fault>,
}

impl Endpoint {
    /// Creates the server's side. A message of more than `limit` bytes, after inflating, fails the
    /// connection with 1009.
    pub fn server(agreed: AgreedExtensions, limit: usize) -> Self {
        Self::new(Side::Server, agreed, limit, None)
    }

    /// Creates the client's side, which takes masking keys from `keys`; `limit` is as for
    /// [`Endpoint::server`].
    pub fn client(agreed: AgreedExtensions, limit: usize, keys: MaskingKeySource) -> Self {
        Self::new(Side::Client, agreed, limit, Some(keys))
    }

    fn new(
        role: Side,
        agreed: AgreedExtensions,
        limit: usize,
        keys: Option<MaskingKeySource>,
    ) -> Self {
        Self {
            // One byte more than the limit, so that exceeding it is noticed here.
            decoder: Decoder::new(role.peer(), agreed)
                .stop_at_fatal()
                .inflate_limit((limit as u64).saturating_add(1)),
            key_source: keys,
            deflater: agreed.deflate.map(|deflate| Deflater::new(deflate, role)),
            max_message_len: limit,
            current_frame: None,
            control_payload: Vec::new(),
            message: Vec::new(),
            outbox: Vec::new(),
            state: EndpointState::Open,
        }
    }

    /// Takes bytes from the front of `input` until there is an event. Returns `None` when all bytes
    /// are taken. Once the endpoint [is finished](Endpoint::is_finished), all input is discarded.
    pub fn receive(&mut self, input: &mut &[u8]) -> Option<EndpointEvent> {
        while self.state != EndpointState::Finished {
            let incoming = match self.decoder.next_event(input)? {
                DecoderEvent::Fault(fault) if fault.is_fatal() => Some(self.fail_on_fault(fault)),
                DecoderEvent::Fault(_) => None,
                DecoderEvent::FrameStart(frame_start) => self.start_frame(frame_start),
                DecoderEvent::Payload(piece) => {
                    match &self.current_frame {
                        // The data of a compressed message comes as `Inflated` events.
                        Some(frame) if frame.compressed => {}
                        Some(frame) if frame.role.message_number().is_some() => {
                            self.message.extend_from_slice(piece);
                        }
                        _ => self.control_payload.extend_from_slice(piece),
                    }
                    None
                }
                DecoderEvent::Inflated(piece) => {
                    self.message.extend_from_slice(piece);
                    // The claimed length does not limit inflated data, so it is counted as it
                    // comes.
                    (self.message.len() > self.max_message_len).then(|| self.fail_too_large())
                }
                DecoderEvent::FrameEnd(_) => self.finish_frame(),
                DecoderEvent::MessageEnd(end) => {
                    Some(EndpointEvent::Message(end.kind, std::mem::take(&mut self.message)))
                }
            };
            if incoming.is_some() {
                return incoming;
            }
        }
        *input = &[];
        None
    }

    /// Puts a message into the outbox, compressed if that was agreed. Returns false after a Close,
    /// when nothing more may be sent.
    pub fn send(&mut self, kind: MessageKind, data: &[u8]) -> bool {
        let opcode = kind.opcode();
        match &mut self.deflater {
            Some(deflater) if self.state == EndpointState::Open => {
                let data = deflater.compress_message(data);
                self.enqueue_frame(Header { rsv1: true, ..Header::new(opcode, 0) }, &data)
            }
            _ => self.enqueue_frame(Header::new(opcode, 0), data),
        }
    }

    /// Puts a ping into the outbox, with at most 125 bytes of `data`. Returns false after a Close.
    pub fn ping(&mut self, data: &[u8]) -> bool {
        self.enqueue_control(Opcode::Ping, data.get(..125).unwrap_or(data))
    }

    /// Begins the closing handshake. A reason that is too long is truncated. A second Close is not
    /// sent.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.enqueue_control(Opcode::Close, &close_body(code, reason)) {
            self.state = EndpointState::Closing;
        }
    }

    /// Fails the connection for a reason of the caller's own: sends a Close and stops reading.
    pub fn fail(&mut self, code: u16, reason: &str) -> Failure {
        self.enqueue_control(Opcode::Close, &close_body(code, reason));
        self.state = EndpointState::Finished;
        self.message = Vec::new();
        Failure { code, reason: truncated_reason(reason).to_owned(), fault: None }
    }

    /// Returns the bytes that wait to be sent.
    pub fn outbox(&self) -> &[u8] {
        &self.outbox
    }

    /// Takes the bytes that wait to be sent out of the outbox.
    pub fn take_outbox(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox)
    }

    /// Whether the peer has closed or the connection has failed. The caller then sends the outbox
    /// and closes the stream.
    pub fn is_finished(&self) -> bool {
        self.state == EndpointState::Finished
    }

    /// Returns what the unfinished frame of the peer still needs; `None` between two frames.
    pub fn needed(&self) -> Option<Needed> {
        self.decoder.needed().filter(|_| self.state != EndpointState::Finished)
    }

    fn start_frame(&mut self, frame_start: FrameStart) -> Option<EndpointEvent> {
        // Control frames come between the fragments of a message, so they have a buffer of their
        // own.
        self.control_payload.clear();
        self.current_frame = Some(frame_start);
        let room = self.max_message_len.saturating_sub(self.message.len()) as u64;
        // A compressed frame can be longer than its data, so only what comes out of it is counted.
        let data = frame_start.role.message_number().is_some() && !frame_start.compressed;
        (data && frame_start.header.payload_len > room).then(|| self.fail_too_large())
    }

    fn finish_frame(&mut self) -> Option<EndpointEvent> {
        let opcode = self.current_frame.take()?.header.opcode;
        if !opcode.is_control() {
            return None;
        }
        let body = std::mem::take(&mut self.control_payload);
        match opcode {
            Opcode::Ping => {
                self.enqueue_control(Opcode::Pong, &body);
                Some(EndpointEvent::Ping(body))
            }
            Opcode::Pong => Some(EndpointEvent::Pong(body)),
            _ => Some(self.handle_close(&body)),
        }
    }

    /// Answers a Close with a Close, usually with the same code (section 5.5.1). A code that should
    /// not be sent is not repeated.
    fn handle_close(&mut self, body: &[u8]) -> EndpointEvent {
        let (code, reason) = match body {
            [high, low, reason @ ..] => (Some(u16::from_be_bytes([*high, *low])), reason),
            _ => (None, &[][..]),
        };
        let clear = |code: &u16| CloseCode::new(*code).status == CloseCodeStatus::Sendable;
        let answer = code.filter(clear).map(u16::to_be_bytes);
        self.enqueue_control(Opcode::Close, answer.as_ref().map_or(&[], |code| &code[..]));
        self.state = EndpointState::Finished;
        EndpointEvent::Closed(code, String::from_utf8_lossy(reason).into_owned())
    }

    fn fail_on_fault(&mut self, fault: Fault) -> EndpointEvent {
        let rule = fault.code.rule();
        let reason = format!("{} ({}): {}", rule.name, rule.section, rule.summary);
        let failure = self.fail(rule.close_code.unwrap_or(1002), &reason);
        EndpointEvent::Failed(Failure { fault: Some(fault), ..failure })
    }

    fn fail_too_large(&mut self) -> EndpointEvent {
        let reason = format!("the message is larger than {} bytes", self.max_message_len);
        EndpointEvent::Failed(self.fail(1009, &reason))
    }

    fn enqueue_control(&mut self, opcode: Opcode, data: &[u8]) -> bool {
        self.enqueue_frame(Header::new(opcode, 0), data)
    }

    /// Appends a frame to the outbox and fills in its length and masking key.
    fn enqueue_frame(&mut self, header: Header, data: &[u8]) -> bool {
        // Nothing is sent after a Close: data is forbidden (section 5.5.1), and the peer stops
        // reading.
        if self.state != EndpointState::Open {
            return false;
        }
        let key = self.key_source.as_mut().map(|fresh| fresh());
        let payload_len = crate::wire::size::ByteLen::of(data);
        let header = Header {
            masking_key: key,
            payload_len,
            length_form: LengthForm::shortest(payload_len),
            ..header
        };
        encode::append_frame(&mut self.outbox, &header, data);
        true
    }
}

fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), truncated_reason(reason).as_bytes()].concat()
}

/// Truncates a reason to what fits into a Close, at a character boundary.
fn truncated_reason(reason: &str) -> &str {
    reason.get(..reason.floor_char_boundary(MAX_CLOSE_REASON_LEN)).unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: MaskingKey = [0x37, 0xfa, 0x21, 0x3d];

    fn client() -> Endpoint {
        Endpoint::client(AgreedExtensions::none(), 1024, Box::new(|| KEY))
    }

    fn server() -> Endpoint {
        Endpoint::server(AgreedExtensions::none(), 1024)
    }

    fn deflated(params: &str) -> AgreedExtensions {
        AgreedExtensions::parse(&format!("permessage-deflate{params}")).unwrap()
    }

    /// Returns all events from `bytes`, fed in pieces of `chunk`.
    fn all(endpoint: &mut Endpoint, bytes: &[u8], chunk: usize) -> Vec<EndpointEvent> {
        let mut found = Vec::new();
        for mut piece in bytes.chunks(chunk) {
            while let Some(incoming) = endpoint.receive(&mut piece) {
                found.push(incoming);
            }
            assert!(piece.is_empty());
        }
        found
    }

    fn failure(bytes: &[u8]) -> (u16, String) {
        let mut server = server();
        match all(&mut server, bytes, 1).pop() {
            Some(EndpointEvent::Failed(failure)) => {
                assert!(server.is_finished() && failure.reason.len() <= MAX_CLOSE_REASON_LEN);
                let close = encode::close_frame(failure.code, &failure.reason, None);
                assert!(server.outbox().ends_with(&close));
                (failure.code, failure.reason)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn section_5_5_a_ping_between_fragments_and_a_close() {
        let (mut client, mut server) = (client(), server());
        let fragments = encode::fragments(MessageKind::Text, &[b"Hel", b"lo"], || Some(KEY));
        client.ping(b"beat");
        let ping = client.take_outbox();
        client.close(1000, "done");
        let bytes = [&fragments[0], &ping, &fragments[1], client.outbox()].concat();
        let found = all(&mut server, &bytes, 3);
        assert_eq!(
            found,
            [
                EndpointEvent::Ping(b"beat".to_vec()),
                EndpointEvent::Message(MessageKind::Text, b"Hello".to_vec()),
                EndpointEvent::Closed(Some(1000), "done".to_owned())
            ]
        );
        assert_eq!(server.outbox(), b"\x8a\x04beat\x88\x02\x03\xe8");
        let answers = server.take_outbox();
        assert_eq!(
            all(&mut client, &answers, 100),
            [
                EndpointEvent::Pong(b"beat".to_vec()),
                EndpointEvent::Closed(Some(1000), String::new())
            ]
        );
        assert!(
            client.is_finished()
                && server.is_finished()
                && !client.send(MessageKind::Text, b"late")
        );
    }

    #[test]
    fn section_7_1_7_every_fatal_rule_has_a_reason_that_fits() {
        for code in crate::wire::FaultCode::ALL {
            let rule = code.rule();
            assert!(
                format!("{} ({}): {}", rule.name, rule.section, rule.summary).len()
                    <= MAX_CLOSE_REASON_LEN,
                "{code}"
            );
        }
    }

    #[test]
    fn section_7_4_1_each_mistake_gets_its_code_at_its_first_certain_byte() {
        let (code, reason) = failure(&[0xa1]);
        assert_eq!(code, 1002);
        assert_eq!(
            reason,
            "E_RSV_NONZERO (RFC 6455 §5.2): a reserved bit is 1, but no agreed extension gives it \
             a meaning"
        );
        assert_eq!(failure(&[0x81, 0x05]).0, 1002, "unmasked");
        assert_eq!(failure(&[0x82, 0xff, 0x80]).0, 1002, "2^63");
        let text = encode::single_frame(Opcode::Text, b"ab\xff", Some(KEY));
        assert_eq!(failure(&text).0, 1007);
        let early = Header {
            payload_len: 900.into(),
            length_form: LengthForm::Bits16,
            masking_key: Some(KEY),
            ..Header::new(Opcode::Text, 3)
        };
        assert_eq!(
            failure(&encode::frame(&early, b"ab\xff")).0,
            1007,
            "long before the end of the message"
        );
    }

    #[test]
    fn a_message_beyond_the_limit_is_1009_by_its_header_and_over_all_fragments() {
        let whole = Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, 1025) };
        assert_eq!(failure(&whole.to_bytes()).0, 1009);
        let halves = encode::fragments(MessageKind::Binary, &[&[0; 1000], &[0; 25]], || Some(KEY));
        assert_eq!(
            failure(&halves.concat()),
            (1009, "the message is larger than 1024 bytes".to_owned())
        );
        let fits = encode::single_frame(Opcode::Binary, &[0; 1024], Some(KEY));
        assert_eq!(
            all(&mut server(), &fits, 7),
            [EndpointEvent::Message(MessageKind::Binary, vec![0; 1024])]
        );
    }

    #[test]
    fn a_doubtful_close_code_is_taken_and_not_repeated() {
        let mut server = server();
        let found = all(&mut server, &encode::close_frame(5000, "", Some(KEY)), 1);
        assert_eq!(found, [EndpointEvent::Closed(Some(5000), String::new())]);
        assert_eq!(server.outbox(), [0x88, 0]);
    }

    #[test]
    fn after_its_own_close_it_reads_on_and_says_nothing_more() {
        let mut server = server();
        server.close(1001, &"é".repeat(100));
        let transcript = server.take_outbox();
        assert_eq!(transcript.len(), 2 + 2 + 122, "no half character");
        let ping = encode::single_frame(Opcode::Ping, b"", Some(KEY));
        let text = encode::single_frame(Opcode::Text, b"on its way", Some(KEY));
        let bytes =
            [ping, text, encode::close_frame(1001, "", Some(KEY)), vec![0xff; 100]].concat();
        assert_eq!(all(&mut server, &bytes, 1).len(), 3);
        assert!(server.is_finished() && server.outbox().is_empty());
    }

    #[test]
    fn without_a_limit_what_inflates_is_taken_as_it_is() {
        let mut server = Endpoint::server(deflated(""), usize::MAX);
        let mut client = Endpoint::client(deflated(""), usize::MAX, Box::new(|| KEY));
        for text in [&b"hello hello"[..], b"", b"hello hello"] {
            client.send(MessageKind::Text, text);
            let bytes = client.take_outbox();
            assert_eq!(
                all(&mut server, &bytes, 3),
                [EndpointEvent::Message(MessageKind::Text, text.to_vec())]
            );
        }
    }

    #[test]
    fn what_inflates_beyond_the_limit_is_1009() {
        let mut server = Endpoint::server(deflated(""), 1024);
        let mut client = Endpoint::client(deflated(""), 1024, Box::new(|| KEY));
        client.send(MessageKind::Text, &[b'a'; 1025]);
        let bytes = client.take_outbox();
        assert!(bytes.len() < 100, "compressed");
        let found = all(&mut server, &bytes, 1);
        assert!(
            matches!(found.as_slice(), [EndpointEvent::Failed(Failure { code: 1009, .. })]),
            "{found:?}"
        );
    }

    proptest! {
        #[test]
        fn what_one_side_sends_the_other_gets(
            messages in proptest::collection::vec((any::<bool>(), "[a-c]{0,40}"), 0..8),
            chunk in 1_usize..50,
            params in prop_oneof![
                Just(None), Just(Some("")), Just(Some("; server_no_context_takeover; client_max_window_bits=9")),
                Just(Some("; client_no_context_takeover; server_max_window_bits=8")),
            ],
        ) {
            let agreed = params.map_or(AgreedExtensions::none(), deflated);
            let mut client = Endpoint::client(agreed, 1024, Box::new(|| KEY));
            let mut server = Endpoint::server(agreed, 1024);
            for (text, data) in &messages {
                client.send(if *text { MessageKind::Text } else { MessageKind::Binary }, data.as_bytes());
            }
            for (from, to) in [(&mut client, &mut server)] {
                let bytes = from.take_outbox();
                for (incoming, (text, data)) in all(to, &bytes, chunk).into_iter().zip(&messages) {
                    let EndpointEvent::Message(kind, got) = incoming else { panic!("{incoming:?}") };
                    prop_assert_eq!((kind == MessageKind::Text, got.as_slice()), (*text, data.as_bytes()));
                    to.send(kind, &got);
                }
            }
            let bytes = server.take_outbox();
            prop_assert_eq!(all(&mut client, &bytes, chunk).len(), messages.len());
        }

        #[test]
        fn garbage_in_any_pieces_ends_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..200), chunk in 1_usize..50) {
            let (mut whole, mut pieces) = (server(), server());
            prop_assert_eq!(all(&mut whole, &bytes, 4096), all(&mut pieces, &bytes, chunk));
            prop_assert_eq!(whole.outbox(), pieces.outbox());
        }
    }
}
