//! Filtering and searching in the shown connection.
//!
//! `wire::query` implements the filter language and the search.

use super::connections::MAX_BYTES_SHOWN;
use super::query::{ActiveFilter, ActiveSearch};
use super::state::Session;
use crate::demos::inspect::messages::Cmd;
use crate::inspect::{FoundFrame, SearchJob};
use crate::wire::query::direction_search::HitPlace;
use crate::wire::query::search::Needle;

impl Session {
    /// Applies a typed filter. An empty line removes the filter.
    ///
    /// # Errors
    /// Fails if the line is not a valid filter.
    pub(crate) fn set_filter(&mut self, text: &str) -> Result<(), String> {
        if text.trim().is_empty() {
            self.filter = None;
            return Ok(());
        }
        let mut active = ActiveFilter::parse(text)?;
        active.extend(&self.connection().trace);
        self.filter = Some(active);
        Ok(())
    }

    /// Searches for typed text or bytes, from the current frame on.
    ///
    /// # Errors
    /// Fails if the line cannot be searched for.
    pub(crate) fn set_search(&mut self, text: &str) -> Result<Vec<Cmd>, String> {
        let needle = Needle::parse(text).map_err(|error| error.to_string())?;
        self.search = Some(ActiveSearch { text: text.to_owned(), needle });
        Ok(self.search_next(0))
    }

    /// Finds connections of the list: by number, or those that have a text. An empty line lists all
    /// again.
    ///
    /// # Errors
    /// Fails if there is no such connection.
    pub(crate) fn find_connections(&mut self, text: &str) -> Result<(), String> {
        let connections = &mut self.connections;
        if let Ok(number) = text.trim().trim_start_matches('#').parse::<usize>() {
            let is_own = self.source.is_own_connection();
            let found = (0..connections.len()).find(|index| {
                let connection = &connections.all()[*index];
                if is_own { index + 1 == number } else { connection.number == number }
            });
            let Some(index) = found else {
                return Err(format!("there is no connection {number}"));
            };
            if !connections.is_listed(index) {
                connections.set_filter("");
                connections.list_all();
            }
            connections.move_cursor_to(index);
            return Ok(());
        }
        let count = connections.set_filter(text);
        if connections.filter().is_some() && count == 0 {
            connections.set_filter("");
            return Err(format!("no connection has {:?}", text.trim()));
        }
        Ok(())
    }

    /// Goes to the next match. `skip` is 1 to begin after the current frame.
    pub(crate) fn search_next(&mut self, skip: usize) -> Vec<Cmd> {
        let Some(ActiveSearch { needle, .. }) = &self.search else {
            self.notice = Some("no search yet: / starts one".to_owned());
            return Vec::new();
        };
        let needle = needle.clone();
        let rows = self.connection().trace.rows().len();
        let from = self.current_row().map_or(0, |row| row + skip) % rows.max(1);
        self.search_number += 1;
        let connection = self.connection();
        let (trace, bytes) = (connection.trace.clone(), connection.searched_bytes());
        let job = SearchJob { number: self.search_number, needle, from_row: from, trace, bytes };
        self.notice = Some("searching …".to_owned());
        vec![Cmd::Find(Box::new(job))]
    }

