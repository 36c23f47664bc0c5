//! [`Conversation`]: what one session said, over all its requests and connections.

use std::collections::BTreeMap;
use std::num::Saturating;
use std::time::Duration;

use crate::sockjs::SessionRequest;
use crate::sockjs::Transport;
use crate::text::units;
use crate::wire::frame::Sides;
use crate::wire::sockjs::row::{RowKind, SockJsRow};

/// The maximum number of conversations that are told apart. Rows of further ones are only counted.
const MAX_CONVERSATIONS: usize = 1 << 16;

/// The maximum number of names that are kept of a kind: servers, connections.
const MAX_NAMES: usize = 32;

/// The code of a close that refuses a second receiver. The session goes on with the first.
pub const SECOND_RECEIVER: u16 = 2010;

/// What one session said, whatever the server part of its addresses and its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The session's name.
    pub session: Box<str>,
    /// The prefix of its first request.
    pub prefix: Box<str>,
    /// The server parts of its addresses, at most 32.
    pub servers: Vec<Box<str>>,
    /// The ways on which it went, in order of appearance.
    pub requests: Vec<SessionRequest>,
    /// The numbers of its connections, at most 32.
    pub connections: Vec<usize>,
    /// When its first row was complete.
    pub began: Duration,
    /// When its last row was complete.
    pub last: Duration,
    /// The messages of each side.
    pub messages: Sides<u64>,
    /// The code and the reason with which the session was closed.
    pub close: Option<(u16, Box<str>)>,
    /// How often a second receiver was refused.
    pub refused_receivers: u64,
    /// How many rows break the framing of SockJS, or are answers with another status than is wanted.
    pub faults: u64,
    /// How many places could not be read.
    pub unread: u64,
}

/// The conversations of several connections.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    by_session: BTreeMap<Box<str>, Conversation>,
    dropped_rows: Saturating<u64>,
}

impl Conversations {
    /// Adds a row of a connection, which was complete at a time on the clock that all connections share.
    pub fn add(&mut self, connection: usize, at: Duration, row: &SockJsRow) {
        let session = &row.session.session;
        if let Some(conversation) = self.by_session.get_mut(session) {
            conversation.add(connection, at, row);
        } else if self.by_session.len() < MAX_CONVERSATIONS {
            let mut conversation = Conversation {
                session: session.clone(),
                prefix: row.session.prefix.clone(),
                began: at,
                ..Conversation::default()
            };
            conversation.add(connection, at, row);
            self.by_session.insert(session.clone(), conversation);
        } else {
            self.dropped_rows += 1;
        }
    }

    /// Returns the conversation of a session.
    pub fn of_session(&self, session: &str) -> Option<&Conversation> {
        self.by_session.get(session)
    }

    /// Returns the conversations in the order of their beginnings.
    pub fn in_order(&self) -> Vec<&Conversation> {
        let mut all: Vec<_> = self.by_session.values().collect();
        all.sort_by_key(|conversation| conversation.began);
        all
    }

    /// Returns the number of rows of sessions beyond the maximum of 65,536.
    pub fn dropped_rows(&self) -> u64 {
        self.dropped_rows.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }
}

impl Conversation {
    fn add(&mut self, connection: usize, at: Duration, row: &SockJsRow) {
        self.began = self.began.min(at);
        self.last = self.last.max(at);
        add_name(&mut self.servers, &row.session.server);
        add_name(&mut self.requests, &row.session.request);
        add_name(&mut self.connections, &connection);
        let count = match &row.kind {
            RowKind::Message => &mut self.messages[row.from],
            RowKind::Close(SECOND_RECEIVER) => &mut self.refused_receivers,
            RowKind::Fault(_) | RowKind::Answer(_) => &mut self.faults,
            RowKind::Unread(_) => &mut self.unread,
            // Each request after the close is answered with it once more.
            RowKind::Close(code) => {
                self.close.get_or_insert_with(|| (*code, row.text.clone()));
                return;
            }
            RowKind::Open | RowKind::Heartbeat | RowKind::NoMessages => return,
        };
        *count = count.saturating_add(1);
    }

    /// Returns what it is: `SockJS over xhr_streaming and xhr_send, session k3x9q0aa`.
    pub fn title(&self) -> String {
        format!("SockJS over {}, session {}", ways(&self.requests), self.session)
    }

    /// Returns what became of it, as clauses: `2 messages sent, 1 received; closed with 3000 Go away!`.
    pub fn outcome(&self) -> String {
        let Sides { client, server } = self.messages;
        let received = units::group_thousands(server);
        let mut text = format!("{} sent, {received} received", units::count(client, "message"));
        match &self.close {
            Some((code, reason)) if reason.is_empty() => text += &format!("; closed with {code}"),
            Some((code, reason)) => text += &format!("; closed with {code} {reason}"),
            None => text += "; not closed",
        }
        if self.refused_receivers > 0 {
            let times = units::count(self.refused_receivers, "time");
            text += &format!("; a second receiver was refused {times} ({SECOND_RECEIVER})");
        }
        if self.faults > 0 {
            text += &format!("; {}", units::count(self.faults, "fault"));
        }
        if self.unread > 0 {
            text += &format!("; {} not read", units::count(self.unread, "place"));
        }
        text
    }
}

/// Returns the ways on which messages go, for people: `xhr_streaming and xhr_send`.
pub fn ways(requests: &[SessionRequest]) -> String {
    let name = |request: &SessionRequest| match request {
        SessionRequest::Receive(Transport::WebSocket) => "WebSocket",
        other => other.path_part(),
    };
    match requests.split_last() {
        None => String::new(),
        Some((last, [])) => name(last).to_owned(),
        Some((last, first)) => {
            let first: Vec<_> = first.iter().map(name).collect();
            format!("{} and {}", first.join(", "), name(last))
        }
    }
}

fn add_name<T: PartialEq + Clone>(names: &mut Vec<T>, name: &T) {
    if names.len() < MAX_NAMES && !names.contains(name) {
        names.push(name.clone());
    }
}
