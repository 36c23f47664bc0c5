//! [`Connections`]: the list of connections, with a bound on the memory of all of them together.
//! Neither a flood of frames nor many clients of a proxy can exhaust memory.

use super::connection::InspectedConnection;
use super::connection_filter::ConnectionFilter;
use super::connection_status::ConnectionStatus;
use crate::inspect::{ConnectionKind, ConnectionSummary};
use crate::wire::Side;

/// The maximum number of listed connections of a proxy. The oldest that is over is removed first.
const MAX_CONNECTIONS: usize = 1000;

/// The maximum memory of rows and payloads of all connections together, in bytes. It is more than
/// one connection alone can take: 80 MiB of rows and 64 MiB of payloads.
const MAX_TOTAL_BYTES: usize = 160 << 20;

/// The maximum number of earlier connections of our own that are kept.
const MAX_EARLIER_CONNECTIONS: usize = 4;

/// The connections, at least one.
#[derive(Debug)]
pub(crate) struct Connections {
    list: Vec<InspectedConnection>,
    /// The index of the shown connection.
    shown: usize,
    /// The index of the connection under the cursor of the list.
    cursor: usize,
    /// Whether those that are no WebSocket and did not try to be one are listed too.
    lists_all: bool,
    /// What the listed connections must have.
    filter: Option<ConnectionFilter>,
}

impl InspectedConnection {
    /// Returns what the connection is, so far.
    pub(crate) fn kind(&self) -> ConnectionKind {
        self.facts.kind.unwrap_or_else(|| ConnectionKind::of_trace(&self.trace))
    }

    /// Returns what is known of the connection.
    pub(crate) fn summary(&self) -> ConnectionSummary {
        ConnectionSummary::new(&self.trace, self.kind())
            .with_http2(self.http2.as_deref())
            .with_abnormal_closure(self.abnormal.is_some())
    }
}

impl Connections {
    /// Creates a list of one connection, of which only the name is known.
    pub(crate) fn new(name: String) -> Self {
        Self::from_list(vec![InspectedConnection::new(name)])
    }

    /// Creates a list of these connections, at least one. The one that has most to say is shown,
    /// of equal ones the first.
    pub(crate) fn from_list(list: Vec<InspectedConnection>) -> Self {
        assert!(!list.is_empty(), "there is always a connection to show");
        // Of equal elements, `max_by_key` returns the last one.
        let most = (0..list.len()).rev().max_by_key(|at| list[*at].summary().interest());
        let shown = most.unwrap_or(0);
        Self { list, shown, cursor: shown, lists_all: false, filter: None }
    }

    /// Replaces the connections by `list`, which begins with the same ones, of which more has come.
    pub(crate) fn update(&mut self, list: Vec<InspectedConnection>) {
        let earlier = std::mem::replace(&mut self.list, list);
        assert!(self.list.len() >= earlier.len(), "no connection of a capture disappears");
        for (connection, earlier) in self.list.iter_mut().zip(earlier) {
            connection.take_over(earlier);
        }
    }

    /// Returns the number of connections, which is never zero.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns the index of the shown connection.
    pub(crate) fn shown_index(&self) -> usize {
        self.shown
    }

    /// Returns the shown connection.
    pub(crate) fn shown(&self) -> &InspectedConnection {
        &self.list[self.shown]
    }

    /// Returns the shown connection.
    pub(crate) fn shown_mut(&mut self) -> &mut InspectedConnection {
        &mut self.list[self.shown]
    }

    /// Returns the first connection.
    pub(crate) fn first(&mut self) -> &mut InspectedConnection {
        &mut self.list[0]
    }

    /// Returns the newest connection.
    pub(crate) fn newest(&mut self) -> &mut InspectedConnection {
        self.list.last_mut().expect("there is always one")
    }

    /// Returns the index of the newest connection.
    pub(crate) fn newest_index(&self) -> usize {
        self.list.len() - 1
    }

    /// Returns the connection at an index that [`Self::numbered`] returned.
    pub(crate) fn get_mut(&mut self, index: usize) -> &mut InspectedConnection {
        &mut self.list[index]
    }

    /// Returns all connections, in their order.
    pub(crate) fn all(&self) -> &[InspectedConnection] {
        &self.list
    }

