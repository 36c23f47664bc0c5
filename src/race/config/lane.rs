//! The lanes by name. `client` and `server` implement what each does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::{did_you_mean, named_enum};

/// The protocol and implementation of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneKind {
    /// Length and payload over TCP: the floor, since every other lane runs on top of TCP.
    Tcp,
    /// HTTP/1.1 written by hand on both sides: the protocol without a library.
    HttpBare,
    /// HTTP/1.1 with hyper over one kept-alive connection.
    HttpHyper,
    /// HTTP/1.1 with reqwest over one kept-alive connection, as most applications do it.
    HttpReqwest,
    /// HTTP/1.1 with hyper over a new connection for each request.
    HttpNew,
    /// HTTP/2 with hyper over one connection, with prior knowledge or ALPN.
    Http2,
    /// A POST whose body comes back as an event of an open `text/event-stream`.
    SsePost,
    /// A binary message with tokio-tungstenite over one open connection, as most applications do
    /// it.
    Ws,
    /// Like [`Self::Ws`], with all messages of an exchange in flight at once.
    WsPipelined,
    /// A new connection with its opening handshake for each message.
    WsNew,
}

named_enum!(
    LaneKind,
    "lane":
    Tcp = "tcp",
    HttpBare = "http-bare",
    HttpHyper = "http-hyper",
    HttpReqwest = "http-reqwest",
    HttpNew = "http-new",
    Http2 = "http2",
    SsePost = "sse-post",
    Ws = "ws",
    WsPipelined = "ws-pipelined",
    WsNew = "ws-new",
);

impl LaneKind {
    /// All messages of an exchange are under way at once; the others await each reply.
    pub const fn is_pipelined(self) -> bool {
        matches!(self, Self::Http2 | Self::WsPipelined)
    }

    /// Whether each message pays for a connection of its own.
    pub const fn reconnects(self) -> bool {
        matches!(self, Self::HttpNew | Self::WsNew)
    }

    /// Whether the lane speaks WebSocket (RFC 6455).
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::WsPipelined | Self::WsNew)
    }

    /// Whether the lane POSTs to an echo over HTTP/1.1. Any HTTP/1.1 server can take part in it.
    pub const fn is_http(self) -> bool {
        matches!(self, Self::HttpBare | Self::HttpHyper | Self::HttpReqwest | Self::HttpNew)
    }
}

/// A kind of exchange, in the clear or within TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Lane {
    /// The kind of exchange.
    pub kind: LaneKind,
    /// Whether it runs within TLS 1.3.
    pub tls: bool,
}

impl Lane {
    /// The lanes of a race that names none: what most people write, and the lanes that explain the
    /// gap between HTTP and WebSocket.
    pub const DEFAULT: [Self; 5] = [
        Self::plain(LaneKind::Tcp),
        Self::plain(LaneKind::HttpBare),
        Self::plain(LaneKind::HttpHyper),
        Self::plain(LaneKind::HttpReqwest),
        Self::plain(LaneKind::Ws),
    ];

    /// Returns the lane of that kind without TLS.
    pub const fn plain(kind: LaneKind) -> Self {
        Self { kind, tls: false }
    }

    /// Returns the name in tables, options and JSON, for example `http-hyper+tls`.
    pub fn name(self) -> String {
        self.to_string()
    }

    /// Returns the name on a slide, which is the protocol.
    pub const fn title(self) -> &'static str {
        match (self.kind, self.tls) {
            (LaneKind::Tcp, false) => "raw TCP",
            (LaneKind::Tcp, true) => "raw TLS",
            (LaneKind::HttpBare | LaneKind::HttpHyper | LaneKind::HttpReqwest, false) => "HTTP/1.1",
            (LaneKind::HttpBare | LaneKind::HttpHyper | LaneKind::HttpReqwest, true) => "HTTPS",
            (LaneKind::HttpNew, false) => "new HTTP",
            (LaneKind::HttpNew, true) => "new HTTPS",
            (LaneKind::Http2, false) => "HTTP/2",
            (LaneKind::Http2, true) => "HTTP/2 TLS",
            (LaneKind::SsePost, false) => "SSE + POST",
            (LaneKind::SsePost, true) => "SSE + POST TLS",
            (LaneKind::Ws | LaneKind::WsPipelined, false) => "WebSocket",
            (LaneKind::Ws | LaneKind::WsPipelined, true) => "wss",
            (LaneKind::WsNew, false) => "new WebSocket",
            (LaneKind::WsNew, true) => "new wss",
        }
    }

    /// Returns a short description of the implementation.
    pub const fn description(self) -> &'static str {
        match self.kind {
            LaneKind::Tcp => "length and payload, the floor",
            LaneKind::HttpBare => "written by hand, kept alive",
            LaneKind::HttpHyper => "hyper, kept alive",
            LaneKind::HttpReqwest => "reqwest, kept alive",
            LaneKind::HttpNew => "hyper, a connection each",
            LaneKind::Http2 => "hyper, one connection",
            LaneKind::SsePost => "hyper, an open event stream",
            LaneKind::Ws => "tokio-tungstenite",
            LaneKind::WsPipelined => "tokio-tungstenite, not waiting",
            LaneKind::WsNew => "tokio-tungstenite, a connection each",
        }
    }
}

impl Default for Lane {
    fn default() -> Self {
        Self::plain(LaneKind::Ws)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.name(), if self.tls { "+tls" } else { "" })
    }
}

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(name: &str) -> Result<Self, UnknownLane> {
        let (plain, tls) = split_tls(name);
        let kind = plain.parse().map_err(|_| UnknownLane(name.to_owned()))?;
        Ok(Self { kind, tls })
    }
}

/// Splits a lane's name into the name of its kind and whether `+tls` follows.
fn split_tls(name: &str) -> (&str, bool) {
    name.strip_suffix("+tls").map_or((name, false), |plain| (plain, true))
}

/// The name is not that of any lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLane(pub String);

impl std::error::Error for UnknownLane {}

impl fmt::Display for UnknownLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = LaneKind::ALL.map(LaneKind::name);
        let meant = did_you_mean(split_tls(&self.0).0, &names);
        write!(
            f,
            "unknown lane `{}`{meant}; expected one of: {}; each also with +tls appended",
            self.0,
            names.join(", ")
        )
    }
}

impl From<Lane> for String {
    fn from(lane: Lane) -> Self {
        lane.name()
    }
}

impl TryFrom<String> for Lane {
    type Error = UnknownLane;

    fn try_from(name: String) -> Result<Self, UnknownLane> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_is_found_by_its_name() {
        for kind in LaneKind::ALL {
            for tls in [false, true] {
                let lane = Lane { kind, tls };
                assert_eq!(lane.name().parse(), Ok(lane));
            }
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = "http-hiper+tls".parse::<Lane>().unwrap_err();
        assert_eq!(error, UnknownLane("http-hiper+tls".to_owned()));
        let sentence = error.to_string();
        assert!(
            sentence.starts_with(
                "unknown lane `http-hiper+tls` (did you mean `http-hyper`?); expected one of: \
                 tcp, http-bare"
            ),
            "{sentence}"
        );
    }
}
