//! The page that `N` opens: how the connection stands and the notes about it, none of them cut as in
//! the status line.

use crate::demos::inspect::parts::page::RulesPage;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::ConnectionStatus;
use crate::wire::format::escape_controls;

/// Returns the page of the shown connection and its file.
pub(crate) fn page(session: &Session) -> RulesPage {
    let connection = session.connection();
    let state = match &connection.status {
        ConnectionStatus::Connecting => "connecting",
        ConnectionStatus::Open => "open",
        // Its parts are the notes.
        ConnectionStatus::FromFile(_) => "",
        ConnectionStatus::Ended(Ok(why) | Err(why)) => why,
    };
    let mut paragraphs = vec![("Connection", connection.name.clone()), ("State", state.to_owned())];
    let label = |number: usize, label| if number == 0 { label } else { "" };
    for (what, notes) in [("Notes", &connection.notes), ("Of the file", &session.file_notes)] {
        paragraphs.extend(
            notes.iter().enumerate().map(|(number, note)| (label(number, what), note.clone())),
        );
    }
    let escaped = paragraphs.into_iter().map(|(label, text)| (label, escape_controls(&text)));
    RulesPage { title: "Notes about this connection".to_owned(), paragraphs: escaped.collect() }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use crate::demos::inspect::testing::{
        Captured, assert_contains, opened_capture, press, render_text,
    };
    use crate::wire::Side;

    #[test]
    fn what_the_status_line_cuts_can_be_read_on_a_page() {
        let lost = [
            (Side::Server, Captured::Bytes(b"\x81\x01a".as_slice())),
            (Side::Server, Captured::Missing(30)),
            (Side::Server, Captured::Bytes(b"\x81\x01b\x81\x01c")),
        ];
        let end = Some(crate::capture::ConnectionEnd::Reset(Side::Server));
        let mut inspect = opened_capture(&lost, end);
        let line = render_text(&inspect, 80, 24);
        assert_contains(&line, &["… (N)"]);
        press(&mut inspect, KeyCode::Char('N'));
        let page = render_text(&inspect, 80, 24);
        assert_contains(
            &page,
            &["RST by server after 60.0 s", "1 gap: 30 bytes were not captured"],
        );
        press(&mut inspect, KeyCode::Esc);
        assert!(!render_text(&inspect, 80, 24).contains("Notes about this"));
    }
}
