//! How a session ends: in order ([`SessionEnd`]), or not ([`SessionError`]). Callers match on
//! variants; the sentences are for people.

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::clients::random::RandomError;
use crate::clients::request::RequestError;
use crate::net::{
    ConnectError, RedirectError, TargetError, describe_io_error, is_reset, without_user_info,
};
use crate::wire::{ByteLen, format};

/// An orderly end of a session. Codes are those of the first Close frame (RFC 6455 section 7.4),
/// `None` if it had none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// We sent the first Close, and the server answered it.
    ClosedByUs {
        /// The code of the server's answer.
        code: Option<u16>,
    },
    /// The server sent the first Close.
    ClosedByServer {
        /// The code of the server's Close.
        code: Option<u16>,
        /// Whether we answered it.
        answered: bool,
    },
    /// We ended the stream without a Close.
    HungUp,
    /// We ended the stream in the middle of a frame, where a Close would have been payload.
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
    /// The URL is not a WebSocket URL.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The request cannot be built.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The system has no random numbers for a key.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The connection could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server answered something other than 101.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A redirect leads to no WebSocket URL.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// Redirects follow each other without an end.
    #[error("the server redirects more than {0} times; the last one leads to {1}")]
    TooManyRedirects(usize, String),
    /// The server did not answer the handshake in time.
    #[error(
        "the server {} within {} s; --timeout gives it longer",
        unfinished_answer(unfinished.as_ref()), waited.as_secs_f32()
    )]
    HandshakeTimeout {
        /// The time that it had.
        waited: Duration,
        /// How much of an answer had arrived.
        unfinished: Option<UnfinishedRead>,
    },
    /// We sent a Close, and the server did not answer it in time.
    #[error(
        "we closed, and the server did not answer within {} s{}",
        waited.as_secs_f32(), after_comma(unfinished.as_ref())
    )]
    CloseTimeout {
        /// The time that it had.
        waited: Duration,
        /// What was incomplete when it passed.
        unfinished: Option<UnfinishedRead>,
    },
    /// The closing handshake was complete, and the server did not end the connection in time (RFC
    /// 6455 section 7.1.1).
    #[error(
        "the server sent a Close {} and did not hang up within {} s",
        describe_code(*code), waited.as_secs_f32()
    )]
    HangUpTimeout {
        /// The code of its Close.
        code: Option<u16>,
        /// The time that it had.
        waited: Duration,
    },
    /// Nothing more could be sent, and the server sent nothing more.
    #[error("could not send: {}", describe_io_error(.0))]
    Send(#[source] io::Error),
    /// The stream ended before the server had answered the request.
    #[error("{how} {}", no_response_text(beginning.as_deref(), *tls))]
    NoResponse {
        /// The end of the stream.
        #[source]
        how: StreamEnd,
        /// The first line of an incomplete answer, with control characters escaped.
        beginning: Option<String>,
        /// Whether the connection uses TLS.
        tls: bool,
    },
    /// The stream ended without a Close from either side.
    #[error("{}{}", without_a_close(how), after_comma(unfinished.as_ref()))]
    EndWithoutClose {
        /// The end of the stream.
        #[source]
        how: StreamEnd,
        /// What was incomplete when it ended.
        unfinished: Option<UnfinishedRead>,
    },
    /// The stream ended after our Close, which was not answered.
    #[error("{how} and did not answer our Close{}", after_comma(unfinished.as_ref()))]
    CloseUnanswered {
        /// The end of the stream.
        #[source]
        how: StreamEnd,
        /// What was incomplete when it ended.
        unfinished: Option<UnfinishedRead>,
    },
}

/// How the stream from the server ended.
#[derive(Debug, Error)]
pub enum StreamEnd {
    /// The server ended the stream.
    #[error("the server hung up")]
    HungUp,
    /// TCP ended within TLS without a `close_notify` alert (RFC 8446 section 6.1), so anyone could
    /// have cut the connection.
    #[error("the server hung up without a TLS close_notify")]
    WithoutCloseNotify,
    /// The connection was reset, or broke in another way.
    #[error("{}", broken_text(.0))]
    Broke(#[source] io::Error),
}

/// What the server answered instead of 101 Switching Protocols.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Another status, with control characters escaped.
    #[error("the server answered {}, not 101 Switching Protocols: {}", .0, refusal_hint(.0))]
    Status(String),
    /// A redirect (RFC 9110 section 15.4), with control characters escaped.
    #[error(
        "the server answered {status}, not 101 Switching Protocols: it redirects to {}; \
         --follow goes there",
        without_user_info(location)
    )]
    Redirect {
        /// The status.
        status: String,
        /// The value of its `Location` header, which may be relative.
        location: String,
    },
    /// A TLS record.
    #[error("the server answered with TLS; use a wss:// URL")]
    Tls,
    /// A page that says in this status that the server expects TLS.
    #[error("the server answered {0}: it expects TLS at this port; use a wss:// URL")]
    TlsExpected(String),
    /// HTTP/2 (RFC 9113), which opens WebSockets in another way (RFC 8441).
    #[error("the server speaks HTTP/2, which opens WebSockets in another way (RFC 8441)")]
    Http2,
    /// A head longer than [`crate::wire::handshake::DEFAULT_MAX_HEAD_LEN`].
    #[error("the head of the server's answer does not end within 65,536 bytes")]
    HeadTooLarge,
}

