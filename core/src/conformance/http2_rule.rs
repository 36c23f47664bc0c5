//! [`Http2Rule`]: the rules of WebSockets over HTTP/2 (RFC 8441).

/// A rule of WebSockets over HTTP/2, each tested on a connection of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2Rule {
    /// The server sends `SETTINGS_ENABLE_CONNECT_PROTOCOL` with 1.
    Setting,
    /// It answers extended CONNECT with 200, and without an accept value.
    Status,
    /// It refuses a `:protocol` that it does not know.
    UnknownProtocol,
    /// It refuses another version than 13.
    OldVersion,
    /// It takes a CONNECT without `:protocol` for no WebSocket.
    PlainConnect,
    /// It serves several WebSockets on one connection at once.
    TwoStreams,
    /// It ends its side of a stream after `END_STREAM`.
    EndStream,
    /// It keeps the connection when one stream is reset.
    ResetStream,
    /// It answers an ordinary request beside a WebSocket.
    OrdinaryRequest,
}

impl Http2Rule {
    /// All rules, with the name and the title of each case, and its section.
    pub(super) const ALL: [(Self, &'static str, &'static str, &'static str); 9] = [
        (
            Self::Setting,
            "setting",
            "the settings of the server: does it offer extended CONNECT?",
            "RFC 8441 §3",
        ),
        (Self::Status, "status", "an extended CONNECT with :protocol websocket", "RFC 8441 §5"),
        (
            Self::UnknownProtocol,
            "unknown-protocol",
            "an extended CONNECT with a :protocol that does not exist",
            "RFC 8441 §4",
        ),
        (
            Self::OldVersion,
            "old-version",
            "an extended CONNECT with sec-websocket-version 12",
            "RFC 8441 §5, RFC 6455 §4.2.2",
        ),
        (Self::PlainConnect, "plain-connect", "a CONNECT without :protocol", "RFC 9113 §8.5"),
        (
            Self::TwoStreams,
            "two-streams",
            "two WebSockets on one connection, with messages in turn",
            "RFC 8441 §1, RFC 9113 §5",
        ),
        (Self::EndStream, "end-stream", "END_STREAM without a Close", "RFC 8441 §5"),
        (
            Self::ResetStream,
            "reset-stream",
            "RST_STREAM for one of two WebSockets",
            "RFC 8441 §5, RFC 9113 §5.4.2",
        ),
        (
            Self::OrdinaryRequest,
            "ordinary-request",
            "a GET on the connection of a WebSocket",
            "RFC 8441 §1, RFC 9113 §8.1",
        ),
    ];

    /// Returns what a conforming server does, as a clause without a subject.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Setting => "sends SETTINGS_ENABLE_CONNECT_PROTOCOL = 1",
            Self::Status => "answers with 200 and without sec-websocket-accept",
            Self::UnknownProtocol | Self::OldVersion | Self::PlainConnect => {
                "refuses with a status of 400 or above"
            }
            Self::TwoStreams => "echoes each message on its own stream",
            Self::EndStream => "ends the stream",
            Self::ResetStream => "goes on with the other one",
            Self::OrdinaryRequest => "answers it, and goes on with the WebSocket",
        }
    }
}
