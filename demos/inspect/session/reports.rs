//! Applies the reports of connections, proxies and files, and requests the bytes that are still
//! missing.

use std::time::Instant;

use super::connections::{
    ASSUMED_DEFLATE_NOTICE, ByteSource, ConnectionStatus, MAX_BYTES_SHOWN, PREVIEW_BYTES,
};
use super::query::ActiveFilter;
use super::state::Session;
use crate::clients::SessionEvent;
use crate::demos::inspect::messages::{Cmd, Msg};
use crate::proxy::{self, ProxyEventKind};
use crate::wire::{Side, format};

/// The number of rows before and after the current one whose bytes the list may need.
const NEARBY_ROWS: usize = 100;

impl Session {
    /// Applies a report of an engine. The caller has checked that it belongs to this run.
    pub(crate) fn handle_message(&mut self, message: Msg) {
        match message {
            Msg::Connecting(name, at, commands) => {
                let connection = self.newest_connection();
                (connection.name, connection.started_at) = (name, Some(at));
                self.commands = Some(commands);
            }
            // What came before can still be looked at.
            Msg::Failed(reason) if self.growth.is_some_and(|growth| growth.has_connections) => {
                self.end_growth(reason);
            }
            Msg::Failed(reason) => {
                self.newest_connection().status = ConnectionStatus::Ended(Err(reason));
                self.commands = None;
            }
            Msg::Session(report) => self.handle_session_event(report),
            Msg::ProxyUp(address, at, commands) => {
                let connection = self.connections.first();
                (connection.name, connection.started_at) =
                    (format!("proxy on {address}"), Some(at));
                connection.status = ConnectionStatus::Open;
                self.notice = Some(format!("waiting for a client on {address}"));
                self.proxy_address = Some(address);
                self.proxy_commands = Some(commands);
            }
            Msg::Proxy(report) => self.handle_proxy_event(report),
            // only a lesson asks what the naive proxy took for a request
            Msg::ParsedRequest(..) => {}
            Msg::Loaded(loaded) => self.show_loaded_capture(*loaded),
            Msg::Snapshot(snapshot) => self.show_snapshot(*snapshot),
            Msg::Read(found, max_bytes_per_frame) => {
                if !found.is_empty() {
                    self.requested_rows = None;
                }
                self.connections.shown_mut().store_fetched(found, max_bytes_per_frame);
            }
            Msg::Found(number, found) => self.show_hit(number, found),
            Msg::Scanned(scan) => {
                if let Some(filter) = &mut self.filter {
                    filter.take_scan(*scan);
                }
            }
        }
    }

    fn handle_session_event(&mut self, event: SessionEvent) {
        let connection = self.newest_connection();
        match event {
            SessionEvent::Bytes(chunk) => {
                let from = chunk.transfer.sender_at_client();
                connection.push(from, chunk.at, &chunk.bytes);
                self.connections.enforce_memory_limit(self.connections.newest_index());
            }
            SessionEvent::Redirected { url } => {
                let started_at = connection.started_at;
                connection.status = ConnectionStatus::Ended(Ok(format!("redirected to {url}")));
                self.connections.add_newest(url);
                // All of them are one run, so they have one beginning.
                self.newest_connection().started_at = started_at;
            }
            SessionEvent::Open => connection.status = ConnectionStatus::Open,
            SessionEvent::Note(note) => self.notice = Some(note),
            SessionEvent::Disconnected { by, is_reset, at } => {
                connection.observe_end(by, is_reset, at);
            }
            SessionEvent::Connected(_) | SessionEvent::KeyLog(_) => {}
            SessionEvent::Ended(result) => {
                let result = result.map(|end| end.to_string()).map_err(|error| error.to_string());
                connection.end(result, Instant::now());
                self.commands = None;
            }
        }
    }

