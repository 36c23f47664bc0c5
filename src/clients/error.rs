//! How a session ends: as both sides knew it would ([`SessionEnd`]), or not ([`SessionError`]). The
//! sentences are for people; callers match on variants.

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::clients::random::RandomError;
use crate::clients::request::RequestError;
use crate::net::{ConnectError, TargetError, describe_io_error};
use crate::wire::{ByteLen, format};

/// A session that ended as both sides knew it would. Codes are those of the first Close frame (RFC
/// 6455 section 7.4); `None` where it had none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// We sent the first Close, and the server answered it.
    ClosedByUs {
        /// The code of the server's answer.
        code: Option<u16>,
    },
    /// The server sent the first Close.
    ClosedByServer {
        /// Its code.
        code: Option<u16>,
        /// Whether we answered it.
        answered: bool,
    },
    /// We ended the stream without a Close.
    HungUp,
    /// We ended the stream where a Close would have been the payload of a frame that was begun.
    HungUpInsideFrame,
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ClosedByUs { code } => {
                write!(f, "closed by us, answered by the server {}", describe_code(code))
            }
            Self::ClosedByServer { code, answered } => {
                let answer = if answered { "answered by us" } else { "not answered by us" };
                write!(f, "closed by the server {}, {answer}", describe_code(code))
            }
            Self::HungUp => f.write_str("we hung up"),
            Self::HungUpInsideFrame => f.write_str("we hung up in the middle of a frame"),
        }
    }
}

/// Why a session failed.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The URL isn't one.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The request cannot be written.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// There are no random numbers for a key.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The connection could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server answered something else than 101.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server did not answer the handshake in time.
    #[error(
        "the server took the request and did not answer within {} s{}",
        waited.as_secs_f32(), after_comma(unfinished.as_ref())
    )]
    HandshakeTimeout {
        /// How long it had.
        waited: Duration,
        /// What of an answer had come.
        unfinished: Option<UnfinishedRead>,
    },
    /// We sent a Close, and the server did not answer it in time.
    #[error("we closed, and the server did not answer within {} s", .waited.as_secs_f32())]
    CloseTimeout {
        /// How long it had.
        waited: Duration,
    },
    /// The closing handshake was over, and the server did not end the stream in time (RFC 6455
    /// section 7.1.1).
    #[error(
        "the server said goodbye {} and did not hang up within {} s",
        describe_code(*code), waited.as_secs_f32()
    )]
    HangUpTimeout {
        /// The code of its Close.
        code: Option<u16>,
        /// How long it had.
        waited: Duration,
    },
    /// Nothing more could be sent, and the server said nothing more.
    #[error("could not send: {}", describe_io_error(.0))]
    Send(#[source] io::Error),
    /// The stream ended without a Close from either side.
    #[error("{how} without a Close{}", after_comma(unfinished.as_ref()))]
    EndWithoutClose {
        /// How it ended.
        #[source]
        how: StreamEnd,
        /// What was under way.
        unfinished: Option<UnfinishedRead>,
    },
    /// The stream ended after our Close, which was not answered.
    #[error("{how} and did not answer our Close{}", after_comma(unfinished.as_ref()))]
    CloseUnanswered {
        /// How it ended.
        #[source]
        how: StreamEnd,
        /// What was under way.
        unfinished: Option<UnfinishedRead>,
    },
}