    /// Shows the frame that was found, or a notice if there is none. The result of an earlier
    /// search is ignored: another connection may be shown by now.
    pub(crate) fn show_hit(&mut self, number: u64, found: Option<FoundFrame>) {
        let Some(ActiveSearch { text, .. }) = self.search.clone() else { return };
        if number != self.search_number {
            return;
        }
        let Some(FoundFrame { row, place }) = found else {
            self.notice = Some(format!("{text:?} is in no frame"));
            return;
        };
        self.filter = None;
        self.select_row(row);
        let header = self.connection().trace.rows().get(row).map_or(0, |row| row.header().len());
        let (byte, whose) = match place {
            HitPlace::Payload(at) => (usize::try_from(at).unwrap_or(usize::MAX), ""),
            HitPlace::AcrossFragments => (0, ", begun in a fragment before it"),
            HitPlace::Inflated => (0, ", in its inflated data"),
        };
        self.cursor.byte = header.saturating_add(byte).min(MAX_BYTES_SHOWN as usize - 1);
        self.notice = Some(format!("{text:?} found in frame {row}{whose} · n next"));
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::demos::inspect::action::ByteCursor;
    use crate::demos::inspect::messages::Msg;
    use crate::demos::inspect::state::Inspect;
    use crate::demos::inspect::testing::{
        Captured, REQUEST, RESPONSE, inspector_after_handshake, opened_capture, press,
    };
    use crate::stage::{Demo as _, DemoEvent};
    use crate::wire::deflate::deflater::Deflater;
    use crate::wire::frame::encode;
    use crate::wire::{DeflateParams, MessageKind, Opcode, Side};

    const OFFER: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const ANSWER: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    /// Carries out the jobs of a filter as the engine does, and returns the rows that pass with how
    /// many were read.
    fn filtered(inspect: &mut Inspect, filter: &str) -> (Vec<u32>, usize) {
        // The line would begin with the text of the filter before.
        inspect.session.filter = None;
        press(inspect, KeyCode::Char('f'));
        inspect.update(DemoEvent::Paste(filter.to_owned()));
        let commands = press(inspect, KeyCode::Enter);
        scan(inspect, commands)
    }

    fn scan(inspect: &mut Inspect, mut commands: Vec<Cmd>) -> (Vec<u32>, usize) {
        loop {
            let job = commands.drain(..).find_map(|command| match command {
                Cmd::Scan(job) => job,
                _ => None,
            });
            let Some(job) = job else { break };
            let found = job.run(|| false).unwrap();
            commands = inspect.update(DemoEvent::Msg(Msg::Scanned(Box::new(found))));
        }
        let filter = inspect.session.filter.as_ref().unwrap();
        (filter.rows.clone(), filter.rows_tested)
    }

    /// Carries out a search as the engine does, and returns the selected row with the notice.
    fn run(inspect: &mut Inspect, commands: Vec<Cmd>) -> (Option<usize>, String) {
        for command in commands {
            if let Cmd::Find(job) = command {
                let found = job.run(|| false);
                inspect.update(DemoEvent::Msg(Msg::Found(job.number, found)));
            }
        }
        (inspect.session.selected_row, inspect.session.notice.clone().unwrap_or_default())
    }

    fn search(inspect: &mut Inspect, text: &str) -> (Option<usize>, String) {
        // The line would begin with the text of the search before.
        inspect.session.search = None;
        press(inspect, KeyCode::Char('/'));
        inspect.update(DemoEvent::Paste(text.to_owned()));
        let commands = press(inspect, KeyCode::Enter);
        run(inspect, commands)
    }

    /// Two compressed messages of the server, the second of which says `needle` only behind its
    /// first 200 bytes, and refers back to the first.
    fn compressed() -> Vec<Vec<u8>> {
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
        let long = format!("{} needle", "the same words again and again ".repeat(20));
        ["the same words again and again", &long]
            .map(|text| {
                let payload = deflater.compress_message(text.as_bytes());
                encode::compressed_fragments(MessageKind::Text, &[&payload], || None).concat()
            })
            .to_vec()
    }

    #[test]
    fn a_compressed_message_is_searched_beyond_its_preview_in_a_file_and_live() {
        let frames = compressed();
        let sent: Vec<(Side, &[u8])> =
            frames.iter().map(|frame| (Side::Server, frame.as_slice())).collect();
        let (live, _inbox) = inspector_after_handshake(OFFER, ANSWER, &sent);
        let captured: Vec<_> = [(Side::Client, OFFER), (Side::Server, ANSWER)]
            .into_iter()
            .chain(sent.iter().copied())
            .map(|(from, bytes)| (from, Captured::Bytes(bytes)))
            .collect();
        for mut inspect in [live, opened_capture(&captured, None)] {
            let (row, notice) = search(&mut inspect, "needle");
            assert_eq!(row, Some(1));
            assert_eq!(notice, "\"needle\" found in frame 1, in its inflated data · n next");
            let (_, notice) = search(&mut inspect, "not there");
            assert_eq!(notice, "\"not there\" is in no frame");
        }
    }

    #[test]
    fn a_filter_looks_into_inflated_text_in_a_file_and_live_as_it_grows() {
        let frames = compressed();
        let sent: Vec<(Side, &[u8])> =
            frames.iter().map(|frame| (Side::Server, frame.as_slice())).collect();
        let (live, _inbox) = inspector_after_handshake(OFFER, ANSWER, &sent);
        let captured: Vec<_> = [(Side::Client, OFFER), (Side::Server, ANSWER)]
            .into_iter()
            .chain(sent.iter().copied())
            .map(|(from, bytes)| (from, Captured::Bytes(bytes)))
            .collect();
        let mut file = opened_capture(&captured, None);
        assert_eq!(filtered(&mut file, "text contains \"NEEDLE\""), (vec![], 2));
        let mut live = live;
        for inspect in [&mut file, &mut live] {
            assert_eq!(filtered(inspect, "text contains \"needle\""), (vec![1], 2));
            assert_eq!(filtered(inspect, "!(text contains \"needle\")"), (vec![0], 2));
            assert_eq!(filtered(inspect, "text contains \"again\" && n=0"), (vec![0], 2));
        }
        // What arrives later may refer back to what was read before.
        assert_eq!(filtered(&mut live, "text contains \"words\""), (vec![0, 1], 2));
        let connection = live.session.newest_connection();
        let plain = encode::single_frame(Opcode::Text, b"plain words", None);
        connection.push(Side::Server, std::time::Instant::now(), &plain);
        let commands = live.update(DemoEvent::Tick(std::time::Instant::now()));
        assert_eq!(scan(&mut live, commands), (vec![0, 1, 2], 3));
        // Without the filter, nothing is read any more.
        press(&mut live, KeyCode::Char('f'));
        for _ in 0..30 {
            press(&mut live, KeyCode::Backspace);
        }
        press(&mut live, KeyCode::Enter);
        assert!(live.session.filter.is_none() && !live.session.is_scanning);
    }

    #[test]
    fn the_result_for_another_filter_or_connection_is_ignored() {
        let text = encode::single_frame(Opcode::Text, b"a needle", None);
        let (mut inspect, _inbox) =
            inspector_after_handshake(REQUEST, RESPONSE, &[(Side::Server, &text)]);
        press(&mut inspect, KeyCode::Char('f'));
        inspect.update(DemoEvent::Paste("text contains \"needle\"".to_owned()));
        let late = press(&mut inspect, KeyCode::Enter);
        assert_eq!(filtered(&mut inspect, "text contains \"nothing\""), (vec![], 1));
        assert_eq!(scan(&mut inspect, late), (vec![], 1));
    }

    #[test]
    fn a_match_across_fragments_is_found_and_never_one_across_a_gap() {
        let fragments = encode::fragments(MessageKind::Text, &[b"say nee", b"dle"], || None);
        let gap = encode::single_frame(Opcode::Text, b"hay....stack", None);
        let mut inspect = opened_capture(
            &[
                (Side::Client, Captured::Bytes(REQUEST)),
                (Side::Server, Captured::Bytes(RESPONSE)),
                (Side::Server, Captured::Bytes(&fragments.concat())),
                (Side::Server, Captured::Bytes(&gap[..5])),
                (Side::Server, Captured::Missing(4)),
                (Side::Server, Captured::Bytes(&gap[9..])),
                (Side::Server, Captured::Missing(50)),
                (Side::Server, Captured::Bytes(b"\x81\x06behind")),
            ],
            None,
        );
        let found = search(&mut inspect, "needle");
        let notice = "\"needle\" found in frame 1, begun in a fragment before it · n next";
        assert_eq!(found, (Some(1), notice.to_owned()));
        for invented in ["haystack", "0x00000000", "yst"] {
            let (_, notice) = search(&mut inspect, invented);
            assert!(notice.ends_with("is in no frame"), "{invented}: {notice}");
        }
        assert_eq!(search(&mut inspect, "stack").0, Some(2));
        assert_eq!(inspect.session.cursor, ByteCursor { byte: 9, bit: 0 });
        assert_eq!(search(&mut inspect, "behind").0, Some(3), "reading goes on after lost frames");
    }

    #[test]
    fn n_goes_on_from_the_current_frame_and_wraps_around() {
        let frames: Vec<Vec<u8>> = ["a hit", "none", "hit two"]
            .map(|text| encode::single_frame(Opcode::Text, text.as_bytes(), None))
            .to_vec();
        let sent: Vec<(Side, &[u8])> =
            frames.iter().map(|frame| (Side::Server, frame.as_slice())).collect();
        let (mut inspect, _inbox) = inspector_after_handshake(REQUEST, RESPONSE, &sent);
        inspect.session.select_row(1);
        assert_eq!(search(&mut inspect, "hit").0, Some(2));
        for expected in [0, 2, 0] {
            let commands = press(&mut inspect, KeyCode::Char('n'));
            assert_eq!(run(&mut inspect, commands).0, Some(expected));
        }
    }

    #[test]
    fn the_result_of_an_earlier_search_is_ignored_and_a_cancelled_one_finds_nothing() {
        let (mut inspect, _inbox) =
            inspector_after_handshake(REQUEST, RESPONSE, &[(Side::Server, b"\x81\x03hit")]);
        press(&mut inspect, KeyCode::Char('/'));
        inspect.update(DemoEvent::Paste("hit".to_owned()));
        let earlier = press(&mut inspect, KeyCode::Enter);
        let latest = press(&mut inspect, KeyCode::Char('n'));
        run(&mut inspect, earlier);
        assert_eq!(inspect.session.notice.as_deref(), Some("searching …"));
        let [Cmd::Find(job)] = &latest[..] else { panic!("{latest:?}") };
        assert_eq!(job.run(|| true), None);
        assert_eq!(run(&mut inspect, latest.clone()).0, Some(0));
    }
}