    /// Applies a report of the proxy to the connection that it is about.
    fn handle_proxy_event(&mut self, event: proxy::ProxyEvent) {
        let (number, kind) = match event {
            proxy::ProxyEvent::Connection(number, kind) => (number, kind),
            proxy::ProxyEvent::Full => {
                self.full = true;
                self.notice = Some(proxy::capacity_reached_message());
                return;
            }
            proxy::ProxyEvent::Room => {
                self.full = false;
                self.notice = Some(proxy::CAPACITY_FREED_MESSAGE.to_owned());
                return;
            }
        };
        let through = self.source.title();
        let index = self
            .connections
            .numbered(number, || format!("connection {number} through the {through}"));
        let connection = self.connections.get_mut(index);
        match kind {
            ProxyEventKind::Opened { peer } => {
                connection.name = format!("{peer} → {}", self.source.title());
                connection.facts.client = Some(peer);
                connection.started_at = Some(Instant::now());
                connection.status = ConnectionStatus::Connecting;
                self.notice = Some(format!("a client connected: {peer}"));
                self.new_client = Some(index);
            }
            ProxyEventKind::Connected { .. } => connection.status = ConnectionStatus::Open,
            ProxyEventKind::Bytes { from, at, bytes } => {
                connection.push(from, at, &bytes);
                self.connections.enforce_memory_limit(index);
            }
            ProxyEventKind::Held { from, frames, .. } => {
                connection.held_frames[usize::from(from == Side::Server)] = frames;
            }
            ProxyEventKind::Dropped { from, bytes, .. } => {
                connection.drop_first_held(from);
                self.notice = Some(format!("dropped {}", format::byte_count(bytes.len() as u64)));
            }
            ProxyEventKind::Injected { from, bytes, .. } => {
                self.notice = Some(format!(
                    "{} injected as if the {from} had sent them",
                    format::byte_count(bytes.len() as u64)
                ));
            }
            ProxyEventKind::Answered { at, bytes } => {
                connection.push(Side::Server, at, &bytes);
                self.connections.enforce_memory_limit(index);
            }
            ProxyEventKind::Ended(result) => connection.end_proxied(&result, Instant::now()),
        }
        self.connections.update_filter();
    }

    /// Applies the filter to the rows that have arrived. Returns the command for what has to be read
    /// for that.
    pub(crate) fn extend_filter(&mut self) -> Option<Cmd> {
        let was_scanning = std::mem::take(&mut self.is_scanning);
        let connection = self.connections.shown();
        let job = self.filter.as_mut().and_then(|filter| {
            filter.extend(&connection.trace);
            filter.next_scan(self.scan_number + 1, connection)
        });
        self.is_scanning = self.filter.as_ref().is_some_and(ActiveFilter::is_scanning);
        match job {
            Some(job) => {
                self.scan_number += 1;
                Some(Cmd::Scan(Some(Box::new(job))))
            }
            None if was_scanning && !self.is_scanning => Some(Cmd::Scan(None)),
            None => None,
        }
    }

    /// Ends the connection, because what ran it has ended with its slide.
    pub(crate) fn end_with_slide(&mut self) {
        if self.commands.take().is_some() {
            self.newest_connection().end(Ok("ended with its slide".to_owned()), Instant::now());
        }
    }

