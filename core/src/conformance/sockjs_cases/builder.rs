//! [`ScriptDraft`]: a case of the SockJS suite that is being described, step by step.

use std::time::Duration;

use crate::conformance::case::{Case, CaseKind, Opening};
use crate::conformance::group::Group;
use crate::conformance::request::Request;
use crate::conformance::sockjs::{
    BodyRule, FrameRule, HeadRule, ServiceEndpoint, SockJsRequest, SockJsScript, SockJsStep,
    StreamRule, Transport,
};

/// The path of a session, whose transport follows.
pub(super) const SESSION: &str = "/000/{session}";

/// The prelude of the `xhr_streaming` transport.
pub(super) fn prelude() -> Vec<u8> {
    [&[b'h'; 2048][..], b"\n"].concat()
}

/// A case that is being described.
pub(super) struct ScriptDraft {
    case: Case,
    script: SockJsScript,
    /// The connection of the next steps.
    current: usize,
    /// The number of connections so far.
    connections: usize,
}

/// Begins the description of a case on the echo endpoint.
pub(super) fn sockjs(group: Group, name: &str, title: &str, rule: &'static str) -> ScriptDraft {
    let script = SockJsScript {
        endpoint: ServiceEndpoint::Echo,
        transport: None,
        twin: None,
        is_violation: false,
        steps: Vec::new(),
    };
    let case = Case {
        id: format!("{group}/{name}"),
        group,
        title: title.to_owned(),
        rule,
        kind: CaseKind::Steps,
        needs_echo: false,
        request: Request::standard(),
        response: None,
        opening: Opening::Opened,
        steps: Vec::new(),
    };
    ScriptDraft { case, script, current: 0, connections: 0 }
}

impl ScriptDraft {
    /// Returns the case.
    pub(super) fn done(self) -> Case {
        Case { kind: CaseKind::SockJs(Box::new(self.script)), ..self.case }
    }

    /// Names the test of the independent suite that demands the same.
    pub(super) fn twin(mut self, twin: &'static str) -> Self {
        self.script.twin = Some(twin);
        self
    }

    /// Plays the case on another endpoint than echo.
    pub(super) fn at(mut self, endpoint: ServiceEndpoint) -> Self {
        self.script.endpoint = endpoint;
        self
    }

    /// Plays the case only where this transport is offered.
    pub(super) fn by(mut self, transport: Transport) -> Self {
        self.script.transport = Some(transport);
        self
    }

    /// Says that the verdict depends on an echo.
    pub(super) fn echoes(mut self) -> Self {
        self.case.needs_echo = true;
        self
    }

    /// Says that a rule is broken on purpose.
    pub(super) fn violates(mut self) -> Self {
        self.script.is_violation = true;
        self
    }

    /// Adds a step as it is.
    pub(super) fn step(mut self, step: SockJsStep) -> Self {
        self.script.steps.push(step);
        self
    }

    /// Sends a request on a connection of its own.
    pub(super) fn request(mut self, request: SockJsRequest) -> Self {
        self.connections = self.connections.saturating_add(1);
        self.current = self.connections;
        let step = SockJsStep::Request(self.current, request);
        self.step(step)
    }

    /// Sends a request on the same connection as the one before.
    pub(super) fn request_again(self, request: SockJsRequest) -> Self {
        let step = SockJsStep::Request(self.current, request);
        self.step(step)
    }

    /// Sends a GET to a path of the endpoint.
    pub(super) fn get(self, path: &str) -> Self {
        self.request(SockJsRequest::get(path))
    }

    /// Sends a POST without a body to a path of the endpoint.
    pub(super) fn post(self, path: &str) -> Self {
        self.request(SockJsRequest::post(path, ""))
    }

    /// Sends the body of an `xhr_send` of the session, which is accepted.
    pub(super) fn xhr_send(self, body: impl Into<Vec<u8>>) -> Self {
        self.request(SockJsRequest::post(format!("{SESSION}/xhr_send"), body))
            .status(&[204])
            .body(BodyRule::Empty)
    }

    /// Polls the session once and expects this answer.
    pub(super) fn polled(self, frame: &str) -> Self {
        self.post(&format!("{SESSION}/xhr")).status(&[200]).body_is(frame)
    }

    /// Opens the session by polling.
    pub(super) fn opened(self) -> Self {
        self.polled("o\n")
    }

    /// Goes on with another connection.
    pub(super) fn on(mut self, connection: usize) -> Self {
        self.current = connection;
        self
    }

    /// Expects a head that keeps these rules.
    pub(super) fn head(self, rules: Vec<HeadRule>) -> Self {
        let step = SockJsStep::Head(self.current, rules);
        self.step(step)
    }

