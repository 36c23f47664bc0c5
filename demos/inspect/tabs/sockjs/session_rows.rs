//! [`SessionRows`]: the rows of one session, of all connections.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use wiretalk_core::wire::sockjs::{Conversation, Conversations, SockJsRow};

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::InspectedConnection;

/// The maximum number of sessions between which `s` switches.
const MAX_SESSIONS: usize = 1000;

/// A row of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PlacedRow {
    /// When it was complete, since the first of the connections began.
    pub(super) at: Duration,
    /// The index of its connection.
    pub(super) connection: usize,
    /// Its index among the rows of that connection.
    index: usize,
}

/// The rows of a session in the order of time, and what they make up.
#[derive(Debug, Default)]
pub(super) struct SessionRows {
    pub(super) session: Box<str>,
    pub(super) list: Vec<PlacedRow>,
    conversations: Conversations,
    /// The number of rows of all sessions and connections when these were gathered.
    seen: usize,
}

impl PlacedRow {
    /// Returns what was said; `None` if it is no longer kept.
    pub(super) fn row(self, session: &Session) -> Option<&SockJsRow> {
        session.connections.all().get(self.connection)?.trace.sockjs().rows().get(self.index)
    }
}

impl SessionRows {
    /// Gathers the rows of a session again, if rows have come since the last time.
    pub(super) fn update(&mut self, name: &str, session: &Session) {
        let all = session.connections.all();
        let seen = all.iter().map(|connection| connection.trace.sockjs().rows().len()).sum();
        if seen == self.seen && *self.session == *name {
            return;
        }
        *self = Self { session: name.into(), seen, ..Self::default() };
        let began = beginnings(all);
        for (connection, (inspected, began)) in all.iter().zip(began).enumerate() {
            let rows = inspected.trace.sockjs().rows().iter().enumerate();
            for (index, row) in rows.filter(|(_, row)| *row.session.session == *name) {
                let at = began.saturating_add(row.at);
                self.conversations.add(connection, at, row);
                self.list.push(PlacedRow { at, connection, index });
            }
        }
        self.list.sort_unstable();
    }

    /// Returns what the session is and what became of it; `None` without rows.
    pub(super) fn conversation(&self) -> Option<&Conversation> {
        self.conversations.of_session(&self.session)
    }
}

/// Returns when each connection began, since the first of them did.
fn beginnings(all: &[InspectedConnection]) -> Vec<Duration> {
    let first_captured = all.iter().filter_map(|one| one.facts.began).min();
    let first_opened: Option<Instant> = all.iter().filter_map(|one| one.started_at).min();
    let beginning = |one: &InspectedConnection| match (one.facts.began, one.started_at) {
        (Some(began), _) => began.saturating_sub(first_captured.unwrap_or_default()),
        (None, Some(at)) => {
            first_opened.map_or(Duration::ZERO, |first| at.saturating_duration_since(first))
        }
        (None, None) => Duration::ZERO,
    };
    all.iter().map(beginning).collect()
}

/// Returns the names of the sessions, those of the shown connection first; at most 1,000.
pub(super) fn sessions(session: &Session) -> Vec<Box<str>> {
    let shown = std::iter::once(session.connection());
    let (mut names, mut known) = (Vec::new(), BTreeSet::new());
    for connection in shown.chain(session.connections.all()) {
        for row in connection.trace.sockjs().rows() {
            let name = &row.session.session;
            if names.len() < MAX_SESSIONS && !known.contains(name) {
                known.insert(name.clone());
                names.push(name.clone());
            }
        }
    }
    names
}
