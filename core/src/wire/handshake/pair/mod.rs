//! Reads both directions of a connection up to the 101, after which there are frames: HTTP
//! exchanges, which are passed over by their own rules, and attempts to open a WebSocket.
//! Bytes that may be frames are held back until then; `trace` decodes the frames.
//!
//! Behind bytes that were not captured a side is lost: its owner passes over what it sends
//! ([`HandshakePair::skip_unknown`]) until it has found a head or a frame ([`HandshakePair::resume`]).

mod client_half;
mod event;
mod loss;
mod opening;
mod server_half;

pub use event::{HandshakeEvent, Resumption, Upgraded};

use std::collections::VecDeque;

use crate::wire::frame::{Side, Sides};
use crate::wire::handshake::body::BodyReader;
use crate::wire::handshake::exchange::is_handshake;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::{
    ClientOffer, Content, ContentFields, ContentFilter, ContentPart, Head, HeadContext, HeadReader,
    HeadScan, HttpExchange, Problem, ProblemCode, ServerPolicy, ValidatedHead,
};
use crate::wire::size::{ByteLen, Offset};
use client_half::{ClientHalf, ClientStep, PendingRequest};
use server_half::{Response, ServerHalf, ServerStep};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// HTTP, or what came in place of it.
    Http,
    /// The server sends frames; the client's request may follow.
    OpenBeforeRequest,
    /// Both sides send frames.
    Open,
}

/// A head that belongs to an attempt to open a WebSocket.
#[derive(Clone, Debug)]
struct AttemptHead {
    reader: HeadReader,
    validated: ValidatedHead,
}

/// The beginning of one connection, seen from both sides.
#[derive(Clone, Debug)]
pub struct HandshakePair {
    client: ClientHalf,
    server: ServerHalf,
    /// The heads of the latest attempt.
    attempt: Sides<Option<AttemptHead>>,
    policy: ServerPolicy,
    agreed: AgreedExtensions,
    /// The extensions of a connection of which neither head was captured.
    assumed: AgreedExtensions,
    state: State,
    events: VecDeque<HandshakeEvent>,
}

impl HandshakePair {
    /// Creates a handshake that has seen nothing. `policy` is the server's policy for validating
    /// the request.
    pub fn new(policy: ServerPolicy) -> Self {
        Self {
            client: ClientHalf::new(Offset::START),
            server: ServerHalf::new(Offset::START),
            attempt: Sides::default(),
            policy,
            agreed: AgreedExtensions::none(),
            assumed: AgreedExtensions::assumed(),
            state: State::Http,
            events: VecDeque::new(),
        }
    }

    /// Creates a handshake that was not seen: frames begin with the first byte.
    pub fn without_handshake(agreed: AgreedExtensions) -> Self {
        Self { agreed, state: State::Open, ..Self::new(ServerPolicy::default()) }
    }

    /// Creates a handshake of which any part may be missing: the first byte of each side may be any
    /// of a message or of a frame. If neither head is found, the extensions are `assumed`.
    pub fn midway(assumed: AgreedExtensions) -> Self {
        let mut pair = Self { assumed, ..Self::new(ServerPolicy::default()) };
        for from in [Side::Client, Side::Server] {
            pair.push_gap(from, ByteLen::ZERO);
        }
        pair
    }

    /// Gives out the content of the exchanges that `wants` chooses, too.
    #[must_use]
    pub fn with_content(mut self, wants: ContentFilter) -> Self {
        self.client.wants = Some(wants);
        self
    }

    /// Takes bytes that `from` sent from the front of `input` until something is complete, and
    /// returns it. Returns `None` once all bytes are taken, or if the rest is frames.
    pub fn next_event(&mut self, from: Side, input: &mut &[u8]) -> Option<HandshakeEvent> {
        loop {
            let event = self.take_event();
            if event.is_some() || self.sends_frames(from) {
                return event;
            }
            if self.take_other_protocol(from, input) {
                return None;
            }
            match from {
                Side::Client => {
                    let step = self.client.take(input);
                    // Bytes that are no request open the connection too, without a step.
                    if self.state == State::OpenBeforeRequest && self.client.is_raw() {
                        self.open_client();
                    }
                    let Some(step) = step else { return self.take_event() };
                    self.on_client_step(step, input);
                }
                Side::Server => {
                    let step = self.server.take(input);
                    let Some(step) = step else { return self.take_event() };
                    self.on_server_step(step);
                }
            }
        }
    }

