//! Reads the heads of both directions up to the 101, after which there are frames.
//! Bytes after a head are held back until then; `trace` decodes the frames.

use crate::wire::frame::{Side, Sides};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::{
    ClientOffer, DEFAULT_MAX_HEAD_LEN, HeadContext, HeadReader, HeadScan, Problem, ProblemCode,
    ServerPolicy, ValidatedHead, response,
};

/// One direction before the 101.
#[derive(Clone, Debug)]
struct HandshakeHalf {
    reader: HeadReader,
    head: Option<ValidatedHead>,
    /// Bytes after the head, before it is known whether they are frames.
    leftover: Vec<u8>,
}

impl HandshakeHalf {
    fn new(from: Side) -> Self {
        Self {
            reader: HeadReader::new(from, DEFAULT_MAX_HEAD_LEN),
            head: None,
            leftover: Vec::new(),
        }
    }
}

/// The maximum number of bytes kept after a head, per direction. Without a bound, a peer that never
/// completes its handshake could fill the memory.
const MAX_LEFTOVER: usize = 1 << 20;

/// The opening handshake of one connection, seen from both sides.
#[derive(Clone, Debug)]
pub struct HandshakePair {
    halves: Sides<HandshakeHalf>,
    policy: ServerPolicy,
    agreed: AgreedExtensions,
    is_open: bool,
}

/// The result of a completed handshake: the server has answered 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The agreed extensions.
    pub agreed: AgreedExtensions,
    /// The bytes that arrived after each head before that was known: the first frame bytes.
    pub frame_bytes: Sides<Vec<u8>>,
}

impl HandshakePair {
    /// Creates a handshake that has seen nothing. `policy` is the server's policy for validating
    /// the request.
    pub fn new(policy: ServerPolicy) -> Self {
        let halves = Sides::each(HandshakeHalf::new);
        Self { halves, policy, agreed: AgreedExtensions::none(), is_open: false }
    }

    /// Creates a handshake that was not seen: frames begin with the first byte.
    pub fn without_handshake(agreed: AgreedExtensions) -> Self {
        Self { agreed, is_open: true, ..Self::new(ServerPolicy::default()) }
    }

    /// Takes the next bytes before the 101. The 101 returns the bytes that were held back.
    pub fn push(&mut self, from: Side, bytes: &[u8]) -> Option<Upgraded> {
        let context = self.context(from);
        let half = &mut self.halves[from];
        let taken = half.reader.push(bytes);
        let rest = bytes.get(taken..).unwrap_or_default();
        if half.head.is_none() && half.reader.scan() != HeadScan::Incomplete {
            half.head = Some(ValidatedHead::new(&half.reader, &context));
        }
        let room = MAX_LEFTOVER.saturating_sub(half.leftover.len());
        half.leftover.extend_from_slice(rest.get(..room).unwrap_or(rest));
        self.check_data_before_101();
        self.try_upgrade()
    }

    /// Returns the bytes of that side's head that have arrived. Once the head is complete, these
    /// are exactly the head.
    pub fn head_bytes(&self, from: Side) -> &[u8] {
        self.halves[from].reader.bytes()
    }

    /// Returns that side's validated head, once it is complete or has turned out not to be HTTP.
    pub fn head(&self, from: Side) -> Option<&ValidatedHead> {
        self.halves[from].head.as_ref()
    }

    /// Returns the bytes after that side's head that are not frames, or not yet: before the 101, or
    /// after another status (a body). At most 1 MiB is kept.
    pub fn leftover(&self, from: Side) -> &[u8] {
        &self.halves[from].leftover
    }

    /// Returns the extensions that the two heads agree on; none before the 101.
    pub fn agreed(&self) -> AgreedExtensions {
        self.agreed
    }

