//! [`SockJsScript`]: the steps of a case on one or several connections.

use std::time::Duration;

use crate::conformance::sockjs::request::SockJsRequest;
use crate::conformance::sockjs::rule::{BodyRule, FrameRule, HeadRule, StreamRule};
use crate::sockjs::Transport;
use crate::text::named_enum;

/// One of the four services that a server under test offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceEndpoint {
    /// Sends back every message; its streams end after 4,096 bytes.
    Echo,
    /// The same without WebSockets.
    DisabledWebSocketEcho,
    /// The same with a cookie for load balancers.
    CookieNeededEcho,
    /// Closes every session as soon as it is open.
    Close,
}

named_enum!(ServiceEndpoint, "endpoint":
    Echo = "echo",
    DisabledWebSocketEcho = "disabled_websocket_echo",
    CookieNeededEcho = "cookie_needed_echo",
    Close = "close",
);

impl ServiceEndpoint {
    /// Returns the position among all.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Every way in which messages go to and from an endpoint: those of a session, and one without.
pub const TRANSPORTS: [Transport; 7] = {
    let [websocket, b, c, d, e, f] = Transport::OF_SESSIONS;
    [websocket, Transport::RawWebSocket, b, c, d, e, f]
};

/// What is known of a SockJS server before a case is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SockJsTraits {
    /// In the order of [`ServiceEndpoint::ALL`].
    endpoints: [bool; ServiceEndpoint::ALL.len()],
    /// In the order of [`TRANSPORTS`].
    transports: [bool; TRANSPORTS.len()],
}

impl SockJsTraits {
    /// Adds an endpoint that is there.
    pub fn add_endpoint(&mut self, endpoint: ServiceEndpoint) {
        if let Some(is_there) = self.endpoints.get_mut(endpoint.index()) {
            *is_there = true;
        }
    }

    /// Adds a transport that is offered.
    pub fn add_transport(&mut self, transport: Transport) {
        for (one, is_offered) in TRANSPORTS.iter().zip(&mut self.transports) {
            *is_offered |= *one == transport;
        }
    }

    /// Whether an endpoint is there.
    pub fn has_endpoint(&self, endpoint: ServiceEndpoint) -> bool {
        self.endpoints.get(endpoint.index()).is_some_and(|is_there| *is_there)
    }

    /// Whether a transport is offered.
    pub fn has_transport(&self, transport: Transport) -> bool {
        TRANSPORTS
            .iter()
            .zip(self.transports)
            .any(|(one, is_offered)| *one == transport && is_offered)
    }
}

/// A case of the SockJS suite.
#[derive(Clone, Debug, PartialEq)]
pub struct SockJsScript {
    /// The endpoint that all requests are for.
    pub endpoint: ServiceEndpoint,
    /// The transport without which the case cannot be played, if there is one.
    pub transport: Option<Transport>,
    /// The test of the independent suite that demands the same, `Class.test_name`; `None` where the
    /// case goes further than that suite.
    pub twin: Option<&'static str>,
    /// Whether a rule is broken on purpose.
    pub is_violation: bool,
    /// The steps, one after the other.
    pub steps: Vec<SockJsStep>,
}

impl SockJsScript {
    /// Returns the time for which the case waits on purpose.
    pub fn waiting_time(&self) -> Duration {
        let times = self.steps.iter().map(|step| match step {
            SockJsStep::Pause(time)
            | SockJsStep::Silence(_, time)
            | SockJsStep::SlowStream(_, _, time) => *time,
            _ => Duration::ZERO,
        });
        times.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Returns what a conforming server does, a clause for each step that demands something.
    pub fn expectations(&self) -> Vec<String> {
        self.steps.iter().filter_map(SockJsStep::expectation).collect()
    }
}

/// One step. The first number is that of the connection; each is opened by its first request.
#[derive(Clone, Debug, PartialEq)]
pub enum SockJsStep {
    /// Sends a request. A connection that is open is used again.
    Request(usize, SockJsRequest),
    /// Waits for the head of the response, which must keep all of these rules.
    Head(usize, Vec<HeadRule>),
    /// Waits for all of the body.
    Body(usize, BodyRule),
    /// Waits for the next bytes of a body that goes on.
    Stream(usize, StreamRule),
    /// The same, with a longer time.
    SlowStream(usize, StreamRule, Duration),
    /// Waits until the response ends, without another byte in its body.
    StreamEnd(usize),
    /// Sends bytes on a connection that is open.
    Send(usize, Vec<u8>),
    /// Waits for these bytes behind the head of a response with the status 101.
    RawBytes(usize, Vec<u8>),
    /// Sends a text message on a WebSocket.
    Message(usize, String),
    /// Waits for a frame.
    Frame(usize, FrameRule),
    /// Waits until the server ends the connection. It sends no data before.
    End(usize),
    /// The response says whether the connection is kept; if so, sends this request on it and waits for
    /// 200, else for the end.
    KeptOrEnded(usize, SockJsRequest),
    /// The server sends nothing for that long.
    Silence(usize, Duration),
    /// Ends the connection.
    HangUp(usize),
    /// Waits.
    Pause(Duration),
    /// Polls with this request, each time on a connection of its own, until all of these messages have
    /// come, in this order.
    Poll(SockJsRequest, Vec<String>),
    /// Sends this request, each time on a connection of its own, until the first frame of the answer is
    /// another than `passing`. It must be one of `accepted`.
    Retry {
        /// The request.
        request: SockJsRequest,
        /// The beginning of a frame with which the server says that it has not noticed yet.
        passing: &'static str,
        /// The frames that are right.
        accepted: &'static [&'static str],
    },
}