    /// Returns the next event. Content comes first: it was read before what it completes.
    fn take_event(&mut self) -> Option<HandshakeEvent> {
        let mut contents = [&mut self.client.contents, &mut self.server.contents].into_iter();
        let content = contents.find_map(VecDeque::pop_front).map(HandshakeEvent::Content);
        content.or_else(|| self.events.pop_front())
    }

    /// Takes the bytes of a side that does not speak HTTP: they stay with what came in place of a
    /// head.
    fn take_other_protocol(&mut self, from: Side, input: &mut &[u8]) -> bool {
        let reader = self.attempt[from].as_mut().map(|attempt| &mut attempt.reader);
        let is_http = |reader: &HeadReader| {
            matches!(reader.scan(), HeadScan::Complete(_) | HeadScan::Incomplete)
        };
        let Some(reader) = reader.filter(|reader| !is_http(reader)) else { return false };
        reader.push(input);
        match from {
            Side::Client => self.client.read += input.len(),
            Side::Server => self.server.read += input.len(),
        }
        *input = &[];
        true
    }

    /// Ends the exchanges that are not complete, because nothing more comes, and returns them. The
    /// attempts to open a WebSocket among them are not returned.
    pub fn finish(&mut self) -> Vec<HttpExchange> {
        let unfinished = self.server.finish().filter(|response| !response.is_refusal);
        let unanswered = self
            .client
            .pending
            .drain(..)
            .filter(|request| !request.is_handshake)
            .map(PendingRequest::unanswered);
        unfinished.map(|response| response.exchange).into_iter().chain(unanswered).collect()
    }

    /// Returns the bytes of that side's head of the latest attempt, or of the head that is
    /// arriving.
    pub fn head_bytes(&self, from: Side) -> &[u8] {
        match &self.attempt[from] {
            Some(head) => head.reader.bytes(),
            None => self.partial_head(from),
        }
    }

    /// Returns the beginning of a head that is not complete, of any exchange.
    pub fn partial_head(&self, from: Side) -> &[u8] {
        match from {
            Side::Client => self.client.partial_head(),
            Side::Server => self.server.partial_head(),
        }
    }

    /// Returns that side's validated head of the latest attempt to open a WebSocket, or whatever
    /// came instead of a head.
    pub fn head(&self, from: Side) -> Option<&ValidatedHead> {
        self.attempt[from].as_ref().map(|head| &head.validated)
    }

    /// Returns that side's bytes that are not frames, or not yet: the client's before the 101, the
    /// body of a refusal, or another protocol. At most 1 MiB is kept.
    pub fn leftover(&self, from: Side) -> &[u8] {
        match from {
            Side::Client => &self.client.held,
            Side::Server => &self.server.leftover,
        }
    }

    /// Returns the offset of the first frame byte in that side's stream: the end of its HTTP
    /// messages.
    pub fn frames_start(&self, from: Side) -> Offset {
        match from {
            Side::Client => self.client.read,
            Side::Server => self.server.read,
        }
    }

    /// Returns the extensions that the two heads agree on; none before the 101.
    pub fn agreed(&self) -> AgreedExtensions {
        self.agreed
    }

    /// Whether the connection is open: the server has answered 101, or the handshake was not seen.
    pub fn is_open(&self) -> bool {
        self.state != State::Http
    }

    /// Whether the client's latest request is a CONNECT that waits for its response: what follows
    /// may be a tunnel (RFC 9110 section 9.3.6).
    pub fn awaits_tunnel(&self) -> bool {
        self.client.pending.back().is_some_and(|request| request.line.method == "CONNECT")
    }

    /// Whether the next bytes of that side are frames.
    pub fn sends_frames(&self, from: Side) -> bool {
        match self.state {
            State::Http => false,
            State::OpenBeforeRequest => from == Side::Server,
            State::Open => true,
        }
    }

