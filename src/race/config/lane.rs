//! The contestants by name. What each does stands in `client` and `server`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::{did_you_mean, named_enum};

/// The way in which an exchange is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneKind {
    /// Length and payload over TCP: the floor that no protocol can be under.
    Tcp,
    /// HTTP/1.1 written by hand on both sides: the protocol without a library.
    HttpBare,
    /// HTTP/1.1 with hyper over one connection that is kept alive.
    HttpHyper,
    /// HTTP/1.1 with reqwest over one connection that is kept alive: what people write.
    HttpReqwest,
    /// HTTP/1.1 with hyper over a new connection each time.
    HttpNew,
    /// HTTP/2 with hyper over one connection, prior knowledge or ALPN.
    Http2,
    /// There by POST, back as an event of an open `text/event-stream`.
    SsePost,
    /// A binary message with tokio-tungstenite over one open connection: what people write.
    Ws,
    /// The same, with all messages of an exchange in flight at once.
    WsPipelined,
    /// A new connection, its opening handshake and one message each time.
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

    /// Each exchange pays for a connection of its own.
    pub const fn reconnects(self) -> bool {
        matches!(self, Self::HttpNew | Self::WsNew)
    }

    /// It speaks WebSocket (RFC 6455).
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::WsPipelined | Self::WsNew)
    }

    /// It POSTs to an echo, so that any HTTP/1.1 server will do.
    pub const fn is_http(self) -> bool {
        matches!(self, Self::HttpBare | Self::HttpHyper | Self::HttpReqwest | Self::HttpNew)
    }
}

/// A contestant: a kind, in the clear or within TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Lane {
    /// The kind.
    pub kind: LaneKind,
    /// Within TLS 1.3.
    pub tls: bool,
}

impl Lane {
    /// The contestants of a race that names none: what people write, and what splits the gap
    /// between them.
    pub const DEFAULT: [Self; 5] = [
        Self::plain(LaneKind::Tcp),
        Self::plain(LaneKind::HttpBare),
        Self::plain(LaneKind::HttpHyper),
        Self::plain(LaneKind::HttpReqwest),
        Self::plain(LaneKind::Ws),
    ];

    /// That kind, in the clear.
    pub const fn plain(kind: LaneKind) -> Self {
        Self { kind, tls: false }
    }

    /// The name in tables, options and JSON.
    pub fn name(self) -> String {
        self.to_string()
    }

    /// The name on a slide: the protocol.
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

    /// What runs in it, in words.
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

/// The name of a lane's kind, and whether it is within TLS.
fn split_tls(name: &str) -> (&str, bool) {
    name.strip_suffix("+tls").map_or((name, false), |plain| (plain, true))
}

/// A name that no lane has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLane(pub String);

impl std::error::Error for UnknownLane {}

impl fmt::Display for UnknownLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = LaneKind::ALL.map(LaneKind::name);
        let meant = did_you_mean(split_tls(&self.0).0, &names);
        write!(
            f,
            "unknown lane `{}`; {meant}there are: {}; each also with +tls appended",
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
    fn each_lane_is_found_by_the_name_it_gives() {
        for kind in LaneKind::ALL {
            for tls in [false, true] {
                let lane = Lane { kind, tls };
                assert_eq!(lane.name().parse(), Ok(lane));
            }
        }
    }

    #[test]
    fn a_wrong_name_is_refused_with_the_right_ones() {
        let error = "http-hiper+tls".parse::<Lane>().unwrap_err();
        assert_eq!(error, UnknownLane("http-hiper+tls".to_owned()));
        let sentence = error.to_string();
        assert!(
            sentence.starts_with(
                "unknown lane `http-hiper+tls`; did you mean `http-hyper`? there are: tcp, \
                 http-bare"
            ),
            "{sentence}"
        );
    }
}
