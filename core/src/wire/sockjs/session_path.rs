//! [`SessionPath`]: the target of a session's request, `/echo/000/k3x9q0aa/xhr_send`, wherever its
//! prefix ends.

use crate::sockjs::{SendRequest, Transport};
use crate::sockjs::{SessionRequest, Target};
use crate::wire::handshake::RequestLine;

/// The maximum length of a prefix that is kept, in bytes.
const MAX_PREFIX: usize = 256;

/// What the target of a request says of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPath {
    /// What stands before the last three parts: the prefix of the service, shortened if it is long.
    pub prefix: Box<str>,
    /// The part for a load balancer, decoded.
    pub server: Box<str>,
    /// The session's name, decoded.
    pub session: Box<str>,
    /// The way to receive or to send that is asked for.
    pub request: SessionRequest,
}

impl SessionPath {
    /// Reads a target; `None` if its last three parts are not those of a session.
    pub fn of_target(target: &str) -> Option<Self> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let (at, _) = path.rmatch_indices('/').nth(2)?;
        let (prefix, path) = path.split_at_checked(at)?;
        let Target::Session { server, session, request } = Target::parse(path)? else {
            return None;
        };
        let prefix = prefix.get(..prefix.floor_char_boundary(MAX_PREFIX)).unwrap_or_default();
        Some(Self {
            prefix: prefix.into(),
            server: server.into(),
            session: session.into(),
            request,
        })
    }

    /// Reads the target of a request over HTTP, whose method must be the one that the transport
    /// wants.
    pub(super) fn of_request(line: &RequestLine) -> Option<Self> {
        let path = Self::of_target(&line.target)?;
        let method = match path.request {
            SessionRequest::Receive(Transport::WebSocket | Transport::RawWebSocket) => return None,
            SessionRequest::Receive(transport) => transport.method(),
            SessionRequest::Send(_) => "POST",
        };
        (line.method == method).then_some(path)
    }

    /// Whether messages of the client come with the request.
    pub fn sends(&self) -> bool {
        matches!(self.request, SessionRequest::Send(_))
    }

    /// Whether no other protocol is likely to have this address and method.
    pub(super) fn is_unmistakable(&self) -> bool {
        use SessionRequest::{Receive, Send};
        match self.request {
            Send(SendRequest::Xhr | SendRequest::Jsonp) => true,
            Receive(transport) => transport.method() == "POST",
        }
    }

    /// Returns the whole path, decoded.
    pub fn path(&self) -> String {
        format!("{}/{}/{}/{}", self.prefix, self.server, self.session, self.transport())
    }

    /// Returns the last part of the path, which is the name of the transport: `xhr_streaming`.
    pub fn transport(&self) -> &'static str {
        self.request.path_part()
    }
}

/// Whether the content of an exchange may be SockJS.
pub fn may_carry_sockjs(line: &RequestLine) -> bool {
    SessionPath::of_request(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_three_parts_name_the_session_whatever_the_prefix() {
        for (target, parts) in [
            ("/echo/000/k3x9q0aa/xhr_send?t=1", ("/echo", "000", "k3x9q0aa", "xhr_send")),
            ("/a/b/c/1/2/htmlfile?c=x/y/z", ("/a/b/c", "1", "2", "htmlfile")),
            ("http://host:80/echo/0/s/jsonp", ("http://host:80/echo", "0", "s", "jsonp")),
            ("/0/s%20t/websocket", ("", "0", "s t", "websocket")),
        ] {
            let path = SessionPath::of_target(target).unwrap();
            let found = (&*path.prefix, &*path.server, &*path.session, path.transport());
            assert_eq!(found, parts, "{target}");
        }
        for target in ["/echo/websocket", "/echo/0/s.t/xhr", "/echo/0/s/chat", "/xhr", "*", ""] {
            assert_eq!(SessionPath::of_target(target), None, "{target}");
        }
    }

    #[test]
    fn a_request_has_the_method_of_its_transport() {
        for (method, last, expected) in [
            ("POST", "xhr", true),
            ("OPTIONS", "xhr", false),
            ("GET", "xhr_streaming", false),
            ("GET", "eventsource", true),
            ("POST", "jsonp_send", true),
            ("GET", "websocket", false),
        ] {
            let line = RequestLine { method: method.into(), target: format!("/e/0/s/{last}") };
            assert_eq!(may_carry_sockjs(&line), expected, "{method} {last}");
        }
    }
}
