//! One side of a connection after the opening handshake, as RFC 6455 wants it: bytes in, messages out, and the bytes to send.
//! It touches no socket and no clock: whoever has those reads, writes, waits and gives up.

use super::close::{CloseCode, Standing};
use super::decoder::{Begun, Decoder, Event};
use super::deflate::Deflater;
use super::encode;
use super::extension::Agreed;
use super::fault::Fault;
use super::frame::{Header, Key, LengthForm, Needs, Opcode, Side};
use super::message::Kind;

/// Room for the reason of a Close: 125 bytes of payload, two of them the code (RFC 6455 section 5.5).
pub const MAX_REASON: usize = 123;

/// Where a client takes its masking keys from, a fresh one for each frame (RFC 6455 section 5.3).
pub type Keys = Box<dyn FnMut() -> Key + Send>;

/// A side that keeps every rule and lets the peer break none.
///
/// What a peer sends costs at most the message limit and what waits in [`Endpoint::outbox`], which the caller
/// empties between two messages. A broken rule is answered with its close code as soon as it is certain.
///
/// ```
/// use wiretalk::wire::{Agreed, Endpoint, Incoming, Kind};
///
/// let mut server = Endpoint::server(Agreed::none(), 1024);
/// let mut input: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, 0xc1];
/// while let Some(incoming) = server.receive(&mut input) {
///     if let Incoming::Message(kind, data) = incoming {
///         server.send(kind, &data);
///     }
/// }
/// // "Hello" comes back; then a reserved bit without an extension fails the connection with 1002
/// assert!(server.outbox().starts_with(b"\x81\x05Hello\x88"));
/// assert!(server.is_over());
/// ```
pub struct Endpoint {
    decoder: Decoder,
    keys: Option<Keys>,
    deflater: Option<Deflater>,
    limit: usize,
    frame: Option<Begun>,
    control: Vec<u8>,
    message: Vec<u8>,
    outbox: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Our Close is said, the peer's is awaited.
    Closing,
    /// The peer has closed, or the connection has failed: what comes now is not read.
    Over,
}

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole message, after inflating. Text is UTF-8.
    Message(Kind, Vec<u8>),
    /// A ping; its pong is in the outbox.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The peer's Close with its code, if it has one, and its reason; the answer is in the outbox.
    Closed(Option<u16>, String),
    /// The connection has failed; the Close that says so is in the outbox.
    Failed(Failure),
}

/// Why this side failed the connection (RFC 6455 section 7.1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The close code.
    pub code: u16,
    /// What the Close says beside the code, at most [`MAX_REASON`] bytes.
    pub reason: String,
    /// The rule that was broken; none where a limit was reached.
    pub fault: Option<Fault>,
}

impl Endpoint {
    /// The server's side. A message of more than `limit` bytes, after inflating, fails the connection with 1009.
    pub fn server(agreed: Agreed, limit: usize) -> Self {
        Self::new(Side::Server, agreed, limit, None)
    }

    /// The client's side, which masks with `keys`; `limit` as for [`Endpoint::server`].
    pub fn client(agreed: Agreed, limit: usize, keys: Keys) -> Self {
        Self::new(Side::Client, agreed, limit, Some(keys))
    }

    fn new(role: Side, agreed: Agreed, limit: usize, keys: Option<Keys>) -> Self {
        Self {
            // One byte more than may be, so that the one too many is seen.
            decoder: Decoder::new(role.peer(), agreed)
                .stop_at_fatal()
                .inflate_limit((limit as u64).saturating_add(1)),
            keys,
            deflater: agreed.deflate.map(|deflate| Deflater::new(deflate, role)),
            limit,
            frame: None,
            control: Vec::new(),
            message: Vec::new(),
            outbox: Vec::new(),
            state: State::Open,
        }
    }