    fn on_client_step(&mut self, step: ClientStep, input: &mut &[u8]) {
        match step {
            ClientStep::Unanswered(request) => {
                self.events.push_back(HandshakeEvent::Exchange(request.unanswered()));
            }
            ClientStep::Head(reader) => {
                let context = HeadContext::Request(self.policy.clone());
                let validated = ValidatedHead::new(&reader, &context);
                if self.state == State::Http {
                    // Another attempt begins, so the refusal of the one before is over.
                    self.attempt.server = None;
                    self.server.leftover.clear();
                }
                self.attempt.client = Some(AttemptHead { reader, validated });
                self.events.push_back(HandshakeEvent::Head(Side::Client));
                if self.state == State::OpenBeforeRequest {
                    self.validate_response_again();
                    self.open_client();
                    return;
                }
                // What has arrived with the request belongs to its validation.
                while let Some(step) = self.client.take(input) {
                    self.on_client_step(step, input);
                }
                self.check_data_before_101();
            }
        }
    }

    fn on_server_step(&mut self, step: ServerStep) {
        match step {
            ServerStep::Response(response) if response.is_refusal => {
                self.events.push_back(HandshakeEvent::RefusalBody);
                self.resume_client();
            }
            ServerStep::Response(response) => {
                self.events.push_back(HandshakeEvent::Exchange(response.exchange));
                self.resume_client();
            }
            ServerStep::Head(reader) => {
                // Only now it is certain that the 101 came later, and is not missing in a capture.
                self.check_data_before_101();
                let head = Head::new(Side::Server, reader.bytes());
                match head.status() {
                    _ if !matches!(reader.scan(), HeadScan::Complete(_)) => {
                        self.on_attempt_response(reader);
                    }
                    Some(101) => self.on_switching_protocols(&head, reader),
                    Some(100..=199) => {
                        let request = self.client.pending.front();
                        self.events.push_back(HandshakeEvent::Exchange(HttpExchange {
                            request: request.map(|request| request.line.clone()),
                            status: head.status(),
                            request_len: ByteLen::ZERO,
                            response_len: ByteLen::of(head.raw()),
                            is_complete: true,
                        }));
                    }
                    _ => self.on_final_response(&head, reader),
                }
            }
        }
    }

    /// Validates the response to an attempt, or what came in place of a response.
    fn on_attempt_response(&mut self, reader: HeadReader) {
        let validated = ValidatedHead::new(&reader, &self.response_context());
        self.attempt.server = Some(AttemptHead { reader, validated });
        self.events.push_back(HandshakeEvent::Head(Side::Server));
    }

    fn response_context(&self) -> HeadContext {
        let request =
            self.attempt.client.as_ref().and_then(|attempt| attempt.validated.head.as_ref());
        HeadContext::Response(request.map(ClientOffer::from_request))
    }

    fn on_final_response(&mut self, head: &Head, reader: HeadReader) {
        let request = self.client.pending.pop_front();
        let method = request.as_ref().map_or("", |request| request.line.method.as_str());
        let is_refusal =
            request.as_ref().map_or_else(|| is_handshake(head), |request| request.is_handshake);
        let is_tunnel = method == "CONNECT" && matches!(head.status(), Some(200..=299));
        let body = BodyReader::of_response(head, method);
        let content = request.as_ref().and_then(|request| request.content);
        let exchange = exchange_of(request, head);
        self.server.contents.extend(content.map(|exchange| Content {
            exchange,
            from: Side::Server,
            part: ContentPart::Response(head.status(), ContentFields::of(head)),
        }));
        if is_refusal {
            self.on_attempt_response(reader);
        }
        if is_tunnel {
            // RFC 9110 section 9.3.6: what follows is another connection.
            self.events.push_back(HandshakeEvent::Exchange(exchange));
            let held = std::mem::take(&mut self.client.held);
            let wants = self.client.wants;
            self.client = ClientHalf::new(self.client.read);
            self.client.wants = wants;
            self.server = ServerHalf::new(self.server.read);
            self.take_client_bytes(&held);
            return;
        }
        self.server.begin_body(body, Response { exchange, is_refusal, content });
    }

    /// Reads on in the client's direction after a response that switches no protocols.
    fn resume_client(&mut self) {
        let held = self.client.resume();
        self.take_client_bytes(&held);
    }

    fn take_client_bytes(&mut self, held: &[u8]) {
        let mut rest = held;
        while let Some(step) = self.client.take(&mut rest) {
            self.on_client_step(step, &mut rest);
        }
    }

