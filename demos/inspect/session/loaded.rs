//! Shows the connections of a capture: of a file at once, of standard input as they come.

use std::sync::Arc;

use super::connections::{
    ASSUMED_DEFLATE_NOTICE, ConnectionFacts, ConnectionStatus, Connections, InspectedConnection,
};
use super::state::{Growth, Session};
use crate::capture;
use crate::demos::inspect::messages::{LoadedCapture, LoadedSnapshot, LoadedStream};
use crate::inspect::ConnectionKind;
use crate::text;
use crate::text::units::binary_bytes;
use crate::wire::{ByteLen, format};

impl Session {
    pub(crate) fn show_loaded_capture(&mut self, loaded: LoadedCapture) {
        let LoadedCapture { streams, notes } = loaded;
        let count = streams.len();
        self.connections = Connections::from_list(self.connections_from(streams, &notes));
        self.selected_row = Some(0);
        let wanted = self.first_connection.map(|number| number.get() - 1);
        if let Some(wanted) = wanted.filter(|wanted| *wanted < count) {
            self.connections.show(wanted);
        }
        let missing = self.missing_connection(count);
        let assumed =
            || self.connection().assumes_deflate().then(|| ASSUMED_DEFLATE_NOTICE.to_owned());
        self.notice = missing.or_else(assumed).or_else(|| notes.first().cloned());
        self.file_notes = notes;
    }

    /// Shows what has come of a capture on standard input. The connection, the frame and whatever
    /// else the user looks at stay.
    pub(crate) fn show_snapshot(&mut self, snapshot: LoadedSnapshot) {
        // The next snapshot is made once this one is shown.
        let LoadedSnapshot { loaded, grows, bytes, is_last, turn: _turn } = snapshot;
        let had_connections = self.growth.is_some_and(|growth| growth.has_connections);
        let has_connections =
            had_connections || loaded.as_ref().is_some_and(|loaded| !loaded.streams.is_empty());
        self.growth = Some(Growth { bytes, has_ended: is_last, has_connections });
        let Some(loaded) = loaded else { return };
        if !grows {
            // It came at once, as from a file.
            return self.show_loaded_capture(loaded);
        }
        let LoadedCapture { streams, notes } = loaded;
        if streams.is_empty() && !is_last {
            return;
        }
        let count = streams.len();
        let list = self.connections_from(streams, &notes);
        self.file_notes.clone_from(&notes);
        if had_connections {
            self.connections.update(list);
        } else {
            self.connections = Connections::from_list(list);
        }
        if is_last {
            let note = self.missing_connection(count).or_else(|| notes.first().cloned());
            let note = note.map_or_else(String::new, |note| format!("; {note}"));
            self.notice =
                Some(format!("standard input has ended, {} read{note}", binary_bytes(bytes)));
        }
    }

    /// Says that no more comes of standard input.
    pub(crate) fn end_growth(&mut self, reason: String) {
        self.growth = self.growth.map(|growth| Growth { has_ended: true, ..growth });
        self.notice = Some(reason);
    }

    /// Returns the index of the connection to show now that more of them may have come: the one
    /// that was asked for, or the first WebSocket, unless the user has chosen what is shown; of a
    /// proxy, the new client's, if the shown connection is over.
    pub(crate) fn connection_to_open(&mut self) -> Option<usize> {
        if let Some(index) = self.new_client.take() {
            // Whoever looks at a frame of a connection that is over wants to see it.
            let is_over = matches!(self.connection().status, ConnectionStatus::Ended(_));
            let goes_over = is_over && self.selected_row.is_none();
            return Some(index)
                .filter(|index| goes_over && *index != self.connections.shown_index());
        }
        let is_growing = self.growth.is_some_and(|growth| growth.has_connections);
        if !is_growing || self.has_chosen_connection || self.selected_row.is_some() {
            return None;
        }
        let shown = self.connections.shown_index();
        let index = match self.first_connection {
            Some(number) => number.get() - 1,
            None if self.connection().kind() == ConnectionKind::WebSocket => shown,
            None => {
                let mut all = self.connections.all().iter();
                all.position(|connection| connection.kind() == ConnectionKind::WebSocket)?
            }
        };
        (index != shown && index < self.connections.len()).then_some(index)
    }

    /// Says that the connection that was asked for is none of the `count` in the file.
    fn missing_connection(&self, count: usize) -> Option<String> {
        let wanted = self.first_connection.filter(|wanted| wanted.get() > count)?;
        Some(format!("connection {wanted} does not exist: the file has {count}"))
    }

    /// Returns the connections of a file. If there are none, it is one that says so.
    fn connections_from(
        &self,
        streams: Vec<LoadedStream>,
        notes: &[String],
    ) -> Vec<InspectedConnection> {
        let file = self.source.title();
        let connection = |(at, stream): (usize, LoadedStream)| {
            let facts = ConnectionFacts::of_stream(&stream.stream);
            let connection = connection_from_stream(&file, stream);
            InspectedConnection { number: at + 1, facts, ..connection }
        };
        let mut connections: Vec<_> = streams.into_iter().enumerate().map(connection).collect();
        if connections.is_empty() {
            let mut connection = InspectedConnection::new(file);
            let mut reason = "it holds no connection with data".to_owned();
            for note in notes {
                reason = format!("{reason}; {note}");
            }
            connection.status = ConnectionStatus::Ended(Err(reason));
            connections.push(connection);
        }
        connections
    }
}