    /// Takes bytes from the front of `input` until something has come in. None: all is taken. Once the endpoint
    /// [is over](Endpoint::is_over) everything is taken and forgotten.
    pub fn receive(&mut self, input: &mut &[u8]) -> Option<Incoming> {
        while self.state != State::Over {
            let incoming = match self.decoder.step(input)? {
                Event::Fault(fault) if fault.is_fatal() => Some(self.break_off(fault)),
                Event::Fault(_) => None,
                Event::Header(begun) => self.begin(begun),
                Event::Payload(piece) => {
                    match &self.frame {
                        // its data comes inflated, as an event of its own
                        Some(frame) if frame.compressed => {}
                        Some(frame) if frame.place.message().is_some() => {
                            self.message.extend_from_slice(piece);
                        }
                        _ => self.control.extend_from_slice(piece),
                    }
                    None
                }
                Event::Data(piece) => {
                    self.message.extend_from_slice(piece);
                    (self.message.len() > self.limit).then(|| self.too_large())
                }
                Event::Frame(_) => self.control_frame(),
                Event::Message(end) => Some(Incoming::Message(end.kind, std::mem::take(&mut self.message))),
            };
            if incoming.is_some() {
                return incoming;
            }
        }
        *input = &[];
        None
    }

    /// Puts a message into the outbox, compressed where that was agreed on; false after a Close, when nothing more may
    /// be sent.
    pub fn send(&mut self, kind: Kind, data: &[u8]) -> bool {
        let opcode = kind.opcode();
        match &mut self.deflater {
            Some(deflater) if self.state == State::Open => {
                let data = deflater.message(data);
                self.put(Header { rsv1: true, ..Header::new(opcode, 0) }, &data)
            }
            _ => self.put(Header::new(opcode, 0), data),
        }
    }

    /// Puts a ping into the outbox, with at most 125 bytes of `data`; false after a Close.
    pub fn ping(&mut self, data: &[u8]) -> bool {
        self.control(Opcode::Ping, data.get(..125).unwrap_or(data))
    }

    /// Begins the closing handshake; of the reason what fits is sent. A second Close is not sent.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.control(Opcode::Close, &close_body(code, reason)) {
            self.state = State::Closing;
        }
    }

    /// Fails the connection for a reason of the caller's: the Close is sent, and nothing is read any more.
    pub fn fail(&mut self, code: u16, reason: &str) -> Failure {
        self.control(Opcode::Close, &close_body(code, reason));
        self.state = State::Over;
        self.message = Vec::new();
        Failure { code, reason: fitting(reason).to_owned(), fault: None }
    }

    /// The bytes that wait to be sent.
    pub fn outbox(&self) -> &[u8] {
        &self.outbox
    }

    /// Takes the bytes that wait to be sent out.
    pub fn take_outbox(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox)
    }

    /// The peer has closed or the connection has failed: once the outbox is sent, the stream ends.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// What the unfinished frame of the peer needs; none between two frames.
    pub fn needs(&self) -> Option<Needs> {
        self.decoder.needs().filter(|_| self.state != State::Over)
    }

    fn begin(&mut self, begun: Begun) -> Option<Incoming> {
        self.control.clear();
        self.frame = Some(begun);
        let room = self.limit.saturating_sub(self.message.len()) as u64;
        // What is compressed may be longer than what comes out of it: that is counted as it comes.
        let data = begun.place.message().is_some() && !begun.compressed;
        (data && begun.header.payload_len > room).then(|| self.too_large())
    }

    fn control_frame(&mut self) -> Option<Incoming> {
        let opcode = self.frame.take()?.header.opcode;
        if !opcode.is_control() {
            return None;
        }
        let body = std::mem::take(&mut self.control);
        match opcode {
            Opcode::Ping => {
                self.control(Opcode::Pong, &body);
                Some(Incoming::Ping(body))
            }
            Opcode::Pong => Some(Incoming::Pong(body)),
            _ => Some(self.closed(&body)),
        }
    }

    /// Section 5.5.1: a Close is answered with a Close, usually of the same code; one that is doubtful is not repeated.
    fn closed(&mut self, body: &[u8]) -> Incoming {
        let (code, reason) = match body {
            [high, low, reason @ ..] => (Some(u16::from_be_bytes([*high, *low])), reason),
            _ => (None, &[][..]),
        };
        let clear = |code: &u16| CloseCode::new(*code).standing == Standing::Sendable;
        let answer = code.filter(clear).map(u16::to_be_bytes);
        self.control(Opcode::Close, answer.as_ref().map_or(&[], |code| &code[..]));
        self.state = State::Over;
        Incoming::Closed(code, String::from_utf8_lossy(reason).into_owned())
    }

    fn break_off(&mut self, fault: Fault) -> Incoming {
        let rule = fault.code.rule();
        let reason = format!("{} ({}): {}", rule.name, rule.section, rule.what);
        let failure = self.fail(rule.close_code.unwrap_or(1002), &reason);
        Incoming::Failed(Failure { fault: Some(fault), ..failure })
    }

    fn too_large(&mut self) -> Incoming {
        let reason = format!("the message is larger than {} bytes", self.limit);
        Incoming::Failed(self.fail(1009, &reason))
    }

    fn control(&mut self, opcode: Opcode, data: &[u8]) -> bool {
        self.put(Header::new(opcode, 0), data)
    }

    /// One frame; its length and key are filled in here.
    fn put(&mut self, header: Header, data: &[u8]) -> bool {
        if self.state != State::Open {
            return false;
        }
        let key = self.keys.as_mut().map(|fresh| fresh());
        let payload_len = super::size::ByteLen::of(data);
        let header = Header { key, payload_len, form: LengthForm::shortest(payload_len), ..header };
        encode::append(&mut self.outbox, &header, data);
        true
    }
}

fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), fitting(reason).as_bytes()].concat()
}

/// As much of a reason as a Close can hold, without half a character.
fn fitting(reason: &str) -> &str {
    reason.get(..reason.floor_char_boundary(MAX_REASON)).unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: Key = [0x37, 0xfa, 0x21, 0x3d];

    fn client() -> Endpoint {
        Endpoint::client(Agreed::none(), 1024, Box::new(|| KEY))
    }

    fn server() -> Endpoint {
        Endpoint::server(Agreed::none(), 1024)
    }

    fn deflated(params: &str) -> Agreed {
        Agreed::parse(&format!("permessage-deflate{params}")).unwrap()
    }

    /// All that comes in from `bytes`, fed in pieces of `chunk`.
    fn all(endpoint: &mut Endpoint, bytes: &[u8], chunk: usize) -> Vec<Incoming> {
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
            Some(Incoming::Failed(failure)) => {
                assert!(server.is_over() && failure.reason.len() <= MAX_REASON);
                let close = encode::close(failure.code, &failure.reason, None);
                assert!(server.outbox().ends_with(&close));
                (failure.code, failure.reason)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn section_5_5_a_ping_between_fragments_and_a_close() {
        let (mut client, mut server) = (client(), server());
        let fragments = encode::fragments(Kind::Text, &[b"Hel", b"lo"], || Some(KEY));
        client.ping(b"beat");
        let ping = client.take_outbox();
        client.close(1000, "done");
        let bytes = [&fragments[0], &ping, &fragments[1], client.outbox()].concat();
        let found = all(&mut server, &bytes, 3);
        assert_eq!(
            found,
            [
                Incoming::Ping(b"beat".to_vec()),
                Incoming::Message(Kind::Text, b"Hello".to_vec()),
                Incoming::Closed(Some(1000), "done".to_owned())
            ]
        );
        assert_eq!(server.outbox(), b"\x8a\x04beat\x88\x02\x03\xe8");
        let answers = server.take_outbox();
        assert_eq!(
            all(&mut client, &answers, 100),
            [Incoming::Pong(b"beat".to_vec()), Incoming::Closed(Some(1000), String::new())]
        );
        assert!(client.is_over() && server.is_over() && !client.send(Kind::Text, b"late"));
    }

    #[test]
    fn section_7_1_7_every_fatal_rule_has_a_reason_that_fits() {
        for code in crate::wire::Code::ALL {
            let rule = code.rule();
            assert!(format!("{} ({}): {}", rule.name, rule.section, rule.what).len() <= MAX_REASON, "{code}");
        }
    }

    #[test]
    fn section_7_4_1_each_mistake_gets_its_code_at_its_first_certain_byte() {
        let (code, reason) = failure(&[0xa1]);
        assert_eq!(code, 1002);
        assert_eq!(
            reason,
            "E_RSV_NONZERO (RFC 6455 §5.2): a reserved bit is 1, but no agreed extension gives it a meaning"
        );
        assert_eq!(failure(&[0x81, 0x05]).0, 1002, "unmasked");
        assert_eq!(failure(&[0x82, 0xff, 0x80]).0, 1002, "2^63");
        let text = encode::whole(Opcode::Text, b"ab\xff", Some(KEY));
        assert_eq!(failure(&text).0, 1007);
        let early = Header {
            payload_len: 900.into(),
            form: LengthForm::Bits16,
            key: Some(KEY),
            ..Header::new(Opcode::Text, 3)
        };
        assert_eq!(failure(&encode::frame(&early, b"ab\xff")).0, 1007, "long before the end of the message");
    }

    #[test]
    fn a_message_beyond_the_limit_is_1009_by_its_header_and_over_all_fragments() {
        let whole = Header { key: Some(KEY), ..Header::new(Opcode::Binary, 1025) };
        assert_eq!(failure(&whole.to_bytes()).0, 1009);
        let halves = encode::fragments(Kind::Binary, &[&[0; 1000], &[0; 25]], || Some(KEY));
        assert_eq!(failure(&halves.concat()), (1009, "the message is larger than 1024 bytes".to_owned()));
        let fits = encode::whole(Opcode::Binary, &[0; 1024], Some(KEY));
        assert_eq!(all(&mut server(), &fits, 7), [Incoming::Message(Kind::Binary, vec![0; 1024])]);
    }

    #[test]
    fn a_doubtful_close_code_is_taken_and_not_repeated() {
        let mut server = server();
        let found = all(&mut server, &encode::close(5000, "", Some(KEY)), 1);
        assert_eq!(found, [Incoming::Closed(Some(5000), String::new())]);
        assert_eq!(server.outbox(), [0x88, 0]);
    }

    #[test]
    fn after_its_own_close_it_reads_on_and_says_nothing_more() {
        let mut server = server();
        server.close(1001, &"é".repeat(100));
        let said = server.take_outbox();
        assert_eq!(said.len(), 2 + 2 + 122, "no half character");
        let ping = encode::whole(Opcode::Ping, b"", Some(KEY));
        let text = encode::whole(Opcode::Text, b"on its way", Some(KEY));
        let bytes = [ping, text, encode::close(1001, "", Some(KEY)), vec![0xff; 100]].concat();
        assert_eq!(all(&mut server, &bytes, 1).len(), 3);
        assert!(server.is_over() && server.outbox().is_empty());
    }

    #[test]
    fn without_a_limit_what_inflates_is_taken_as_it_is() {
        let mut server = Endpoint::server(deflated(""), usize::MAX);
        let mut client = Endpoint::client(deflated(""), usize::MAX, Box::new(|| KEY));
        for text in [&b"hello hello"[..], b"", b"hello hello"] {
            client.send(Kind::Text, text);
            let bytes = client.take_outbox();
            assert_eq!(all(&mut server, &bytes, 3), [Incoming::Message(Kind::Text, text.to_vec())]);
        }
    }

    #[test]
    fn what_inflates_beyond_the_limit_is_1009() {
        let mut server = Endpoint::server(deflated(""), 1024);
        let mut client = Endpoint::client(deflated(""), 1024, Box::new(|| KEY));
        client.send(Kind::Text, &[b'a'; 1025]);
        let bytes = client.take_outbox();
        assert!(bytes.len() < 100, "compressed");
        let found = all(&mut server, &bytes, 1);
        assert!(matches!(found.as_slice(), [Incoming::Failed(Failure { code: 1009, .. })]), "{found:?}");
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
            let agreed = params.map_or(Agreed::none(), deflated);
            let mut client = Endpoint::client(agreed, 1024, Box::new(|| KEY));
            let mut server = Endpoint::server(agreed, 1024);
            for (text, data) in &messages {
                client.send(if *text { Kind::Text } else { Kind::Binary }, data.as_bytes());
            }
            for (from, to) in [(&mut client, &mut server)] {
                let bytes = from.take_outbox();
                for (incoming, (text, data)) in all(to, &bytes, chunk).into_iter().zip(&messages) {
                    let Incoming::Message(kind, got) = incoming else { panic!("{incoming:?}") };
                    prop_assert_eq!((kind == Kind::Text, got.as_slice()), (*text, data.as_bytes()));
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