/// How the stream from the server ended.
#[derive(Debug, Error)]
pub enum StreamEnd {
    /// The server ended it.
    #[error("the server hung up")]
    HungUp,
    /// TCP ended within TLS without a `close_notify` alert (RFC 8446 section 6.1): anybody could
    /// have cut it.
    #[error("the server hung up without TLS's own goodbye")]
    WithoutCloseNotify,
    /// The connection broke.
    #[error("the connection broke: {}", describe_io_error(.0))]
    Broke(#[source] io::Error),
}

/// What the server answered instead of 101 Switching Protocols.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Another status; control characters in it are escaped.
    #[error("the server answered {status}, not 101 Switching Protocols: {hint}", status = .0, hint = refusal_hint(.0))]
    Status(String),
    /// A TLS record.
    #[error("the server answered in TLS; a wss:// URL would be right")]
    Tls,
    /// HTTP/2 (RFC 9113), where a WebSocket is opened another way (RFC 8441).
    #[error("the server speaks HTTP/2 there, where WebSocket is another thing")]
    Http2,
    /// A head that is longer than [`crate::wire::handshake::DEFAULT_MAX_HEAD_LEN`].
    #[error("the server's answer has no end of its head within 65,536 bytes")]
    HeadTooLarge,
}

/// What was under way when the server's stream ended or stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfinishedRead {
    /// Nothing of the answer to the request has come.
    BeforeResponse,
    /// The head of the answer is not complete.
    InResponse,
    /// A frame is not complete.
    InFrame {
        /// The bytes that it lacks.
        missing: ByteLen,
    },
    /// A frame's length has its highest bit set (RFC 6455 section 5.2), so nobody knows where the
    /// frame ends.
    AfterImpossibleLength,
}

impl fmt::Display for UnfinishedRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BeforeResponse => f.write_str("before it answered"),
            Self::InResponse => f.write_str("in the middle of its answer"),
            Self::InFrame { missing } => {
                write!(
                    f,
                    "in the middle of a frame, which needs {} more",
                    format::byte_count(missing)
                )
            }
            Self::AfterImpossibleLength => f.write_str("behind a length that cannot be"),
        }
    }
}

/// What to make of the statuses that servers refuse a WebSocket with.
fn refusal_hint(status: &str) -> &'static str {
    match status {
        "301" | "302" | "303" | "307" | "308" => {
            "it sends us elsewhere, see Location; give that URL"
        }
        "400" => "it found something wrong with the request",
        "401" | "407" => "it wants to know who asks: a header Authorization or Cookie",
        "403" => "it does not let us in; many look at Origin",
        "426" => "it wants another version, see Sec-WebSocket-Version",
        "502" | "503" | "504" => "what stands behind it did not answer",
        _ => "it does not speak WebSocket at this path",
    }
}

fn after_comma(unfinished: Option<&UnfinishedRead>) -> String {
    unfinished.map_or_else(String::new, |unfinished| format!(", {unfinished}"))
}

fn describe_code(code: Option<u16>) -> String {
    code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentences_are_whole() {
        let waited = Duration::from_secs(5);
        for (error, sentence) in [
            (
                SessionError::HandshakeTimeout {
                    waited,
                    unfinished: Some(UnfinishedRead::BeforeResponse),
                },
                "the server took the request and did not answer within 5 s, before it answered",
            ),
            (
                SessionError::HangUpTimeout { code: Some(1001), waited },
                "the server said goodbye with 1001 and did not hang up within 5 s",
            ),
            (
                SessionError::CloseTimeout { waited },
                "we closed, and the server did not answer within 5 s",
            ),
            (
                SessionError::CloseUnanswered { how: StreamEnd::HungUp, unfinished: None },
                "the server hung up and did not answer our Close",
            ),
            (
                SessionError::EndWithoutClose {
                    how: StreamEnd::Broke(io::ErrorKind::ConnectionReset.into()),
                    unfinished: Some(UnfinishedRead::InFrame { missing: 7_u64.into() }),
                },
                "the connection broke: the peer reset the connection without a Close, in the middle of a \
                 frame, which needs 7 bytes more",
            ),
            (
                Refusal::Status("403".into()).into(),
                "the server answered 403, not 101 Switching Protocols: it does not let us in; \
                 many look at Origin",
            ),
        ] {
            assert_eq!(error.to_string(), sentence);
        }
        assert_eq!(
            SessionEnd::ClosedByServer { code: None, answered: false }.to_string(),
            "closed by the server without a code, not answered by us"
        );
    }
}
