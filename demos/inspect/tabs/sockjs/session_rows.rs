//! [`SessionRows`]: the rows of one session, of all connections.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use wiretalk_core::wire::sockjs::{Conversation, Conversations, SockJsRow};

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::InspectedConnection;
use crate::text::units;

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
    /// The names of all sessions so far, at most 1,000.
    names: BTreeSet<Box<str>>,
    /// When each connection began, and how many of its rows were gathered.
    gathered: Vec<(Duration, usize)>,
}

impl PlacedRow {
    /// Returns what was said; `None` if it is no longer kept.
    pub(super) fn row(self, session: &Session) -> Option<&SockJsRow> {
        session.connections.all().get(self.connection)?.trace.sockjs().rows().get(self.index)
    }
}

impl SessionRows {
    /// Gathers the rows of a session that have come since the last time; all of them if it is another
    /// session, or if a connection turns out to have begun earlier.
    pub(super) fn update(&mut self, name: &str, session: &Session) {
        let all = session.connections.all();
        let began = beginnings(all);
        let is_same = |((began, rows), (before, gathered)): (_, &(Duration, usize))| {
            began == before && rows >= *gathered
        };
        let counts = all.iter().map(|connection| connection.trace.sockjs().rows().len());
        let goes_on = *self.session == *name
            && all.len() >= self.gathered.len()
            && began.iter().zip(counts).zip(&self.gathered).all(is_same);
        if !goes_on {
            *self = Self { session: name.into(), ..Self::default() };
        }
        self.gathered.resize(all.len(), (Duration::ZERO, 0));
        let before = self.list.len();
        for (connection, (inspected, began)) in all.iter().zip(began).enumerate() {
            let rows = inspected.trace.sockjs().rows();
            let gathered = std::mem::replace(&mut self.gathered[connection], (began, rows.len()));
            for (index, row) in rows.iter().enumerate().skip(gathered.1) {
                let row_name = &row.session.session;
                if self.names.len() < MAX_SESSIONS && !self.names.contains(row_name) {
                    self.names.insert(row_name.clone());
                }
                if **row_name == *name {
                    let at = began.saturating_add(row.at);
                    self.conversations.add(connection, at, row);
                    self.list.push(PlacedRow { at, connection, index });
                }
            }
        }
        if self.list.len() > before {
            self.list.sort_unstable();
        }
    }

    /// Returns how many other sessions there are, as words; `None` if there is none.
    pub(super) fn others(&self) -> Option<String> {
        match self.names.len() {
            0 | 1 => None,
            MAX_SESSIONS => Some("1,000 sessions or more".to_owned()),
            all => Some(format!("{} more", units::count(all as u64 - 1, "session"))),
        }
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