impl SockJsStep {
    /// Returns the connection of the step.
    pub fn connection(&self) -> Option<usize> {
        match self {
            Self::Request(on, _)
            | Self::Head(on, _)
            | Self::Body(on, _)
            | Self::Stream(on, _)
            | Self::SlowStream(on, ..)
            | Self::StreamEnd(on)
            | Self::Send(on, _)
            | Self::RawBytes(on, _)
            | Self::Message(on, _)
            | Self::Frame(on, _)
            | Self::End(on)
            | Self::KeptOrEnded(on, _)
            | Self::Silence(on, _)
            | Self::HangUp(on) => Some(*on),
            Self::Pause(_) | Self::Poll(..) | Self::Retry { .. } => None,
        }
    }

    /// Returns what a conforming server does, as a clause without a subject; `None` if the step demands
    /// nothing.
    pub fn expectation(&self) -> Option<String> {
        match self {
            Self::Head(_, rules) => {
                let all: Vec<String> = rules.iter().map(HeadRule::describe).collect();
                Some(all.join(", "))
            }
            Self::Body(_, rule) => Some(rule.describe()),
            Self::Stream(_, rule) => Some(rule.describe()),
            Self::SlowStream(_, rule, time) => {
                Some(format!("{} within {} s", rule.describe(), time.as_secs()))
            }
            Self::StreamEnd(_) => Some("ends the response".to_owned()),
            Self::Frame(_, rule) => Some(rule.describe()),
            Self::RawBytes(_, bytes) => {
                Some(format!("sends the bytes {}", crate::wire::format::hex(bytes)))
            }
            Self::End(_) => Some("ends the connection".to_owned()),
            Self::KeptOrEnded(..) => {
                Some("keeps the connection if it says so, or ends it".to_owned())
            }
            Self::Silence(_, time) => Some(format!("sends nothing for {} ms", time.as_millis())),
            Self::Poll(_, messages) => Some(format!("delivers {} in order", quoted_list(messages))),
            Self::Retry { accepted, .. } => {
                let all: Vec<String> = accepted.iter().map(|frame| (*frame).to_owned()).collect();
                Some(format!("sends {} before long", all.join(" or ")))
            }
            Self::Request(..)
            | Self::Send(..)
            | Self::Message(..)
            | Self::HangUp(_)
            | Self::Pause(_) => None,
        }
    }

    /// Returns what the step does, as a sentence without a full stop; `None` if it only waits for the
    /// server.
    pub fn action(&self) -> Option<String> {
        match self {
            Self::Request(on, request) => Some(format!("connection {on}: {}", request.describe())),
            Self::Send(on, bytes) => Some(format!("connection {on}: send {} bytes", bytes.len())),
            Self::Message(on, text) => {
                let text = crate::wire::format::quote(text.as_bytes(), 80);
                Some(format!("connection {on}: send the message {text}"))
            }
            Self::HangUp(on) => Some(format!("connection {on}: hang up")),
            Self::Pause(time) => Some(format!("wait {} ms", time.as_millis())),
            Self::Poll(request, _) => Some(format!("{}, again and again", request.describe())),
            Self::Retry { request, passing, .. } => Some(format!(
                "{}, again while the answer begins with {passing}",
                request.describe()
            )),
            _ => None,
        }
    }
}

/// Returns messages in quotes, the first few of them.
fn quoted_list(messages: &[String]) -> String {
    let shown = messages.iter().take(3);
    let mut all: Vec<String> =
        shown.map(|message| crate::wire::format::quote(message.as_bytes(), 40)).collect();
    if messages.len() > 3 {
        all.push(format!("... ({} messages)", messages.len()));
    }
    all.join(", ")
}