    /// Expects one of these statuses.
    pub(super) fn status(self, statuses: &'static [u16]) -> Self {
        self.head(vec![HeadRule::Status(statuses)])
    }

    /// Expects a body.
    pub(super) fn body(self, rule: BodyRule) -> Self {
        let step = SockJsStep::Body(self.current, rule);
        self.step(step)
    }

    /// Expects exactly this body.
    pub(super) fn body_is(self, body: &str) -> Self {
        self.body(BodyRule::Is(body.as_bytes().to_vec()))
    }

    /// Expects exactly these bytes next in the body.
    pub(super) fn streamed(self, bytes: impl Into<Vec<u8>>) -> Self {
        let step = SockJsStep::Stream(self.current, StreamRule::Bytes(bytes.into()));
        self.step(step)
    }

    /// Expects a prelude of any kind up to this frame.
    pub(super) fn stream_opened(self, frame: &'static str) -> Self {
        let step = SockJsStep::Stream(self.current, StreamRule::Opening(frame));
        self.step(step)
    }

    /// Expects the end of the response.
    pub(super) fn stream_ended(self) -> Self {
        let step = SockJsStep::StreamEnd(self.current);
        self.step(step)
    }

    /// Opens a WebSocket at a path of the endpoint.
    pub(super) fn websocket(self, path: &str) -> Self {
        self.request(upgrade(path)).head(vec![HeadRule::Status(&[101]), HeadRule::Accepted])
    }

    /// Sends a text message.
    pub(super) fn message(self, text: &str) -> Self {
        let step = SockJsStep::Message(self.current, text.to_owned());
        self.step(step)
    }

    /// Expects a text message.
    pub(super) fn receives(self, text: &str) -> Self {
        self.frame(FrameRule::Text(text.to_owned()))
    }

    /// Expects a frame.
    pub(super) fn frame(self, rule: FrameRule) -> Self {
        let step = SockJsStep::Frame(self.current, rule);
        self.step(step)
    }

    /// Expects the end of the connection.
    pub(super) fn ended(self) -> Self {
        let step = SockJsStep::End(self.current);
        self.step(step)
    }

    /// Expects silence for so many milliseconds.
    pub(super) fn silent(self, millis: u64) -> Self {
        let step = SockJsStep::Silence(self.current, Duration::from_millis(millis));
        self.step(step)
    }

    /// Ends the connection.
    pub(super) fn hang_up(self) -> Self {
        let step = SockJsStep::HangUp(self.current);
        self.step(step)
    }

    /// Waits for so many milliseconds.
    pub(super) fn pause(self, millis: u64) -> Self {
        self.step(SockJsStep::Pause(Duration::from_millis(millis)))
    }

    /// Polls until all of these messages have come.
    pub(super) fn polls(self, messages: &[&str]) -> Self {
        let request = SockJsRequest::post(format!("{SESSION}/xhr"), "");
        let messages = messages.iter().map(|text| (*text).to_owned()).collect();
        self.step(SockJsStep::Poll(request, messages))
    }
}

/// Returns the request of a browser for a WebSocket at a path of the endpoint.
pub(super) fn upgrade(path: &str) -> SockJsRequest {
    SockJsRequest::upgrade(path).with("Origin", "{http}://{host}")
}

/// Returns the preflight of a request from another origin.
pub(super) fn preflight(path: &str, origin: &str, methods: &str) -> SockJsRequest {
    SockJsRequest::new("OPTIONS", path)
        .with("Access-Control-Request-Method", methods)
        .with("Origin", origin)
}

/// Returns the rules for the answer to a preflight.
pub(super) fn preflight_rules(
    origin: &'static str,
    methods: &'static [&'static str],
) -> Vec<HeadRule> {
    vec![
        HeadRule::Status(&[204, 200]),
        HeadRule::Cacheable,
        HeadRule::LongPreflight,
        HeadRule::Methods(methods),
        HeadRule::Cors(Some(origin)),
    ]
}

/// Adds the two cases of a preflight: from an origin, and from `null`.
pub(super) fn add_preflights(
    cases: &mut Vec<Case>,
    group: Group,
    (name, path): (&str, &str),
    methods: (&'static [&'static str], &'static str),
    (rule, twin): (&'static str, &'static str),
) {
    for (origin, suffix, from) in [("test", "", "an origin"), ("null", "-null", "the origin null")]
    {
        let title = format!("a preflight of {path} from {from}");
        cases.push(
            sockjs(group, &format!("{name}{suffix}"), &title, rule)
                .twin(twin)
                .request(preflight(path, origin, methods.1))
                .head(preflight_rules(origin, methods.0))
                .body(BodyRule::Empty)
                .done(),
        );
    }
}