    /// Whether both sides send frames: the server has answered 101, or the handshake was not seen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    fn context(&self, from: Side) -> HeadContext {
        match from {
            Side::Client => HeadContext::Request(self.policy.clone()),
            Side::Server => {
                let request = self.halves.client.head.as_ref().and_then(|head| head.head.as_ref());
                HeadContext::Response(
                    request.map_or_else(ClientOffer::default, ClientOffer::from_request),
                )
            }
        }
    }

    /// Reports bytes that the client sent before the 101, once, no matter how many there are.
    fn check_data_before_101(&mut self) {
        // Once the server has answered, bytes of the client are frames or belong to a refused
        // handshake.
        if self.halves.server.head.is_some() || self.halves.client.leftover.is_empty() {
            return;
        }
        if let Some(ValidatedHead { head: Some(head), validation, .. }) =
            &mut self.halves.client.head
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

    /// Turns the bytes that were held back into frame bytes, once the response is a 101.
    fn try_upgrade(&mut self) -> Option<Upgraded> {
        let head = self.halves.server.head.as_ref()?;
        if !head.head.as_ref().is_some_and(response::is_switching_protocols) {
            return None;
        }
        self.agreed = head.validation.agreed;
        self.is_open = true;
        // Both sides may have sent frame bytes early: the server right after its head, the client
        // before the 101 came.
        let frame_bytes = Sides::each(|from| std::mem::take(&mut self.halves[from].leftover));
        Some(Upgraded { agreed: self.agreed, frame_bytes })
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

    fn pair() -> HandshakePair {
        HandshakePair::new(ServerPolicy::default())
    }

    /// Pushes the bytes in pieces until the 101, then the bytes after it in further pieces.
    fn push_all(
        pair: &mut HandshakePair,
        sent: &[(Side, &[u8])],
        piece: usize,
    ) -> Option<Upgraded> {
        let mut upgraded: Option<Upgraded> = None;
        for (from, bytes) in sent {
            for bytes in bytes.chunks(piece) {
                match &mut upgraded {
                    Some(upgraded) => upgraded.frame_bytes[*from].extend_from_slice(bytes),
                    None => upgraded = pair.push(*from, bytes),
                }
            }
        }
        upgraded
    }

    #[test]
    fn what_the_heads_agree_on_holds_for_both_sides() {
        let mut pair = pair();
        let upgraded =
            push_all(&mut pair, &[(Side::Client, REQUEST), (Side::Server, RESPONSE)], 4096)
                .unwrap();
        assert!(upgraded.agreed.deflate.is_some() && pair.is_open());
        assert_eq!(pair.agreed(), upgraded.agreed);
        assert_eq!(pair.head_bytes(Side::Client), REQUEST);
        assert!(pair.head(Side::Client).unwrap().validation.problems.is_empty());
    }

    #[test]
    fn bytes_before_the_101_are_a_problem_and_frames_all_the_same() {
        let early = [REQUEST, b"\x81\x80abcd"].concat();
        let mut pair = pair();
        let upgraded =
            push_all(&mut pair, &[(Side::Client, &early), (Side::Server, RESPONSE)], 5).unwrap();
        let problems = &pair.head(Side::Client).unwrap().validation.problems;
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [ProblemCode::DataBefore101]);
        assert_eq!(upgraded.frame_bytes.client, b"\x81\x80abcd");
    }

    #[test]
    fn behind_another_status_there_are_no_frames() {
        let refused = b"HTTP/1.1 404 Not Found\r\n\r\nnothing here";
        let mut pair = pair();
        assert_eq!(
            push_all(&mut pair, &[(Side::Client, REQUEST), (Side::Server, refused)], 7),
            None
        );
        assert!(!pair.is_open());
        assert_eq!(pair.leftover(Side::Server), b"nothing here");
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same(frames in proptest::collection::vec(any::<u8>(), 0..80), piece in 1_usize..60) {
            let (request, response) = ([REQUEST, &frames].concat(), [RESPONSE, &frames].concat());
            let sent = [(Side::Client, request.as_slice()), (Side::Server, response.as_slice())];
            let (mut whole, mut cut) = (pair(), pair());
            prop_assert_eq!(push_all(&mut whole, &sent, 4096), push_all(&mut cut, &sent, piece));
            for from in [Side::Client, Side::Server] {
                prop_assert_eq!(
                    &whole.head(from).unwrap().validation, &cut.head(from).unwrap().validation
                );
                prop_assert_eq!(whole.head_bytes(from), cut.head_bytes(from));
            }
        }
    }
}