/// Creates a connection from a stream of a capture.
fn connection_from_stream(file: &str, loaded: LoadedStream) -> InspectedConnection {
    let LoadedStream { stream, partial_frames, without_deflate } = loaded;
    let peers = stream
        .addresses
        .map_or_else(String::new, |peers| format!(" · {} → {}", peers.client, peers.server));
    let ending = crate::inspect::short_ending(&stream);
    let all: Vec<String> = ending
        .into_iter()
        .chain(gap_note(&stream.gaps))
        .chain(crate::inspect::non_http_answer(&stream.trace))
        .chain(stream.tls.unread())
        .chain(stream.warnings.iter().cloned())
        .chain(crate::inspect::unread_extensions(&stream.trace))
        .collect();
    let notes = if all.is_empty() { "read from a file".to_owned() } else { all.join("; ") };
    let status = match (&stream.failed, &stream.tls) {
        (Some(why), _) => {
            ConnectionStatus::Ended(Err(format!("this connection could not be read: {why}")))
        }
        (None, capture::TlsStatus::Encrypted(why)) => ConnectionStatus::Ended(Err(why.to_string())),
        (
            None,
            capture::TlsStatus::Plaintext
            | capture::TlsStatus::Decrypted { .. }
            | capture::TlsStatus::DecryptedInPart { .. }
            | capture::TlsStatus::Recorded(_),
        ) => ConnectionStatus::FromFile(notes),
    };
    // The list counts from 1, and those that carry HTTP alone.
    let number = stream.tcp_stream.map(|stream| format!(" · tcp.stream {stream}"));
    let name = format!("{file}{}{peers}", number.unwrap_or_default());
    let mut connection = InspectedConnection {
        partial_frames,
        ..InspectedConnection::from_file(name, status, stream)
    };
    connection.other_trace = without_deflate.map(Arc::new);
    connection.notes = all;
    connection
}

/// Returns the number of gaps and of the bytes that are missing in them; `None` without any.
fn gap_note(gaps: &[capture::Gap]) -> Option<String> {
    let missing: ByteLen = gaps.iter().fold(ByteLen::ZERO, |sum, gap| sum + gap.missing);
    let count = text::units::count(gaps.len() as u64, "gap");
    let was = if missing.get() == 1 { "was" } else { "were" };
    match missing {
        _ if gaps.is_empty() => None,
        ByteLen::ZERO => Some(count),
        _ => Some(format!("{count}: {} {was} not captured", format::byte_count(missing))),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::capture::{ReadOptions, open};
    use crate::demos::inspect::messages::Msg;
    use crate::demos::inspect::state::Inspect;
    use crate::demos::inspect::testing::{
        Captured, REQUEST, RESPONSE, assert_contains, capture_file, fetch, press, render_text,
    };
    use crate::inspect::{InspectConfig, InspectSource, STANDARD_INPUT};
    use crate::stage::{Demo as _, DemoEvent};
    use crate::wire::Side;

    fn waiting() -> Inspect {
        let source = InspectSource::File(STANDARD_INPUT.into(), ReadOptions::default());
        Inspect::with_config(&InspectConfig::new(source)).0
    }

    /// Shows a capture with these texts of the server.
    fn grow(inspect: &mut Inspect, texts: &[&str], is_last: bool) {
        let frames: Vec<Vec<u8>> = texts
            .iter()
            .map(|text| [&[0x81, text.len() as u8], text.as_bytes()].concat())
            .collect();
        let mut sent = vec![
            (Side::Client, Captured::Bytes(REQUEST)),
            (Side::Server, Captured::Bytes(RESPONSE)),
        ];
        sent.extend(frames.iter().map(|frame| (Side::Server, Captured::Bytes(frame))));
        let file = capture_file(&sent, None);
        let capture = open(file.path(), &ReadOptions::default()).unwrap();
        let snapshot = LoadedSnapshot {
            loaded: Some(LoadedCapture::new(capture, Vec::new())),
            grows: true,
            bytes: 2048,
            is_last,
            turn: None,
        };
        let commands = inspect.update(DemoEvent::Msg(Msg::Snapshot(Box::new(snapshot))));
        fetch(inspect, commands);
    }

    #[test]
    fn standard_input_is_waited_for_and_followed_until_a_frame_is_chosen() {
        let mut inspect = waiting();
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["Waiting for a capture on standard input."]);
        grow(&mut inspect, &["one"], false);
        grow(&mut inspect, &["one", "two"], false);
        assert_contains(&render_text(&inspect, 100, 30), &["two", "reading, 2 KiB"]);
        assert_eq!(inspect.session.current_row(), Some(1), "it follows the newest");
        inspect.session.set_filter("n<9").unwrap();
        press(&mut inspect, KeyCode::Char('['));
        grow(&mut inspect, &["one", "two", "three"], false);
        assert_eq!(inspect.session.current_row(), Some(0), "the chosen one stays");
        assert_eq!(inspect.session.filter.as_ref().unwrap().rows, [0, 1, 2]);
        assert!(inspect.session.frame(0).is_some(), "its bytes are not read again");
        grow(&mut inspect, &["one", "two", "three"], true);
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["standard input has ended, 2 KiB read"]);
        assert!(!shown.contains("reading, "), "{shown}");
    }

    #[test]
    fn an_error_after_the_first_connection_is_told_and_what_came_stays() {
        let mut inspect = waiting();
        grow(&mut inspect, &["one"], false);
        inspect.update(DemoEvent::Msg(Msg::Failed("could not read -: gone".into())));
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["could not read -: gone", "one"]);
        assert!(!shown.contains("reading, "), "{shown}");
    }
}