    /// Shows the newest connection.
    pub(crate) fn show_newest(&mut self) {
        self.show(self.newest_index());
    }

    /// Shows the connection at an index, or the last one.
    pub(crate) fn show(&mut self, index: usize) {
        self.shown = index.min(self.newest_index());
        self.cursor = self.shown;
    }

    /// Returns the index of the connection under the cursor of the list.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts the cursor of the list on the connection at an index.
    pub(crate) fn move_cursor_to(&mut self, index: usize) {
        self.cursor = index.min(self.newest_index());
    }

    /// Moves the cursor by `by` listed connections, as far as there are any.
    pub(crate) fn move_cursor(&mut self, by: isize) {
        let steps = by.unsigned_abs();
        let moved = if by < 0 {
            (0..self.cursor).rev().filter(|at| self.is_listed(*at)).take(steps).last()
        } else {
            let after = self.cursor + 1..self.list.len();
            after.filter(|at| self.is_listed(*at)).take(steps).last()
        };
        self.cursor = moved.unwrap_or(self.cursor);
    }

    /// Whether all connections are listed.
    pub(crate) fn lists_all(&self) -> bool {
        self.lists_all
    }

    /// Lists all connections.
    pub(crate) fn list_all(&mut self) {
        self.lists_all = true;
    }

    /// Lists all connections, or only those that are a WebSocket or tried to be one.
    pub(crate) fn toggle_lists_all(&mut self) {
        self.lists_all = !self.lists_all;
        if !self.is_listed(self.cursor) {
            self.cursor = self.shown;
        }
    }

    /// Returns the filter of the list.
    pub(crate) fn filter(&self) -> Option<&ConnectionFilter> {
        self.filter.as_ref()
    }

    /// Lists only connections that have this text, or all again if it is empty. Returns how many
    /// have it. The cursor goes to the first of them.
    pub(crate) fn set_filter(&mut self, text: &str) -> usize {
        self.filter = ConnectionFilter::new(text);
        self.update_filter();
        let Some(filter) = &self.filter else {
            if !self.is_listed(self.cursor) {
                self.cursor = self.shown;
            }
            return self.list.len();
        };
        let first = (0..self.list.len()).find(|index| filter.matches(*index));
        self.cursor = first.unwrap_or(self.shown);
        filter.count()
    }

