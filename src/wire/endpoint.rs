//! One side of a connection after the opening handshake, as RFC 6455 wants it: bytes in, messages out, and the bytes to send.
//! It touches no socket and no clock: whoever has those reads, writes, waits and gives up.

use super::close::{CloseCode, Standing};
use super::decoder::{Begun, Decoder, Event};
use super::encode;
use super::extension::Agreed;
use super::fault::Fault;
use super::frame::{Header, Key, Needs, Opcode, Side};
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
            decoder: Decoder::new(role.peer(), agreed).stop_at_fatal().inflate_limit(limit as u64 + 1),
            keys,
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
                        Some(frame) if frame.compressed => {}
                        Some(frame) if frame.place.message().is_some() => {
                            self.message.extend_from_slice(piece)
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

    /// Puts a message into the outbox; false after a Close, when nothing more may be sent.
    pub fn send(&mut self, kind: Kind, data: &[u8]) -> bool {
        let opcode = match kind {
            Kind::Text => Opcode::Text,
            Kind::Binary => Opcode::Binary,
        };
        self.put(opcode, data)
    }

    /// Puts a ping into the outbox, with at most 125 bytes of `data`; false after a Close.
    pub fn ping(&mut self, data: &[u8]) -> bool {
        self.put(Opcode::Ping, &data[..data.len().min(125)])
    }

    /// Begins the closing handshake; of the reason what fits is sent. A second Close is not sent.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.put(Opcode::Close, &close_body(code, reason)) {
            self.state = State::Closing;
        }
    }

    /// Fails the connection for a reason of the caller's: the Close is sent, and nothing is read any more.
    pub fn fail(&mut self, code: u16, reason: &str) -> Failure {
        self.put(Opcode::Close, &close_body(code, reason));
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
                self.put(Opcode::Pong, &body);
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
        self.put(Opcode::Close, answer.as_ref().map_or(&[], |code| &code[..]));
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

    fn put(&mut self, opcode: Opcode, data: &[u8]) -> bool {
        if self.state != State::Open {
            return false;
        }
        let key = self.keys.as_mut().map(|fresh| fresh());
        let header = Header { key, ..Header::new(opcode, data.len() as u64) };
        encode::append(&mut self.outbox, &header, data);
        true
    }
}

fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), fitting(reason).as_bytes()].concat()
}

/// As much of a reason as a Close can hold, without half a character.
fn fitting(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}