    /// Reports bytes that the client sent before the 101, once, no matter how many there are.
    fn check_data_before_101(&mut self) {
        // Once the server has answered, bytes of the client are frames or belong to a refused
        // handshake.
        if self.attempt.server.is_some() || !self.client.is_holding_bytes() {
            return;
        }
        if let Some(AttemptHead {
            validated: ValidatedHead { head: Some(head), validation, .. },
            ..
        }) = &mut self.attempt.client
            && !validation.problems.iter().any(|problem| problem.code == ProblemCode::DataBefore101)
        {
            let code = ProblemCode::DataBefore101;
            let severity = code.rule().severity;
            validation.problems.push(Problem {
                code,
                severity,
                span: head.blank_line_end(),
                hint: None,
            });
        }
    }
}

/// Returns the exchange of a request and the head of its response.
fn exchange_of(request: Option<PendingRequest>, response: &Head) -> HttpExchange {
    HttpExchange {
        status: response.status(),
        request_len: request.as_ref().map_or(ByteLen::ZERO, |request| request.len),
        request: request.map(|request| request.line),
        response_len: ByteLen::of(response.raw()),
        is_complete: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const REFUSAL: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nntlm";

    fn pair() -> HandshakePair {
        HandshakePair::new(ServerPolicy::default())
    }

    /// What a connection gave: events in words, and the frame bytes of both sides.
    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        events: Vec<String>,
        frame_bytes: Sides<Vec<u8>>,
    }

    fn exchange_text(exchange: &HttpExchange) -> String {
        let HttpExchange { request, status, request_len, response_len, is_complete } = exchange;
        let line = request
            .as_ref()
            .map_or("?".to_owned(), |line| format!("{} {}", line.method, line.target));
        let status = status.map_or("-".to_owned(), |status| status.to_string());
        let cut = if *is_complete { "" } else { " cut" };
        format!("{line} {status} {request_len} {response_len}{cut}")
    }

    fn push(pair: &mut HandshakePair, seen: &mut Seen, from: Side, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(event) = pair.next_event(from, &mut rest) {
            seen.events.push(match event {
                HandshakeEvent::Head(side) => {
                    let status = pair.head(side).and_then(|head| head.head.as_ref()?.status());
                    format!(
                        "{side:?} {}",
                        status.map_or("head".to_owned(), |code| code.to_string())
                    )
                }
                HandshakeEvent::RefusalBody => {
                    format!("body {:?}", String::from_utf8_lossy(pair.leftover(Side::Server)))
                }
                HandshakeEvent::Exchange(exchange) => exchange_text(&exchange),
                HandshakeEvent::Content(content) => panic!("nobody wants {content:?}"),
                HandshakeEvent::Open(upgraded) => {
                    seen.frame_bytes.client.extend(upgraded.client_bytes);
                    "open".to_owned()
                }
                HandshakeEvent::LateRequest(held) => {
                    seen.frame_bytes.client.extend(held);
                    "late request".to_owned()
                }
            });
        }
        seen.frame_bytes[from].extend_from_slice(rest);
    }

    /// Pushes the bytes in pieces of this size.
    fn push_all(pair: &mut HandshakePair, sent: &[(Side, &[u8])], piece: usize) -> Seen {
        let mut seen = Seen::default();
        for (from, bytes) in sent {
            bytes.chunks(piece).for_each(|bytes| push(pair, &mut seen, *from, bytes));
        }
        seen
    }

    /// The events of a connection, which are the same in pieces of any size.
    fn events(sent: &[(Side, &[u8])]) -> Vec<String> {
        let whole = push_all(&mut pair(), sent, usize::MAX);
        for piece in [1, 2, 7, 64] {
            assert_eq!(push_all(&mut pair(), sent, piece), whole, "in pieces of {piece}");
        }
        whole.events
    }

    use Side::{Client, Server};

    #[test]
    fn what_the_heads_agree_on_holds_for_both_sides() {
        let mut pair = pair();
        let seen = push_all(&mut pair, &[(Client, REQUEST), (Server, RESPONSE)], 4096);
        assert_eq!(seen.events, ["Client head", "Server 101", "open"]);
        assert!(pair.agreed().deflate.is_some() && pair.is_open());
        assert_eq!(pair.head_bytes(Client), REQUEST);
        assert_eq!(pair.frames_start(Server), Offset::START + RESPONSE.len());
        assert!(pair.head(Client).unwrap().validation.problems.is_empty());
    }

    #[test]
    fn bytes_before_the_101_are_a_problem_and_frames_all_the_same() {
        let early = [REQUEST, b"\x81\x80abcd"].concat();
        let mut pair = pair();
        let seen = push_all(&mut pair, &[(Client, &early), (Server, RESPONSE)], 5);
        let problems = &pair.head(Client).unwrap().validation.problems;
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [ProblemCode::DataBefore101]);
        assert_eq!(seen.frame_bytes.client, b"\x81\x80abcd");
    }

    #[test]
    fn behind_another_status_there_are_no_frames() {
        let refused = b"HTTP/1.1 404 Not Found\r\n\r\nnothing here";
        let mut pair = pair();
        let sent: &[(Side, &[u8])] =
            &[(Client, REQUEST), (Server, refused), (Client, b"\x81\x80abcd")];
        assert_eq!(push_all(&mut pair, sent, 7).events, ["Client head", "Server 404"]);
        assert!(!pair.is_open());
        assert_eq!(pair.leftover(Server), b"nothing here");
        assert_eq!(pair.finish(), []);
    }

    #[test]
    fn rfc_9112_section_9_3_other_exchanges_come_first() {
        let sent: &[(Side, &[u8])] = &[
            (Client, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
            (Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 100 Continue\r\n\r\n"),
            (Server, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            (Client, b"HEAD /c HTTP/1.1\r\n\r\n"),
            (Server, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            (Client, REQUEST),
            (Server, RESPONSE),
        ];
        assert_eq!(
            events(sent),
            [
                "GET /a 200 28 40",
                "POST /b 100 0 25",
                "POST /b 200 42 58",
                "HEAD /c 200 20 38",
                "Client head",
                "Server 101",
                "open"
            ]
        );
    }

    #[test]
    fn a_refused_attempt_is_followed_by_another() {
        let sent: &[(Side, &[u8])] = &[
            (Client, REQUEST),
            (Server, REFUSAL),
            (Client, REQUEST),
            (Server, REFUSAL),
            (Client, REQUEST),
            (Server, RESPONSE),
            (Server, b"\x81\x00"),
        ];
        let again = ["Client head", "Server 401", "body \"ntlm\""];
        assert_eq!(
            events(sent),
            [&again[..], &again, &["Client head", "Server 101", "open"]].concat()
        );
        assert_eq!(push_all(&mut pair(), sent, 9).frame_bytes.server, b"\x81\x00");
    }

    #[test]
    fn rfc_9110_section_15_2_interim_responses_come_before_the_101() {
        let hints = [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", RESPONSE].concat();
        assert_eq!(
            events(&[(Client, REQUEST), (Server, &hints)]),
            ["Client head", "GET / 103 0 40", "Server 101", "open"]
        );
    }

    #[test]
    fn a_proxy_may_answer_200_before_the_101() {
        let twice = [b"HTTP/1.1 200 Connection established\r\n\r\n", RESPONSE].concat();
        assert_eq!(
            events(&[(Client, REQUEST), (Server, &twice)]),
            ["Client head", "Server 200", "body \"\"", "Server 101", "open"]
        );
    }

    #[test]
    fn rfc_9110_section_9_3_6_a_tunnel_is_another_connection() {
        let sent: &[(Side, &[u8])] = &[
            (Client, b"CONNECT a:80 HTTP/1.1\r\n\r\n"),
            (Server, b"HTTP/1.1 200 OK\r\n\r\n"),
            (Client, REQUEST),
            (Server, RESPONSE),
        ];
        assert_eq!(events(sent), ["CONNECT a:80 200 25 19", "Client head", "Server 101", "open"]);
    }

    #[test]
    fn a_101_for_another_protocol_opens_no_web_socket() {
        let sent: &[(Side, &[u8])] = &[
            (Client, b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"),
            (Server, b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n\x00\x00\x00\x04"),
        ];
        assert_eq!(events(sent), ["GET / 101 32 32"]);
    }

    #[test]
    fn a_101_may_stand_before_its_request() {
        let client = [REQUEST, b"\x81\x80abcd"].concat();
        let sent: &[(Side, &[u8])] =
            &[(Server, RESPONSE), (Server, b"\x89\x00"), (Client, &client)];
        assert_eq!(events(sent), ["Server 101", "open", "Client head", "late request"]);
        let mut pair = pair();
        let seen = push_all(&mut pair, sent, 3);
        assert_eq!(seen.frame_bytes.client, b"\x81\x80abcd");
        assert_eq!(seen.frame_bytes.server, b"\x89\x00");
        assert!(pair.head(Server).unwrap().validation.problems.is_empty());
        // Without a request, frames follow at once.
        let sent: &[(Side, &[u8])] = &[(Server, RESPONSE), (Client, b"\x81\x80abcd")];
        assert_eq!(push_all(&mut self::pair(), sent, 1).frame_bytes.client, b"\x81\x80abcd");
    }

    #[test]
    fn bytes_that_wait_for_the_101_are_not_joined_across_a_gap() {
        let (mut pair, mut seen) = (pair(), Seen::default());
        push(&mut pair, &mut seen, Client, REQUEST);
        push(&mut pair, &mut seen, Client, b"\x81\x85abcd\x01");
        pair.push_gap(Client, ByteLen::new(9));
        push(&mut pair, &mut seen, Client, b"\x81\x80efgh");
        push(&mut pair, &mut seen, Server, RESPONSE);
        assert_eq!(pair.frames_start(Client), Offset::START + REQUEST.len() + 13_usize);
        push(&mut pair, &mut seen, Client, b"\x89\x80efgh");
        assert_eq!(seen.frame_bytes.client, b"\x89\x80efgh");
    }

    #[test]
    fn after_a_refusal_neither_a_gap_nor_another_protocol_opens_a_web_socket() {
        let (mut pair, mut seen) = (pair(), Seen::default());
        push(&mut pair, &mut seen, Client, REQUEST);
        push(&mut pair, &mut seen, Server, REFUSAL);
        push(&mut pair, &mut seen, Client, b"GET /a HTTP/1.1\r\n\r\n");
        let mut other = pair.clone();
        push(
            &mut pair,
            &mut seen,
            Server,
            b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n",
        );
        pair.push_gap(Server, ByteLen::new(7));
        push(&mut pair, &mut seen, Server, b"of a body");
        assert!(!pair.may_send_frames(Server) && !pair.may_send_frames(Client));
        assert!(!pair.is_open() && seen.events.iter().all(|event| event != "open"));
        push(&mut other, &mut seen, Server, b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n");
        assert!(!other.is_open());
    }

    #[test]
    fn what_is_not_complete_is_listed_at_the_end() {
        let mut pair = pair();
        let sent: &[(Side, &[u8])] = &[
            (Client, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c"),
            (Server, b"HTTP/1.1 200 OK\r\n\r\nuntil the end"),
        ];
        assert_eq!(push_all(&mut pair, sent, 4).events, [] as [&str; 0]);
        let rest: Vec<_> = pair.finish().iter().map(exchange_text).collect();
        assert_eq!(rest, ["GET /a 200 19 32", "GET /b - 19 0 cut"]);
        assert_eq!(pair.partial_head(Client), b"GET /c");
    }

    /// Loses bytes of a side, and takes the events of that.
    fn lose(pair: &mut HandshakePair, seen: &mut Seen, from: Side, missing: u64) {
        pair.push_gap(from, ByteLen::new(missing));
        push(pair, seen, from, b"");
    }

    fn resume(pair: &mut HandshakePair, seen: &mut Seen, from: Side, unit: Resumption) {
        pair.resume(from, unit);
        push(pair, seen, from, b"");
    }

    #[test]
    fn a_gap_ends_a_head_and_not_the_connection() {
        // The gap is within the 101, so frames follow.
        let (mut pair, mut seen) = (pair(), Seen::default());
        push(&mut pair, &mut seen, Client, REQUEST);
        push(&mut pair, &mut seen, Client, b"\x81\x80abcd");
        push(&mut pair, &mut seen, Server, b"HTTP/1.1 101 Switch");
        assert_eq!(pair.partial_head(Server), b"HTTP/1.1 101 Switch");
        let mut other = pair.clone();
        lose(&mut pair, &mut seen, Server, 100);
        push(&mut pair, &mut seen, Server, b"\x81\x00");
        assert_eq!(seen.events, ["Client head", "open"]);
        assert_eq!(seen.frame_bytes.server, b"\x81\x00");
        assert_eq!(seen.frame_bytes.client, b"\x81\x80abcd");
        assert!(pair.agreed().is_assumed, "the request offers compression");
        // A 101 for another protocol opens nothing.
        let mut seen = Seen::default();
        push(&mut other, &mut seen, Server, b"ing\r\nUpgrade: h2c\r\nConn");
        lose(&mut other, &mut seen, Server, 100);
        assert!(!other.is_open() && other.is_lost(Server));
        // A gap within a request and one that is a whole body.
        let (mut pair, mut seen) = (self::pair(), Seen::default());
        push(&mut pair, &mut seen, Client, b"GET /a HTTP/1.1\r\n\r\nGET /b HT");
        lose(&mut pair, &mut seen, Client, 30);
        resume(&mut pair, &mut seen, Client, Resumption::Head);
        push(&mut pair, &mut seen, Client, REQUEST);
        push(&mut pair, &mut seen, Server, b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n");
        lose(&mut pair, &mut seen, Server, 9);
        push(&mut pair, &mut seen, Server, RESPONSE);
        assert_eq!(seen.events, ["Client head", "GET /a 200 19 37", "Server 101", "open"]);
    }

    #[test]
    fn what_follows_lost_bytes_is_not_read_before_it_is_known() {
        let (mut pair, mut seen) = (pair(), Seen::default());
        push(&mut pair, &mut seen, Client, REQUEST);
        lose(&mut pair, &mut seen, Server, 129);
        assert!(pair.is_lost(Server) && pair.may_send_frames(Server));
        pair.skip_unknown(Server, ByteLen::new(40));
        let mut refused = pair.clone();
        resume(&mut pair, &mut seen, Server, Resumption::Frame);
        push(&mut pair, &mut seen, Server, b"\x81\x00");
        assert_eq!((seen.events.len(), pair.is_open()), (2, true));
        assert_eq!(pair.frames_start(Server), Offset::START + 40_usize);
        let mut seen = Seen::default();
        resume(&mut refused, &mut seen, Server, Resumption::Head);
        push(&mut refused, &mut seen, Server, REFUSAL);
        assert_eq!(seen.events, ["Server 401", "body \"ntlm\""]);
        // Both heads are lost.
        let (mut pair, mut seen) =
            (HandshakePair::midway(AgreedExtensions::none()), Seen::default());
        push(&mut pair, &mut seen, Server, b"\x81\x00");
        assert!(!pair.is_open() && pair.may_send_frames(Server));
        resume(&mut pair, &mut seen, Server, Resumption::Frame);
        assert!(pair.is_open() && pair.agreed() == AgreedExtensions::none());
    }

    #[test]
    fn frames_of_the_server_open_a_used_connection_of_which_both_heads_are_lost() {
        let (mut pair, mut seen) = (pair(), Seen::default());
        push(&mut pair, &mut seen, Client, b"GET /a HTTP/1.1\r\n\r\n");
        push(&mut pair, &mut seen, Server, b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n");
        lose(&mut pair, &mut seen, Server, 129);
        assert!(pair.may_send_frames(Server));
        resume(&mut pair, &mut seen, Server, Resumption::Frame);
        push(&mut pair, &mut seen, Server, b"\x81\x00");
        assert_eq!(seen.events, ["GET /a 200 19 37", "open"]);
        assert_eq!(seen.frame_bytes.server, b"\x81\x00");
    }

    #[test]
    fn frames_of_the_client_open_a_connection_whose_server_is_silent() {
        let (mut pair, mut seen) = (pair(), Seen::default());
        push(&mut pair, &mut seen, Client, REQUEST);
        assert!(pair.waits_for_response() && pair.may_send_frames(Client));
        resume(&mut pair, &mut seen, Client, Resumption::Frame);
        push(&mut pair, &mut seen, Client, b"\x81\x80abcd");
        assert_eq!(seen.events, ["Client head", "open"]);
        assert_eq!(seen.frame_bytes.client, b"\x81\x80abcd");
    }

    #[test]
    fn a_request_may_stand_behind_the_101_on_a_used_connection() {
        let sent: &[(Side, &[u8])] = &[
            (Client, b"GET /a HTTP/1.1\r\n\r\n"),
            (Server, b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n"),
            (Client, &REQUEST[..30]),
            (Server, RESPONSE),
            (Client, &REQUEST[30..]),
            (Client, b"\x81\x80abcd"),
        ];
        let expected = ["GET /a 200 19 37", "Server 101", "open", "Client head", "late request"];
        assert_eq!(events(sent), expected);
        let mut pair = pair();
        let seen = push_all(&mut pair, sent, 7);
        assert_eq!(seen.frame_bytes.client, b"\x81\x80abcd");
        assert!(pair.head(Server).unwrap().validation.problems.is_empty());
    }

    #[test]
    fn a_body_that_is_arriving_is_no_request() {
        let put = b"PUT /a HTTP/1.1\r\nContent-Length: 5000\r\n\r\n";
        let sent: &[(Side, &[u8])] = &[(Client, put), (Server, RESPONSE)];
        let mut pair = pair();
        push_all(&mut pair, sent, 4096);
        assert!(pair.sends_frames(Client));
        let sent: &[(Side, &[u8])] =
            &[(Client, b"GET /a HTTP/1.1\r\n\r\n"), (Server, RESPONSE), (Client, REQUEST)];
        let expected = ["GET /a - 19 0 cut", "Server 101", "open", "Client head", "late request"];
        assert_eq!(events(sent), expected);
    }

    #[test]
    fn an_empty_line_between_responses_is_passed_over() {
        let sent: &[(Side, &[u8])] = &[
            (Client, b"GET /a HTTP/1.1\r\n\r\n"),
            (Server, b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok\r\n"),
            (Client, REQUEST),
            (Server, RESPONSE),
        ];
        assert_eq!(events(sent), ["GET /a 200 19 39", "Client head", "Server 101", "open"]);
    }

    #[test]
    fn rfc_9112_section_6_3_a_body_without_a_length_ends_with_the_connection() {
        let sent: &[(Side, &[u8])] = &[
            (Client, b"GET /log HTTP/1.0\r\n\r\n"),
            (Server, b"HTTP/1.0 200 OK\r\n\r\n"),
            (Server, RESPONSE),
            (Server, b"\x81\x01a"),
        ];
        assert_eq!(events(sent), [] as [&str; 0]);
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same(frames in proptest::collection::vec(any::<u8>(), 0..80), piece in 1_usize..60) {
            let (request, response) = ([REQUEST, &frames].concat(), [RESPONSE, &frames].concat());
            let sent = [(Client, request.as_slice()), (Server, response.as_slice())];
            let (mut whole, mut cut) = (pair(), pair());
            prop_assert_eq!(push_all(&mut whole, &sent, 4096), push_all(&mut cut, &sent, piece));
            for from in [Client, Server] {
                prop_assert_eq!(
                    &whole.head(from).unwrap().validation, &cut.head(from).unwrap().validation
                );
                prop_assert_eq!(whole.head_bytes(from), cut.head_bytes(from));
            }
        }

        #[test]
        fn any_bytes_are_kept_or_counted(
            sent in proptest::collection::vec((any::<bool>(), prop_oneof![
                Just(REQUEST.to_vec()), Just(RESPONSE.to_vec()), Just(REFUSAL.to_vec()),
                Just(b"GET /a HTTP/1.1\r\n\r\n".to_vec()), Just(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
                Just(b"HTTP/1.1 103 X\r\n\r\n".to_vec()), Just(b"\x16\x03\x01\x00\x05".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..9),
            ]), 0..12),
            piece in 1_usize..70,
        ) {
            let sent: Vec<(Side, &[u8])> = sent
                .iter()
                .map(|(client, bytes)| (if *client { Client } else { Server }, bytes.as_slice()))
                .collect();
            let (mut whole, mut cut) = (pair(), pair());
            prop_assert_eq!(push_all(&mut whole, &sent, 4096), push_all(&mut cut, &sent, piece));
            for from in [Client, Server] {
                prop_assert_eq!(whole.frames_start(from), cut.frames_start(from));
                prop_assert_eq!(whole.leftover(from), cut.leftover(from));
            }
        }
    }
}