    /// Applies the filter to connections that have changed.
    pub(crate) fn update_filter(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.update(&self.list);
        }
    }

    /// Whether the list has the connection at an index. It always has the one that is shown. A
    /// filter finds those of any kind.
    pub(crate) fn is_listed(&self, index: usize) -> bool {
        if let Some(filter) = &self.filter {
            return index == self.shown || filter.matches(index);
        }
        if self.lists_all || index == self.shown {
            return true;
        }
        self.list.get(index).is_some_and(|connection| match connection.kind() {
            ConnectionKind::WebSocket
            | ConnectionKind::SockJs
            | ConnectionKind::Attempt
            | ConnectionKind::Unreadable => true,
            // A live connection that has not said yet what it is.
            ConnectionKind::Empty => connection.facts.kind.is_none(),
            ConnectionKind::Http
            | ConnectionKind::Encrypted
            | ConnectionKind::NotCaptured
            | ConnectionKind::Other => false,
        })
    }

    /// Whether more than one connection is listed.
    pub(crate) fn has_several_listed(&self) -> bool {
        (0..self.list.len()).filter(|at| self.is_listed(*at)).nth(1).is_some()
    }

    /// Adds a connection that follows the newest one, and shows it.
    pub(crate) fn add_newest(&mut self, name: String) {
        let number = self.newest().number + 1;
        self.list.push(InspectedConnection { number, ..InspectedConnection::new(name) });
        self.drop_oldest_connection(self.newest_index());
        self.show_newest();
    }

    /// Shows the next listed connection, or with `by` = -1 the one before, wrapping around at the
    /// ends.
    pub(crate) fn switch(&mut self, by: isize) {
        let count = self.list.len() as isize;
        let further = |steps: isize| (self.shown as isize + by * steps).rem_euclid(count) as usize;
        // After `count` steps it is the shown one again, which is always listed.
        let next = (1..=count).map(further).find(|at| self.is_listed(*at));
        self.show(next.unwrap_or(self.shown));
    }

    /// Inserts the newest connections of `earlier` before these, as far as anything was sent on
    /// them. They are over.
    pub(crate) fn keep_earlier(&mut self, earlier: &mut Self) {
        let mut kept = std::mem::take(&mut earlier.list);
        kept.retain(|connection| !connection.trace.head_bytes(Side::Client).is_empty());
        // Only the newest of them can still be open.
        if let Some(connection) = kept
            .last_mut()
            .filter(|connection| !matches!(connection.status, ConnectionStatus::Ended(_)))
        {
            connection.status =
                ConnectionStatus::Ended(Ok("replaced by a new connection".to_owned()));
        }
        let over = kept.len().saturating_sub(MAX_EARLIER_CONNECTIONS);
        kept.drain(..over);
        kept.append(&mut self.list);
        self.list = kept;
        self.show_newest();
    }

    /// Returns the index of the connection with this number of the proxy. It is created if it is
    /// not known.
    pub(crate) fn numbered(&mut self, number: usize, name: impl FnOnce() -> String) -> usize {
        // The list is sorted by number.
        match self.list.binary_search_by_key(&number, |connection| connection.number) {
            Ok(index) => index,
            Err(index) => {
                self.list.insert(
                    index,
                    InspectedConnection { number, ..InspectedConnection::new(name()) },
                );
                for held in [&mut self.shown, &mut self.cursor] {
                    *held += usize::from(index <= *held);
                }
                self.drop_oldest_connection(index)
            }
        }
    }

    /// Makes room in the list for the connection at `fresh`, and returns its index afterwards.
    fn drop_oldest_connection(&mut self, fresh: usize) -> usize {
        if self.list.len() <= MAX_CONNECTIONS {
            return fresh;
        }
        let over = |(index, connection): &(usize, &InspectedConnection)| {
            *index != self.shown
                && *index != fresh
                && matches!(connection.status, ConnectionStatus::Ended(_))
        };
        // Open connections are never removed. The proxy's own limit bounds their number.
        let Some((oldest, _)) = self.list.iter().enumerate().find(over) else { return fresh };
        self.list.remove(oldest);
        for held in [&mut self.shown, &mut self.cursor] {
            *held -= usize::from(oldest < *held);
        }
        fresh - usize::from(oldest < fresh)
    }

    /// Enforces the memory bound after the connection at `grown` has grown. First the contents of
    /// connections that are over are dropped, the oldest first. If that is not enough, the largest
    /// lists stop growing.
    pub(crate) fn enforce_memory_limit(&mut self, grown: usize) {
        // Computing the sum for every chunk would be slow. As long as each connection is below its
        // share, the sum is below the bound.
        if self.list[grown].memory_used() < MAX_TOTAL_BYTES / MAX_CONNECTIONS {
            return;
        }
        let mut sum: usize = self.list.iter().map(InspectedConnection::memory_used).sum();
        for (index, connection) in self.list.iter_mut().enumerate() {
            if sum <= MAX_TOTAL_BYTES {
                return;
            }
            if index != self.shown && matches!(connection.status, ConnectionStatus::Ended(_)) {
                sum -= connection.memory_used();
                connection.drop_contents();
            }
        }
        while sum > MAX_TOTAL_BYTES {
            let listing = self.list.iter_mut().filter(|connection| !connection.is_full());
            let Some(largest) = listing.max_by_key(|connection| connection.memory_used()) else {
                return;
            };
            sum -= largest.memory_used();
            largest.stop_listing();
            sum += largest.memory_used();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::demos::inspect::action::Tab;
    use crate::demos::inspect::messages::Msg;
    use crate::demos::inspect::state::Inspect;
    use crate::inspect::{InspectConfig, InspectSource};
    use crate::net::Target;
    use crate::proxy::{self, ProxyEvent, ProxyEventKind};
    use crate::stage::{Demo as _, DemoEvent};
    use crate::wire::Side;

    fn proxied() -> Inspect {
        let upstream = Target::parse("ws://127.0.0.1:9/").unwrap();
        let options = proxy::ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream);
        Inspect::new(&InspectConfig::new(InspectSource::Proxy(Box::new(options))), Tab::Frames)
    }

    fn deliver(inspect: &mut Inspect, number: usize, text: ProxyEventKind) {
        inspect.update(DemoEvent::Msg(Msg::Proxy(ProxyEvent::Connection(number, text))));
    }

    fn open(inspect: &mut Inspect, number: usize) {
        deliver(inspect, number, ProxyEventKind::Opened { peer: "127.0.0.1:1".parse().unwrap() });
    }

    fn deliver_bytes(inspect: &mut Inspect, number: usize, from: Side, bytes: &[u8]) {
        deliver(
            inspect,
            number,
            ProxyEventKind::Bytes { from, at: Instant::now(), bytes: bytes.to_vec() },
        );
    }

    #[test]
    fn of_many_connections_the_oldest_that_are_over_are_removed() {
        let mut inspect = proxied();
        for number in 1..=MAX_CONNECTIONS + 500 {
            open(&mut inspect, number);
            // Somebody looks at a frame of the first one, so that it stays in sight.
            inspect.session.selected_row = Some(0);
            // every hundredth stays open
            if number % 100 != 0 {
                deliver(&mut inspect, number, ProxyEventKind::Ended(Ok(())));
            }
        }
        assert_eq!(inspect.session.connections.list.len(), MAX_CONNECTIONS);
        let numbers: Vec<usize> =
            inspect.session.connections.list.iter().map(|connection| connection.number).collect();
        let shown = inspect.session.connection().number;
        assert!(
            numbers.is_sorted() && numbers.contains(&shown) && numbers.contains(&100),
            "shown, or open: {shown}"
        );
        assert_eq!(numbers.last(), Some(&(MAX_CONNECTIONS + 500)));
        deliver_bytes(&mut inspect, 1200, Side::Client, b"GET ");
        let found = inspect
            .session
            .connections
            .list
            .iter()
            .find(|connection| connection.number == 1200)
            .unwrap();
        assert_eq!(found.trace.head_bytes(Side::Client), b"GET ");
        assert_eq!(inspect.session.connection().number, 1, "the one that is looked at stays");
    }

    #[test]
    fn a_full_proxy_is_shown_until_there_is_room() {
        use crate::demos::inspect::testing::{assert_contains, render_text};
        let mut inspect = proxied();
        open(&mut inspect, 1);
        inspect.update(DemoEvent::Msg(Msg::Proxy(ProxyEvent::Full)));
        assert_contains(
            &render_text(&inspect, 100, 30),
            &["256 connections, the limit; new clients wait", "full: new clients wait"],
        );
        inspect.update(DemoEvent::Key(crossterm::event::KeyCode::Char('2').into()));
        assert_contains(&render_text(&inspect, 80, 24), &["full: new clients wait"]);
        inspect.update(DemoEvent::Msg(Msg::Proxy(ProxyEvent::Room)));
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["there is room for new clients again"]);
        assert!(!shown.contains("full:"), "{shown}");
    }

    #[test]
    fn floods_on_many_connections_share_one_bound() {
        use crate::demos::inspect::testing::{REQUEST, RESPONSE};
        let mut inspect = proxied();
        let frames = b"\x82\x7e\xff\xfa"
            .iter()
            .copied()
            .chain(std::iter::repeat_n(7, 65_530))
            .collect::<Vec<_>>();
        let small = b"\x81\x00".repeat(32_000);
        for number in 1..=8 {
            open(&mut inspect, number);
            deliver_bytes(&mut inspect, number, Side::Client, REQUEST);
            deliver_bytes(&mut inspect, number, Side::Server, RESPONSE);
        }
        for round in 0..60 {
            for number in 1..=8 {
                deliver_bytes(
                    &mut inspect,
                    number,
                    Side::Server,
                    if round % 2 == 0 { &small } else { &frames },
                );
            }
            if round == 30 {
                deliver(&mut inspect, 2, ProxyEventKind::Ended(Ok(())));
            }
        }
        let sum: usize =
            inspect.session.connections.list.iter().map(InspectedConnection::memory_used).sum();
        assert!(sum <= MAX_TOTAL_BYTES + (8 << 20), "{sum}");
        assert!(
            inspect
                .session
                .connections
                .list
                .iter()
                .any(|connection| connection.trace.dropped_rows() > 0),
            "and the lists say so"
        );
    }
}