    /// Returns why the shown connection has ended; `None` while it is open.
    pub(crate) fn end_reason(&self) -> Option<&str> {
        match &self.connection().status {
            ConnectionStatus::Ended(Ok(reason) | Err(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Returns a command for the bytes that are needed to show row `current` and must still be read
    /// from a file; `None` if there are none, or if they were already requested.
    pub(crate) fn fetch_command(&mut self, current: usize) -> Option<Cmd> {
        let connection = self.connection();
        let ByteSource::File(store, _) = &connection.bytes else { return None };
        // The whole message comes first, then the previews of the list around it.
        let message = connection.trace.message_rows(current).into_iter().take(NEARBY_ROWS);
        let whole = connection.rows_to_fetch(message.chain([current]), MAX_BYTES_SHOWN);
        let (rows, lacking, max_bytes_per_frame) = if whole.is_empty() {
            let sight = self.nearby_rows(current);
            let rows = *sight.first()?..*sight.last()? + 1;
            (rows, connection.rows_to_fetch(sight.into_iter(), PREVIEW_BYTES), PREVIEW_BYTES)
        } else {
            // The empty range stands for a request of whole frames.
            (current..current, whole, MAX_BYTES_SHOWN)
        };
        if lacking.is_empty() || self.requested_rows.as_ref() == Some(&rows) {
            return None;
        }
        let command = Cmd::Read(store.clone(), lacking, max_bytes_per_frame);
        self.requested_rows = Some(rows);
        Some(command)
    }

    /// Returns the rows near the current one that pass the filter, in order.
    fn nearby_rows(&self, current: usize) -> Vec<usize> {
        let near =
            |at: usize, count: usize| at.saturating_sub(NEARBY_ROWS)..(at + NEARBY_ROWS).min(count);
        let Some(filter) = &self.filter else {
            return near(current, self.connection().trace.rows().len()).collect();
        };
        let at = filter.rows.partition_point(|row| (*row as usize) < current);
        filter.rows[near(at, filter.rows.len())].iter().map(|row| *row as usize).collect()
    }

    /// Reads the shown connection with the assumed permessage-deflate, or without it again.
    pub(crate) fn toggle_assumed_deflate(&mut self) {
        let connection = self.connections.shown_mut();
        self.notice = Some(
            match (connection.toggle_assumed_deflate(), connection.assumes_deflate()) {
                (false, _) => "nothing to change: Z is for messages with RSV1 without a handshake",
                (true, true) => ASSUMED_DEFLATE_NOTICE,
                (true, false) => "read as the capture shows it: without permessage-deflate",
            }
            .to_owned(),
        );
        // The faults and flags that the filter tests are others now.
        if let Some(filter) = &mut self.filter {
            filter.reset();
        }
        self.search_number += 1;
        self.draft = None;
    }

    /// Shows the connection that is `by` places further in the list.
    pub(crate) fn switch_connection(&mut self, by: isize) {
        self.connections.switch(by);
        // A search that still runs is about the other connection.
        self.search_number += 1;
        self.selected_row = None;
        self.draft = None;
        self.requested_rows = None;
        if let Some(filter) = &mut self.filter {
            // The filter stays active, but its rows belong to the other connection.
            filter.reset();
        }
        let (number, count) = (self.connections.shown_index() + 1, self.connections.len());
        self.notice = Some(format!("connection {number} of {count}"));
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use crate::demos::inspect::testing::{
        Captured, assert_contains, opened_capture, press_and_fetch, render_text,
    };
    use crate::wire::deflate::deflater::Deflater;
    use crate::wire::frame::encode;
    use crate::wire::{DeflateParams, MessageKind, Side};

    #[test]
    fn messages_with_rsv1_and_no_handshake_are_inflated_until_a_key_takes_that_back() {
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
        let frames: Vec<Vec<u8>> =
            ["a text before the capture", "a text within it", "QWERTZ 0123456789"]
                .iter()
                .map(|text| {
                    let payload = deflater.compress_message(text.as_bytes());
                    encode::compressed_fragments(MessageKind::Text, &[&payload], || None).concat()
                })
                .collect();
        // The capture begins with the second message, which refers back to the first.
        let sent: Vec<_> =
            frames[1..].iter().map(|frame| (Side::Server, Captured::Bytes(frame))).collect();
        let file = crate::demos::inspect::testing::capture_from_the_middle(&sent);
        let mut inspect = crate::demos::inspect::testing::opened_file(
            &file,
            &crate::capture::ReadOptions::default(),
        );
        let shown = render_text(&inspect, 120, 30);
        assert_contains(&shown, &["messages with RSV1 are read as permessage-deflate"]);
        assert_eq!(inspect.session.fault_count(), 0, "what was not captured is nobody's fault");
        press_and_fetch(&mut inspect, KeyCode::Char('['));
        assert_contains(&render_text(&inspect, 120, 30), &["read as permessage-deflate (Z)"]);
        press_and_fetch(&mut inspect, KeyCode::Char('Z'));
        let plain = render_text(&inspect, 120, 30);
        assert!(!plain.contains("QWERTZ") && inspect.session.fault_count() >= 2, "{plain}");
        press_and_fetch(&mut inspect, KeyCode::Char('Z'));
        assert!(render_text(&inspect, 120, 30).contains("QWERTZ"));
        let whole = opened_capture(&sent, None);
        assert!(!whole.session.connection().assumes_deflate(), "its beginning was captured");
    }
}