/// What was incomplete when the server's stream ended or stalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfinishedRead {
    /// Nothing of the response to the request has arrived.
    BeforeResponse,
    /// The head of the response is incomplete.
    InResponse,
    /// A frame is incomplete.
    InFrame {
        /// The number of bytes that are missing.
        missing: ByteLen,
    },
    /// A frame's length has its top bit set (RFC 6455 section 5.2), so the end of the frame is
    /// unknown.
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
            Self::AfterImpossibleLength => f.write_str("after an impossible length"),
        }
    }
}

/// Returns what a status usually means when it refuses a WebSocket.
fn refusal_hint(status: &str) -> &'static str {
    match status {
        "301" | "302" | "303" | "307" | "308" => "it redirects, but without a Location header",
        "400" => "it considers the request invalid",
        "401" | "407" => "it needs authentication: send an Authorization or Cookie header",
        "403" => "it denies access; many servers check Origin",
        "426" => "it needs another version; see Sec-WebSocket-Version",
        "502" | "503" | "504" => "the server behind it did not answer",
        _ => "it does not speak WebSocket at this path",
    }
}

fn unfinished_answer(unfinished: Option<&UnfinishedRead>) -> &'static str {
    match unfinished {
        Some(UnfinishedRead::InResponse) => {
            "began to answer and did not send the rest of its answer"
        }
        _ => "took the request and did not answer",
    }
}

/// Returns at which point of the answer the stream ended, and what may be wrong.
fn no_response_text(beginning: Option<&str>, tls: bool) -> String {
    match beginning {
        None if tls => "before it answered".to_owned(),
        None => "before it answered; is it a wss:// server?".to_owned(),
        Some(line) if line.starts_with("HTTP/") || "HTTP/".starts_with(line) => {
            "in the middle of its answer".to_owned()
        }
        Some(line) => format!("after `{line}`, which is not HTTP; is it a WebSocket server?"),
    }
}

fn without_a_close(how: &StreamEnd) -> String {
    let and = if matches!(how, StreamEnd::WithoutCloseNotify) { " and" } else { "" };
    format!("{how}{and} without a Close")
}

fn broken_text(error: &io::Error) -> String {
    if is_reset(error) {
        "the server reset the connection".to_owned()
    } else {
        format!("the connection broke ({})", describe_io_error(error))
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
    fn error_messages_are_complete_sentences() {
        let waited = Duration::from_secs(5);
        for (error, sentence) in [
            (
                SessionError::HandshakeTimeout {
                    waited,
                    unfinished: Some(UnfinishedRead::BeforeResponse),
                },
                "the server took the request and did not answer within 5 s; --timeout gives it \
                 longer",
            ),
            (
                SessionError::HandshakeTimeout {
                    waited,
                    unfinished: Some(UnfinishedRead::InResponse),
                },
                "the server began to answer and did not send the rest of its answer within 5 s; \
                 --timeout gives it longer",
            ),
            (
                SessionError::NoResponse { how: StreamEnd::HungUp, beginning: None, tls: false },
                "the server hung up before it answered; is it a wss:// server?",
            ),
            (
                SessionError::NoResponse {
                    how: StreamEnd::HungUp,
                    beginning: Some("HTTP/1.1 2".to_owned()),
                    tls: true,
                },
                "the server hung up in the middle of its answer",
            ),
            (
                SessionError::NoResponse {
                    how: StreamEnd::HungUp,
                    beginning: Some("SSH-2.0-OpenSSH_9.6".to_owned()),
                    tls: false,
                },
                "the server hung up after `SSH-2.0-OpenSSH_9.6`, which is not HTTP; is it a \
                 WebSocket server?",
            ),
            (
                SessionError::EndWithoutClose {
                    how: StreamEnd::WithoutCloseNotify,
                    unfinished: None,
                },
                "the server hung up without a TLS close_notify and without a Close",
            ),
            (
                SessionError::HangUpTimeout { code: Some(1001), waited },
                "the server sent a Close with 1001 and did not hang up within 5 s",
            ),
            (
                SessionError::CloseTimeout {
                    waited,
                    unfinished: Some(UnfinishedRead::InFrame { missing: 6_u64.into() }),
                },
                "we closed, and the server did not answer within 5 s, in the middle of a frame, \
                 which needs 6 bytes more",
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
                "the server reset the connection without a Close, in the middle of a frame, which \
                 needs 7 bytes more",
            ),
            (
                Refusal::Status("403".into()).into(),
                "the server answered 403, not 101 Switching Protocols: it denies access; \
                 many servers check Origin",
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
