//! Both directions of one connection from the first byte on: heads, then frames, with what the handshake agreed.
//! It is fed what the sockets gave and took; who they are and when that was is not its business.

use crate::wire::frame::Side;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::pair::HandshakePair;
use crate::wire::handshake::{ServerPolicy, ValidatedHead};
use crate::wire::keep::transcript::Transcript;
use crate::wire::size::Offset;

/// One direction: its head, then its frames.
#[derive(Clone, Copy, Debug)]
pub struct DirectionView<'a> {
    handshake: &'a HandshakePair,
    from: Side,
    transcript: &'a Transcript,
}

impl<'a> DirectionView<'a> {
    /// The bytes of the head that are there; once it is found, exactly the head.
    pub fn head_bytes(&self) -> &'a [u8] {
        self.handshake.head_bytes(self.from)
    }

    /// The head with its judgement, once it is complete (or turned out to be none).
    pub fn head(&self) -> Option<&'a ValidatedHead> {
        self.handshake.head(self.from)
    }

    /// Bytes behind the head that are no frames, or not yet: before the 101, or behind another status (a body).
    pub fn leftover(&self) -> &'a [u8] {
        self.handshake.leftover(self.from)
    }

    /// The frames. Their offsets count from the first byte behind the head.
    pub fn transcript(&self) -> &'a Transcript {
        self.transcript
    }

    /// Where the first frame byte stands in the stream: the length of the head.
    pub fn frames_start(&self) -> Offset {
        Offset::START + self.head_bytes().len()
    }
}

/// One connection, seen from both sides.
///
/// ```
/// use wiretalk_core::wire::{ConnectionTranscript, Side};
///
/// let mut connection = ConnectionTranscript::new();
/// connection.push(Side::Client, b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
/// connection.push(Side::Server, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello");
/// assert!(connection.is_open());
/// assert_eq!(connection.direction(Side::Server).transcript().messages()[0].text(), Some("Hello"));
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionTranscript {
    handshake: HandshakePair,
    client: Transcript,
    server: Transcript,
}

impl Default for ConnectionTranscript {
    fn default() -> Self {
        Self::new()
    }
}

impl ConnectionTranscript {
    /// Nothing seen yet; the request will be judged as a server does that allows any origin.
    pub fn new() -> Self {
        let transcript = |from| Transcript::new(from, AgreedExtensions::none());
        Self {
            handshake: HandshakePair::new(ServerPolicy::default()),
            client: transcript(Side::Client),
            server: transcript(Side::Server),
        }
    }

    /// Takes the next bytes that `from` sent, in pieces of any size.
    pub fn push(&mut self, from: Side, bytes: &[u8]) {
        if self.is_open() {
            return match from {
                Side::Client => self.client.push(bytes),
                Side::Server => self.server.push(bytes),
            };
        }
        if let Some(upgraded) = self.handshake.push(from, bytes) {
            self.client = Transcript::new(Side::Client, upgraded.agreed);
            self.client.push(&upgraded.frame_bytes.client);
            self.server = Transcript::new(Side::Server, upgraded.agreed);
            self.server.push(&upgraded.frame_bytes.server);
        }
    }

    /// What one side said.
    pub fn direction(&self, from: Side) -> DirectionView<'_> {
        let transcript = if from == Side::Client { &self.client } else { &self.server };
        DirectionView { handshake: &self.handshake, from, transcript }
    }

    /// The server has answered 101: from here on both sides send frames, even where the handshake had other faults.
    pub fn is_open(&self) -> bool {
        self.handshake.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::handshake::ProblemCode;
    use proptest::prelude::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const MASKED_HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    const COMPRESSED_HELLO: &[u8] = &[0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

    fn connection(sent: &[(Side, &[u8])], chunk: usize) -> ConnectionTranscript {
        let mut connection = ConnectionTranscript::new();
        for (from, bytes) in sent {
            bytes.chunks(chunk).for_each(|piece| connection.push(*from, piece));
        }
        connection
    }

    #[test]
    fn what_was_agreed_reaches_both_decoders() {
        let response = [RESPONSE, COMPRESSED_HELLO].concat();
        let connection = connection(
            &[(Side::Client, REQUEST), (Side::Server, &response), (Side::Client, MASKED_HELLO)],
            4096,
        );
        assert_eq!(connection.direction(Side::Server).transcript().faults(), []);
        assert!(connection.direction(Side::Server).transcript().messages()[0].compressed);
        assert_eq!(connection.direction(Side::Client).transcript().messages()[0].text(), Some("Hello"));
        assert_eq!(connection.direction(Side::Client).frames_start(), Offset::new(REQUEST.len() as u64));
        assert!(connection.direction(Side::Client).head().unwrap().validation.problems.is_empty());
    }

    #[test]
    fn a_frame_before_the_101_is_reported_and_read_all_the_same() {
        let early = [REQUEST, MASKED_HELLO].concat();
        let connection = connection(&[(Side::Client, &early), (Side::Server, RESPONSE)], 5);
        let problems = &connection.direction(Side::Client).head().unwrap().validation.problems;
        assert_eq!(
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
            [ProblemCode::DataBefore101]
        );
        assert_eq!(connection.direction(Side::Client).transcript().messages()[0].text(), Some("Hello"));
    }

    #[test]
    fn behind_another_status_there_are_no_frames() {
        let connection = connection(
            &[(Side::Client, REQUEST), (Side::Server, b"HTTP/1.1 404 Not Found\r\n\r\nnothing here")],
            7,
        );
        assert!(!connection.is_open());
        assert_eq!(connection.direction(Side::Server).leftover(), b"nothing here");
        assert!(connection.direction(Side::Server).transcript().is_empty());
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same(frames in proptest::collection::vec(any::<u8>(), 0..80), chunk in 1_usize..60) {
            let request = [REQUEST, &frames].concat();
            let response = [RESPONSE, &frames].concat();
            let sent = [(Side::Client, request.as_slice()), (Side::Server, response.as_slice())];
            let (whole, pieces) = (connection(&sent, 4096), connection(&sent, chunk));
            for from in [Side::Client, Side::Server] {
                let (whole, pieces) = (whole.direction(from), pieces.direction(from));
                prop_assert_eq!(&whole.head().unwrap().validation, &pieces.head().unwrap().validation);
                prop_assert_eq!(whole.transcript().frames(), pieces.transcript().frames());
                prop_assert_eq!(whole.transcript().messages(), pieces.transcript().messages());
                prop_assert_eq!(whole.transcript().faults(), pieces.transcript().faults());
                prop_assert_eq!(whole.transcript().needed(), pieces.transcript().needed());
            }
        }
    }
}
